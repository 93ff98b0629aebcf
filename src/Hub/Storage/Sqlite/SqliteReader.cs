using System.Globalization;

namespace IntegrationHub.Storage.Sqlite;

/// <summary>Reads of the embedded store. SQLite answers at once, so every task is already complete.</summary>
internal sealed partial class SqliteReader(SqliteStore store, int mostSorted) : IHubReader
{
    private const string ChangeColumns = "seq, entity, type, kind, at, run, mapping, records, body";
    private const string RunColumns = "id, connection, stream, kind, state, started, ended, statement, error";
    private const string RejectedColumns = "id, stream, record, place, rule, path, found, reason, at, run, body";

    public ILogReader Log { get; } = new SqliteLog(store);

    public ValueTask<EntityRow?> EntityAsync(long id, CancellationToken cancellationToken) =>
        new(store.Read(db => SqliteTransaction.FindEntity(db, id)));

    public ValueTask<IReadOnlyList<EntityRow>> EntitiesAsync(EntityQuery query, CancellationToken cancellationToken) =>
        new(store.Read<IReadOnlyList<EntityRow>>(db => SqliteEntityQuery.Run(db, query, mostSorted)));

    public ValueTask<IReadOnlyList<EntityRow>> EntitiesByIdAsync(int type, long afterId, int limit, CancellationToken cancellationToken) =>
        EntitiesAsync(new(type, limit) { After = (null, afterId) }, cancellationToken);

    public ValueTask<long> CountAsync(int type, CancellationToken cancellationToken) =>
        new(store.Read(db =>
        {
            using var rows = db.Prepare("SELECT count(*) FROM entities WHERE type=?1 AND state=0").Bind(1, type).Query();
            return rows.Read() ? rows.Int64(0) : 0;
        }));

    public ValueTask<long[]> ResolveAsync(IReadOnlyList<IdentityKey> keys, CancellationToken cancellationToken) =>
        new(store.Read(db =>
        {
            var statement = db.Prepare("SELECT entity FROM keys WHERE kind=?1 AND value=?2 LIMIT 2");
            return keys.Select(key =>
            {
                using var rows = statement.Bind(1, key.Kind).Bind(2, key.Value).Query();
                var entity = rows.Read() ? rows.Int64(0) : 0;
                return rows.Read() ? 0 : entity;
            }).ToArray();
        }));

    public ValueTask<IReadOnlyList<(int Link, long From)>> LinksToAsync(long entity, int limit, CancellationToken cancellationToken) =>
        new(store.Read<IReadOnlyList<(int, long)>>(db =>
        {
            var found = new List<(int, long)>();
            using var rows = db.Prepare($"{Linked("")} ORDER BY 1, 2 LIMIT ?2").Bind(1, entity).Bind(2, limit).Query();
            while (rows.Read())
                found.Add((rows.Int32(0), rows.Int64(1)));
            return found;
        }));

    public ValueTask<IReadOnlyList<IdentityKey>> KeysAsync(long entity, CancellationToken cancellationToken) =>
        new(store.Read<IReadOnlyList<IdentityKey>>(db =>
        {
            var found = new List<IdentityKey>();
            using var rows = db.Prepare("SELECT kind, value FROM entity_keys WHERE entity=?1 ORDER BY kind, value").Bind(1, entity).Query();
            while (rows.Read())
                found.Add(new(rows.Int32(0), rows.String(1)));
            return found;
        }));

    public ValueTask<IReadOnlyList<LinkedEntity>> TimelineAsync(TimelineQuery query, CancellationToken cancellationToken) =>
        new(store.Read<IReadOnlyList<LinkedEntity>>(db =>
        {
            // A key that another live entity holds too points at nobody, as it does when links are resolved.
            var times = string.Concat(query.Times.Select(t => $" WHEN {t.Type} THEN (SELECT unixepoch(json_extract(body,'$.{t.Time.Name}'),'subsec') FROM {SqliteIndexes.Table(t.Type)} WHERE id=e.id)"));
            var sql = $"""
                WITH linked(name, source) AS ({Linked(" AND NOT EXISTS (SELECT 1 FROM keys o WHERE o.kind=k.kind AND o.value=k.value AND o.entity<>?1)")}),
                rows AS (SELECT linked.name AS name, e.id AS id, coalesce(CASE e.type{(times.Length == 0 ? " WHEN 0 THEN NULL" : times)} END, -1e15) AS at
                  FROM linked JOIN entities e ON e.id=linked.source WHERE e.state=0)
                SELECT name, id, at FROM rows WHERE (at, id, name)<(?2, ?3, ?4) ORDER BY at DESC, id DESC, name DESC LIMIT ?5
                """;
            var after = query.After ?? new(int.MaxValue, long.MaxValue, double.MaxValue);
            var found = new List<LinkedEntity>();
            using var rows = db.Prepare(sql).Bind(1, query.Entity).Bind(2, after.At).Bind(3, after.Id).Bind(4, after.Link).Bind(5, query.Limit).Query();
            while (rows.Read())
                found.Add(new(rows.Int32(0), rows.Int64(1), rows.Double(2)));
            return found;
        }));

