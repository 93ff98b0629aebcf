using IntegrationHub.Connectors.Esign;
using IntegrationHub.Connectors.Kingdee;
using IntegrationHub.Connectors.Ocds;
using IntegrationHub.Connectors.Wecom;
using IntegrationHub.Sdk;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections;

/// <summary>The connectors this hub can run.</summary>
public sealed class ConnectorRegistry(IEnumerable<IConnector> connectors)
{
    private readonly Dictionary<string, IConnector> _byId = connectors.ToDictionary(c => c.Manifest.Id, StringComparer.Ordinal);

    /// <summary>Those that come with the hub.</summary>
    public static ConnectorRegistry BuiltIn() => new([new EsignConnector(), new KingdeeConnector(), new OcdsConnector(), new WecomConnector()]);

    public IEnumerable<IConnector> All => _byId.Values.OrderBy(c => c.Manifest.Id, StringComparer.Ordinal);

    /// <exception cref="ConnectorException">Of kind configuration when there is none of that id.</exception>
    public IConnector Get(string id) => _byId.TryGetValue(id, out var connector)
        ? connector
        : throw new ConnectorException(ConnectorErrorKind.Configuration, $"unknown connector '{id}'{NearestName.Hint(id, _byId.Keys)}");
}
