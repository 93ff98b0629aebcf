using IntegrationHub.Connections.Declarative;
using IntegrationHub.Connections.Plugins;
using IntegrationHub.Connectors.Esign;
using IntegrationHub.Connectors.Kingdee;
using IntegrationHub.Connectors.Ocds;
using IntegrationHub.Connectors.Wecom;
using IntegrationHub.Sdk;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections;

/// <summary>The connectors this hub can run.</summary>
public sealed class ConnectorRegistry
{
    private readonly Dictionary<string, IConnector> _byId = new(StringComparer.Ordinal);

    /// <exception cref="ConnectorException">Of kind configuration when two have the same id.</exception>
    public ConnectorRegistry(IEnumerable<IConnector> connectors, IReadOnlyList<PluginFailure>? failures = null)
    {
        Failures = failures ?? [];
        foreach (var connector in connectors)
            if (!_byId.TryAdd(connector.Manifest.Id, connector))
                throw new ConnectorException(ConnectorErrorKind.Configuration, $"two connectors have the id '{connector.Manifest.Id}'; rename the one in the folder '{DeclarativeFolder.Name}'");
    }

    /// <summary>Those that come with the hub as code.</summary>
    public static ConnectorRegistry BuiltIn() => new(Coded());

    /// <summary>Everything: those that come with the hub, as code and as manifests, and those in <c>connectors/</c> beside <c>hub.yaml</c>, manifests and folders.</summary>
    /// <param name="root">The folder of <c>hub.yaml</c>.</param>
    /// <exception cref="InvalidFileException">With every fault of every manifest.</exception>
    public static ConnectorRegistry Open(string root)
    {
        var plugins = PluginFolder.Load(root);
        List<IConnector> own = [.. Coded(), .. DeclarativeFolder.Open(root, new(plugins.Codes))];
        var taken = own.Select(c => c.Manifest.Id).ToHashSet(StringComparer.Ordinal);
        var refused = plugins.Connectors.Where(c => taken.Contains(c.Manifest.Id)).ToList();
        return new(
            [.. own, .. plugins.Connectors.Except(refused)],
            [.. plugins.Failures, .. refused.Select(c => new PluginFailure(c.Folder, $"there is another connector '{c.Manifest.Id}'"))]);
    }

    private static IConnector[] Coded() => [new EsignConnector(), new KingdeeConnector(), new OcdsConnector(), new WecomConnector()];

    /// <summary>Third-party connectors that could not be loaded.</summary>
    public IReadOnlyList<PluginFailure> Failures { get; }

    public IEnumerable<IConnector> All => _byId.Values.OrderBy(c => c.Manifest.Id, StringComparer.Ordinal);

    /// <exception cref="ConnectorException">Of kind configuration when there is none of that id.</exception>
    public IConnector Get(string id) => _byId.TryGetValue(id, out var connector)
        ? connector
        : throw new ConnectorException(ConnectorErrorKind.Configuration, $"unknown connector '{id}'{NearestName.Hint(id, _byId.Keys)}{string.Concat(Failures.Select(f => $"; {f.Folder} could not be loaded: {f.Reason}"))}");
}
