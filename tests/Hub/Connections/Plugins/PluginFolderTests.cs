using System.Runtime.Loader;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Plugins;
using IntegrationHub.Sdk;
using IntegrationHub.Yaml;

namespace IntegrationHub.Tests.Connections.Plugins;

/// <summary>Third-party connectors are loaded apart from the hub, and held to their <c>connector.yaml</c>.</summary>
public sealed class PluginFolderTests
{
    [Fact]
    public async Task A_connector_lives_in_a_context_of_its_own_and_shares_the_contract()
    {
        await using var hub = await PluginHub.OpenAsync("");
        var plugin = Assert.IsType<PluginConnector>(hub.Workspace.Connectors.Get("hostile"));
        await using var open = await hub.Workspace.OpenAsync(hub.Workspace.Connection("good"), TestContext.Current.CancellationToken);
        var theirs = open.Connection.GetType().Assembly;
        Assert.NotSame(AssemblyLoadContext.Default, AssemblyLoadContext.GetLoadContext(theirs));
        Assert.IsAssignableFrom<IReadRecords>(open.Connection);
        Assert.Equal("hostile", plugin.Manifest.Id);
        Assert.Equal("succeeded", (await hub.SyncAsync("good")).State);
    }

    [Theory]
    [InlineData("hosts: []", "needs 'assembly:'")]
    [InlineData("assembly: ../evil.dll", "expected the name of a .dll in this folder")]
    [InlineData("assembly: Missing.dll", "there is no Missing.dll in it")]
    [InlineData("assembly: HostileConnector.deps.dll", "there is no HostileConnector.deps.dll in it")]
    [InlineData("assembly: HostileConnector.dll\nhosts: [https://x.example/]", "is no host")]
    [InlineData("assembly: HostileConnector.dll\nhost: [x.example]", "unknown 'host' in connector.yaml; did you mean 'hosts'?")]
    public async Task A_connector_that_cannot_be_loaded_is_told_and_stops_nobody(string manifest, string reason)
    {
        await using var hub = await PluginHub.OpenAsync("", manifest: manifest);
        Assert.Contains(reason, Assert.Single(hub.Workspace.Connectors.Failures).Reason, StringComparison.Ordinal);
        var unknown = await Assert.ThrowsAsync<ConnectorException>(() => hub.SyncAsync("bad"));
        Assert.Contains("could not be loaded: ", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Code_from_a_folder_fills_a_slot_of_a_manifest()
    {
        await using var hub = await PluginHub.OpenAsync("");
        var manifest = """
            connector: signed
            title: Signed
            description: Signs as no manifest can say.
            family: other
            region: DE
            address: "https://api.signed.example"
            auth: { code: plugin-signature }
            streams:
              things: { description: Things., request: { get: things }, records: "$[*]", key: $.id }
            """;
        var file = Path.Combine(hub.Root, "connectors", "signed.yaml");
        await File.WriteAllTextAsync(file, manifest, TestContext.Current.CancellationToken);
        Assert.Equal("Signed", ConnectorRegistry.Open(hub.Root).Get("signed").Manifest.Title);

        await File.WriteAllTextAsync(file, manifest.Replace("plugin-signature", "plugin-signatur"), TestContext.Current.CancellationToken);
        var refused = Assert.Throws<InvalidFileException>(() => ConnectorRegistry.Open(hub.Root));
        Assert.Contains("there is no code named 'plugin-signatur'; did you mean 'plugin-signature'?", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://evil.example/", "connector 'hostile' may not call 'evil.example'")]
    [InlineData("https://sub.example/", "may not call 'sub.example'")]
    [InlineData("https://api.allowed.example.evil.example/", "may not call")]
    public async Task Hosts_that_are_not_listed_are_not_called(string address, string reason)
    {
        await using var hub = await PluginHub.OpenAsync("calls", settings: new { address }, manifest: PluginHub.Manifest.Replace(", \"setting:address\"", ""));
        var run = await hub.SyncAsync("bad");
        Assert.Equal("failed", run.State);
        Assert.Contains(reason, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirects_lead_to_listed_hosts_only()
    {
        using var server = new System.Net.HttpListener();
        var port = LoopbackPort.Free();
        server.Prefixes.Add($"http://127.0.0.1:{port}/");
        server.Start();
        _ = Task.Run(async () =>
        {
            var asked = await server.GetContextAsync();
            asked.Response.Redirect("http://evil.example/");
            asked.Response.Close();
        }, TestContext.Current.CancellationToken);
        await using var hub = await PluginHub.OpenAsync("calls", l => l with { Silence = TimeSpan.FromSeconds(30) }, new { address = $"http://127.0.0.1:{port}/" });
        var run = await hub.SyncAsync("bad");
        Assert.Contains("may not call 'evil.example'", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task References_to_secrets_stand_only_where_the_manifest_allows()
    {
        Environment.SetEnvironmentVariable("HUB_TEST_PLUGIN_SECRET", "s3cret");
        await using var hub = await PluginHub.OpenAsync("", settings: new { key = "${env:HUB_TEST_PLUGIN_SECRET}", address = "https://x.example/?k=${env:HUB_TEST_PLUGIN_SECRET}" });
        var refused = await Assert.ThrowsAsync<ConnectorException>(() => hub.SyncAsync("bad"));
        Assert.Equal(ConnectorErrorKind.Configuration, refused.Kind);
        Assert.Contains("config.address may hold no reference to a secret", refused.Message, StringComparison.Ordinal);
        await using var other = await PluginHub.OpenAsync("", settings: new { key = "${env:HUB_TEST_PLUGIN_SECRET}" });
        Assert.Equal("succeeded", (await other.SyncAsync("bad")).State);
    }
}
