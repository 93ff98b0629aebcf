using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using SQLitePCL;
using static SQLitePCL.raw;

namespace IntegrationHub.Storage.Sqlite;

/// <summary>
/// One connection to an SQLite file with its prepared statements. Calls go straight to the native library with UTF-8 spans: on the write path
/// this is worth a factor of two over ADO.NET (docs/decisions/0004). Not for use from two threads at once.
/// </summary>
internal sealed class SqliteDatabase : IDisposable
{
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SqliteInsert> _inserts = new(StringComparer.Ordinal);
    private readonly sqlite3 _handle;

    // SQLite writes here, so it must not move.
    private readonly int[] _journalPages = GC.AllocateArray<int>(1, pinned: true);

    static SqliteDatabase()
    {
        Batteries_V2.Init();
        // Statistics of memory cost a lock for every allocation.
        _ = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    }

    public SqliteDatabase(string path, bool readOnly, TimeSpan busyTimeout)
    {
        Path = path;
        var flags = (readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX;
        var result = sqlite3_open_v2(path, out _handle, flags, null);
        if (result != SQLITE_OK)
        {
            var failure = Failure(result, "opening the database");
            _handle.Dispose();
            throw failure;
        }

        sqlite3_extended_result_codes(_handle, 1);
        sqlite3_busy_timeout(_handle, (int)busyTimeout.TotalMilliseconds);
    }

    public string Path { get; }

    /// <summary>How many pages the journal held after the last commit of this connection, those of others included, from <see cref="WatchJournal"/> on.</summary>
    public int JournalPages => _journalPages[0];

    /// <summary>From now on <see cref="JournalPages"/> is known, and commits copy nothing into the file.</summary>
    public unsafe void WatchJournal() => SqliteNative.WalHook(_handle.DangerousGetHandle(), &NoteJournal, Marshal.UnsafeAddrOfPinnedArrayElement(_journalPages, 0));

    /// <summary>Copies what the journal holds into the file, as far as no reader is in the way and nobody else copies. Not within a transaction.</summary>
    public void Checkpoint() => Prepare("PRAGMA wal_checkpoint(PASSIVE)").Run();

    /// <summary>Runs statements without parameters or results.</summary>
    public void Execute(string sql)
    {
        var result = sqlite3_exec(_handle, sql);
        if (result != SQLITE_OK)
            throw Failure(result, sql);
    }

    /// <summary>Undoes what was not committed. A failed statement such as "disk full" may have done it already.</summary>
    public void Rollback()
    {
        if (sqlite3_get_autocommit(_handle) == 0)
            Execute("ROLLBACK");
    }

    /// <summary>The prepared statement for this text; prepared once per connection.</summary>
    public SqliteStatement Prepare(string sql)
    {
        if (_statements.TryGetValue(sql, out var statement))
            return statement;
        return _statements[sql] = Prepare(sql, SQLITE_PREPARE_PERSISTENT);
    }

    /// <summary>Inserts rows that are certainly not there yet.</summary>
    /// <param name="into">The table with its columns, as SQL writes them.</param>
    /// <param name="rows">What to insert.</param>
    /// <param name="bind">Binds one of them; a column that is not bound is NULL.</param>
    public void Insert<T>(string into, IReadOnlyCollection<T> rows, Action<SqliteNewRow, T> bind)
    {
        if (!_inserts.TryGetValue(into, out var insert))
            _inserts[into] = insert = new(this, into);
        insert.Run(rows, bind);
    }

    /// <summary>A statement whose text depends on what was asked for and may never come again; dispose it.</summary>
    public SqliteStatement PrepareOnce(string sql) => Prepare(sql, 0);

    public long Scalar(string sql)
    {
        using var rows = Prepare(sql).Query();
        return rows.Read() ? rows.Int64(0) : 0;
    }

    /// <summary>Rows changed by the last statement.</summary>
    public int Changes => sqlite3_changes(_handle);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static unsafe int NoteJournal(nint pages, nint database, byte* name, int count)
    {
        *(int*)pages = count;
        return SQLITE_OK;
    }

    private SqliteStatement Prepare(string sql, uint flags)
    {
        var result = sqlite3_prepare_v3(_handle, sql, flags, out var native);
        return result == SQLITE_OK ? new(this, native, sql) : throw Failure(result, sql);
    }

    public StoreException Failure(int result, string doing)
    {
        var message = sqlite3_errmsg(_handle).utf8_to_string();
        var what = (result & 0xff) switch
        {
            SQLITE_FULL => "the disk is full; free space and run again, nothing that was committed is lost",
            SQLITE_READONLY => "the database or its folder is read-only; the hub needs to write to both",
            SQLITE_CANTOPEN => "the file cannot be opened; check that the folder exists, is not read-only and may be written to",
            SQLITE_BUSY or SQLITE_LOCKED => "another process has held the write lock for too long",
            SQLITE_CORRUPT or SQLITE_NOTADB => "the file is damaged or no SQLite database; restore it from a backup",
            SQLITE_IOERR => "reading or writing the file failed; check disk space and the disk",
            _ => "SQLite refused: " + doing.AsSpan(0, Math.Min(doing.Length, 200)).ToString(),
        };
        return new($"store {Path}: {what} ({message})", transient: (result & 0xff) is SQLITE_BUSY or SQLITE_LOCKED);
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
            statement.Dispose();
        _handle.Dispose();
    }
}

/// <summary>A prepared statement: bind by position (from 1), then <see cref="Run"/> or <see cref="Query"/>.</summary>
internal sealed unsafe class SqliteStatement(SqliteDatabase database, sqlite3_stmt native, string sql) : IDisposable
{
    // Null after Dispose: SQLite then answers "misuse" instead of touching what is gone.
    internal nint At { get; private set; } = native.DangerousGetHandle();

