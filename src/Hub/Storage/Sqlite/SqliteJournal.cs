using System.Globalization;

namespace IntegrationHub.Storage.Sqlite;

/// <summary>
/// A file beside the store with a write lock of its own. Numbers of notes rise for good: the store remembers, in the transaction that moved them, up to where it has them,
/// so that a note that is still here is not moved again.
/// </summary>
internal sealed class SqliteJournal : IJournal, IDisposable
{
    private const string Kind = "journal";
    private const string Moved = "moved";

    /// <summary>Notes that are read or deleted at a time; whoever appends one waits for no more than that.</summary>
    private const int Piece = 128;

    // secure_delete: what was moved is not to be found here any more.
    // wal_autocheckpoint: some append waits for each checkpoint, which has the same few pages to write however often they were written before.
    private const string Setup = """
        PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; PRAGMA secure_delete=ON; PRAGMA trusted_schema=OFF;
        CREATE TABLE IF NOT EXISTS notes(number INTEGER PRIMARY KEY, note BLOB NOT NULL);
        """;

    private readonly SqliteStore _store;
    private readonly string _path;
    private readonly TimeSpan _busyTimeout;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Grouped<byte[]> _appends;
    private SqliteDatabase? _database;

    public SqliteJournal(SqliteStore store, string path, TimeSpan busyTimeout)
    {
        (_store, _path, _busyTimeout) = (store, path, busyTimeout);
        _appends = new(AppendAllAsync);
    }

    public Task AppendAsync(byte[] note) => _appends.AddAsync(note);

    public async ValueTask<int> MoveAsync(int most, Action<IHubTransaction, IReadOnlyList<byte[]>> write, CancellationToken cancellationToken)
    {
        if (_database is null && !File.Exists(_path))
            return 0;
        var notes = await ReadAsync(most, cancellationToken);
        if (notes.Count == 0)
            return 0;
        var numbers = notes.ConvertAll(n => n.Number);
        var last = numbers[^1];
        await using (var transaction = await _store.BeginAsync(cancellationToken))
        {
            // Another process may have moved some since, or have ended before it could delete them.
            var moved = NumberOf(await transaction.DocumentAsync(Kind, Moved));
            notes.RemoveAll(n => n.Number <= moved);
            if (notes.Count > 0)
            {
                write(transaction, [.. notes.Select(n => n.Note)]);
                await transaction.SaveDocumentAsync(Kind, Moved, last.ToString(CultureInfo.InvariantCulture));
                await transaction.CommitAsync();
            }
        }

        foreach (var piece in numbers.Chunk(Piece))
            await UseAsync(
                db =>
                {
                    db.Prepare("DELETE FROM notes WHERE number<=?1").Bind(1, piece[^1]).Run();
                    return 0;
                },
                CancellationToken.None);
        return notes.Count;
    }

    public void Dispose()
    {
        _turn.Wait();
        _database?.Dispose();
        _turn.Dispose();
    }

    /// <summary>As <see cref="SqliteStore.LimitPages"/>.</summary>
    internal void LimitPages(long pages) => UseAsync(db => db.Scalar($"PRAGMA max_page_count={pages}"), CancellationToken.None).AsTask().GetAwaiter().GetResult();

    private async Task AppendAllAsync(IReadOnlyList<byte[]> notes)
    {
        // Behind everything the store ever took, also when this file was lost.
        var moved = NumberOf(await _store.Reader.DocumentAsync(Kind, Moved, CancellationToken.None));
        await UseAsync(
            db =>
            {
                db.Execute("BEGIN IMMEDIATE");
                try
                {
                    var number = Math.Max(moved, db.Scalar("SELECT max(number) FROM notes"));
                    var append = db.Prepare("INSERT INTO notes(number, note) VALUES(?1, ?2)");
                    foreach (var note in notes)
                        append.Bind(1, ++number).BindBlob(2, note).Run();
                    db.Execute("COMMIT");
                    return number;
                }
                finally
                {
                    db.Rollback();
                }
            },
            CancellationToken.None);
    }

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
        var database = new SqliteDatabase(_path, readOnly: false, _busyTimeout);
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

    private async ValueTask<List<(long Number, byte[] Note)>> ReadAsync(int most, CancellationToken cancellationToken)
    {
        var notes = new List<(long Number, byte[] Note)>();
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

    private static List<(long Number, byte[] Note)> Read(SqliteDatabase database, long after, int most)
    {
        var notes = new List<(long, byte[])>();
        using var rows = database.Prepare("SELECT number, note FROM notes WHERE number>?1 ORDER BY number LIMIT ?2").Bind(1, after).Bind(2, most).Query();
        while (rows.Read())
            notes.Add((rows.Int64(0), rows.Bytes(1).ToArray()));
        return notes;
    }

    private static long NumberOf(string? moved) => moved is null ? 0 : long.Parse(moved, CultureInfo.InvariantCulture);
}
