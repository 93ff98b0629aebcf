using IntegrationHub.Connections.Declarative;
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
    public ConnectorRegistry(IEnumerable<IConnector> connectors)
    {
        foreach (var connector in connectors)
            if (!_byId.TryAdd(connector.Manifest.Id, connector))
                throw new ConnectorException(ConnectorErrorKind.Configuration, $"two connectors have the id '{connector.Manifest.Id}'; rename the one in the folder '{DeclarativeFolder.Name}'");
    }

    /// <summary>Those that come with the hub as code.</summary>
    public static ConnectorRegistry BuiltIn() => new(Coded());

    /// <summary>Everything: code, the manifests that come with the hub, and those in <c>connectors/</c> below a folder.</summary>
    /// <exception cref="InvalidFileException">With every fault of every manifest.</exception>
    public static ConnectorRegistry Open(string root) => new([.. Coded(), .. DeclarativeFolder.Open(root, ManifestCodes.None)]);

    private static IConnector[] Coded() => [new EsignConnector(), new KingdeeConnector(), new OcdsConnector(), new WecomConnector()];

    public IEnumerable<IConnector> All => _byId.Values.OrderBy(c => c.Manifest.Id, StringComparer.Ordinal);

    /// <exception cref="ConnectorException">Of kind configuration when there is none of that id.</exception>
    public IConnector Get(string id) => _byId.TryGetValue(id, out var connector)
        ? connector
        : throw new ConnectorException(ConnectorErrorKind.Configuration, $"unknown connector '{id}'{NearestName.Hint(id, _byId.Keys)}");
}
