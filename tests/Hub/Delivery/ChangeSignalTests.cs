using IntegrationHub.Delivery;
using IntegrationHub.Storage;
using IntegrationHub.Storage.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace IntegrationHub.Tests.Delivery;

public sealed class ChangeSignalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Waiting_a_commit_of_this_process_wakes_without_a_look_at_the_store()
    {
        await using var store = Open();
        // The clock stands still: no look ever comes.
        await using var signal = new ChangeSignal(store, new FakeTimeProvider());
        var first = signal.WaitAsync(0, TimeSpan.FromMinutes(1), Cancel);
        var second = signal.WaitAsync(1, TimeSpan.FromMinutes(1), Cancel);
        Assert.False(first.IsCompleted);
        await AppendAsync(store);
        await first;
        Assert.False(second.IsCompleted);
        await AppendAsync(store);
        await second;
    }

    [Fact]
    public async Task Waiting_a_commit_without_changes_or_a_rollback_wakes_nobody()
    {
        await using var store = Open();
        await using var signal = new ChangeSignal(store, new FakeTimeProvider());
        var raised = 0;
        store.ChangesCommitted += () => raised++;
        await using (var transaction = await store.BeginAsync(Cancel))
        {
            await transaction.SaveDocumentAsync("k", "n", "{}");
            await transaction.CommitAsync();
        }

        await using (var transaction = await store.BeginAsync(Cancel))
            await transaction.AppendChangesAsync([Change()]);
        Assert.Equal(0, raised);
        await AppendAsync(store);
        Assert.Equal(1, raised);
    }

    [Fact]
    public async Task Waiting_a_commit_of_another_process_is_seen_at_the_next_look()
    {
        await using var store = Open();
        await using var other = Open();
        var time = new FakeTimeProvider();
        await using var signal = new ChangeSignal(store, time);
        var waiting = signal.WaitAsync(0, TimeSpan.FromMinutes(1), Cancel);
        await AppendAsync(other);
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(100));
        await waiting;
    }

    [Fact]
    public async Task Waiting_the_time_over_ends_it()
    {
        await using var store = Open();
        var time = new FakeTimeProvider();
        await using var signal = new ChangeSignal(store, time);
        var waiting = signal.WaitAsync(0, TimeSpan.FromSeconds(15), Cancel);
        time.Advance(TimeSpan.FromSeconds(14));
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        await waiting;
    }

    private static async Task AppendAsync(SqliteStore store)
    {
        await using var transaction = await store.BeginAsync(Cancel);
        await transaction.AppendChangesAsync([Change()]);
        await transaction.CommitAsync();
    }

    private static ChangeRow Change() => new() { Entity = 1, Type = 1, Kind = "created", At = 0, Run = 1, Mapping = 0, Records = [], Body = "{}"u8.ToArray() };

    private SqliteStore Open() => SqliteStore.Open(new() { Path = _folder.File("hub.db") });
}
