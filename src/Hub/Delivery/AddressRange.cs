using System.Net;
using System.Net.Sockets;

namespace IntegrationHub.Delivery;

/// <summary>What it means to connect to an address.</summary>
internal enum AddressKind
{
    /// <summary>Global unicast: anybody can be there.</summary>
    Public,

    /// <summary>A machine inside: this one, or one of the operator's networks.</summary>
    Inside,

    /// <summary>Metadata services, neighbours on the wire, tunnels that hide another address, ranges set aside. Nobody means them by a name.</summary>
    Special,

    /// <summary>No single machine.</summary>
    Nowhere,
}

/// <summary>The range that an address belongs to (IANA special-purpose address registries, RFC 6890). Whatever is not known to be public is not public.</summary>
/// <param name="Name">For people, with its article.</param>
internal readonly record struct AddressRange(AddressKind Kind, string Name)
{
    private static readonly AddressRange Global = new(AddressKind.Public, "a public address");

    private static readonly (IPNetwork Network, AddressRange Range)[] Version4 =
    [
        In("0.0.0.0/8", AddressKind.Nowhere, "an address of no machine"),
        In("127.0.0.0/8", AddressKind.Inside, "this machine"),
        In("10.0.0.0/8", AddressKind.Inside, "a private address"),
        In("172.16.0.0/12", AddressKind.Inside, "a private address"),
        In("192.168.0.0/16", AddressKind.Inside, "a private address"),
        In("100.64.0.0/10", AddressKind.Inside, "an address shared by a carrier"),
        In("169.254.0.0/16", AddressKind.Special, "a link-local or metadata address"),
        In("168.63.129.16/32", AddressKind.Special, "an address of the cloud's platform"),
        In("192.0.0.0/24", AddressKind.Special, "an address set aside for protocols"),
        In("192.0.2.0/24", AddressKind.Special, "an address of documentation"),
        In("198.51.100.0/24", AddressKind.Special, "an address of documentation"),
        In("203.0.113.0/24", AddressKind.Special, "an address of documentation"),
        In("192.88.99.0/24", AddressKind.Special, "a tunnel"),
        In("198.18.0.0/15", AddressKind.Special, "an address of benchmarks"),
        In("224.0.0.0/4", AddressKind.Nowhere, "a multicast address"),
        In("255.255.255.255/32", AddressKind.Nowhere, "the broadcast address"),
        In("240.0.0.0/4", AddressKind.Special, "a reserved address"),
    ];

    private static readonly (IPNetwork Network, AddressRange Range)[] Version6 =
    [
        In("::/128", AddressKind.Nowhere, "an address of no machine"),
        In("::1/128", AddressKind.Inside, "this machine"),
        In("fc00::/7", AddressKind.Inside, "a private address"),
        In("fec0::/10", AddressKind.Inside, "a site-local address"),
        In("fe80::/10", AddressKind.Special, "a link-local address"),
        In("ff00::/8", AddressKind.Nowhere, "a multicast address"),
        In("::/96", AddressKind.Special, "an IPv4 address in disguise"),
        In("64:ff9b:1::/48", AddressKind.Special, "a local translation to IPv4"),
        In("2001::/32", AddressKind.Special, "a Teredo tunnel"),
        In("2001::/23", AddressKind.Special, "an address set aside for protocols"),
        In("2001:db8::/32", AddressKind.Special, "an address of documentation"),
        In("3fff::/20", AddressKind.Special, "an address of documentation"),
        In("2002::/16", AddressKind.Special, "a 6to4 tunnel"),
        In("2000::/3", AddressKind.Public, Global.Name),
    ];

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    public static AddressRange Of(IPAddress address)
    {
        address = Plain(address);
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return Find(Version4, address) ?? Global;
        if (!Nat64.Contains(address))
            return Find(Version6, address) ?? new(AddressKind.Special, "a reserved address");
        // Networks without IPv4 reach public hosts in this way (RFC 6052); it is no way to those inside.
        var inner = Of(new IPAddress(address.GetAddressBytes().AsSpan(12)));
        return inner.Kind == AddressKind.Public ? inner : new(AddressKind.Special, $"{inner.Name} behind a translation to IPv4");
    }

    /// <summary>Without the disguise of <c>::ffff:a.b.c.d</c>.</summary>
    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static AddressRange? Find((IPNetwork Network, AddressRange Range)[] ranges, IPAddress address)
    {
        foreach (var (network, range) in ranges)
            if (network.Contains(address))
                return range;
        return null;
    }

    private static (IPNetwork, AddressRange) In(string network, AddressKind kind, string name) => (IPNetwork.Parse(network), new(kind, name));
}
