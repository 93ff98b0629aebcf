using System.Diagnostics;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Runs;
using IntegrationHub.Tests.Host;
using Microsoft.Extensions.Logging.Abstractions;
using static IntegrationHub.Tests.Host.HubUnderTest;

namespace IntegrationHub.Tests.Api;

public class ChangeRoutesTests
{
    [Fact]
    public async Task The_feed_is_ordered_resumable_and_names_its_causes()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(
            Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1", "B-1"),
            Release("p-2", "n-2", "2025-01-01T00:00:00Z", "T2", "B-2"));
        await hub.FeedAsync(Release("p-1", "n-3", "2025-01-02T00:00:00Z", "T1 new", "B-2"));

        var sequences = new List<long>();
        long after = 0;
        System.Text.Json.JsonElement page;
        do
        {
            page = await hub.GetAsync($"/v1/changes?after={after}&limit=2");
            sequences.AddRange(page.GetProperty("data").EnumerateArray().Select(c => c.GetProperty("sequence").GetInt64()));
            after = page.GetProperty("last").GetInt64();
        }
        while (page.GetProperty("data").GetArrayLength() > 0);
        Assert.Equal(Enumerable.Range(1, sequences.Count).Select(i => (long)i), sequences);

        var updated = (await hub.GetAsync("/v1/changes?entity=tender")).GetProperty("data").EnumerateArray().Last();
        Assert.Equal("updated", updated.GetProperty("kind").GetString());
        Assert.Equal(("T1", "T1 new"), (updated.GetProperty("fields").GetProperty("title").GetProperty("before").GetString(), updated.GetProperty("fields").GetProperty("title").GetProperty("after").GetString()));
        var links = updated.GetProperty("links").GetProperty("buyer").GetProperty("after");
        Assert.StartsWith("customer-", links[0].GetString());
        var cause = updated.GetProperty("cause");
        Assert.StartsWith("ocds/processes@", cause.GetProperty("mapping").GetString());
        Assert.Equal("p-1", cause.GetProperty("records")[0].GetProperty("id").GetString());
    }

    [Fact]
    public async Task Waiting_ends_when_another_process_commits()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var waiting = hub.GetAsync("/v1/changes?after=0&wait=30");
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);

        // A second workspace over the same files stands for another process.
        await hub.PublishAsync(Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"));
        await using var other = await Workspace.OpenAsync(hub.Workspace.Config, ConnectorRegistry.BuiltIn(), TimeProvider.System, NullLoggerFactory.Instance, TestContext.Current.CancellationToken);
        await new Runner(other).SyncAsync("tenders", null, full: false, TestContext.Current.CancellationToken);
        var committed = Stopwatch.GetTimestamp();
        Assert.Equal(2, (await waiting).GetProperty("data").GetArrayLength());
        Assert.True(Stopwatch.GetElapsedTime(committed) < TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Waiting_in_vain_ends_in_time_with_nothing()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var began = Stopwatch.GetTimestamp();
        var answer = await hub.GetAsync("/v1/changes?wait=1");
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.9, 3);
        Assert.Equal((0, 0), (answer.GetProperty("data").GetArrayLength(), answer.GetProperty("last").GetInt64()));
    }
}
