using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connectors.Ocds.Compiling;

/// <summary>A kept part of a process, parsed.</summary>
internal sealed record Release(string PartId, JsonObject Body, JsonObject Metadata)
{
    private static readonly JsonDocumentOptions Json = new() { MaxDepth = StrictJson.MaxDepth };

    /// <summary>The release date as written; ordering compares this text, as the reference implementation does.</summary>
    public string? Date { get; } = Body["date"] is JsonValue date && date.GetValueKind() == JsonValueKind.String ? date.GetValue<string>() : null;

    /// <summary>Whether the publisher compiled it: tagged <c>compiled</c>.</summary>
    public bool IsCompiled { get; } = TagsOf(Body).Any(tag => tag is JsonValue v && v.GetValueKind() == JsonValueKind.String && v.GetValue<string>() == "compiled");

    /// <summary>
    /// Whether it follows OCDS 1.0: the package or the release says so, or says nothing and has no <c>parties</c>
    /// (the standard: no version means 1.0; and 1.0 has no <c>parties</c>, so publishers that forget the version are recognised).
    /// </summary>
    public bool IsVersion10 { get; } = (TextOf(Metadata, "version") ?? TextOf(Body, "version")) is { } version
        ? version.StartsWith("1.0", StringComparison.Ordinal)
        : !Body.ContainsKey("parties");

    /// <summary>The tags as a list, also when the publisher wrote a single text.</summary>
    public IEnumerable<JsonNode?> Tags => TagsOf(Body);

    /// <exception cref="ConnectorException">The part is not a JSON object.</exception>
    public static Release Parse(KeptRecord part)
    {
        try
        {
            if (JsonNode.Parse(part.Body.Span, null, Json) is JsonObject body)
                return new Release(part.Id, body, part.Metadata.IsEmpty ? [] : JsonNode.Parse(part.Metadata.Span, null, Json) as JsonObject ?? []);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            throw new ConnectorException(ConnectorErrorKind.BadRecord, $"the kept release '{part.Id}' cannot be parsed: {e.Message}", e);
        }

        throw new ConnectorException(ConnectorErrorKind.BadRecord, $"the kept release '{part.Id}' is not a JSON object");
    }

    public string? MetadataText(string name) => TextOf(Metadata, name);

    private static string? TextOf(JsonObject from, string name) =>
        from[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private static JsonArray TagsOf(JsonObject body) => body["tag"] switch
    {
        JsonArray list => list,
        JsonValue single => [single.DeepClone()],
        _ => [],
    };
}
