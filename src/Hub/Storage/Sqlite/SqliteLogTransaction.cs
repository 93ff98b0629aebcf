namespace IntegrationHub.Storage.Sqlite;

/// <summary>Writes of the sovereignty log within a transaction.</summary>
internal sealed class SqliteLogTransaction(SqliteDatabase database) : ILogTransaction
{
    private const long Hour = 3_600_000;

    // Where the next entry goes; nobody else appends while this transaction is open.
    private (long Sequence, long Indexed)? _next;

    // Entities are numbered upwards, so most that are named for the first time lie beyond this.
    private long? _lastSubject;

    public byte[]? FindCommitment(long subject)
    {
        if (subject > (_lastSubject ??= database.Scalar("SELECT coalesce(max(subject), -1) FROM log_subjects")))
            return null;
        using var rows = database.Prepare("SELECT commitment FROM log_subjects WHERE subject=?1").Bind(1, subject).Query();
        return rows.Read() ? rows.Bytes(0).ToArray() : null;
    }

    public void AddSubjectKeys(IReadOnlyList<SubjectKey> keys)
    {
        database.Insert("log_subjects(subject, id, key, commitment)", keys, static (to, key) =>
            to.Bind(1, key.Subject).Bind(2, key.Id).BindBlob(3, key.Key).BindBlob(4, key.Commitment));
        _lastSubject = null;
    }

    public void Append(IReadOnlyList<NewLogEntry> entries, long at)
    {
        var (sequence, indexed) = _next ?? Next();
        var act = sequence;
        var insert = database.Prepare("INSERT INTO log_entries(seq, act, at, indexed, hash, entry) VALUES(?1,?2,?3,?4,?5,?6)");
        foreach (var entry in entries)
        {
            var (part, number) = (LogIndex.Part(indexed), sequence);
            database.Insert("log_index(part, subject, seq)", entry.Subjects, (to, subject) => to.Bind(1, part).Bind(2, subject).Bind(3, number));
            indexed += entry.Subjects.Count;
            insert.Bind(1, sequence).Bind(2, act).Bind(3, at).Bind(4, indexed).BindBlob(5, entry.Hash).BindBlob(6, entry.Entry).Run();
            sequence++;
        }

        _next = (sequence, indexed);
    }

    public LogHead? Head() => SqliteLog.FindHead(database, published: false);

    public void WriteTile(int level, long index, byte[] hashes) =>
        database.Prepare("INSERT INTO log_tiles(level, idx, hashes) VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET hashes=excluded.hashes").Bind(1, level).Bind(2, index).BindBlob(3, hashes).Run();

    public void WriteBundle(LogBundle bundle) =>
        database.Prepare("INSERT OR REPLACE INTO log_bundles(idx, earliest, latest, terms) VALUES(?1,?2,?3,?4)")
            .Bind(1, bundle.Index).Bind(2, bundle.Earliest).Bind(3, bundle.Latest).Bind(4, bundle.Terms).Run();

    public void SaveHead(LogHead head)
    {
        database.Prepare("INSERT INTO log_heads(size, at, note, published) VALUES(?1,?2,?3,?4) ON CONFLICT(size) DO UPDATE SET note=excluded.note, published=excluded.published")
            .Bind(1, head.Size).Bind(2, head.At).Bind(3, head.Note).Bind(4, head.Published ? 1 : 0).Run();
        if (head.Published)
            database.Prepare("DELETE FROM log_heads WHERE size<?1 AND at>=?2").Bind(1, head.Size).Bind(2, head.At - head.At % Hour).Run();
    }

    private (long Sequence, long Indexed) Next()
    {
        using var rows = database.Prepare("SELECT seq, indexed FROM log_entries ORDER BY seq DESC LIMIT 1").Query();
        return rows.Read() ? (rows.Int64(0) + 1, rows.Int64(1)) : (0, 0);
    }
}
