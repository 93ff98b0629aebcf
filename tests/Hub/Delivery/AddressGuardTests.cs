using System.Net;
using System.Net.Sockets;
using IntegrationHub.Delivery;

namespace IntegrationHub.Tests.Delivery;

public class AddressGuardTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.1")]
    [InlineData("2130706433")]
    [InlineData("0x7f000001")]
    [InlineData("0x7f.0.0.1")]
    [InlineData("0177.0.0.1")]
    [InlineData("017700000001")]
    [InlineData("127.0.0.1.")]
    [InlineData("[::1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("[::ffff:7f00:1]")]
    [InlineData("[64:ff9b::7f00:1]")]
    [InlineData("[fe80::1%1]")]
    [InlineData("169.254.169.254")]
    [InlineData("0xa9fea9fe")]
    [InlineData("2852039166")]
    [InlineData("0251.0376.0251.0376")]
    [InlineData("0")]
    public async Task ResolveAsync_a_literal_that_is_not_public_is_refused_in_every_notation(string host)
    {
        var guard = new AddressGuard([], TimeProvider.System, (_, _) => throw new InvalidOperationException("a literal is not looked up"));
        await Assert.ThrowsAsync<AddressRefusedException>(async () => await guard.ResolveAsync(host, 443, onlyInside: false, Cancel));
        // And as it comes out of a URL.
        var url = new Uri($"https://{host}/");
        await Assert.ThrowsAsync<AddressRefusedException>(async () => await guard.ResolveAsync(url.IdnHost, 443, onlyInside: false, Cancel));
    }

    [Theory]
    [InlineData("1.1.1.1", "10.0.0.1")]
    [InlineData("10.0.0.1", "1.1.1.1")]
    [InlineData("1.1.1.1", "::ffff:127.0.0.1")]
    [InlineData("1.1.1.1", "fe80::1")]
    public async Task ResolveAsync_one_address_of_several_is_not_public_all_are_refused(params string[] addresses)
    {
        var guard = Guard([], addresses);
        await Assert.ThrowsAsync<AddressRefusedException>(async () => await guard.ResolveAsync("app.example", 443, onlyInside: false, Cancel));
    }

    [Fact]
    public async Task ResolveAsync_public_addresses_are_given_back_without_disguise()
    {
        var found = await Guard([], "1.1.1.1", "::ffff:2.2.2.2", "2606:4700::1111").ResolveAsync("app.example", 443, onlyInside: false, Cancel);
        Assert.Equal(["1.1.1.1:443", "2.2.2.2:443", "[2606:4700::1111]:443"], found.Select(e => e.ToString()));
    }

    [Theory]
    [InlineData("crm.internal", "crm.internal", 443, "10.1.2.3", true)]
    [InlineData("crm.internal", "CRM.Internal.", 443, "10.1.2.3", true)]
    [InlineData("crm.internal", "crm.internal.example", 443, "10.1.2.3", false)]
    [InlineData("crm.internal", "xcrm.internal", 443, "10.1.2.3", false)]
    [InlineData("crm.internal:8443", "crm.internal", 8443, "10.1.2.3", true)]
    [InlineData("crm.internal:8443", "crm.internal", 443, "10.1.2.3", false)]
    [InlineData("crm.internal", "crm.internal", 443, "fd00::7", true)]
    [InlineData("crm.internal", "crm.internal", 443, "169.254.169.254", false)]
    [InlineData("crm.internal", "crm.internal", 443, "64:ff9b::10.0.0.1", false)]
    [InlineData("crm.internal", "crm.internal", 443, "0.0.0.0", false)]
    [InlineData("10.1.0.0/16", "crm.internal", 443, "10.1.2.3", true)]
    [InlineData("10.1.0.0/16", "crm.internal", 443, "10.2.2.3", false)]
    [InlineData("10.1.0.0/16", "crm.internal", 443, "::ffff:10.1.2.3", true)]
    [InlineData("10.1.0.0/16", "crm.internal", 443, "64:ff9b::10.1.2.3", false)]
    [InlineData("10.1.2.3", "crm.internal", 443, "10.1.2.3", true)]
    [InlineData("10.1.2.3:8443", "crm.internal", 443, "10.1.2.3", false)]
    [InlineData("169.254.0.0/16", "crm.internal", 443, "169.254.1.1", true)]
    [InlineData("0.0.0.0/0", "crm.internal", 443, "224.0.0.1", false)]
    [InlineData("[fd00::]/8", "crm.internal", 443, "fd12::1", true)]
    [InlineData("[fd00::]/8", "crm.internal", 443, "fc12::1", false)]
    [InlineData("[fd00::1]:5671", "crm.internal", 5671, "fd00::1", true)]
    [InlineData("[fd00::1]", "[fd00::1]", 443, "", true)]
    [InlineData("127.0.0.1", "2130706433", 443, "", true)]
    public async Task ResolveAsync_what_the_operator_lists_is_open(string rule, string host, int port, string address, bool open)
    {
        var guard = Guard([rule], address);
        if (open)
            Assert.Single(await guard.ResolveAsync(host, port, onlyInside: true, Cancel));
        else
            await Assert.ThrowsAsync<AddressRefusedException>(async () => await guard.ResolveAsync(host, port, onlyInside: false, Cancel));
    }

    [Fact]
    public async Task ResolveAsync_without_encryption_public_destinations_are_refused_unless_listed()
    {
        await Assert.ThrowsAsync<AddressRefusedException>(async () => await Guard(["10.0.0.0/8"], "1.1.1.1").ResolveAsync("app.example", 80, onlyInside: true, Cancel));
        Assert.Single(await Guard(["app.example"], "1.1.1.1").ResolveAsync("app.example", 80, onlyInside: true, Cancel));
    }

    [Theory]
    [InlineData("10.1.0.1/16")]
    [InlineData("10.1.0.0/33")]
    [InlineData("[::ffff:10.0.0.0]/104")]
    [InlineData("fd00::1")]
    [InlineData("crm.internal:0")]
    [InlineData("crm.internal:70000")]
    [InlineData("crm.internal:https")]
    [InlineData("https://crm.internal")]
    [InlineData("[crm.internal]")]
    [InlineData("*.internal")]
    [InlineData("")]
    public void Fault_of_a_faulty_entry_names_it(string entry)
    {
        Assert.Contains($"'{entry}'", AddressGuard.Fault(entry));
        Assert.Contains($"'{entry}'", Assert.Throws<SinkException>(() => new AddressGuard([entry], TimeProvider.System)).Message);
    }

    [Theory]
    [InlineData("127.0.0.1", "localhost", true)]
    [InlineData("localhost", "localhost", true)]
    [InlineData("localhost:81", "localhost", false)]
    [InlineData("localhost", "127.0.0.1", false)]
    [InlineData("127.0.0.0/8", "127.0.0.1", true)]
    [InlineData("10.0.0.0/8", "127.0.0.1", false)]
    public void MayBeInside_without_a_look_at_the_resolver(string rule, string host, bool may) => Assert.Equal(may, new AddressGuard([rule], TimeProvider.System).MayBeInside(host, 80));

    [Fact]
    public async Task ConnectAsync_goes_to_the_checked_address_and_never_to_the_name()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var lookups = 0;
        // No resolver of this machine knows the name; the second look would lead to the metadata service.
        var guard = new AddressGuard([$"127.0.0.1:{port}"], TimeProvider.System, (_, _) => Task.FromResult(new[] { lookups++ == 0 ? IPAddress.Loopback : IPAddress.Parse("169.254.169.254") }));
        using (var socket = await guard.ConnectAsync("rebinding.invalid", port, onlyInside: false, Cancel))
        {
            Assert.Equal($"127.0.0.1:{port}", socket.RemoteEndPoint!.ToString());
            Assert.Equal(1, lookups);
        }

        await Assert.ThrowsAsync<AddressRefusedException>(async () => await guard.ConnectAsync("rebinding.invalid", port, onlyInside: false, Cancel));
        using var accepted = await listener.AcceptSocketAsync(Cancel);
        Assert.False(listener.Pending());
    }

    [Fact]
    public async Task ConnectAsync_an_address_that_refuses_is_followed_by_the_next()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var socket = await Guard(["127.0.0.0/8"], "127.0.0.2", "127.0.0.1").ConnectAsync("app.internal", port, onlyInside: false, Cancel);
        Assert.Equal($"127.0.0.1:{port}", socket.RemoteEndPoint!.ToString());
    }

    [Fact]
    public async Task ConnectAsync_a_name_that_leads_nowhere_is_a_fault_of_the_resolver() =>
        Assert.Equal(SocketError.HostNotFound, (await Assert.ThrowsAsync<SocketException>(async () => await Guard([]).ConnectAsync("app.example", 443, onlyInside: false, Cancel))).SocketErrorCode);

    private static AddressGuard Guard(string[] rules, params string[] addresses) =>
        new(rules, TimeProvider.System, (_, _) => Task.FromResult(addresses.Select(IPAddress.Parse).ToArray()));
}
