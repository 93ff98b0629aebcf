using System.Globalization;

namespace IntegrationHub.Storage.Sqlite;

/// <summary>A write transaction of the embedded store. SQLite answers at once; only <see cref="WriteEntitiesAsync"/> may wait for other threads.</summary>
internal sealed partial class SqliteTransaction(SqliteDatabase database, SqliteLevels levels, SqliteIndexes indexes, CandidateNotes notes, Action changed, Action release) : IHubTransaction
{
    private const string RecordColumns = "id, stream, source_id, parent, hash, version, state, mapping, observed, seen";
    private const string ContributionColumns = "id, record, type, key, connection, entity, home, owns, observed, mapping, body";
    private const string EntityColumns = "id, type, state, merged_into, version, change, contributions, chained, origins";

    private readonly SqliteMatchIndex _matches = new(database, levels, notes);
    private bool _open = true;
    private bool _disposed;
    private bool _changes;
    private long _lastEntity = -1;

    public ILogTransaction Log { get; } = new SqliteLogTransaction(database);

    public ValueTask<RecordRow?[]> FindRecordsAsync(int stream, IReadOnlyList<string> sourceIds) => new(FindRecords(database, stream, sourceIds));

    public ValueTask<RecordRow?> FindRecordAsync(long id)
    {
        using var rows = database.Prepare($"SELECT {RecordColumns} FROM records WHERE id=?1").Bind(1, id).Query();
        return new(rows.Read() ? ReadRecord(rows) : null);
    }

