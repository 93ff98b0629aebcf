using IntegrationHub.Storage;
using IntegrationHub.Storage.Sqlite;

namespace IntegrationHub.Tests.Storage.Sqlite;

public sealed class SqliteCheckpointsTests : IDisposable
{
    private const int Most = 64;

    // A row of six pages makes a transaction of up to a dozen: itself, its index entries, and what they stand in.
    private const int MostOfTransaction = 40;

    private static readonly byte[] Body = [.. Enumerable.Range(0, 90_000).Select(i => (byte)i)];

    private readonly TemporaryFolder _folder = new();

    private string Database => _folder.File("hub.db");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Journal_of_a_long_load_stays_short_and_nothing_is_lost()
    {
        const int Records = 200;
        await using (var store = SqliteStore.Open(new() { Path = Database, JournalPages = Most }))
        {
            for (var i = 0; i < Records; i++)
                await WriteAsync(store, i);
            Assert.InRange(new FileInfo(Database + "-wal").Length / 16_384, 1, Most + MostOfTransaction);
            await AssertHasAsync(store, Records);
        }

        await using var next = SqliteStore.Open(new() { Path = Database });
        await AssertHasAsync(next, Records);
    }

    [Fact]
    public async Task Journal_that_a_reader_still_needs_is_copied_once_the_reader_has_ended()
    {
        await using var store = SqliteStore.Open(new() { Path = Database, JournalPages = Most });
        await WriteAsync(store, 0);
        using var reader = Connect();
        reader.Execute("BEGIN");
        Assert.Equal(1, reader.Scalar("SELECT count(*) FROM records"));
        for (var i = 1; i < 30; i++)
            await WriteAsync(store, i);
        Assert.True(JournalPages() > Most);
        Assert.Equal(1, reader.Scalar("SELECT count(*) FROM records"));

        reader.Execute("COMMIT");
        await WriteAsync(store, 30);
        Assert.InRange(JournalPages(), 1, MostOfTransaction);
        await AssertHasAsync(store, 31);
    }

    [Fact]
    public async Task Journal_that_others_wrote_is_copied_too()
    {
        await using (var one = SqliteStore.Open(new() { Path = Database, JournalPages = Most }))
        await using (var two = SqliteStore.Open(new() { Path = Database, JournalPages = Most }))
        {
            for (var i = 0; i < 100; i++)
                await WriteAsync(i % 2 == 0 ? one : two, i);
            Assert.InRange(new FileInfo(Database + "-wal").Length / 16_384, 1, Most + (2 * MostOfTransaction));
            await AssertHasAsync(one, 100);
        }
    }

    [Fact]
    public async Task Copies_that_fail_are_made_up_for_by_whoever_writes()
    {
        using var writer = Connect();
        writer.Execute("PRAGMA journal_mode=WAL; CREATE TABLE rows(id INTEGER PRIMARY KEY, body BLOB);");
        writer.WatchJournal();
        var tried = 0;
        using var checkpoints = new SqliteCheckpoints(writer, () => throw new StoreException($"no connection {Interlocked.Increment(ref tried)}"), Most);
        for (var i = 0; i < 50; i++)
        {
            await checkpoints.LimitAsync();
            writer.Prepare("INSERT INTO rows(body) VALUES(?1)").BindBlob(1, Body).Run();
            checkpoints.Follow();
            Assert.InRange(writer.JournalPages, 1, Most + MostOfTransaction);
        }

        checkpoints.Dispose();
        Assert.NotEqual(0, tried);
        using var reader = Connect();
        Assert.Equal(50, reader.Scalar("SELECT count(*) FROM rows"));
    }

    [Fact]
    public async Task Copying_is_no_change_by_others()
    {
        await using var store = SqliteStore.Open(new() { Path = Database });
        using var writer = Connect();
        var before = writer.Scalar("PRAGMA data_version");
        writer.Execute("INSERT INTO streams(id, cursor) VALUES(1, 'here')");
        using (var other = Connect())
            other.Checkpoint();
        writer.Execute("UPDATE streams SET cursor='there'");
        Assert.Equal(before, writer.Scalar("PRAGMA data_version"));
        await WriteAsync(store, 0);
        Assert.NotEqual(before, writer.Scalar("PRAGMA data_version"));
    }

    private static async Task WriteAsync(SqliteStore store, int number)
    {
        await using var transaction = await store.BeginAsync(Cancel);
        await transaction.WriteRecordsAsync([new(new() { Stream = 1, SourceId = $"s{number}" }, Body, default)]);
        await transaction.CommitAsync();
    }

    private static async Task AssertHasAsync(SqliteStore store, int records)
    {
        var ids = Enumerable.Range(0, records).Select(i => $"s{i}").ToList();
        Assert.Equal(ids, (await store.Reader.FindRecordsAsync(1, ids, Cancel)).Select(r => r?.SourceId));
        Assert.Equal(records, store.Read(db => db.Scalar($"SELECT count(*) FROM bodies WHERE length(body)={Body.Length}")));
    }

    private SqliteDatabase Connect() => new(Database, readOnly: false, TimeSpan.FromSeconds(30));

    private long JournalPages()
    {
        using var database = Connect();
        using var rows = database.Prepare("PRAGMA wal_checkpoint(PASSIVE)").Query();
        Assert.True(rows.Read());
        return rows.Int64(1);
    }
}
