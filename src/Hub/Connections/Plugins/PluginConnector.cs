using IntegrationHub.Connections.Configuration;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;

namespace IntegrationHub.Connections.Plugins;

/// <summary>A third-party connector, held to what its <c>connector.yaml</c> says.</summary>
public sealed class PluginConnector(IConnector connector, PluginManifest capabilities, string folder) : IConnector
{
    /// <summary>Where it was loaded from.</summary>
    public string Folder => folder;

    public ConnectorManifest Manifest => connector.Manifest;

    /// <summary>What it may do.</summary>
    public PluginManifest Capabilities => capabilities;

    public IConnection Open(ConnectionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return connector.Open(context with
        {
            // Redirects are followed by the gate, which looks at each.
            CreateHttpClient = () => ConnectorHttp.CreateClient(new() { FollowRedirects = false }, new HostGate(Manifest.Id, host => capabilities.Allows(host, context.Settings))),
        });
    }

    /// <summary>A reference leads to a secret; only the settings that <c>connector.yaml</c> names may hold one.</summary>
    /// <exception cref="ConnectorException">Of kind configuration, naming every setting that may not.</exception>
    public void CheckReferences(ConnectionConfig connection)
    {
        var others = SecretReferences.Holders(connection.Settings).Except(capabilities.Secrets, StringComparer.Ordinal).ToList();
        if (others.Count > 0)
            throw new ConnectorException(ConnectorErrorKind.Configuration,
                $"connection '{connection.Name}' (hub.yaml line {connection.Line}): config.{string.Join(", config.", others)} may hold no reference to a secret; {PluginManifest.FileName} of connector '{Manifest.Id}' allows {(capabilities.Secrets.Count == 0 ? "none" : string.Join(", ", capabilities.Secrets))} under 'secrets:'");
    }
}
