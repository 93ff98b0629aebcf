namespace IntegrationHub.Storage.Sqlite;

/// <summary>Writes of the sovereignty log within a transaction.</summary>
internal sealed class SqliteLogTransaction(SqliteDatabase database) : ILogTransaction
{
    private const long Hour = 3_600_000;

    public SubjectKey?[] FindSubjectKeys(IReadOnlyList<long> subjects) => [.. subjects.Select(s => SqliteLog.FindKey(database, s))];

    public void AddSubjectKeys(IReadOnlyList<SubjectKey> keys)
    {
        var insert = database.Prepare("INSERT INTO log_subjects(subject, key, commitment) VALUES(?1,?2,?3)");
        foreach (var key in keys)
            insert.Bind(1, key.Subject).BindBlob(2, key.Key).BindBlob(3, key.Commitment).Run();
    }

    public void Append(IReadOnlyList<(byte[] Entry, byte[] Hash)> entries, IReadOnlyCollection<long> subjects, long at)
    {
        var act = database.Scalar("SELECT coalesce(max(seq), -1) + 1 FROM log_entries");
        var insert = database.Prepare("INSERT INTO log_entries(seq, act, at, hash, entry) VALUES(?1,?2,?3,?4,?5)");
        for (var i = 0; i < entries.Count; i++)
            insert.Bind(1, act + i).Bind(2, act).Bind(3, at).BindBlob(4, entries[i].Hash).BindBlob(5, entries[i].Entry).Run();
        var index = database.Prepare("INSERT INTO log_acts(subject, act) VALUES(?1,?2)");
        foreach (var subject in subjects)
            index.Bind(1, subject).Bind(2, act).Run();
    }

    public LogHead? Head() => SqliteLog.FindHead(database, published: false);

    public void WriteTile(int level, long index, byte[] hashes) =>
        database.Prepare("INSERT INTO log_tiles(level, idx, hashes) VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET hashes=excluded.hashes").Bind(1, level).Bind(2, index).BindBlob(3, hashes).Run();

    public void SaveHead(LogHead head)
    {
        database.Prepare("INSERT INTO log_heads(size, at, note, published) VALUES(?1,?2,?3,?4) ON CONFLICT(size) DO UPDATE SET note=excluded.note, published=excluded.published")
            .Bind(1, head.Size).Bind(2, head.At).Bind(3, head.Note).Bind(4, head.Published ? 1 : 0).Run();
        if (head.Published)
            database.Prepare("DELETE FROM log_heads WHERE size<?1 AND at>=?2").Bind(1, head.Size).Bind(2, head.At - head.At % Hour).Run();
    }
}