    public SqliteStatement Bind(int index, long value)
    {
        Check(SqliteNative.BindInt64(At, index, value));
        return this;
    }

    public SqliteStatement Bind(int index, double value)
    {
        Check(SqliteNative.BindDouble(At, index, value));
        return this;
    }

    /// <summary>Text by its length, because it may hold U+0000.</summary>
    public SqliteStatement Bind(int index, string? value)
    {
        if (value is null)
            return BindNull(index);
        if (value.Length <= 128)
        {
            Span<byte> few = stackalloc byte[384];
            return BindText(index, few[..Encoding.UTF8.GetBytes(value, few)]);
        }

        var rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(value.Length));
        BindText(index, rented.AsSpan(0, Encoding.UTF8.GetBytes(value, rented)));
        ArrayPool<byte>.Shared.Return(rented);
        return this;
    }

    /// <summary>UTF-8 text.</summary>
    public SqliteStatement BindText(int index, ReadOnlySpan<byte> utf8)
    {
        byte nothing;
        fixed (byte* bytes = utf8)
            Check(SqliteNative.BindText(At, index, bytes == null ? &nothing : bytes, utf8.Length, SqliteNative.Transient));
        return this;
    }

    /// <summary>Bytes; empty becomes NULL.</summary>
    public SqliteStatement BindBlob(int index, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* first = bytes)
            Check(first == null ? SqliteNative.BindNull(At, index) : SqliteNative.BindBlob(At, index, first, bytes.Length, SqliteNative.Transient));
        return this;
    }

    public SqliteStatement BindNull(int index)
    {
        Check(SqliteNative.BindNull(At, index));
        return this;
    }

    /// <summary>A text, <c>long</c>, <c>double</c> or <c>null</c>.</summary>
    public SqliteStatement BindValue(int index, object? value) => value switch
    {
        null => BindNull(index),
        string text => Bind(index, text),
        double real => Bind(index, real),
        _ => Bind(index, (long)value),
    };

    /// <summary>Makes all parameters NULL; otherwise they keep what they were bound to.</summary>
    public SqliteStatement Clear()
    {
        Check(SqliteNative.ClearBindings(At));
        return this;
    }

    /// <summary>Runs to the end and makes ready for the next call.</summary>
    public void Run()
    {
        var result = SqliteNative.Step(At);
        _ = SqliteNative.Reset(At);
        if (result is not (SQLITE_DONE or SQLITE_ROW))
            throw database.Failure(result, sql);
    }

    /// <summary>Runs to the end.</summary>
    /// <returns>Whether a row was changed, inserted or deleted.</returns>
    public bool RunChanging()
    {
        Run();
        return database.Changes > 0;
    }

    public SqliteRows Query() => new(this);

    public void Dispose()
    {
        At = 0;
        native.Dispose();
    }

    public bool Step()
    {
        var result = SqliteNative.Step(At);
        if (result == SQLITE_ROW)
            return true;
        if (result == SQLITE_DONE)
            return false;
        _ = SqliteNative.Reset(At);
        throw database.Failure(result, sql);
    }

    private void Check(int result)
    {
        if (result != SQLITE_OK)
            throw database.Failure(result, sql);
    }
}

/// <summary>The rows of one query; dispose before the statement is used again. Spans are valid until the next <see cref="Read"/>.</summary>
internal readonly unsafe struct SqliteRows(SqliteStatement statement) : IDisposable
{
    public bool Read() => statement.Step();

    public long Int64(int column) => SqliteNative.ColumnInt64(statement.At, column);

    public int Int32(int column) => (int)Int64(column);

    public double Double(int column) => SqliteNative.ColumnDouble(statement.At, column);

    public string String(int column) => Encoding.UTF8.GetString(Bytes(column));

    public string? StringOrNull(int column) => IsNull(column) ? null : String(column);

    /// <summary>The bytes of a blob or the UTF-8 of a text.</summary>
    public ReadOnlySpan<byte> Bytes(int column)
    {
        var first = SqliteNative.ColumnBlob(statement.At, column);
        return first == null ? [] : new(first, SqliteNative.ColumnBytes(statement.At, column));
    }

    public int Type(int column) => SqliteNative.ColumnType(statement.At, column);

    public bool IsNull(int column) => Type(column) == SQLITE_NULL;

    public void Dispose() => _ = SqliteNative.Reset(statement.At);
}
