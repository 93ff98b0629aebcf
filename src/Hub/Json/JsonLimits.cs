namespace IntegrationHub.Json;

/// <summary>What to do when one object has the same member name twice. RFC 8259 calls the meaning of that unpredictable.</summary>
public enum JsonDuplicateNames
{
    /// <summary>The document is an error.</summary>
    Refuse,

    /// <summary>All members stay on the tape, and <see cref="JsonTape.Find(int, ReadOnlySpan{byte})"/> gives the last.</summary>
    Keep,
}

/// <summary>How much of a document is accepted.</summary>
public sealed record JsonLimits
{
    /// <summary>Walks over a document may recurse once per level; this keeps the deepest of them far from the end of the stack.</summary>
    public const int HighestDepth = 1024;

    public static JsonLimits Default { get; } = new();

    /// <summary>Levels of arrays and objects.</summary>
    /// <value>256; 1 to 1024.</value>
    public int MaxDepth
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, HighestDepth);
            field = value;
        }
    } = 256;

    /// <summary>Nodes on the tape: values plus member names. A node takes 20 bytes of memory.</summary>
    /// <value>4,000,000.</value>
    public int MaxNodes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 4_000_000;

    /// <value><see cref="JsonDuplicateNames.Refuse"/>.</value>
    public JsonDuplicateNames DuplicateNames { get; init; } = JsonDuplicateNames.Refuse;
}
