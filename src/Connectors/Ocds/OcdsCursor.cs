using System.Text.Json;
using System.Text.Json.Serialization;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connectors.Ocds;

/// <summary>Where a read stands: in a file, or at a publisher's pages. Neither means the beginning.</summary>
internal sealed record OcdsCursor
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public FilePosition? File { get; init; }

    public PagePosition? Pages { get; init; }

    public static OcdsCursor Parse(string? cursor)
    {
        try
        {
            return cursor is null ? new OcdsCursor() : JsonSerializer.Deserialize<OcdsCursor>(cursor, Json) ?? new OcdsCursor();
        }
        catch (JsonException e)
        {
            throw new ConnectorException(ConnectorErrorKind.Configuration,
                $"the stored cursor is not one of this connector ({e.Message}); reset it to read from the beginning", e);
        }
    }

    public Checkpoint ToCheckpoint() => new(JsonSerializer.Serialize(this, Json));
}

/// <summary>A place in the list of files.</summary>
/// <param name="Name">The file's name as the configuration leads to it.</param>
internal sealed record FilePosition(string Name)
{
    /// <summary>Whether the file is finished, so that reading goes on with the next one.</summary>
    public bool Done { get; init; }

    /// <summary>The raw size when reading began; a smaller file has been replaced.</summary>
    public long Size { get; init; }

    /// <summary>SHA-256 of the first <see cref="HeadBytes"/> raw bytes; a different one means another file.</summary>
    public string Head { get; init; } = "";

    public int HeadBytes { get; init; }

    /// <summary>How many records were yielded from the file, good and bad.</summary>
    public long Records { get; init; }

    /// <summary>In JSON Lines: how many lines and bytes are before the place. 0 in other files.</summary>
    public long Line { get; init; }

    public long Offset { get; init; }

    /// <summary>In packages: how many elements are before the place, over all arrays. 0 in other files.</summary>
    public long Element { get; init; }
}

/// <summary>A place in a publisher's pages.</summary>
internal sealed record PagePosition
{
    /// <summary>Asked by time: everything before is read.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Within a run: where the present window ends.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Within a run: where the run ends, fixed when it began so that a resumed run asks the same questions.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Within a run: the next page.</summary>
    public string? Next { get; init; }

    /// <summary>Armenia: the place in the endless list, in milliseconds.</summary>
    public long? Offset { get; init; }
}
