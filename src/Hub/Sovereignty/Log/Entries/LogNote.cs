using System.Text.Json;
using System.Text.Json.Serialization;

namespace IntegrationHub.Sovereignty.Log.Entries;

/// <summary>An entry on its way into the log: durable in the store's journal, not yet in the log.</summary>
/// <param name="At">Unix milliseconds of what was done.</param>
internal sealed record LogNote(long At, LogEntry Entry)
{
    // Pairs are tuples, which have fields only.
    private static readonly JsonSerializerOptions Format = new()
    {
        IncludeFields = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter<LogAction>() },
    };

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Format);

    public static LogNote Parse(byte[] bytes) => JsonSerializer.Deserialize<LogNote>(bytes, Format)!;
}
