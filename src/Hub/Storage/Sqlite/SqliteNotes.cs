namespace IntegrationHub.Storage.Sqlite;

/// <summary>One file of the journal. It is made when the first note comes.</summary>
internal sealed class SqliteNotes(string path, TimeSpan busyTimeout) : IDisposable
{
    /// <summary>Notes that are read or deleted at a time; whoever appends one waits for no more than that.</summary>
    private const int Piece = 128;

    // secure_delete: what was moved is not to be found here any more.
    // wal_autocheckpoint: some append waits for each checkpoint, which has the same few pages to write however often they were written before.
    private const string Setup = """
        PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; PRAGMA secure_delete=ON; PRAGMA trusted_schema=OFF;
        CREATE TABLE IF NOT EXISTS notes(number INTEGER PRIMARY KEY, note BLOB NOT NULL);
        """;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private SqliteDatabase? _database;

    /// <summary>Durable when it comes back.</summary>
    /// <param name="next">The number of a note, from the last one in the file, and whether it is the first of these; called while nobody else can write into the file.</param>
    public async Task AppendAsync(IReadOnlyList<byte[]> notes, Func<long, bool, long> next) => await UseAsync(
        db =>
        {
            db.Execute("BEGIN IMMEDIATE");
            try
            {
                var number = db.Scalar("SELECT max(number) FROM notes");
                var append = db.Prepare("INSERT INTO notes(number, note) VALUES(?1, ?2)");
                for (var i = 0; i < notes.Count; i++)
                    append.Bind(1, number = next(number, i == 0)).BindBlob(2, notes[i]).Run();
                db.Execute("COMMIT");
                return number;
            }
            finally
            {
                db.Rollback();
            }
        },
        CancellationToken.None);

    /// <summary>The oldest, in order.</summary>
    public async Task<List<(long Number, byte[] Note)>> ReadAsync(int most, CancellationToken cancellationToken)
    {
        var notes = new List<(long Number, byte[] Note)>();
        if (_database is null && !File.Exists(path))
            return notes;
        while (notes.Count < most)
        {
            var piece = Math.Min(Piece, most - notes.Count);
            var read = await UseAsync(db => Read(db, notes.Count == 0 ? 0 : notes[^1].Number, piece), cancellationToken);
            notes.AddRange(read);
            if (read.Count < piece)
                break;
        }

        return notes;
    }

    /// <param name="numbers">The oldest, in order.</param>
    public async Task DeleteAsync(long[] numbers)
    {
        foreach (var piece in numbers.Chunk(Piece))
            await UseAsync(
                db =>
                {
                    db.Prepare("DELETE FROM notes WHERE number<=?1").Bind(1, piece[^1]).Run();
                    return 0;
                },
                CancellationToken.None);
    }

    public void Dispose()
    {
        _turn.Wait();
        _database?.Dispose();
        _turn.Dispose();
    }

    /// <summary>As <see cref="SqliteStore.LimitPagesAsync"/>.</summary>
    public async Task LimitPagesAsync(long pages) => await UseAsync(db => db.Scalar($"PRAGMA max_page_count={pages}"), CancellationToken.None);

    private async ValueTask<T> UseAsync<T>(Func<SqliteDatabase, T> use, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return use(_database ??= Open());
        }
        finally
        {
            _turn.Release();
        }
    }

    private SqliteDatabase Open()
    {
        var database = new SqliteDatabase(path, readOnly: false, busyTimeout);
        try
        {
            database.Execute(Setup);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    private static List<(long Number, byte[] Note)> Read(SqliteDatabase database, long after, int most)
    {
        var notes = new List<(long, byte[])>();
        using var rows = database.Prepare("SELECT number, note FROM notes WHERE number>?1 ORDER BY number LIMIT ?2").Bind(1, after).Bind(2, most).Query();
        while (rows.Read())
            notes.Add((rows.Int64(0), rows.Bytes(1).ToArray()));
        return notes;
    }
}
