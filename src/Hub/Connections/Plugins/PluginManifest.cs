using System.Text.Json;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections.Plugins;

/// <summary>
/// What stands in a third-party connector's <c>connector.yaml</c>: its assembly, and what it may do. The person who installs the connector reads it; the hub holds the
/// connector to it.
/// </summary>
/// <param name="Assembly">File name of the assembly, in the connector's folder.</param>
/// <param name="Hosts">Hosts it may call: a name, <c>*.name</c>, or <c>setting:NAME</c> for the host of an address in the connection's settings.</param>
/// <param name="Secrets">Settings that may hold references to secrets.</param>
public sealed record PluginManifest(string Assembly, IReadOnlyList<string> Hosts, IReadOnlyList<string> Secrets)
{
    public const string FileName = "connector.yaml";

    private const string OfSetting = "setting:";

    /// <summary>Whether the connector may call a host.</summary>
    /// <param name="host">The host.</param>
    /// <param name="settings">Settings of the connection.</param>
    public bool Allows(string host, JsonElement settings) => Hosts.Any(h =>
        h.StartsWith(OfSetting, StringComparison.Ordinal) ? string.Equals(HostIn(settings, h[OfSetting.Length..]), host, StringComparison.OrdinalIgnoreCase)
        : h.StartsWith("*.", StringComparison.Ordinal) ? host.EndsWith(h[1..], StringComparison.OrdinalIgnoreCase)
        : string.Equals(h, host, StringComparison.OrdinalIgnoreCase));

    /// <exception cref="InvalidFileException">With every fault.</exception>
    public static PluginManifest Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var diagnostics = new Diagnostics(path);
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidFileException([new(path, 1, 1, "cannot be read: " + e.Message)]);
        }

        var manifest = new PluginManifest("", [], []);
        if (YamlSection.Over(YamlNode.Parse(text, diagnostics), FileName, diagnostics) is { } section)
        {
            var assembly = section.Text("assembly", required: true) ?? "";
            if (assembly.Length > 0 && (Path.GetFileName(assembly) != assembly || !assembly.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)))
                diagnostics.Add(section.Get("assembly")!, $"assembly: expected the name of a .dll in this folder, found '{assembly}'");
            manifest = new(assembly, section.Texts("hosts"), section.Texts("secrets"));
            foreach (var host in section.List("hosts").Where(h => !IsPattern(h.Text)))
                diagnostics.Add(host, $"hosts: '{host.Text}' is no host; expected api.example.com, *.example.com or setting:NAME, without scheme, port and path");
            section.Finish();
        }

        diagnostics.ThrowIfAny();
        return manifest;
    }

    private static bool IsPattern(string host)
    {
        if (host.StartsWith(OfSetting, StringComparison.Ordinal))
            return host.Length > OfSetting.Length;
        var name = host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host;
        return Uri.CheckHostName(name) != UriHostNameType.Unknown;
    }

    private static string? HostIn(JsonElement settings, string name) =>
        settings.ValueKind == JsonValueKind.Object && settings.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
        && Uri.TryCreate(value.GetString(), UriKind.Absolute, out var address) ? address.IdnHost : null;
}
