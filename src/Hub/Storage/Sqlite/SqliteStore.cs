using System.Collections.Concurrent;
using IntegrationHub.Model;

namespace IntegrationHub.Storage.Sqlite;

/// <summary>
/// The embedded store: one SQLite file in WAL mode. One writer connection, used in turn by this process and guarded against others by SQLite's
/// own lock; as many readers as are needed.
/// </summary>
public sealed class SqliteStore : IHubStore
{
    private const int LockedOnUnix = 11;
    private const int LockedOnMac = 35;
    private const int LockedOnWindows = unchecked((int)0x80070020);

    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ConcurrentBag<SqliteDatabase> _readers = [];
    private readonly SqliteDatabase _writer;
    private readonly SqliteCheckpoints _checkpoints;
    private readonly SqliteJournal _journal;
    private readonly CandidateNotes _notes = new();
    private readonly SqliteStoreOptions _options;
    private readonly bool _temporary;
    private SqliteLevels? _levels;
    private SqliteIndexes? _indexes;
    private long _schema;
    private long _data;
    private IDisposable? _inUse;
    private bool _disposed;

    private SqliteStore(SqliteStoreOptions options, SqliteDatabase writer, bool temporary)
    {
        _options = options;
        _writer = writer;
        _temporary = temporary;
        _checkpoints = new(writer, Connect, options.JournalPages);
        Catalog = new(ResolveName, LookupName);
        Reader = new SqliteReader(this, options.MostSorted);
        _journal = new(this, options.Path + ".notes", options.BusyTimeout);
    }

    public Catalog Catalog { get; }

    public IHubReader Reader { get; }

    public IJournal Journal => _journal;

    public event Action? ChangesCommitted;

    /// <summary>Opens the store, creating it when it is not there.</summary>
    /// <exception cref="StoreException">The file cannot be used; says why.</exception>
    public static SqliteStore Open(SqliteStoreOptions options) => Open(options, temporary: false);

