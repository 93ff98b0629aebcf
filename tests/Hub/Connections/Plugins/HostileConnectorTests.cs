using System.Text.Json;
using IntegrationHub.Api;
using IntegrationHub.Connections.Actions;
using IntegrationHub.Connections.Callbacks;
using IntegrationHub.Host;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Callbacks;

namespace IntegrationHub.Tests.Connections.Plugins;

/// <summary>Whatever a connector does, its run ends with the reason, what it gave before its sin is kept, and the others go on.</summary>
public sealed class HostileConnectorTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("throws", "failed in a way it did not explain: InvalidOperationException")]
    [InlineData("out of memory", "failed in a way it did not explain: OutOfMemoryException")]
    [InlineData("null", "failed in a way it did not explain: InvalidOperationException")]
    [InlineData("waits for ever, politely", "it gave nothing for 2 minutes")]
    [InlineData("records without end", "more than 5,000 records without a checkpoint")]
    [InlineData("checkpoints without end", "more than 5,000 checkpoints without a record")]
    [InlineData("giant records without end", "more than 64 MB without a checkpoint")]
    [InlineData("giant cursor", "a cursor has more than 64 KiB")]
    public async Task A_read_that_sins_fails_with_the_reason(string sin, string reason)
    {
        await using var hub = await PluginHub.OpenAsync(sin);
        var run = await hub.SyncAsync("bad").WaitAsync(Watchdog, Cancelled);
        Assert.Equal("failed", run.State);
        Assert.Contains(reason.Replace("2 minutes", "2 seconds"), run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("a value nobody may see", run.Error, StringComparison.Ordinal);
        // What stood before the checkpoint is committed.
        Assert.True(JsonDocument.Parse(run.Statement).RootElement.GetProperty("read").GetInt64() >= 1, run.Statement);
        Assert.Empty(hub.Workspace.Supervisor.Blocked);
        Assert.Equal("succeeded", (await hub.SyncAsync("good")).State);
    }

    [Theory]
    [InlineData("sleeps")]
    [InlineData("deadlocks")]
    [InlineData("waits for ever, deaf")]
    public async Task A_read_that_cannot_be_ended_is_left_behind_and_its_connection_blocked(string sin)
    {
        await using var hub = await PluginHub.OpenAsync(sin);
        var run = await hub.SyncAsync("bad").WaitAsync(Watchdog, Cancelled);
        Assert.Equal("failed", run.State);
        Assert.Contains("its thread is left behind", run.Error, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<ConnectorException>(() => hub.SyncAsync("bad"));
        Assert.Contains("is blocked until the hub starts anew", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["bad"], hub.Workspace.Supervisor.Blocked.Keys);
        Assert.Equal("succeeded", (await hub.SyncAsync("good")).State);
    }

    [Fact]
    public async Task A_blocked_connection_is_told_and_the_hub_stays_ready()
    {
        await using var hub = await PluginHub.OpenAsync("sleeps");
        await using var app = HubHost.Build(hub.Workspace, new() { Schedules = false });
        await HubHost.StartAsync(app, Cancelled);
        using var client = new HttpClient { BaseAddress = new(app.Urls.Single()) };
        Assert.DoesNotContain("blockedConnections", await client.GetStringAsync("/healthz/ready", Cancelled), StringComparison.Ordinal);
        await hub.SyncAsync("bad").WaitAsync(Watchdog, Cancelled);
        Assert.Contains("\"blockedConnections\":[\"bad\"]", await client.GetStringAsync("/healthz/ready", Cancelled), StringComparison.Ordinal);
        client.DefaultRequestHeaders.Authorization = new("Bearer", (await new ApiKeys(hub.Workspace).CreateAsync("test", ApiScope.Admin, null, null, null, Cancelled)).Token);
        var told = await client.GetStringAsync("/v1/connections", Cancelled);
        Assert.Contains("its thread is left behind", told, StringComparison.Ordinal);
        await app.StopAsync(Cancelled);
    }

    [Theory]
    [InlineData("leaks memory", "the hub's memory grew by")]
    [InlineData("leaks handles", "more open files and sockets")]
    public async Task A_read_that_grows_is_stopped_and_its_connection_blocked(string sin, string reason)
    {
        await using var hub = await PluginHub.OpenAsync(sin);
        var run = await hub.SyncAsync("bad").WaitAsync(Watchdog, Cancelled);
        Assert.Equal("failed", run.State);
        Assert.Contains(reason, run.Error, StringComparison.Ordinal);
        Assert.Equal(["bad"], hub.Workspace.Supervisor.Blocked.Keys);
        Assert.Equal("succeeded", (await hub.SyncAsync("good")).State);
    }

    [Fact]
    public async Task A_giant_record_is_rejected_and_the_read_goes_on()
    {
        await using var hub = await PluginHub.OpenAsync("one giant record");
        var run = await hub.SyncAsync("bad");
        Assert.Equal("succeeded", run.State);
        var statement = JsonDocument.Parse(run.Statement).RootElement;
        Assert.Equal((3, 1), (statement.GetProperty("read").GetInt32(), statement.GetProperty("rejected").GetInt32()));
    }

    [Fact]
    public async Task A_run_that_blocks_does_not_hold_another_connection_up()
    {
        await using var hub = await PluginHub.OpenAsync("sleeps", l => l with { Silence = TimeSpan.FromSeconds(5) });
        var bad = hub.SyncAsync("bad");
        Assert.Equal("succeeded", (await hub.SyncAsync("good").WaitAsync(TimeSpan.FromSeconds(4), Cancelled)).State);
        Assert.False(bad.IsCompleted);
        Assert.Equal("failed", (await bad.WaitAsync(Watchdog, Cancelled)).State);
    }

    [Theory]
    [InlineData("open throws", "failed in a way it did not explain: InvalidOperationException")]
    [InlineData("open blocks", "its thread is left behind")]
    public async Task A_connection_that_cannot_be_opened_says_why(string sin, string reason)
    {
        await using var hub = await PluginHub.OpenAsync(sin);
        var refused = await Assert.ThrowsAsync<ConnectorException>(() => hub.SyncAsync("bad").WaitAsync(Watchdog, Cancelled));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("a value nobody may see", refused.ToString().Split("--->")[0], StringComparison.Ordinal);
        Assert.Equal("succeeded", (await hub.SyncAsync("good")).State);
    }

    [Theory]
    [InlineData("closing throws", 0)]
    [InlineData("closing blocks", 1)]
    public async Task Closing_never_spoils_a_run(string sin, int blocked)
    {
        await using var hub = await PluginHub.OpenAsync(sin);
        Assert.Equal("succeeded", (await hub.SyncAsync("bad").WaitAsync(Watchdog, Cancelled)).State);
        Assert.Equal(blocked, hub.Workspace.Supervisor.Blocked.Count);
    }

    [Theory]
    [InlineData("action throws", "failed in a way it did not explain")]
    [InlineData("action blocks", "its thread is left behind")]
    public async Task An_action_without_an_end_is_told_as_of_unknown_outcome(string sin, string reason)
    {
        await using var hub = await PluginHub.OpenAsync(sin);
        var failed = await Assert.ThrowsAsync<ConnectorException>(() =>
            new ActionRunner(hub.Workspace).RunAsync("bad", "act", "key", JsonSerializer.SerializeToElement(new { }), new("test", null), Cancelled).WaitAsync(Watchdog, Cancelled));
        Assert.Contains(reason, failed.Message, StringComparison.Ordinal);
        Assert.True(failed.MayHaveHappened);
    }

    [Fact]
    public async Task A_callback_that_blocks_is_refused_in_time()
    {
        await using var hub = await PluginHub.OpenAsync("receive blocks");
        await using var desk = new CallbackDesk(hub.Workspace);
        await desk.OpenAsync(Cancelled);
        var answer = await desk.ReceiveAsync("bad", new() { Method = "POST" }, Cancelled).WaitAsync(Watchdog, Cancelled);
        Assert.Equal(503, answer!.Status);
        Assert.Equal(200, (await desk.ReceiveAsync("good", new() { Method = "POST" }, Cancelled))!.Status);
        Assert.Equal(503, (await desk.ReceiveAsync("bad", new() { Method = "POST" }, Cancelled))!.Status);
    }
}
