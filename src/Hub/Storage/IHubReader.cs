using IntegrationHub.Model;

namespace IntegrationHub.Storage;

/// <summary>Reads of committed state; every call sees one consistent snapshot.</summary>
public interface IHubReader : IExchangeReader, IDeliveryReader
{
    ILogReader Log { get; }

    ValueTask<EntityRow?> EntityAsync(long id, CancellationToken cancellationToken);

    /// <summary>Live entities in the order asked for.</summary>
    ValueTask<IReadOnlyList<EntityRow>> EntitiesAsync(EntityQuery query, CancellationToken cancellationToken);

    /// <summary>Live entities of a type in order of id, for export; <paramref name="afterId"/> is exclusive.</summary>
    ValueTask<IReadOnlyList<EntityRow>> EntitiesByIdAsync(int type, long afterId, int limit, CancellationToken cancellationToken);

    ValueTask<long> CountAsync(int type, CancellationToken cancellationToken);

    /// <summary>The live entity that holds each key, or 0 where none or more than one does.</summary>
    ValueTask<long[]> ResolveAsync(IReadOnlyList<IdentityKey> keys, CancellationToken cancellationToken);

    /// <summary>Entities that link to this one, in order of (link name, id).</summary>
    ValueTask<IReadOnlyList<(int Link, long From)>> LinksToAsync(long entity, int limit, CancellationToken cancellationToken);

    /// <summary>The keys an entity holds.</summary>
    ValueTask<IReadOnlyList<IdentityKey>> KeysAsync(long entity, CancellationToken cancellationToken);

    /// <summary>Live entities that link to one, newest first.</summary>
    ValueTask<IReadOnlyList<LinkedEntity>> TimelineAsync(TimelineQuery query, CancellationToken cancellationToken);

    /// <summary>Runs with a smaller id, newest first.</summary>
    ValueTask<IReadOnlyList<RunRow>> RunsBeforeAsync(string? connection, long before, int limit, CancellationToken cancellationToken);

    ValueTask<IReadOnlyList<ContributionRow>> ContributionsAsync(long entity, CancellationToken cancellationToken);

    ValueTask<RecordRow?> RecordAsync(long id, CancellationToken cancellationToken);

    /// <summary>Several at once; <c>null</c> where there is none.</summary>
    ValueTask<RecordRow?[]> RecordsAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken);

    ValueTask<RecordBody?> RecordBodyAsync(long id, CancellationToken cancellationToken);

    ValueTask<IReadOnlyList<RecordBody>> PartsAsync(long parent, CancellationToken cancellationToken);

    ValueTask<IReadOnlyList<ChangeRow>> ChangesAsync(ChangeQuery query, CancellationToken cancellationToken);

    ValueTask<long> LastChangeAsync(CancellationToken cancellationToken);

    ValueTask<IReadOnlyList<RunRow>> RunsAsync(string? connection, int limit, CancellationToken cancellationToken);

    ValueTask<RunRow?> RunAsync(long id, CancellationToken cancellationToken);

    ValueTask<IReadOnlyList<RejectedRow>> RejectedAsync(int? stream, long afterId, int limit, CancellationToken cancellationToken);

    ValueTask<RejectedRow?> RejectedAsync(long id, CancellationToken cancellationToken);

    /// <summary>How many live records and rejections a stream has.</summary>
    ValueTask<(long Records, long Rejected)> CountStreamAsync(int stream, CancellationToken cancellationToken);

    ValueTask<string?> CursorAsync(int stream, CancellationToken cancellationToken);

    /// <inheritdoc cref="IHubTransaction.FindRecordsAsync"/>
    ValueTask<RecordRow?[]> FindRecordsAsync(int stream, IReadOnlyList<string> sourceIds, CancellationToken cancellationToken);

    /// <summary>Decisions of stewards with a smaller number, newest first.</summary>
    ValueTask<IReadOnlyList<DecisionRow>> DecisionsAsync(long before, int limit, CancellationToken cancellationToken);

    /// <summary>Live entities that hold a key, in order of id.</summary>
    ValueTask<IReadOnlyList<long>> HoldersAsync(IdentityKey key, int limit, CancellationToken cancellationToken);

    /// <summary>Values of a kind that several entities hold, after the given one in ordinal order, with how many do.</summary>
    ValueTask<IReadOnlyList<(string Value, int Entities)>> SharedValuesAsync(int kind, string after, int limit, CancellationToken cancellationToken);

    ValueTask<IReadOnlyList<(string Name, string Json)>> DocumentsAsync(string kind, CancellationToken cancellationToken);

    ValueTask<string?> DocumentAsync(string kind, string name, CancellationToken cancellationToken);
}

/// <summary>A page of changes.</summary>
/// <param name="After">Sequence to start behind.</param>
public sealed record ChangeQuery(long After, int Limit)
{
    public int? Type { get; init; }

    public long? Entity { get; init; }
}

/// <summary>How a filter compares.</summary>
public enum FilterOperator
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    StartsWith,
}

/// <summary>One condition on an indexed field; the value is JSON text of the field's kind.</summary>
public sealed record EntityFilter(FieldType Field, FilterOperator Operator, string Value);

/// <summary>A page of live entities.</summary>
public sealed record EntityQuery(int Type, int Limit)
{
    public IReadOnlyList<EntityFilter> Filters { get; init; } = [];

    /// <summary>The indexed field to sort by, or <c>null</c> for the id. Equal values are ordered by id; entities without a value come last.</summary>
    public FieldType? Sort { get; init; }

    public bool Descending { get; init; }

    /// <summary>Where the previous page ended: its last sort value (JSON text, <c>null</c> without a value) and id.</summary>
    public (string? Value, long Id)? After { get; init; }

    /// <summary>Words to find.</summary>
    public string? Search { get; init; }

    /// <summary>Only entities that have this link to whatever holds one of the keys.</summary>
    public (int Link, IReadOnlyList<IdentityKey> Keys)? LinkedTo { get; init; }
}

/// <summary>A page of what links to an entity.</summary>
/// <param name="Times">The time to sort by, for every type that has one: a field of kind time or date.</param>
/// <param name="After">The last row of the page before.</param>
public sealed record TimelineQuery(long Entity, int Limit, IReadOnlyList<(int Type, FieldType Time)> Times, LinkedEntity? After);

/// <summary>An entity that links to another.</summary>
/// <param name="Link">Number of the link's name.</param>
/// <param name="At">Unix seconds of its own time; far in the past when it has none.</param>
public sealed record LinkedEntity(int Link, long Id, double At);
