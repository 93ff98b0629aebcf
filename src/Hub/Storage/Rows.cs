namespace IntegrationHub.Storage;

/// <summary>What became of a record under the mapping that was last applied to it.</summary>
public enum RecordState
{
    /// <summary>It contributes.</summary>
    Mapped,

    /// <summary>No <c>when:</c> let it through.</summary>
    Filtered,

    /// <summary>It cannot be mapped; the reason stands among the rejected. Contributions of its last good version stay.</summary>
    Rejected,

    /// <summary>The source says it is gone.</summary>
    Deleted,

    /// <summary>A part of an assembled record; the whole carries the state.</summary>
    Part,
}

/// <summary>A kept source record without its body.</summary>
public sealed class RecordRow
{
    public long Id { get; set; }

    public required int Stream { get; init; }

    /// <summary>The source's own id, or the group of an assembled record.</summary>
    public required string SourceId { get; init; }

    /// <summary>The assembled record this is a part of, or 0.</summary>
    public long Parent { get; set; }

    /// <summary>First 16 bytes of SHA-256 over the body; empty for an assembled record.</summary>
    public byte[] Hash { get; set; } = [];

    /// <summary>The connector's version text (see the SDK's <c>SourceRecord.Version</c>).</summary>
    public string Version { get; set; } = "";

    public RecordState State { get; set; }

    /// <summary>The mapping version last applied, or 0.</summary>
    public int Mapping { get; set; }

    /// <summary>Unix milliseconds of the source's own time, or 0.</summary>
    public long ObservedAt { get; set; }

    /// <summary>The run that saw it last in full reads of streams that delete by absence.</summary>
    public long SeenRun { get; set; }
}

/// <summary>What one record says about one entity.</summary>
public sealed class ContributionRow
{
    public long Id { get; set; }

    public required long Record { get; init; }

    /// <summary>Number of the entity type (<see cref="Catalog"/>).</summary>
    public required int Type { get; init; }

    /// <summary>The source's own id of the thing, unique per connection and type.</summary>
    public required string Key { get; init; }

    /// <summary>Number of the connection.</summary>
    public required int Connection { get; init; }

    /// <summary>The entity it belongs to now.</summary>
    public long Entity { get; set; }

    /// <summary>The number of the entity it first came to.</summary>
    public long Home { get; set; }

    /// <summary>The entity number that belongs to it, or 0: an entity goes by the lowest that belongs to its contributions.</summary>
    public long Owns { get; set; }

    /// <summary>Unix milliseconds of the source's own time, or 0.</summary>
    public long ObservedAt { get; set; }

    public int Mapping { get; set; }

    /// <summary>The contribution as the mapper wrote it, UTF-8 JSON; empty when it is withdrawn (kept so that it finds its entity again).</summary>
    public byte[] Body { get; set; } = [];

    public bool IsWithdrawn => Body.Length == 0;
}

/// <summary>Whether an entity is there.</summary>
public enum EntityState
{
    Live,

    /// <summary>Another entity took it in; reading it redirects.</summary>
    Merged,

    /// <summary>Nothing contributes to it any more.</summary>
    Deleted,
}

/// <summary>One golden entity.</summary>
public sealed class EntityRow
{
    public required long Id { get; init; }

    public required int Type { get; init; }

    public EntityState State { get; set; }

    public long MergedInto { get; set; }

    /// <summary>Counts its changes.</summary>
    public long Version { get; set; }

    /// <summary>Sequence of its last change.</summary>
    public long ChangeSequence { get; set; }

    /// <summary>The folded fields and link references, UTF-8 JSON.</summary>
    public byte[] Body { get; set; } = [];

    /// <summary>Which contribution won each field, UTF-8 JSON; see <c>GoldenFold</c>.</summary>
    public byte[] Origins { get; set; } = [];

    public int Contributions { get; set; }

    /// <summary>Whether it takes more than strong keys to hold its contributions together: comparisons, or a decision.</summary>
    public bool IsChained { get; set; }
}

/// <summary>A value that says who an entity is, or that a link points with.</summary>
/// <param name="Kind">Number of the kind (<see cref="Catalog"/>), which includes the entity type.</param>
public readonly record struct IdentityKey(int Kind, string Value);

/// <summary>One entity that holds a key.</summary>
public readonly record struct KeyHolder(IdentityKey Key, long Entity, int References);

/// <summary>A key gained or lost by an entity.</summary>
/// <param name="IsFirst">The entity certainly did not have it before.</param>
public readonly record struct KeyDelta(IdentityKey Key, long Entity, int Delta, bool IsFirst = false);

/// <summary>A link of an entity to whatever holds a key.</summary>
public readonly record struct LinkRow(IdentityKey Target, int Name, long From);

/// <summary>One entry of the change feed.</summary>
public sealed record ChangeRow
{
    public long Sequence { get; set; }

    public required long Entity { get; init; }

    public required int Type { get; init; }

    /// <summary><c>created</c>, <c>updated</c>, <c>merged</c>, <c>split</c>, <c>deleted</c> or <c>erased</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Unix milliseconds.</summary>
    public required long At { get; init; }

    public required long Run { get; init; }

    public required int Mapping { get; init; }

    /// <summary>The records that caused it (at most 16 are named).</summary>
    public required IReadOnlyList<long> Records { get; init; }

    /// <summary>JSON: <c>{"fields":{"name":{"before":…,"after":…}}}</c>, for merges and splits also <c>other</c>.</summary>
    public required byte[] Body { get; init; }
}

/// <summary>A record that could not be mapped or read.</summary>
public sealed record RejectedRow
{
    public long Id { get; init; }

    public required int Stream { get; init; }

    /// <summary>The kept record, or 0 when the bytes could not be read as a record.</summary>
    public required long Record { get; init; }

    /// <summary>The source's id, or the position in the source.</summary>
    public required string Where { get; init; }

    /// <summary>The rule of the mapping, e.g. <c>customer.fields.mobile</c>, or <c>read</c>.</summary>
    public required string Rule { get; init; }

    /// <summary>The path in the source that the rule read.</summary>
    public string Path { get; init; } = "";

    /// <summary>The kind of value found there.</summary>
    public string Found { get; init; } = "";

    public required string Reason { get; init; }

    public required long At { get; init; }

    public required long Run { get; init; }

    /// <summary>Bytes that are no record; empty when <see cref="Record"/> keeps them or there were too many.</summary>
    public byte[] Body { get; init; } = [];
}

/// <summary>A run as stored.</summary>
public sealed record RunRow
{
    public long Id { get; set; }

    public required string Connection { get; init; }

    public required string Stream { get; init; }

    /// <summary><c>sync</c>, <c>full</c>, <c>backfill</c>, <c>retry</c> or <c>delete</c>.</summary>
    public required string Kind { get; init; }

    /// <summary><c>running</c>, <c>succeeded</c>, <c>failed</c>, <c>interrupted</c> or <c>unbalanced</c>.</summary>
    public string State { get; set; } = "running";

    public required long StartedAt { get; init; }

    public long EndedAt { get; set; }

    /// <summary>The reconciliation statement, JSON.</summary>
    public string Statement { get; set; } = "{}";

    public string? Error { get; set; }
}
