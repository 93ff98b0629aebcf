namespace IntegrationHub.Storage.Sqlite;

/// <summary>Reads of the sovereignty log.</summary>
internal sealed class SqliteLog(SqliteStore store) : ILogReader
{
    private const string EntryColumns = "e.seq, e.act, e.at, e.hash, e.entry";
    private const string SubjectColumns = "subject, id, key, commitment";

    public long Count() => store.Read(db => db.Scalar("SELECT coalesce(max(seq), -1) + 1 FROM log_entries"));

    public IReadOnlyList<LogRow> Entries(long from, int limit) => store.Read(db =>
        Read(db.Prepare($"SELECT {EntryColumns} FROM log_entries e WHERE e.seq>=?1 ORDER BY e.seq LIMIT ?2").Bind(1, from).Bind(2, limit)));

    public void Visit(long from, long end, LogVisitor visitor) => store.Read(db =>
    {
        using var rows = db.Prepare("SELECT seq, act, at, indexed, hash, entry FROM log_entries WHERE seq>=?1 AND seq<?2 ORDER BY seq").Bind(1, from).Bind(2, end).Query();
        while (rows.Read())
            visitor(new LogView { Sequence = rows.Int64(0), Act = rows.Int64(1), At = rows.Int64(2), Indexed = rows.Int64(3), Hash = rows.Bytes(4), Entry = rows.Bytes(5) });
        return true;
    });

    public IReadOnlyList<LogRow> EntriesOf(IReadOnlyList<long> subjects, long from, int limit) => store.Read(db =>
    {
        var found = new List<LogRow>();
        var acts = new SortedSet<long>();
        var (begin, part) = Place(db, from);
        for (var next = NextPart(db, part); next is { } at && found.Count < limit; next = NextPart(db, at + 1))
        {
            acts.Clear();
            foreach (var subject in subjects)
                FindActs(db, at, subject, begin, acts);
            foreach (var act in acts)
                // An act whose entries lie in two parts was read with the first.
                if (found.Count < limit && (found.Count == 0 || found[^1].Act < act))
                    ReadAct(db, act, Math.Max(act, from), limit, found);
        }

        return found;
    });

    public IReadOnlyList<LogBundle> Bundles(long from, int limit) => store.Read(db =>
    {
        var found = new List<LogBundle>();
        using var rows = db.Prepare("SELECT idx, earliest, latest, terms FROM log_bundles WHERE idx>=?1 ORDER BY idx LIMIT ?2").Bind(1, from).Bind(2, limit).Query();
        while (rows.Read())
            found.Add(new(rows.Int64(0), rows.Int64(1), rows.Int64(2), rows.String(3)));
        return found;
    });

    public IReadOnlyList<long> Parts() => store.Read(db =>
    {
        var found = new List<long>();
        for (var next = NextPart(db, long.MinValue); next is { } part; next = part == long.MaxValue ? null : NextPart(db, part + 1))
            found.Add(part);
        return found;
    });

    public void VisitPart(long part, LogIndexVisitor visitor) => store.Read(db =>
    {
        using var rows = db.Prepare("SELECT i.subject, i.seq, s.commitment FROM log_index i LEFT JOIN log_subjects s ON s.subject=i.subject WHERE i.part=?1").Bind(1, part).Query();
        while (rows.Read())
            visitor(rows.Int64(0), rows.Int64(1), rows.Bytes(2));
        return true;
    });

    public IReadOnlyList<SubjectKey> Subjects(long after, int limit) => store.Read(db =>
    {
        var found = new List<SubjectKey>();
        using var rows = db.Prepare($"SELECT {SubjectColumns} FROM log_subjects WHERE subject>?1 ORDER BY subject LIMIT ?2").Bind(1, after).Bind(2, limit).Query();
        while (rows.Read())
            found.Add(ReadSubject(rows));
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

    public SubjectKey? SubjectKey(long subject) => store.Read(db =>
    {
        using var rows = db.Prepare($"SELECT {SubjectColumns} FROM log_subjects WHERE subject=?1").Bind(1, subject).Query();
        return rows.Read() ? ReadSubject(rows) : null;
    });

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

    /// <summary>The first entry of the act that a sequence lies in, and the part of the index that leads to it.</summary>
    private static (long Act, long Part) Place(SqliteDatabase database, long sequence)
    {
        using var rows = database.Prepare("""
            SELECT a.act, coalesce((SELECT b.indexed FROM log_entries b WHERE b.seq=a.act-1), 0) FROM log_entries a WHERE a.seq=?1
            """).Bind(1, sequence).Query();
        return rows.Read() ? (rows.Int64(0), LogIndex.Part(rows.Int64(1))) : (sequence, 0);
    }

    private static long? NextPart(SqliteDatabase database, long from)
    {
        using var rows = database.Prepare("SELECT min(part) FROM log_index WHERE part>=?1").Bind(1, from).Query();
        return rows.Read() && !rows.IsNull(0) ? rows.Int64(0) : null;
    }

    private static void FindActs(SqliteDatabase database, long part, long subject, long from, SortedSet<long> into)
    {
        using var rows = database.Prepare("SELECT e.act FROM log_index i JOIN log_entries e ON e.seq=i.seq WHERE i.part=?1 AND i.subject=?2 AND i.seq>=?3")
            .Bind(1, part).Bind(2, subject).Bind(3, from).Query();
        while (rows.Read())
            into.Add(rows.Int64(0));
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

    private static SubjectKey ReadSubject(SqliteRows rows) => new(rows.Int64(0), rows.String(1), rows.IsNull(2) ? null : rows.Bytes(2).ToArray(), rows.Bytes(3).ToArray());

    private static LogRow ReadRow(SqliteRows rows) => new(rows.Int64(0), rows.Int64(1), rows.Int64(2), rows.Bytes(3).ToArray(), rows.Bytes(4).ToArray());
}
