namespace IntegrationHub.Sdk;

/// <summary>What a read yields: <see cref="SourceRecord"/>, <see cref="DeletedRecord"/>, <see cref="BadRecord"/> or <see cref="Checkpoint"/>.</summary>
public abstract record StreamItem
{
    private protected StreamItem()
    {
    }
}

/// <summary>One record as the source said it.</summary>
/// <param name="Id">The source's own id, unique in the stream; compared as text, case-sensitive.</param>
/// <param name="Body">The raw JSON value, UTF-8. The hub keeps these bytes; the connector must not change them after yielding.</param>
public sealed record SourceRecord(string Id, ReadOnlyMemory<byte> Body) : StreamItem
{
    /// <summary>The thing this record is a part of, in streams that are assembled; otherwise <c>null</c>.</summary>
    public string? Group { get; init; }

    /// <summary>When the source says the record last changed; <c>null</c> when it does not say.</summary>
    public DateTimeOffset? ObservedAt { get; init; }

    /// <summary>
    /// A JSON object kept beside the record (publisher, licence, page address), UTF-8; not part of the content hash, so that a
    /// changed address alone is no change of the record.
    /// </summary>
    public ReadOnlyMemory<byte> Metadata { get; init; }

    /// <summary>
    /// How this version compares with a kept one of the same id, ordinal; a version with a smaller value does not replace a kept one with a
    /// greater value. Empty (the default) always replaces.
    /// </summary>
    public string Version { get; init; } = "";
}

/// <summary>The source says that this record is gone.</summary>
/// <param name="Id">The source's own id.</param>
public sealed record DeletedRecord(string Id) : StreamItem;

/// <summary>Something that could not be read as a record. It is counted, kept as rejected and shown; the read goes on.</summary>
/// <param name="Position">Where it is, in words a person can follow: file and line, or page address and index. No personal values.</param>
/// <param name="Reason">What is wrong and what to do. No personal values.</param>
/// <param name="Body">The bytes, cut to what the connector is willing to hold; empty when there are too many.</param>
public sealed record BadRecord(string Position, string Reason, ReadOnlyMemory<byte> Body) : StreamItem
{
    /// <summary>The id, when it could still be read.</summary>
    public string? Id { get; init; }

    /// <summary>Length in bytes of the whole thing, also when <see cref="Body"/> is cut.</summary>
    public long Length { get; init; } = Body.Length;
}

/// <summary>
/// A position from which the read can go on. The hub stores it in the same transaction as everything that came before it.
/// Yield one after every page or few hundred records: a batch ends only at a checkpoint unless it outgrows the batch limit.
/// </summary>
/// <param name="Cursor">The connector's own JSON, at most 64 KiB of UTF-8; empty at the end of a list that is read as a whole every time.</param>
public sealed record Checkpoint(string Cursor) : StreamItem;

/// <summary>What to read.</summary>
/// <param name="Stream">Name of the stream in the manifest.</param>
public sealed record ReadRequest(string Stream)
{
    /// <summary>The last committed cursor, or <c>null</c> to begin at the beginning (first run, or a full read).</summary>
    public string? Cursor { get; init; }

    /// <summary>The largest record to hand over, in bytes; a larger one becomes a <see cref="BadRecord"/>.</summary>
    /// <value>Default 16 MiB.</value>
    public int MaxRecordBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>The record itself, or a <see cref="BadRecord"/> when it is larger than <see cref="MaxRecordBytes"/>.</summary>
    public StreamItem Bounded(SourceRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return record.Body.Length <= MaxRecordBytes ? record
            : new BadRecord($"record {record.Id}", $"the record has {record.Body.Length:N0} bytes, more than the {MaxRecordBytes:N0} of 'limits.recordBytes'", record.Body[..Math.Min(1024, MaxRecordBytes)])
            {
                Id = record.Id,
                Length = record.Body.Length,
            };
    }
}
