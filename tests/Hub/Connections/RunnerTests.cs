using System.Text;
using System.Text.Json;
using IntegrationHub.Connections.Runs;
using IntegrationHub.Host;
using IntegrationHub.Sdk;
using IntegrationHub.Storage;
using IntegrationHub.Tests.Host;
using static IntegrationHub.Tests.Connections.ScriptedConnector;

namespace IntegrationHub.Tests.Connections;

public sealed class RunnerTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_mapped_ahead_is_what_the_transaction_would_have_mapped()
    {
        // A batch per checkpoint. The second is mapped while the first is not yet committed: it says a again, once as it was and once changed.
        var source = new ScriptedConnector()
            .Reads(Thing("a", "1"), Thing("b", "1"), new Checkpoint("1"), Thing("c", "1"), Thing("a", "1"), Thing("a", "2"), new Checkpoint("2"), Thing("b", "2"), Thing("a", "2"), Thing("a", "1"), new Checkpoint("3"));
        await using var hub = await HubUnderTest.StartAsync(Configure, connector: source);

        var run = await SyncAsync(hub);
        Assert.Equal(("succeeded", 8, 6, 2), Counts(run));
        Assert.Equal(["a 1", "b 2", "c 1"], await NamesAsync(hub));
        Assert.Equal(("succeeded", 8, 4, 4), Counts(await SyncAsync(hub, full: true)));
        Assert.Equal(["a 1", "b 2", "c 1"], await NamesAsync(hub));
    }

    [Fact]
    public async Task Records_are_committed_where_they_take_no_thread_from_requests()
    {
        var source = new ScriptedConnector().Reads(Thing("a", "1"), new Checkpoint("1"), Thing("b", "1"), new Checkpoint("2"));
        await using var hub = await HubUnderTest.StartAsync(Configure, connector: source);
        var onThePool = new List<bool>();
        hub.Workspace.Store.ChangesCommitted += () => onThePool.Add(Thread.CurrentThread.IsThreadPoolThread);
        await SyncAsync(hub);
        Assert.Equal([false, false], onThePool);
    }

    [Fact]
    public async Task Unreadable_bytes_are_kept_until_a_complete_read_no_longer_meets_them()
    {
        static BadRecord Bad(string bytes) => new("file.jsonl line 2", "it is not JSON", Encoding.UTF8.GetBytes(bytes)) { Length = bytes.Length };
        var source = new ScriptedConnector()
            .Reads(Thing("a", "1"), Bad("one"), Bad("one"), new Checkpoint("1"))
            .Reads(Bad("two"), new Checkpoint("2"))
            .Reads(Thing("a", "1"), Bad("two"), new Checkpoint("3"))
            .Reads(Thing("a", "1"), Thing("b", "1"), new Checkpoint("4"));
        await using var hub = await HubUnderTest.StartAsync(Configure, connector: source);

        await SyncAsync(hub);
        Assert.Equal(["one"], await UnreadableAsync(hub));
        // From the cursor only: the first may well be there still.
        await SyncAsync(hub);
        Assert.Equal(["one", "two"], await UnreadableAsync(hub));
        await SyncAsync(hub, full: true);
        Assert.Equal(["two"], await UnreadableAsync(hub));
        await SyncAsync(hub, full: true);
        Assert.Empty(await UnreadableAsync(hub));
    }

    [Fact]
    public async Task Retry_says_when_another_run_has_the_stream_and_is_repeated_when_it_has_not()
    {
        var source = new ScriptedConnector().Reads(new SourceRecord("a", "{\"id\":{},\"name\":\"1\"}"u8.ToArray()), new Checkpoint("1"));
        await using var hub = await HubUnderTest.StartAsync(Configure, connector: source);
        Assert.Equal(("succeeded", 1, 0, 0), Counts(await SyncAsync(hub)));
        var rejected = Assert.Single(await hub.Workspace.Store.Reader.RejectedAsync(null, 0, 10, Cancelled));

        using (hub.Workspace.Store.TryLease("stream:scripted/things"))
        {
            Assert.Null(await new Runner(hub.Workspace).RetryAsync(rejected, TimeSpan.Zero, Cancelled));
            var (status, problem, _) = await hub.ProblemAsync($"/v1/rejected/{rejected.Id}/retry", method: HttpMethod.Post);
            Assert.Equal((409, "connection_busy"), (status, problem.GetProperty("code").GetString()));
        }

        var retried = await new Runner(hub.Workspace).RetryAsync(rejected, TimeSpan.Zero, Cancelled);
        Assert.Equal(1, JsonDocument.Parse(retried!.Statement).RootElement.GetProperty("rejected").GetInt32());
    }

    [Fact]
    public async Task Store_that_fails_ends_the_run_and_lets_the_reader_go()
    {
        var large = new string('x', 4_000_000);
        // The reader waits for ever behind the batch that cannot be written.
        var source = new ScriptedConnector { Pause = (4, Task.Delay(Timeout.Infinite, Cancelled)) }
            .Reads(Thing("a", large), Thing("b", large), Thing("c", large), new Checkpoint("1"), Thing("d", "1"));
        await using var hub = await HubUnderTest.StartAsync(Configure, connector: source);
        var store = (IntegrationHub.Storage.Sqlite.SqliteStore)hub.Workspace.Store;
        // SQLite keeps the limit at the present size: what the batch adds does not fit.
        var limit = await store.LimitPagesAsync(1);
        var run = await SyncAsync(hub);
        await store.LimitPagesAsync(limit);
        Assert.Equal("failed", run.State);
        Assert.Contains("disk is full", run.Error, StringComparison.Ordinal);
        Assert.Empty(await NamesAsync(hub));

        source.Pause = null;
        Assert.Equal(("succeeded", 4, 4, 0), Counts(await SyncAsync(hub)));
    }

    [Fact]
    public async Task Mapping_that_is_being_edited_stops_nothing_once_a_version_is_in_force()
    {
        var source = new ScriptedConnector().Reads(Thing("a", "1"), new Checkpoint("1"));
        await using var hub = await HubUnderTest.StartAsync(Configure, connector: source);
        await File.WriteAllTextAsync(Path.Combine(hub.Root, "mappings", "scripted", "things.yaml"), "source: scripted/things\ncontributes: [", Cancelled);
        await using var again = await OpenAsync();
        Assert.NotNull(again.PlanFor("scripted", "things"));

        await File.WriteAllTextAsync(Path.Combine(hub.Root, "mappings", "scripted", "others.yaml"), "source: scripted/others\ncontributes: [", Cancelled);
        var refused = await Assert.ThrowsAsync<IntegrationHub.Yaml.InvalidFileException>(async () => await OpenAsync());
        Assert.All(refused.Faults, f => Assert.EndsWith("others.yaml", f.File, StringComparison.Ordinal));

        ValueTask<IntegrationHub.Connections.Workspace> OpenAsync() => IntegrationHub.Connections.Workspace.OpenAsync(
            hub.Workspace.Config, hub.Workspace.Connectors, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, Cancelled);
    }

    [Fact]
    public async Task Data_are_served_by_one_hub_at_a_time()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await using (var second = HubHost.Build(hub.Workspace, new() { Schedules = false }))
        {
            var refused = await Assert.ThrowsAsync<HubEnvironmentException>(() => HubHost.StartAsync(second, Cancelled));
            Assert.Contains("another hub serves the data", refused.Message, StringComparison.Ordinal);
        }

        await hub.App.StopAsync(Cancelled);
        await using var third = HubHost.Build(hub.Workspace, new() { Schedules = false });
        await HubHost.StartAsync(third, Cancelled);
        await third.StopAsync(Cancelled);
    }

    private static async Task<RunRow> SyncAsync(HubUnderTest hub, bool full = false) => Assert.Single(await new Runner(hub.Workspace).SyncAsync("scripted", null, full, Cancelled));

    private static (string, int, int, int) Counts(RunRow run)
    {
        var statement = JsonDocument.Parse(run.Statement).RootElement;
        return (run.State, statement.GetProperty("read").GetInt32(), statement.GetProperty("mapped").GetInt32(), statement.GetProperty("unchanged").GetInt32());
    }

    private static async Task<IEnumerable<string>> NamesAsync(HubUnderTest hub)
    {
        var names = new List<string>();
        foreach (var row in await hub.Workspace.Store.Reader.EntitiesByIdAsync(hub.Workspace.Store.Catalog.EntityType("product"), 0, 100, Cancelled))
        {
            var contribution = Assert.Single(await hub.Workspace.Store.Reader.ContributionsAsync(row.Id, Cancelled));
            names.Add($"{contribution.Key} {JsonDocument.Parse(row.Body).RootElement.GetProperty("name").GetString()}");
        }

        return names.Order(StringComparer.Ordinal);
    }

    private static async Task<IEnumerable<string>> UnreadableAsync(HubUnderTest hub) =>
        (await hub.Workspace.Store.Reader.RejectedAsync(null, 0, 10, Cancelled)).Where(r => r.Record == 0).Select(r => Encoding.UTF8.GetString(r.Body)).Order(StringComparer.Ordinal);
}
