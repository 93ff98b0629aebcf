using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Declarative;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections.Declarative;

/// <summary>The code that manifests may name.</summary>
public sealed class ManifestCodes(IEnumerable<IManifestCode> codes)
{
    private readonly Dictionary<string, IManifestCode> _byName = codes.ToDictionary(c => c.Name, StringComparer.Ordinal);

    public static ManifestCodes None { get; } = new([]);

    internal string? Fault<T>(string name) where T : IManifestCode => _byName.TryGetValue(name, out var code)
        ? code is T ? null : $"'{name}' is code for another slot"
        : $"there is no code named '{name}'{NearestName.Hint(name, _byName.Where(c => c.Value is T).Select(c => c.Key))}";

    internal T Get<T>(string name) where T : IManifestCode => _byName.TryGetValue(name, out var code) && code is T fitting
        ? fitting
        : throw new ConnectorException(ConnectorErrorKind.Configuration, Fault<T>(name)!);
}