    private static SqliteStore Open(SqliteStoreOptions options, bool temporary)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(options.Path))!;
        try
        {
            PrivateFolder.Create(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"store {options.Path}: the folder cannot be made ({e.Message})");
        }

        var writer = new SqliteDatabase(options.Path, readOnly: false, options.BusyTimeout);
        try
        {
            Prepare(writer, options.Path);
            writer.WatchJournal();
        }
        catch
        {
            writer.Dispose();
            throw;
        }

        var store = new SqliteStore(options, writer, temporary);
        if (!temporary)
            store.DeleteLeftCopies();
        return store;
    }

    private static void Prepare(SqliteDatabase writer, string path)
    {
        writer.Execute(SqliteSchema.BeforeCreation + SqliteSchema.Connection);
        if (writer.Scalar("PRAGMA user_version") == SqliteSchema.Version)
            return;
        writer.Execute("BEGIN IMMEDIATE");
        var version = writer.Scalar("SELECT user_version FROM pragma_user_version");
        if (version is not (0 or SqliteSchema.Version))
            throw new StoreException($"store {path}: made by another version of the hub (schema {version}, this hub knows {SqliteSchema.Version})");
        if (version == 0 && writer.Scalar("SELECT count(*) FROM sqlite_schema") > 0)
            throw new StoreException($"store {path}: the file is a database of something else; give the hub a file of its own");
        if (version == 0)
            writer.Execute(SqliteSchema.Tables + $"PRAGMA user_version={SqliteSchema.Version};");
        writer.Execute("COMMIT");
    }

    public async ValueTask<IHubTransaction> BeginAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await _checkpoints.LimitAsync();
            _writer.Execute("BEGIN IMMEDIATE");
            NoticeOthers();
            return new SqliteTransaction(_writer, _levels!, _indexes!, _notes, () => ChangesCommitted?.Invoke(), EndTurn);
        }
        catch
        {
            _writer.Rollback();
            _writing.Release();
            throw;
        }
    }

    private void EndTurn()
    {
        _checkpoints.Follow();
        _writing.Release();
    }

    /// <summary>What other connections may have changed since the last transaction: tables and columns, and what was concluded from rows.</summary>
    private void NoticeOthers()
    {
        var (schema, data) = (_writer.Scalar("PRAGMA schema_version"), _writer.Scalar("PRAGMA data_version"));
        if (data != _data)
        {
            _notes.Clear();
            _levels?.Recount();
        }

        if (_levels is null || schema != _schema)
            (_levels, _indexes) = (SqliteLevels.Load(_writer, _options.RecentRows), SqliteIndexes.Load(_writer));
        (_schema, _data) = (schema, data);
    }

    public IDisposable? TryLease(string name)
    {
        var folder = _options.Path + ".leases";
        try
        {
            Directory.CreateDirectory(folder);
            // The kernel lets go of the file lock when the process ends, even by kill -9.
            return new FileStream(Path.Combine(folder, Uri.EscapeDataString(name)), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.HResult is LockedOnUnix or LockedOnMac or LockedOnWindows)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"store {_options.Path}: the lease '{name}' cannot be taken ({e.Message})");
        }
    }

    public async ValueTask PrepareModelAsync(EntityModel model, CancellationToken cancellationToken)
    {
        var unnumbered = Read(db => Catalog.NamesOf(model).Where(n => FindName(db, n.Kind, n.Name) is null).ToList());
        await _writing.WaitAsync(cancellationToken);
        try
        {
            // One transaction: a commit of its own for each of some hundred names took most of a first start.
            if (unnumbered.Count > 0)
            {
                _writer.Execute("BEGIN IMMEDIATE");
                foreach (var (kind, name) in unnumbered)
                    AddName(kind, name);
                _writer.Execute("COMMIT");
            }

            SqliteIndexes.Apply(_writer, model, Catalog);
            // Other rules may come to other conclusions.
            _notes.Clear();
        }
        catch
        {
            _writer.Rollback();
            throw;
        }
        finally
        {
            _writing.Release();
        }
    }

    public async ValueTask<IHubStore> CopyAsync(CancellationToken cancellationToken)
    {
        var name = $"try-{Guid.NewGuid():N}";
        var path = $"{_options.Path}.{name}";
        var inUse = TryLease(name);
        await _writing.WaitAsync(cancellationToken);
        try
        {
            _writer.Prepare("VACUUM INTO ?1").Bind(1, path).Run();
        }
        catch
        {
            inUse?.Dispose();
            DeleteFiles(path);
            throw;
        }
        finally
        {
            _writing.Release();
        }

        var copy = Open(new SqliteStoreOptions { Path = path, BusyTimeout = _options.BusyTimeout, RecentRows = _options.RecentRows, MostSorted = _options.MostSorted, JournalPages = _options.JournalPages }, temporary: true);
        copy._inUse = inUse;
        return copy;
    }

    /// <summary>Copies outlive a process that is killed. Whoever works on one holds its lease.</summary>
    private void DeleteLeftCopies()
    {
        var prefix = Path.GetFileName(_options.Path) + ".";
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(Path.GetFullPath(_options.Path))!, prefix + "try-*"))
        {
            var name = Path.GetFileName(file)[prefix.Length..];
            // Those of the journal and of the leases go with their copy.
            if (name.Length != "try-".Length + 32)
                continue;
            using var lease = TryLease(name);
            if (lease is not null)
                DeleteFiles(file);
        }
    }

    /// <summary>Limits the size of the files, as a full disk would; returns the limit before. For tests.</summary>
    internal async Task<long> LimitPagesAsync(long pages)
    {
        // A hub that has just begun to serve may be writing.
        await _writing.WaitAsync();
        try
        {
            var before = _writer.Scalar("PRAGMA max_page_count");
            _writer.Execute($"PRAGMA max_page_count={pages}");
            await _journal.LimitPagesAsync(pages);
            return before;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Runs a read on a connection of its own, inside one snapshot.</summary>
    internal T Read<T>(Func<SqliteDatabase, T> read)
    {
        if (!_readers.TryTake(out var database))
        {
            database = Connect();
            database.Execute("PRAGMA query_only=ON;");
        }

        try
        {
            database.Execute("BEGIN");
            var found = read(database);
            database.Execute("COMMIT");
            return found;
        }
        finally
        {
            // Nothing is open after a commit. What failed is thrown, not what the end of its transaction says to that.
            database.Rollback();
            _readers.Add(database);
        }
    }

    private SqliteDatabase Connect()
    {
        var database = new SqliteDatabase(_options.Path, readOnly: false, _options.BusyTimeout);
        try
        {
            database.Execute(SqliteSchema.Connection);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        if (_disposed)
            return ValueTask.CompletedTask;
        _disposed = true;
        _writing.Wait();
        while (_readers.TryTake(out var reader))
            reader.Dispose();
        _checkpoints.Dispose();
        _writer.Dispose();
        _writing.Dispose();
        _journal.Dispose();
        if (_temporary)
            DeleteFiles(_options.Path);
        _inUse?.Dispose();
        return ValueTask.CompletedTask;
    }

    private static void DeleteFiles(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        foreach (var file in Directory.GetFiles(folder, Path.GetFileName(path) + "*"))
            File.Delete(file);
        foreach (var leases in Directory.GetDirectories(folder, Path.GetFileName(path) + ".leases"))
            Directory.Delete(leases, recursive: true);
    }

    private int ResolveName(string kind, string name)
    {
        if (Read(db => FindName(db, kind, name)) is { } known)
            return known;
        // Names are numbered outside of transactions: a number that others already use may not be rolled back.
        if (!_writing.Wait(_options.BusyTimeout))
            throw new StoreException($"store {_options.Path}: {kind} '{name}' gets no number while a transaction is open; ask for it before the transaction begins", transient: true);
        try
        {
            AddName(kind, name);
            return FindName(_writer, kind, name)!.Value;
        }
        finally
        {
            _writing.Release();
        }
    }

    private void AddName(string kind, string name) =>
        _writer.Prepare("INSERT INTO names(kind, name) VALUES(?1, ?2) ON CONFLICT DO NOTHING").Bind(1, kind).Bind(2, name).Run();

    private static int? FindName(SqliteDatabase database, string kind, string name)
    {
        using var rows = database.Prepare("SELECT id FROM names WHERE kind=?1 AND name=?2").Bind(1, kind).Bind(2, name).Query();
        return rows.Read() ? rows.Int32(0) : null;
    }

    private (string, string)? LookupName(int number) => Read<(string, string)?>(database =>
    {
        using var rows = database.Prepare("SELECT kind, name FROM names WHERE id=?1").Bind(1, number).Query();
        return rows.Read() ? (rows.String(0), rows.String(1)) : null;
    });
}

/// <summary>Settings of the embedded store.</summary>
public sealed class SqliteStoreOptions
{
    /// <summary>The database file; made when it is not there.</summary>
    public required string Path { get; init; }

    /// <summary>How long to wait for another process's write lock.</summary>
    /// <value>Default one minute.</value>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How many pages the journal may hold before a transaction begins by copying them into the file. A quarter of them at a time is copied beside the writing.</summary>
    /// <value>Default 8,000, which are 128 MB. A reader that takes long keeps more.</value>
    public int JournalPages { get; init; } = 8000;

    /// <summary>How many rows of an index may be recent, that is, kept apart from those that are settled.</summary>
    /// <value>Default: 32 times the root of the number of entities, 65,536 at least, which costs least.</value>
    public int? RecentRows { get; init; }

    /// <summary>How many entities that meet a condition are read and sorted, in place of walking in the order of the page and looking at the condition on the way.</summary>
    /// <value>Default 1,000.</value>
    public int MostSorted { get; init; } = 1000;
}
