namespace IntegrationHub.Json;

public enum JsonParseCode
{
    Ok,

    /// <summary>The text ends inside a value: more bytes might have made it a document.</summary>
    Truncated,
    InvalidUtf8,
    Syntax,
    TooDeep,
    TooManyNodes,
    DuplicateName,

    /// <summary>More bytes than whoever reads the document can point into.</summary>
    TooLong,

    /// <summary>A \u escape names half of a surrogate pair, which is no character.</summary>
    LoneSurrogate,
}

/// <summary>The outcome of a parse.</summary>
/// <param name="Code">What happened.</param>
/// <param name="Offset">Byte offset of the fault from the start of the document; 0 when it is fine.</param>
/// <param name="Message">A fixed text that never holds content of the document, so that it may be logged.</param>
public readonly record struct JsonParseResult(JsonParseCode Code, int Offset, string Message)
{
    public static JsonParseResult Ok { get; } = new(JsonParseCode.Ok, 0, "");

    public bool IsOk => Code == JsonParseCode.Ok;

    public override string ToString() => IsOk ? "ok" : $"byte {Offset}: {Message}";
}
