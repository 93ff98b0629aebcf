using IntegrationHub.Connections.Plugins;
using IntegrationHub.Connectors.Esign;
using IntegrationHub.Connectors.Kingdee;
using IntegrationHub.Connectors.Ocds;
using IntegrationHub.Connectors.Wecom;
using IntegrationHub.Sdk;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections;

/// <summary>The connectors this hub can run.</summary>
/// <param name="connectors">All of them.</param>
/// <param name="failures">Third-party connectors that could not be loaded.</param>
public sealed class ConnectorRegistry(IEnumerable<IConnector> connectors, IReadOnlyList<PluginFailure>? failures = null)
{
    private readonly Dictionary<string, IConnector> _byId = connectors.ToDictionary(c => c.Manifest.Id, StringComparer.Ordinal);

    /// <summary>Those that come with the hub.</summary>
    public static ConnectorRegistry BuiltIn() => new([new EsignConnector(), new KingdeeConnector(), new OcdsConnector(), new WecomConnector()]);

    /// <summary>Those that come with the hub, and those in <c>connectors/</c> beside <c>hub.yaml</c>.</summary>
    /// <param name="root">The folder of <c>hub.yaml</c>.</param>
    public static ConnectorRegistry Open(string root)
    {
        var builtIn = BuiltIn().All.ToList();
        var (plugins, failures) = PluginFolder.Load(root, builtIn.Select(c => c.Manifest.Id));
        return new([.. builtIn, .. plugins], failures);
    }

    /// <summary>Third-party connectors that could not be loaded.</summary>
    public IReadOnlyList<PluginFailure> Failures { get; } = failures ?? [];

    public IEnumerable<IConnector> All => _byId.Values.OrderBy(c => c.Manifest.Id, StringComparer.Ordinal);

    /// <exception cref="ConnectorException">Of kind configuration when there is none of that id.</exception>
    public IConnector Get(string id) => _byId.TryGetValue(id, out var connector)
        ? connector
        : throw new ConnectorException(ConnectorErrorKind.Configuration, $"unknown connector '{id}'{NearestName.Hint(id, _byId.Keys)}{string.Concat(Failures.Select(f => $"; {f.Folder} could not be loaded: {f.Reason}"))}");
}