    public ValueTask<IReadOnlyList<RunRow>> RunsBeforeAsync(string? connection, long before, int limit, CancellationToken cancellationToken) =>
        new(store.Read<IReadOnlyList<RunRow>>(db =>
        {
            var found = new List<RunRow>();
            using var rows = db.Prepare($"SELECT {RunColumns} FROM runs WHERE id<?1 AND (?2 IS NULL OR connection=?2) ORDER BY id DESC LIMIT ?3").Bind(1, before).Bind(2, connection).Bind(3, limit).Query();
            while (rows.Read())
                found.Add(ReadRun(rows));
            return found;
        }));

    public ValueTask<IReadOnlyList<ContributionRow>> ContributionsAsync(long entity, CancellationToken cancellationToken) =>
        new(store.Read(db => SqliteTransaction.ReadContributionsOf(db, entity)));

    public ValueTask<RecordRow?> RecordAsync(long id, CancellationToken cancellationToken) => new(store.Read(db => SqliteTransaction.FindRecord(db, id)));

    public ValueTask<RecordRow?[]> RecordsAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken) =>
        new(store.Read(db => ids.Select(id => SqliteTransaction.FindRecord(db, id)).ToArray()));

    public ValueTask<RecordBody?> RecordBodyAsync(long id, CancellationToken cancellationToken) =>
        new(store.Read<RecordBody?>(db =>
        {
            using var rows = db.Prepare("SELECT r.id, r.source_id, b.body, b.metadata FROM records r JOIN bodies b ON b.id=r.id WHERE r.id=?1").Bind(1, id).Query();
            return rows.Read() ? SqliteTransaction.ReadBody(rows) : null;
        }));

    public ValueTask<IReadOnlyList<RecordBody>> PartsAsync(long parent, CancellationToken cancellationToken) =>
        new(store.Read(db => SqliteTransaction.ReadParts(db, parent)));

    public ValueTask<IReadOnlyList<ChangeRow>> ChangesAsync(ChangeQuery query, CancellationToken cancellationToken) =>
        new(store.Read<IReadOnlyList<ChangeRow>>(db =>
        {
            var sql = $"SELECT {ChangeColumns} FROM changes WHERE seq>?1"
                + (query.Type is null ? "" : " AND type=?3")
                + (query.Entity is null ? "" : " AND entity=?4")
                + " ORDER BY seq LIMIT ?2";
            var statement = db.Prepare(sql).Bind(1, query.After).Bind(2, query.Limit);
            if (query.Type is { } type)
                statement.Bind(3, type);
            if (query.Entity is { } entity)
                statement.Bind(4, entity);
            var found = new List<ChangeRow>();
            using var rows = statement.Query();
            while (rows.Read())
                found.Add(ReadChange(rows));
            return found;
        }));

    /// <summary>What links to an entity, from each level of the links.</summary>
    /// <param name="condition">On a key <c>k</c> of the entity, whose number is the first parameter.</param>
    private static string Linked(string condition) => string.Join(" UNION ", SqliteLevels.Names.Select(level =>
        $"SELECT l.name, l.source FROM entity_keys k CROSS JOIN links_{level} l ON l.kind=k.kind AND l.value=k.value WHERE k.entity=?1{condition}"));

    private static ChangeRow ReadChange(SqliteRows rows) => new()
    {
        Sequence = rows.Int64(0),
        Entity = rows.Int64(1),
        Type = rows.Int32(2),
        Kind = rows.String(3),
        At = rows.Int64(4),
        Run = rows.Int64(5),
        Mapping = rows.Int32(6),
        Records = [.. rows.String(7).Split(',', StringSplitOptions.RemoveEmptyEntries).Select(r => long.Parse(r, CultureInfo.InvariantCulture))],
        Body = rows.Bytes(8).ToArray(),
    };

    public ValueTask<long> LastChangeAsync(CancellationToken cancellationToken) => new(store.Read(db => db.Scalar("SELECT max(seq) FROM changes")));

    public ValueTask<IReadOnlyList<RunRow>> RunsAsync(string? connection, int limit, CancellationToken cancellationToken) =>
        new(store.Read<IReadOnlyList<RunRow>>(db =>
        {
            var found = new List<RunRow>();
            using var rows = db.Prepare($"SELECT {RunColumns} FROM runs WHERE ?1 IS NULL OR connection=?1 ORDER BY id DESC LIMIT ?2").Bind(1, connection).Bind(2, limit).Query();
            while (rows.Read())
                found.Add(ReadRun(rows));
            return found;
        }));

    public ValueTask<RunRow?> RunAsync(long id, CancellationToken cancellationToken) =>
        new(store.Read(db =>
        {
            using var rows = db.Prepare($"SELECT {RunColumns} FROM runs WHERE id=?1").Bind(1, id).Query();
            return rows.Read() ? ReadRun(rows) : null;
        }));

    public ValueTask<IReadOnlyList<RejectedRow>> RejectedAsync(int? stream, long afterId, int limit, CancellationToken cancellationToken) =>
        new(store.Read<IReadOnlyList<RejectedRow>>(db =>
        {
            var found = new List<RejectedRow>();
            var statement = db.Prepare($"SELECT {RejectedColumns} FROM rejected WHERE id>?1 AND (?2<0 OR stream=?2) ORDER BY id LIMIT ?3");
            using var rows = statement.Bind(1, afterId).Bind(2, stream ?? -1).Bind(3, limit).Query();
            while (rows.Read())
                found.Add(ReadRejected(rows));
            return found;
        }));

    public ValueTask<RejectedRow?> RejectedAsync(long id, CancellationToken cancellationToken) =>
        new(store.Read(db =>
        {
            using var rows = db.Prepare($"SELECT {RejectedColumns} FROM rejected WHERE id=?1").Bind(1, id).Query();
            return rows.Read() ? ReadRejected(rows) : null;
        }));

    public ValueTask<(long Records, long Rejected)> CountStreamAsync(int stream, CancellationToken cancellationToken) =>
        new(store.Read(db =>
        {
            using var counts = db.Prepare($"""
                SELECT (SELECT count(*) FROM records WHERE stream=?1 AND state<>{(int)RecordState.Deleted}), (SELECT count(*) FROM rejected WHERE stream=?1)
                """).Bind(1, stream).Query();
            counts.Read();
            return (counts.Int64(0), counts.Int64(1));
        }));

    public ValueTask<string?> CursorAsync(int stream, CancellationToken cancellationToken) => new(store.Read(db => SqliteTransaction.ReadCursor(db, stream)));

    public ValueTask<RecordRow?[]> FindRecordsAsync(int stream, IReadOnlyList<string> sourceIds, CancellationToken cancellationToken) =>
        new(store.Read(db => SqliteTransaction.FindRecords(db, stream, sourceIds)));

    public ValueTask<IReadOnlyList<DecisionRow>> DecisionsAsync(long before, int limit, CancellationToken cancellationToken) =>
        new(store.Read<IReadOnlyList<DecisionRow>>(db => SqliteMatchIndex.ReadDecisions(db, before, limit)));

    public ValueTask<IReadOnlyList<long>> HoldersAsync(IdentityKey key, int limit, CancellationToken cancellationToken) => new(store.Read<IReadOnlyList<long>>(db =>
    {
        var found = new List<long>();
        using var rows = db.Prepare("SELECT entity FROM keys WHERE kind=?1 AND value=?2 ORDER BY entity LIMIT ?3").Bind(1, key.Kind).Bind(2, key.Value).Bind(3, limit).Query();
        while (rows.Read())
            found.Add(rows.Int64(0));
        return found;
    }));

    public ValueTask<IReadOnlyList<(string Value, int Entities)>> SharedValuesAsync(int kind, string after, int limit, CancellationToken cancellationToken) =>
        new(store.Read<IReadOnlyList<(string, int)>>(db =>
        {
            var found = new List<(string, int)>();
            // Counted here: SQLite would sort both levels to group them.
            using var rows = db.Prepare("SELECT value FROM keys WHERE kind=?1 AND value>?2 ORDER BY value").Bind(1, kind).Bind(2, after).Query();
            var (value, holders) = ("", 0);
            while (found.Count < limit && rows.Read())
                if (rows.String(0) is var next && next == value)
                {
                    holders++;
                }
                else
                {
                    End();
                    (value, holders) = (next, 1);
                }

            if (found.Count < limit)
                End();
            return found;

            void End()
            {
                if (holders > 1)
                    found.Add((value, holders));
            }
        }));

    public ValueTask<IReadOnlyList<(string Name, string Json)>> DocumentsAsync(string kind, CancellationToken cancellationToken) =>
        new(store.Read<IReadOnlyList<(string, string)>>(db =>
        {
            var found = new List<(string, string)>();
            using var rows = db.Prepare("SELECT name, json FROM documents WHERE kind=?1 ORDER BY name").Bind(1, kind).Query();
            while (rows.Read())
                found.Add((rows.String(0), rows.String(1)));
            return found;
        }));

    public ValueTask<string?> DocumentAsync(string kind, string name, CancellationToken cancellationToken) =>
        new(store.Read(db => SqliteTransaction.ReadDocument(db, kind, name)));

    private static RunRow ReadRun(SqliteRows rows) => new()
    {
        Id = rows.Int64(0),
        Connection = rows.String(1),
        Stream = rows.String(2),
        Kind = rows.String(3),
        State = rows.String(4),
        StartedAt = rows.Int64(5),
        EndedAt = rows.Int64(6),
        Statement = rows.String(7),
        Error = rows.StringOrNull(8),
    };

    private static RejectedRow ReadRejected(SqliteRows rows) => new()
    {
        Id = rows.Int64(0),
        Stream = rows.Int32(1),
        Record = rows.Int64(2),
        Where = rows.String(3),
        Rule = rows.String(4),
        Path = rows.String(5),
        Found = rows.String(6),
        Reason = rows.String(7),
        At = rows.Int64(8),
        Run = rows.Int64(9),
        Body = rows.Bytes(10).ToArray(),
    };
}
