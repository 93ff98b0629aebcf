using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connections.Configuration;

/// <summary>
/// Replaces <c>${env:NAME}</c>, <c>${file:PATH}</c> and <c>${secret:NAME}</c> in a connection's settings. Settings marked secret must be written
/// as a reference, so that <c>hub.yaml</c> can be shown to anybody.
/// </summary>
public static partial class SecretReferences
{
    /// <exception cref="ConnectorException">Of kind configuration, naming every reference that leads nowhere.</exception>
    public static async ValueTask<JsonElement> ResolveAsync(ConnectionConfig connection, ConnectorManifest manifest, string root, SecretStore? secrets, CancellationToken cancellationToken)
    {
        var faults = new List<string>();
        if (connection.Settings.ValueKind == JsonValueKind.Object)
            foreach (var setting in manifest.Settings.Where(s => s.Secret))
                if (connection.Settings.TryGetProperty(setting.Name, out var value) && !(value.ValueKind == JsonValueKind.String && Reference().IsMatch(value.GetString()!)))
                    faults.Add($"config.{setting.Name}: a secret is given by reference: ${{env:NAME}}, ${{file:PATH}} or ${{secret:NAME}} (set with 'hub secrets set NAME')");

        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            await WriteAsync(connection.Settings, writer, root, secrets, faults, cancellationToken);
        if (faults.Count > 0)
            throw new ConnectorException(ConnectorErrorKind.Configuration, $"connection '{connection.Name}' (hub.yaml line {connection.Line}):\n  " + string.Join("\n  ", faults));
        using var resolved = JsonDocument.Parse(stream.ToArray());
        return resolved.RootElement.Clone();
    }

    /// <summary>The same for one text.</summary>
    /// <exception cref="ConnectorException">Of kind configuration, naming every reference that leads nowhere.</exception>
    public static async ValueTask<string> ResolveAsync(string text, string root, SecretStore? secrets, CancellationToken cancellationToken)
    {
        var faults = new List<string>();
        var resolved = await ReplaceAsync(text, root, secrets, faults, cancellationToken);
        return faults.Count == 0 ? resolved : throw new ConnectorException(ConnectorErrorKind.Configuration, string.Join("; ", faults));
    }

    /// <summary>The references in a text, as (kind, name).</summary>
    public static IEnumerable<(string Kind, string Name)> In(string text) => Reference().Matches(text).Select(m => (m.Groups[1].Value, m.Groups[2].Value));

    /// <summary>Names of the settings that hold a reference, at any depth.</summary>
    public static IEnumerable<string> Holders(JsonElement settings) =>
        settings.ValueKind == JsonValueKind.Object ? settings.EnumerateObject().Where(m => Reference().IsMatch(m.Value.ToString())).Select(m => m.Name) : [];

    /// <summary>The text holds a reference.</summary>
    public static bool IsIn(string text) => Reference().IsMatch(text);

    /// <summary>The message with every value that came from a reference put back to the reference.</summary>
    public static string Hide(string message, JsonElement written, JsonElement resolved)
    {
        switch (written.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in written.EnumerateObject())
                    message = Hide(message, member.Value, resolved.GetProperty(member.Name));
                return message;
            case JsonValueKind.Array:
                for (var i = 0; i < written.GetArrayLength(); i++)
                    message = Hide(message, written[i], resolved[i]);
                return message;
            case JsonValueKind.String when resolved.GetString() is { Length: > 0 } value && value != written.GetString():
                return message.Replace(resolved.GetRawText(), written.GetRawText(), StringComparison.Ordinal).Replace(value, written.GetString(), StringComparison.Ordinal);
            default:
                return message;
        }
    }

    private static async ValueTask WriteAsync(JsonElement value, Utf8JsonWriter writer, string root, SecretStore? secrets, List<string> faults, CancellationToken cancellationToken)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    await WriteAsync(member.Value, writer, root, secrets, faults, cancellationToken);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                    await WriteAsync(item, writer, root, secrets, faults, cancellationToken);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(await ReplaceAsync(value.GetString()!, root, secrets, faults, cancellationToken));
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    private static async ValueTask<string> ReplaceAsync(string text, string root, SecretStore? secrets, List<string> faults, CancellationToken cancellationToken)
    {
        var result = new StringBuilder();
        var at = 0;
        foreach (var match in Reference().Matches(text).Cast<Match>())
        {
            result.Append(text, at, match.Index - at);
            at = match.Index + match.Length;
            var (kind, name) = (match.Groups[1].Value, match.Groups[2].Value);
            var found = kind switch
            {
                "env" => Environment.GetEnvironmentVariable(name),
                "file" => ReadFile(Path.Combine(root, name)),
                _ => secrets is null ? null : await secrets.GetAsync(name, cancellationToken),
            };
            if (found is null)
                faults.Add(kind switch
                {
                    "env" => $"{match.Value}: the environment variable is not set",
                    "file" => $"{match.Value}: the file cannot be read",
                    _ => $"{match.Value}: no such secret; set it with 'hub secrets set {name}'",
                });
            result.Append(found);
        }

        return result.Append(text, at, text.Length - at).ToString();
    }

    private static string? ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path).TrimEnd('\r', '\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"\$\{(env|file|secret):([^}]+)\}")]
    private static partial Regex Reference();
}
