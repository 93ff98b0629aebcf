using System.Text.Json;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Tests.Connections;

/// <summary>A workspace with one connection <c>chat</c> of the stub, in a folder that can be opened again.</summary>
internal sealed class StubWorkspace : IAsyncDisposable
{
    private const string Mapping = """
        source: stub/contacts
        contributes:
          - entity: contact
            key: $.id
            fields:
              name: $.name
        """;

    private readonly TemporaryFolder _folder = new();

    public StubConnector Stub { get; } = new();

    public Workspace Workspace { get; private set; } = null!;

    public static async Task<StubWorkspace> OpenAsync()
    {
        var stub = new StubWorkspace();
        Directory.CreateDirectory(Path.Combine(stub._folder.Path, "mappings", "stub"));
        await File.WriteAllTextAsync(Path.Combine(stub._folder.Path, "mappings", "stub", "contacts.yaml"), Mapping);
        await stub.ReopenAsync();
        return stub;
    }

    /// <summary>As a restarted process would.</summary>
    public async Task ReopenAsync()
    {
        if (Workspace is not null)
            await Workspace.DisposeAsync();
        using var settings = JsonDocument.Parse("{}");
        var config = HubConfig.Default with
        {
            Root = _folder.Path,
            Connections = [new("chat", "stub", settings.RootElement.Clone(), null, null, 1)],
        };
        Workspace = await Workspace.OpenAsync(config, new ConnectorRegistry([Stub]), TimeProvider.System, NullLoggerFactory.Instance, default);
    }

    /// <summary>Golden names of contacts.</summary>
    public async Task<List<string>> NamesAsync()
    {
        var type = Workspace.Bindings.Of(Workspace.Model.Entities.Single(e => e.Name == "contact")).Number;
        var rows = await Workspace.Store.Reader.EntitiesByIdAsync(type, 0, 1000, default);
        return [.. rows.Select(r => System.Text.Encoding.UTF8.GetString(r.Body)).Select(b => JsonDocument.Parse(b).RootElement.ToString()).Order()];
    }

    public async ValueTask DisposeAsync()
    {
        await Workspace.DisposeAsync();
        _folder.Dispose();
    }
}
