namespace IntegrationHub.Storage;

/// <summary>
/// The state of one workspace. Two kinds are meant: the embedded one (SQLite) and PostgreSQL. Callers may not assume one writer or one process:
/// whoever must be alone takes a lease, and everything that belongs together is done in one <see cref="IHubTransaction"/>.
/// </summary>
public interface IHubStore : IAsyncDisposable
{
    /// <summary>Numbers of names (entity types, key kinds, connections) that rows refer to.</summary>
    Catalog Catalog { get; }

    IHubReader Reader { get; }

    IJournal Journal { get; }

    /// <summary>Raised after a commit of this process that appended changes. Handlers are quick and do not throw; other processes' commits raise nothing.</summary>
    event Action? ChangesCommitted;

    /// <summary>Begins a write transaction; waits for its turn. Disposing without commit undoes everything.</summary>
    ValueTask<IHubTransaction> BeginAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes the right to be the only one to do something, such as running a stream; <c>null</c> when somebody else has it. Given back on dispose and
    /// when the process dies, however it dies.
    /// </summary>
    IDisposable? TryLease(string name);

    /// <summary>Adds API indexes for the model's indexed fields; drops those no longer asked for.</summary>
    ValueTask PrepareModelAsync(Model.EntityModel model, CancellationToken cancellationToken);

    /// <summary>An independent copy of the present state to try things on; deleted on dispose.</summary>
    ValueTask<IHubStore> CopyAsync(CancellationToken cancellationToken);
}

/// <summary>
/// One write transaction. Everything is by sets, so that a server database can answer a batch in one round trip.
/// Sequences (changes, log entries) are given in commit order without gaps.
/// </summary>
public interface IHubTransaction : IUnifyTransaction, IExchangeTransaction, IDeliveryTransaction, IAsyncDisposable
{
    ILogTransaction Log { get; }

    /// <summary>Kept records by the source's ids; the answer has the same order, <c>null</c> where there is none.</summary>
    ValueTask<RecordRow?[]> FindRecordsAsync(int stream, IReadOnlyList<string> sourceIds);

    ValueTask<RecordRow?> FindRecordAsync(long id);

    /// <summary>Inserts rows whose id is 0 (and sets it) and updates the others. A body is written where one is given.</summary>
    ValueTask WriteRecordsAsync(IReadOnlyList<RecordWrite> records);

    /// <summary>Bodies of records, in order.</summary>
    ValueTask<RecordBody[]> BodiesAsync(IReadOnlyList<long> records);

    /// <summary>All parts of an assembled record, by source id (ordinal).</summary>
    ValueTask<IReadOnlyList<RecordBody>> PartsAsync(long parent);

    /// <summary>Records of a stream by id, for replay: top-level ones (no parts), not deleted, whose mapping differs from the given one.</summary>
    ValueTask<IReadOnlyList<RecordRow>> RecordsToRemapAsync(int stream, int mapping, long afterId, int limit);

    /// <summary>Live records of a stream that neither the run nor a later one saw.</summary>
    ValueTask<IReadOnlyList<RecordRow>> UnseenRecordsAsync(int stream, long run, long afterId, int limit);

    ValueTask<(long Live, long Unseen)> CountUnseenAsync(int stream, long run);

    /// <summary>Replaces what is kept about rejections of these records.</summary>
    ValueTask WriteRejectedAsync(IReadOnlyList<long> clearRecords, IReadOnlyList<RejectedRow> add);

    /// <summary>Forgets unreadable places of a stream that no run since the given one met.</summary>
    ValueTask ClearUnreadableAsync(int stream, long beforeRun);

    ValueTask SaveCursorAsync(int stream, string? cursor);

    ValueTask<string?> CursorAsync(int stream);

    /// <summary>Inserts (id 0) or updates.</summary>
    ValueTask SaveRunAsync(RunRow run);

    /// <summary>Ends runs of a stream that are still said to be running; called by the holder of the stream's lease, so their process is gone.</summary>
    ValueTask InterruptRunsAsync(string connection, string stream, long at);

    /// <summary>Named settings of the workspace: published mappings, keys, secrets. <c>null</c> removes.</summary>
    ValueTask SaveDocumentAsync(string kind, string name, string? json);

    ValueTask<string?> DocumentAsync(string kind, string name);

    ValueTask CommitAsync();
}

/// <summary>What of a write transaction identity and fold work on: contributions, the entities they belong to and how these are found, and changes.</summary>
public interface IUnifyTransaction
{
    /// <summary>Contributions of records, withdrawn ones included.</summary>
    ValueTask<IReadOnlyList<ContributionRow>> ContributionsOfRecordsAsync(IReadOnlyList<long> records);

    /// <summary>Live contributions of one entity.</summary>
    ValueTask<IReadOnlyList<ContributionRow>> ContributionsOfEntityAsync(long entity);

    /// <summary>Inserts rows whose id is 0 (and sets it) and updates the others.</summary>
    ValueTask WriteContributionsAsync(IReadOnlyList<ContributionRow> contributions);

    ValueTask<IReadOnlyList<KeyHolder>> FindKeysAsync(IReadOnlyList<IdentityKey> keys);

    /// <summary>The keys of one kind that an entity holds.</summary>
    ValueTask<IReadOnlyList<IdentityKey>> KeysOfEntityAsync(long entity, int kind);

    /// <summary>What identity keeps besides keys.</summary>
    IMatchIndex Matches { get; }

    /// <summary>Whether several threads may read at the same time while nobody writes, here and in <see cref="Matches"/>, and note conclusions there.</summary>
    bool ReadsInParallel { get; }

    ValueTask ApplyKeysAsync(IReadOnlyList<KeyDelta> deltas);

    ValueTask<IReadOnlyDictionary<long, EntityRow>> EntitiesAsync(IReadOnlyCollection<long> ids);

    /// <summary>A number for a new entity.</summary>
    long NewEntityId();

    ValueTask WriteEntitiesAsync(IReadOnlyList<EntityWrite> entities);

    /// <summary>Appends in order and sets each row's sequence.</summary>
    ValueTask AppendChangesAsync(IReadOnlyList<ChangeRow> changes);
}

/// <summary>A record to write; a <c>null</c> body leaves the kept one.</summary>
public readonly record struct RecordWrite(RecordRow Row, ReadOnlyMemory<byte>? Body, ReadOnlyMemory<byte> Metadata);

/// <summary>A record with its body.</summary>
public readonly record struct RecordBody(long Id, string SourceId, byte[] Body, byte[] Metadata);

/// <summary>An entity to insert or update, with what depends on its body.</summary>
/// <param name="Search">Text to find it by, or <c>null</c> to leave as it is; empty removes.</param>
/// <param name="AddLinks">Links that are new.</param>
/// <param name="RemoveLinks">Links that are gone.</param>
public sealed record EntityWrite(EntityRow Row, bool IsNew, string? Search, IReadOnlyList<LinkRow> AddLinks, IReadOnlyList<LinkRow> RemoveLinks);
