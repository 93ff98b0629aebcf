using System.Text.Json;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Connections.Runs;
using IntegrationHub.Connections.Supervision;
using IntegrationHub.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Tests.Connections.Plugins;

/// <summary>A workspace with the hostile connector installed in <c>connectors/hostile</c>: the connection <c>bad</c> sins, <c>good</c> does not.</summary>
internal sealed class PluginHub : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();

    public const string Manifest = """
        assembly: HostileConnector.dll
        hosts: [api.allowed.example, "*.sub.example", "setting:address"]
        secrets: [key]
        """;

    public Workspace Workspace { get; private set; } = null!;

    public string Root => _folder.Path;

    public string Installed => Path.Combine(Root, "connectors", "hostile");

    /// <param name="sin">What <c>bad</c> does.</param>
    /// <param name="limits">Changes the short limits of the tests.</param>
    /// <param name="settings">Further settings of <c>bad</c>.</param>
    /// <param name="manifest">The connector's <c>connector.yaml</c>.</param>
    public static async Task<PluginHub> OpenAsync(string sin, Func<SupervisionLimits, SupervisionLimits>? limits = null, object? settings = null, string manifest = Manifest)
    {
        var hub = new PluginHub();
        hub.Install(manifest);
        var bad = JsonSerializer.SerializeToNode(settings ?? new { })!.AsObject();
        bad["sin"] = sin;
        var quick = new SupervisionLimits { Silence = TimeSpan.FromSeconds(2), Call = TimeSpan.FromSeconds(2), QuickCall = TimeSpan.FromSeconds(5), Grace = TimeSpan.FromSeconds(1), Unchecked = 5_000, UncheckedBytes = 64 << 20, GrowthBytes = 96 << 20, GrowthHandles = 500 };
        var config = HubConfig.Default with
        {
            Root = hub.Root,
            Listen = "http://127.0.0.1:0",
            Supervision = limits?.Invoke(quick) ?? quick,
            Limits = new() { RecordBytes = 2 << 20 },
            Connections = [new("bad", "hostile", JsonSerializer.SerializeToElement(bad), null, null, 1), new("good", "hostile", JsonSerializer.SerializeToElement(new { }), null, null, 2)],
        };
        hub.Workspace = await Workspace.OpenAsync(config, ConnectorRegistry.Open(hub.Root), TimeProvider.System, NullLoggerFactory.Instance, default);
        return hub;
    }

    /// <summary>As a person does: copies the published folder, with its mappings.</summary>
    private void Install(string manifest)
    {
        Directory.CreateDirectory(Path.Combine(Installed, "mappings", "hostile"));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "plugins", "hostile")))
            File.Copy(file, Path.Combine(Installed, Path.GetFileName(file)));
        File.WriteAllText(Path.Combine(Installed, "connector.yaml"), manifest);
        File.WriteAllText(Path.Combine(Installed, "mappings", "hostile", "things.yaml"), """
            source: hostile/things
            contributes:
              - entity: product
                key: $.id
                fields:
                  name: $.name
            """);
    }

    public async Task<RunRow> SyncAsync(string connection) => Assert.Single(await new Runner(Workspace).SyncAsync(connection, null, full: false, default));

    public async ValueTask DisposeAsync()
    {
        await Workspace.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }
}