    public ValueTask WriteRecordsAsync(IReadOnlyList<RecordWrite> records)
    {
        var (added, kept) = (records.Where(r => r.Row.Id == 0).ToList(), records.Where(r => r.Row.Id != 0).ToList());
        var next = database.Scalar("SELECT max(id) FROM records");
        added.ForEach(r => r.Row.Id = ++next);
        database.Insert($"records({RecordColumns})", added, static (to, record) =>
        {
            var row = record.Row;
            to.Bind(1, row.Id).Bind(2, row.Stream).Bind(3, row.SourceId).Bind(4, row.Parent).BindBlob(5, row.Hash)
                .Bind(6, row.Version.Length == 0 ? null : row.Version).Bind(7, (int)row.State).Bind(8, row.Mapping).Bind(9, row.ObservedAt).Bind(10, row.SeenRun);
        });
        levels["sources"].Insert(added, static (to, record) => to.Bind(1, record.Row.Stream).Bind(2, record.Row.SourceId).Bind(3, record.Row.Id));
        database.Insert("bodies(id, body, metadata)", added.FindAll(r => r.Body is not null), static (to, record) =>
            to.Bind(1, record.Row.Id).BindBlob(2, record.Body!.Value.Span).BindBlob(3, record.Metadata.Span));

        var update = database.Prepare("UPDATE records SET parent=?2, hash=?3, version=?4, state=?5, mapping=?6, observed=?7, seen=?8 WHERE id=?1");
        var body = database.Prepare("INSERT INTO bodies(id, body, metadata) VALUES(?1,?2,?3) ON CONFLICT(id) DO UPDATE SET body=excluded.body, metadata=excluded.metadata");
        foreach (var (row, bytes, metadata) in kept)
        {
            update.Bind(1, row.Id).Bind(2, row.Parent).BindBlob(3, row.Hash)
                .Bind(4, row.Version.Length == 0 ? null : row.Version).Bind(5, (int)row.State).Bind(6, row.Mapping).Bind(7, row.ObservedAt).Bind(8, row.SeenRun).Run();
            if (bytes is { } content)
                body.Bind(1, row.Id).BindBlob(2, content.Span).BindBlob(3, metadata.Span).Run();
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<RecordBody[]> BodiesAsync(IReadOnlyList<long> records)
    {
        var statement = database.Prepare("SELECT r.id, r.source_id, b.body, b.metadata FROM records r JOIN bodies b ON b.id=r.id WHERE r.id=?1");
        return new([.. records.Select(id =>
        {
            using var rows = statement.Bind(1, id).Query();
            return rows.Read() ? ReadBody(rows) : new(id, "", [], []);
        })]);
    }

    public ValueTask<IReadOnlyList<RecordBody>> PartsAsync(long parent) => new(ReadParts(database, parent));

    public ValueTask<IReadOnlyList<RecordRow>> RecordsToRemapAsync(int stream, int mapping, long afterId, int limit) =>
        new(ReadRecords(database.Prepare($"""
            SELECT {RecordColumns} FROM records WHERE stream=?1 AND mapping<>?2 AND id>?3 AND parent=0 AND state<>{(int)RecordState.Deleted} ORDER BY id LIMIT ?4
            """).Bind(1, stream).Bind(2, mapping).Bind(3, afterId).Bind(4, limit)));

    public ValueTask<IReadOnlyList<RecordRow>> UnseenRecordsAsync(int stream, long run, long afterId, int limit) =>
        new(ReadRecords(database.Prepare($"""
            SELECT {RecordColumns} FROM records WHERE stream=?1 AND seen<?2 AND id>?3 AND state<>{(int)RecordState.Deleted} ORDER BY id LIMIT ?4
            """).Bind(1, stream).Bind(2, run).Bind(3, afterId).Bind(4, limit)));

    public ValueTask<(long Live, long Unseen)> CountUnseenAsync(int stream, long run)
    {
        using var rows = database.Prepare($"SELECT count(*), sum(seen<?2) FROM records WHERE stream=?1 AND state<>{(int)RecordState.Deleted}").Bind(1, stream).Bind(2, run).Query();
        return new(rows.Read() ? (rows.Int64(0), rows.Int64(1)) : (0, 0));
    }

    public ValueTask<IReadOnlyList<ContributionRow>> ContributionsOfRecordsAsync(IReadOnlyList<long> records)
    {
        var statement = database.Prepare($"SELECT {ContributionColumns} FROM contributions WHERE record=?1");
        var found = new List<ContributionRow>(records.Count);
        foreach (var record in records)
            ReadContributions(statement.Bind(1, record), found);
        return new(found);
    }

    public ValueTask<IReadOnlyList<ContributionRow>> ContributionsOfEntityAsync(long entity) => new(ReadContributionsOf(database, entity));

    public ValueTask WriteContributionsAsync(IReadOnlyList<ContributionRow> contributions)
    {
        var (added, kept) = (contributions.Where(c => c.Id == 0).ToList(), contributions.Where(c => c.Id != 0).ToList());
        var next = database.Scalar("SELECT max(id) FROM contributions");
        added.ForEach(c => c.Id = ++next);
        database.Insert($"contributions({ContributionColumns})", added, static (to, row) =>
            to.Bind(1, row.Id).Bind(2, row.Record).Bind(3, row.Type).Bind(4, row.Key).Bind(5, row.Connection).Bind(6, row.Entity)
                .Bind(7, row.Home).Bind(8, row.Owns).Bind(9, row.ObservedAt).Bind(10, row.Mapping).BindBlob(11, row.Body));
        var update = database.Prepare("UPDATE contributions SET entity=?2, home=?3, owns=?4, observed=?5, mapping=?6, body=?7 WHERE id=?1");
        foreach (var row in kept)
            update.Bind(1, row.Id).Bind(2, row.Entity).Bind(3, row.Home).Bind(4, row.Owns).Bind(5, row.ObservedAt).Bind(6, row.Mapping).BindBlob(7, row.Body).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<KeyHolder>> FindKeysAsync(IReadOnlyList<IdentityKey> keys)
    {
        var statement = database.Prepare("SELECT entity, refs FROM keys WHERE kind=?1 AND value=?2");
        var found = new List<KeyHolder>(keys.Count);
        foreach (var key in keys)
        {
            using var rows = statement.Bind(1, key.Kind).Bind(2, key.Value).Query();
            while (rows.Read())
                found.Add(new(key, rows.Int64(0), rows.Int32(1)));
        }

        return new(found);
    }

    public ValueTask<IReadOnlyList<IdentityKey>> KeysOfEntityAsync(long entity, int kind)
    {
        var found = new List<IdentityKey>();
        using var rows = database.Prepare("SELECT value FROM entity_keys WHERE entity=?1 AND kind=?2").Bind(1, entity).Bind(2, kind).Query();
        while (rows.Read())
            found.Add(new(kind, rows.String(0)));
        return new(found);
    }

    public IMatchIndex Matches => _matches;

    /// <summary>There is one connection. Threads that took turns at it were no faster than one, as most of what they do is reading.</summary>
    public bool ReadsInParallel => false;

    public ValueTask ApplyKeysAsync(IReadOnlyList<KeyDelta> deltas)
    {
        var keys = levels["keys"];
        var added = new List<KeyDelta>(deltas.Count);
        foreach (var delta in deltas)
            // What is taken away is not always there: a kind that the model declares otherwise today was no key when its record was stored.
            if (delta.IsFirst || (!Change(keys, delta) && delta.Delta > 0))
                added.Add(delta);
        keys.Insert(added, static (to, delta) => to.Bind(1, delta.Key.Kind).Bind(2, delta.Key.Value).Bind(3, delta.Entity).Bind(4, delta.Delta));
        database.Insert("entity_keys(entity, kind, value)", added, static (to, delta) => to.Bind(1, delta.Entity).Bind(2, delta.Key.Kind).Bind(3, delta.Key.Value));
        return ValueTask.CompletedTask;
    }

    /// <summary>Whether the key is one that the entity has.</summary>
    private bool Change(TwoLevelTable keys, KeyDelta delta)
    {
        var (key, entity, by, _) = delta;
        var add = keys.OnBoth("UPDATE {0} SET refs=refs+?4 WHERE kind=?1 AND value=?2 AND entity=?3");
        if (!add.Any(a => a.Bind(1, key.Kind).Bind(2, key.Value).Bind(3, entity).Bind(4, by).RunChanging()))
            return false;
        if (by < 0 && keys.OnBoth("DELETE FROM {0} WHERE kind=?1 AND value=?2 AND entity=?3 AND refs<=0").Any(r => r.Bind(1, key.Kind).Bind(2, key.Value).Bind(3, entity).RunChanging()))
            database.Prepare("DELETE FROM entity_keys WHERE entity=?1 AND kind=?2 AND value=?3").Bind(1, entity).Bind(2, key.Kind).Bind(3, key.Value).Run();
        return true;
    }

    public ValueTask<IReadOnlyDictionary<long, EntityRow>> EntitiesAsync(IReadOnlyCollection<long> ids)
    {
        var found = new Dictionary<long, EntityRow>(ids.Count);
        foreach (var id in ids)
            if (FindEntity(database, id) is { } row)
                found[id] = row;
        return new(found);
    }

    public long NewEntityId()
    {
        if (_lastEntity < 0)
            _lastEntity = database.Scalar("SELECT max(id) FROM entities");
        return ++_lastEntity;
    }

    public async ValueTask WriteEntitiesAsync(IReadOnlyList<EntityWrite> entities)
    {
        // Whatever fails below, those who read look at nothing but the bodies, which nobody changes.
        var golden = indexes.BeginReading(entities);
        database.Insert($"entities({EntityColumns})", entities.Where(e => e.IsNew).Select(e => e.Row).ToList(), static (to, row) =>
            to.Bind(1, row.Id).Bind(2, row.Type).Bind(3, (int)row.State).Bind(4, row.MergedInto).Bind(5, row.Version)
                .Bind(6, row.ChangeSequence).Bind(7, row.Contributions).Bind(8, row.IsChained ? 1 : 0).BindBlob(9, row.Origins));
        var update = database.Prepare("UPDATE entities SET state=?2, merged_into=?3, version=?4, change=?5, contributions=?6, chained=?7, origins=?8 WHERE id=?1");
        // One at a time: FTS5 would write out what it gathered at every statement of several rows.
        var search = database.Prepare("INSERT INTO search(rowid, text) VALUES(?1, ?2)");
        var searchAgain = database.Prepare("INSERT OR REPLACE INTO search(rowid, text) VALUES(?1, ?2)");
        var unsearch = database.Prepare("DELETE FROM search WHERE rowid=?1");
        var links = levels["links"];
        var unlink = entities.Any(e => !e.IsNew && e.AddLinks.Count + e.RemoveLinks.Count > 0) ? links.OnBoth("DELETE FROM {0} WHERE kind=?1 AND value=?2 AND name=?3 AND source=?4") : [];
        foreach (var write in entities)
        {
            var row = write.Row;
            if (!write.IsNew)
                update.Bind(1, row.Id).Bind(2, (int)row.State).Bind(3, row.MergedInto).Bind(4, row.Version)
                    .Bind(5, row.ChangeSequence).Bind(6, row.Contributions).Bind(7, row.IsChained ? 1 : 0).BindBlob(8, row.Origins).Run();
            if (write.Search is { Length: > 0 } text)
                (write.IsNew ? search : searchAgain).Bind(1, row.Id).Bind(2, text).Run();
            else if (write.Search is not null && !write.IsNew)
                unsearch.Bind(1, row.Id).Run();
            if (write.IsNew)
                continue;
            // Those that are new too: a link that the model did not declare for a time was left where it stood.
            foreach (var gone in write.RemoveLinks.Concat(write.AddLinks))
                foreach (var level in unlink)
                    level.Bind(1, gone.Target.Kind).Bind(2, gone.Target.Value).Bind(3, gone.Name).Bind(4, gone.From).Run();
        }

        links.Insert(entities.SelectMany(e => e.AddLinks).ToList(), static (to, added) =>
            to.Bind(1, added.Target.Kind).Bind(2, added.Target.Value).Bind(3, added.Name).Bind(4, added.From));
        await indexes.WriteAsync(database, levels, entities, golden);
    }

    public ValueTask AppendChangesAsync(IReadOnlyList<ChangeRow> changes)
    {
        var next = database.Scalar("SELECT max(seq) FROM changes");
        foreach (var change in changes)
            change.Sequence = ++next;
        _changes |= changes.Count > 0;
        database.Insert("changes(seq, entity, type, kind, at, run, mapping, records, body)", changes, static (to, change) =>
            to.Bind(1, change.Sequence).Bind(2, change.Entity).Bind(3, change.Type).Bind(4, change.Kind).Bind(5, change.At).Bind(6, change.Run).Bind(7, change.Mapping)
                .Bind(8, string.Join(',', change.Records.Select(r => r.ToString(CultureInfo.InvariantCulture)))).BindBlob(9, change.Body));
        return ValueTask.CompletedTask;
    }

    public ValueTask WriteRejectedAsync(IReadOnlyList<long> clearRecords, IReadOnlyList<RejectedRow> add)
    {
        var clear = database.Prepare("DELETE FROM rejected WHERE record=?1 AND record<>0");
        foreach (var record in clearRecords)
            clear.Bind(1, record).Run();
        var insert = database.Prepare("INSERT INTO rejected(stream, record, place, rule, path, found, reason, at, run, body) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)");
        // The same unreadable bytes at the same place are one entry, however often they are read.
        var again = database.Prepare("DELETE FROM rejected WHERE stream=?1 AND record=0 AND place=?2 AND body IS ?3");
        foreach (var row in add)
        {
            if (row.Record == 0)
                again.Bind(1, row.Stream).Bind(2, row.Where).BindBlob(3, row.Body).Run();
            insert.Bind(1, row.Stream).Bind(2, row.Record).Bind(3, row.Where).Bind(4, row.Rule).Bind(5, row.Path).Bind(6, row.Found).Bind(7, row.Reason)
                .Bind(8, row.At).Bind(9, row.Run).BindBlob(10, row.Body).Run();
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask ClearUnreadableAsync(int stream, long beforeRun)
    {
        database.Prepare("DELETE FROM rejected WHERE stream=?1 AND record=0 AND run<?2").Bind(1, stream).Bind(2, beforeRun).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask SaveCursorAsync(int stream, string? cursor)
    {
        database.Prepare("INSERT INTO streams(id, cursor) VALUES(?1, ?2) ON CONFLICT(id) DO UPDATE SET cursor=excluded.cursor").Bind(1, stream).Bind(2, cursor).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask<string?> CursorAsync(int stream) => new(ReadCursor(database, stream));

    public ValueTask SaveRunAsync(RunRow run)
    {
        if (run.Id == 0)
            run.Id = database.Scalar("SELECT max(id) FROM runs") + 1;
        database.Prepare("""
            INSERT INTO runs(id, connection, stream, kind, state, started, ended, statement, error) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)
            ON CONFLICT(id) DO UPDATE SET state=excluded.state, ended=excluded.ended, statement=excluded.statement, error=excluded.error
            """).Bind(1, run.Id).Bind(2, run.Connection).Bind(3, run.Stream).Bind(4, run.Kind).Bind(5, run.State).Bind(6, run.StartedAt).Bind(7, run.EndedAt)
            .Bind(8, run.Statement).Bind(9, run.Error).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask InterruptRunsAsync(string connection, string stream, long at)
    {
        database.Prepare("UPDATE runs SET state='interrupted', ended=?3 WHERE connection=?1 AND stream=?2 AND state='running'").Bind(1, connection).Bind(2, stream).Bind(3, at).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask SaveDocumentAsync(string kind, string name, string? json)
    {
        if (json is null)
            database.Prepare("DELETE FROM documents WHERE kind=?1 AND name=?2").Bind(1, kind).Bind(2, name).Run();
        else
            database.Prepare("INSERT INTO documents(kind, name, json) VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET json=excluded.json").Bind(1, kind).Bind(2, name).Bind(3, json).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask<string?> DocumentAsync(string kind, string name) => new(ReadDocument(database, kind, name));

    public ValueTask CommitAsync()
    {
        levels.Settle();
        database.Execute("COMMIT");
        _open = false;
        if (_changes)
            changed();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        if (_disposed)
            return ValueTask.CompletedTask;
        _disposed = true;
        try
        {
            if (_open)
            {
                levels.Recount();
                notes.Clear();
                database.Rollback();
            }
        }
        finally
        {
            _open = false;
            release();
        }

        return ValueTask.CompletedTask;
    }

    internal static RecordRow?[] FindRecords(SqliteDatabase database, int stream, IReadOnlyList<string> sourceIds)
    {
        var statement = database.Prepare($"SELECT {RecordColumns} FROM records WHERE id=(SELECT record FROM sources WHERE stream=?1 AND source_id=?2)");
        var found = new RecordRow?[sourceIds.Count];
        for (var i = 0; i < found.Length; i++)
        {
            using var rows = statement.Bind(1, stream).Bind(2, sourceIds[i]).Query();
            if (rows.Read())
                found[i] = ReadRecord(rows);
        }

        return found;
    }

    internal static RecordRow ReadRecord(SqliteRows rows) => new()
    {
        Id = rows.Int64(0),
        Stream = rows.Int32(1),
        SourceId = rows.String(2),
        Parent = rows.Int64(3),
        Hash = rows.Bytes(4).ToArray(),
        Version = rows.String(5),
        State = (RecordState)rows.Int32(6),
        Mapping = rows.Int32(7),
        ObservedAt = rows.Int64(8),
        SeenRun = rows.Int64(9),
    };

    internal static RecordRow? FindRecord(SqliteDatabase database, long id)
    {
        using var rows = database.Prepare($"SELECT {RecordColumns} FROM records WHERE id=?1").Bind(1, id).Query();
        return rows.Read() ? ReadRecord(rows) : null;
    }

    internal static IReadOnlyList<RecordBody> ReadParts(SqliteDatabase database, long parent)
    {
        var parts = new List<RecordBody>();
        using var rows = database.Prepare($"""
            SELECT r.id, r.source_id, b.body, b.metadata FROM records r JOIN bodies b ON b.id=r.id
            WHERE r.parent=?1 AND r.parent<>0 AND r.state<>{(int)RecordState.Deleted} ORDER BY r.source_id
            """).Bind(1, parent).Query();
        while (rows.Read())
            parts.Add(ReadBody(rows));
        return parts;
    }

    internal static IReadOnlyList<ContributionRow> ReadContributionsOf(SqliteDatabase database, long entity)
    {
        var found = new List<ContributionRow>();
        ReadContributions(database.Prepare($"SELECT {ContributionColumns} FROM contributions WHERE entity=?1 AND body IS NOT NULL ORDER BY id").Bind(1, entity), found);
        return found;
    }

    internal static EntityRow? FindEntity(SqliteDatabase database, long id)
    {
        EntityRow row;
        using (var rows = database.Prepare($"SELECT {EntityColumns}, NULL FROM entities WHERE id=?1").Bind(1, id).Query())
        {
            if (!rows.Read())
                return null;
            row = ReadEntity(rows);
        }

        if (row.State == EntityState.Live)
        {
            using var bodies = database.Prepare($"SELECT body FROM {SqliteIndexes.Table(row.Type)} WHERE id=?1").Bind(1, id).Query();
            if (bodies.Read())
                row.Body = bodies.Bytes(0).ToArray();
        }

        return row;
    }

    internal static EntityRow ReadEntity(SqliteRows rows) => new()
    {
        Id = rows.Int64(0),
        Type = rows.Int32(1),
        State = (EntityState)rows.Int32(2),
        MergedInto = rows.Int64(3),
        Version = rows.Int64(4),
        ChangeSequence = rows.Int64(5),
        Contributions = rows.Int32(6),
        IsChained = rows.Int32(7) != 0,
        Origins = rows.Bytes(8).ToArray(),
        Body = rows.Bytes(9).ToArray(),
    };

    internal static string? ReadCursor(SqliteDatabase database, int stream)
    {
        using var rows = database.Prepare("SELECT cursor FROM streams WHERE id=?1").Bind(1, stream).Query();
        return rows.Read() ? rows.StringOrNull(0) : null;
    }

    internal static string? ReadDocument(SqliteDatabase database, string kind, string name)
    {
        using var rows = database.Prepare("SELECT json FROM documents WHERE kind=?1 AND name=?2").Bind(1, kind).Bind(2, name).Query();
        return rows.Read() ? rows.String(0) : null;
    }

    internal static RecordBody ReadBody(SqliteRows rows) => new(rows.Int64(0), rows.String(1), rows.Bytes(2).ToArray(), rows.Bytes(3).ToArray());

    private static List<RecordRow> ReadRecords(SqliteStatement statement)
    {
        var found = new List<RecordRow>();
        using var rows = statement.Query();
        while (rows.Read())
            found.Add(ReadRecord(rows));
        return found;
    }

    private static void ReadContributions(SqliteStatement statement, List<ContributionRow> into)
    {
        using var rows = statement.Query();
        while (rows.Read())
            into.Add(new()
            {
                Id = rows.Int64(0),
                Record = rows.Int64(1),
                Type = rows.Int32(2),
                Key = rows.String(3),
                Connection = rows.Int32(4),
                Entity = rows.Int64(5),
                Home = rows.Int64(6),
                Owns = rows.Int64(7),
                ObservedAt = rows.Int64(8),
                Mapping = rows.Int32(9),
                Body = rows.Bytes(10).ToArray(),
            });
    }
}
