using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace IntegrationHub.Tests.Sovereignty.Log;

/// <summary>A log over a real store in a folder of its own.</summary>
internal sealed class LogRig : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();

    public LogRig(LogConfig? config = null)
    {
        Config = config ?? new() { Origin = "log.test/rig" };
        Store = SqliteStore.Open(new() { Path = File });
        Sovereignty = Open(Store);
    }

    public LogConfig Config { get; set; }

    public string File => _folder.File("hub.db");

    public SqliteStore Store { get; private set; }

    public SovereigntyLog Sovereignty { get; private set; }

    public FakeTimeProvider Time { get; } = new(new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    public LogWriter Writer => Sovereignty.Writer;

    public IntegrationHub.Storage.ILogReader Log => Store.Reader.Log;

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public SovereigntyLog Open(SqliteStore store) => new(store, Config, "test", "CN", purpose => System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(purpose)), Time);

    public ValueTask WriteAsync(params LogEntry[] entries) => Writer.WriteAsync(Store, entries, Cancel);

    /// <summary>Many acts of one entry, some with a subject.</summary>
    public async Task FillAsync(int entries)
    {
        await using var transaction = await Store.BeginAsync(Cancel);
        for (var i = 0; i < entries; i++)
            Writer.Write(transaction, new LogEntry(LogAction.Read, "key:0123456789ab") { Subjects = i % 7 == 0 ? [new(i % 50, $"contact-{i % 50}")] : [], About = [("n", $"{i}")] });
        await transaction.CommitAsync();
    }

    public async Task<StoreVerification> VerifyAsync()
    {
        var verification = new StoreVerification(Log, await Sovereignty.IdentityAsync(Cancel));
        verification.Verify(Cancel);
        return verification;
    }

    /// <summary>Places in the index of subjects of all entries up to this one.</summary>
    public long Indexed(long sequence)
    {
        long indexed = 0;
        Log.Visit(sequence, sequence + 1, (in IntegrationHub.Storage.LogView row) => indexed = row.Indexed);
        return indexed;
    }

    /// <summary>Closes the store, does something to its file, opens it again.</summary>
    public async Task BetweenAsync(Action<string> change)
    {
        await Store.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        change(File);
        Store = SqliteStore.Open(new() { Path = File });
        Sovereignty = Open(Store);
    }

    /// <summary>Changes what is stored behind the hub's back.</summary>
    public int Tamper(string sql, params (string Name, object Value)[] parameters)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value);
        return command.ExecuteNonQuery();
    }

    public object[] RandomRow(string table, string[] columns, Random random)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {string.Join(',', columns)} FROM {table} LIMIT 1 OFFSET {random.Next()} % (SELECT count(*) FROM {table})";
        using var reader = command.ExecuteReader();
        Assert.True(reader.Read());
        var row = new object[columns.Length];
        reader.GetValues(row);
        return row;
    }

    public void PutRow(string table, string[] columns, object[] row) =>
        Tamper($"INSERT OR REPLACE INTO {table}({string.Join(',', columns)}) VALUES({string.Join(',', columns.Select(c => "$" + c))})", [.. columns.Zip(row).Select(c => ("$" + c.First, c.Second))]);

    public void DeleteRow(string table, string[] columns, object[] row) =>
        Assert.Equal(1, Tamper($"DELETE FROM {table} WHERE {string.Join(" AND ", columns.Select(c => $"{c}=${c}"))}", [.. columns.Zip(row).Select(c => ("$" + c.First, c.Second))]));

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }
}
