namespace IntegrationHub.Storage.Sqlite;

/// <summary>
/// Copies what was committed from the journal into the database file. On a thread and a connection of its own, so that a commit only appends and syncs;
/// and where it does not keep up, by whoever writes next, so that the journal stays short. Until it is copied the journal is what keeps it, so that a copy
/// that fails or is killed loses nothing.
/// </summary>
/// <param name="writer">The connection that writes; its own checkpoints end.</param>
/// <param name="open">Opens another one.</param>
/// <param name="most">How many pages the journal may hold when a transaction begins.</param>
internal sealed class SqliteCheckpoints(SqliteDatabase writer, Func<SqliteDatabase> open, int most) : IDisposable
{
    private readonly int _piece = Math.Max(1, most / 4);
    private SqliteDatabase? _database;
    private Task _copying = Task.CompletedTask;
    private int _begun;

    /// <summary>Begins to copy when enough was appended since it last began. After a commit, by whoever has the turn to write.</summary>
    public void Follow()
    {
        var pages = writer.JournalPages;
        // All was copied, so the journal began anew.
        if (pages < _begun)
            _begun = 0;
        if (pages - _begun < _piece || !_copying.IsCompleted)
            return;
        _begun = pages;
        _copying = Task.Run(Copy);
    }

    /// <summary>
    /// Copies the rest of a journal that has become too long. While others write it is never copied to its end; at its end the next commit begins it anew. Before
    /// a transaction, by whoever has the turn to write. What a reader still needs stays, and so do pages behind it, until a later transaction.
    /// </summary>
    /// <exception cref="StoreException">It cannot be copied.</exception>
    public async ValueTask LimitAsync()
    {
        if (writer.JournalPages < most)
            return;
        await _copying;
        writer.Checkpoint();
    }

    public void Dispose()
    {
        _copying.Wait();
        _database?.Dispose();
    }

    private void Copy()
    {
        try
        {
            (_database ??= open()).Checkpoint();
        }
        catch (StoreException)
        {
            // It is all in the journal still. When that is too long, whoever writes tries to copy it, and is told why it cannot be.
        }
    }
}
