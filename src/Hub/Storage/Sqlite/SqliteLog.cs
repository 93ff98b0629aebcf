namespace IntegrationHub.Storage.Sqlite;

/// <summary>Reads of the sovereignty log.</summary>
internal sealed class SqliteLog(SqliteStore store) : ILogReader
{
    private const string EntryColumns = "e.seq, e.act, e.at, e.hash, e.entry";

    public long Count() => store.Read(db => db.Scalar("SELECT coalesce(max(seq), -1) + 1 FROM log_entries"));

    public IReadOnlyList<LogRow> Entries(long from, int limit) => store.Read(db =>
        Read(db.Prepare($"SELECT {EntryColumns} FROM log_entries e WHERE e.seq>=?1 ORDER BY e.seq LIMIT ?2").Bind(1, from).Bind(2, limit)));

    // The + keeps SQLite from sorting all of the range for every page.
    public IReadOnlyList<LogRow> EntriesBetween(long fromTime, long toTime, long from, int limit) => store.Read(db =>
        Read(db.Prepare($"SELECT {EntryColumns} FROM log_entries e WHERE +e.at>=?1 AND +e.at<?2 AND e.seq>=?3 ORDER BY e.seq LIMIT ?4")
            .Bind(1, fromTime).Bind(2, toTime).Bind(3, from).Bind(4, limit)));

    public IReadOnlyList<LogRow> EntriesOf(IReadOnlyList<long> subjects, long from, int limit) => store.Read(db =>
    {
        var acts = new SortedSet<long>();
        foreach (var subject in subjects)
        {
            // The act that reaches over the sequence asked for is among those before it.
            using var rows = db.Prepare("""
                SELECT act FROM log_acts WHERE subject=?1 AND act>=coalesce((SELECT act FROM log_entries WHERE seq=?2), ?2) ORDER BY act LIMIT ?3
                """).Bind(1, subject).Bind(2, from).Bind(3, limit).Query();
            while (rows.Read())
                acts.Add(rows.Int64(0));
        }

        var found = new List<LogRow>();
        foreach (var act in acts)
            if (found.Count < limit)
                ReadAct(db, act, Math.Max(act, from), limit, found);
        return found;
    });

    public byte[]? Tile(int level, long index) => store.Read(db =>
    {
        using var rows = db.Prepare("SELECT hashes FROM log_tiles WHERE level=?1 AND idx=?2").Bind(1, level).Bind(2, index).Query();
        return rows.Read() ? rows.Bytes(0).ToArray() : null;
    });

    public long Tiles(int level) => store.Read(db =>
    {
        using var rows = db.Prepare("SELECT coalesce(max(idx), -1) + 1 FROM log_tiles WHERE level=?1").Bind(1, level).Query();
        return rows.Read() ? rows.Int64(0) : 0;
    });

    public LogHead? Head(bool published) => store.Read(db => FindHead(db, published));

    public IReadOnlyList<LogHead> Heads() => store.Read(db =>
    {
        var found = new List<LogHead>();
        using var rows = db.Prepare("SELECT size, at, note, published FROM log_heads ORDER BY size").Query();
        while (rows.Read())
            found.Add(ReadHead(rows));
        return found;
    });

    public SubjectKey? SubjectKey(long subject) => store.Read(db => FindKey(db, subject));

    public IReadOnlyList<long> SubjectsWithin(long subject) => store.Read(db =>
    {
        var found = new List<long>();
        using var rows = db.Prepare("""
            WITH RECURSIVE within(id) AS (SELECT ?1 UNION SELECT e.id FROM entities e JOIN within w ON e.merged_into=w.id AND e.merged_into<>0) SELECT id FROM within ORDER BY id
            """).Bind(1, subject).Query();
        while (rows.Read())
            found.Add(rows.Int64(0));
        return found;
    });

    internal static LogHead? FindHead(SqliteDatabase database, bool published)
    {
        using var rows = database.Prepare($"SELECT size, at, note, published FROM log_heads WHERE published>=?1 ORDER BY size DESC LIMIT 1").Bind(1, published ? 1 : 0).Query();
        return rows.Read() ? ReadHead(rows) : null;
    }

    internal static SubjectKey? FindKey(SqliteDatabase database, long subject)
    {
        using var rows = database.Prepare("SELECT subject, key, commitment FROM log_subjects WHERE subject=?1").Bind(1, subject).Query();
        return rows.Read() ? new(rows.Int64(0), rows.Bytes(1).ToArray(), rows.Bytes(2).ToArray()) : null;
    }

    /// <summary>The entries of an act stand together; none of another act lies between.</summary>
    private static void ReadAct(SqliteDatabase database, long act, long from, int limit, List<LogRow> into)
    {
        using var rows = database.Prepare($"SELECT {EntryColumns} FROM log_entries e WHERE e.seq>=?1 ORDER BY e.seq").Bind(1, from).Query();
        while (into.Count < limit && rows.Read() && rows.Int64(1) == act)
            into.Add(ReadRow(rows));
    }

    private static LogHead ReadHead(SqliteRows rows) => new(rows.Int64(0), rows.Int64(1), rows.String(2), rows.Int32(3) != 0);

    private static List<LogRow> Read(SqliteStatement statement)
    {
        var found = new List<LogRow>();
        using var rows = statement.Query();
        while (rows.Read())
            found.Add(ReadRow(rows));
        return found;
    }

    private static LogRow ReadRow(SqliteRows rows) => new(rows.Int64(0), rows.Int64(1), rows.Int64(2), rows.Bytes(3).ToArray(), rows.Bytes(4).ToArray());
}
