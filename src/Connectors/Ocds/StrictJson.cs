using System.Text.Json;
using System.Text.Unicode;

namespace IntegrationHub.Connectors.Ocds;

/// <summary>What this connector accepts as one JSON value: valid UTF-8, no member twice, no endless nesting, no half characters.</summary>
internal static class StrictJson
{
    /// <summary>Real releases nest about fifteen levels.</summary>
    public const int MaxDepth = 64;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <summary>Parses, or says in words for a person why not.</summary>
    public static JsonDocument? Parse(ReadOnlyMemory<byte> json, out string fault)
    {
        fault = "";
        if (!Utf8.IsValid(json.Span))
        {
            fault = "it is not valid UTF-8; set 'charset' if the publisher uses another encoding";
            return null;
        }

        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(json, Options);
            CheckEscapes(json.Span);
            return document;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            document?.Dispose();
            fault = $"it is not usable JSON: {WithoutValue(e.Message)}";
            return null;
        }
    }

    /// <summary>The parser quotes a broken literal as it stands, which may be somebody's name; a single character tells nothing and stays.</summary>
    public static string WithoutValue(string message)
    {
        const string Literal = "' is an invalid JSON literal";
        var end = message.LastIndexOf(Literal, StringComparison.Ordinal);
        return end < 0 ? message : "what stands there" + message[(end + 1)..];
    }

    /// <summary>An escaped half of a surrogate pair is valid JSON but no text.</summary>
    private static void CheckEscapes(ReadOnlySpan<byte> json)
    {
        if (json.IndexOf("\\ud"u8) < 0 && json.IndexOf("\\uD"u8) < 0)
            return;

        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                _ = reader.GetString();
    }
}
