using IntegrationHub.Client;
using IntegrationHub.Tests.Delivery.Webhooks;
using IntegrationHub.Tests.Host;
using Microsoft.AspNetCore.Http;
using static IntegrationHub.Tests.Host.HubUnderTest;

namespace IntegrationHub.Tests.Client;

public class ChangeFeedTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_feed_that_is_not_followed_ends_where_the_feed_ends()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync([.. Enumerable.Range(1, 12).Select(i => Release($"p-{i}", $"n-{i}", "2025-01-01T00:00:00Z", $"T{i}", $"B-{i}"))]);
        using var client = new HubClient(hub.Http, new());
        var feed = client.Changes(new() { Follow = false, PageSize = 5 });
        Assert.Equal(Enumerable.Range(1, 24).Select(i => (long)i), await feed.Select(c => c.Sequence).ToListAsync(Cancel));
        Assert.Equal(24, feed.Position);
        Assert.Empty(await feed.ToListAsync(Cancel));

        await hub.FeedAsync(Release("p-1", "n-new", "2025-01-02T00:00:00Z", "new", "B-2"));
        var change = await feed.Where(c => c.Entity == "tender").SingleAsync(Cancel);
        Assert.Equal("updated", change.Kind);
        Assert.Equal(("T1", "new"), (change.Fields["title"].Before!.Value.GetString(), change.Fields["title"].After!.Value.GetString()));
        Assert.StartsWith("customer-", Assert.Single(change.Links["buyer"].After));
        Assert.Equal(("tenders", "processes", "p-1"), (change.Cause!.Records[0].Connection, change.Cause.Records[0].Stream, change.Cause.Records[0].Id));
        Assert.Equal(change.Id, change.Json.GetProperty("id").GetString());
    }

    [Theory]
    [InlineData(ChangesTransport.Poll)]
    [InlineData(ChangesTransport.Stream)]
    public async Task A_feed_that_is_followed_goes_on_with_what_comes(ChangesTransport transport)
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"));
        using var client = new HubClient(hub.Http, new());
        var feed = client.Changes(new() { Transport = transport });
        await using var changes = feed.GetAsyncEnumerator(Cancel);
        for (var i = 1; i <= 10; i++)
        {
            Assert.True(await changes.MoveNextAsync());
            Assert.Equal(i, changes.Current.Sequence);
            // The one in hand is not dealt with yet.
            Assert.Equal(i - 1, feed.Position);
            if (i >= 2)
                await hub.FeedAsync(Release("p-1", $"n-{i + 1}", $"2025-01-{i + 1:D2}T00:00:00Z", $"T{i + 1}"));
        }
    }

    [Theory]
    [InlineData(ChangesTransport.Poll)]
    [InlineData(ChangesTransport.Stream)]
    public async Task A_feed_outlives_connections_that_are_cut_in_the_middle_of_an_answer(ChangesTransport transport)
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync([.. Enumerable.Range(1, 200).Select(i => Release($"p-{i}", $"n-{i}", "2025-01-01T00:00:00Z", $"投标 {i}", $"B-{i}"))]);
        // Sooner, later, in headers, in bodies; every answer of a page is longer than the longest.
        await using var proxy = new CuttingProxy(hub.Http.BaseAddress!, i => 100 + (i * 2_503 % 12_000));
        var interrupted = 0;
        using var http = new HttpClient { BaseAddress = proxy.Url };
        http.DefaultRequestHeaders.Authorization = hub.Http.DefaultRequestHeaders.Authorization;
        using var hurried = new HubClient(http, new() { Time = new HurriedTime() });
        var feed = hurried.Changes(new() { After = 3, Transport = transport, PageSize = 10, OnInterrupted = (_, _) => interrupted++ });
        Assert.Equal(Enumerable.Range(4, 397).Select(i => (long)i), await feed.Take(397).Select(c => c.Sequence).ToListAsync(Cancel));
        Assert.True(proxy.Cuts > 10, $"{proxy.Cuts} cuts");
        Assert.True(interrupted > 10, $"{interrupted} interruptions");
    }

    [Fact]
    public async Task A_filtered_feed_knows_how_far_it_has_looked()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"));
        await hub.FeedAsync(Release("p-1", "n-2", "2025-01-02T00:00:00Z", "T2"));
        using var client = new HubClient(hub.Http, new());
        var pulled = client.Changes(new() { Entity = "customer", Follow = false });
        Assert.Equal("customer", (await pulled.SingleAsync(Cancel)).Entity);
        Assert.Equal(3, pulled.Position);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var feed = client.Changes(new() { Entity = "customer", After = 3, Transport = ChangesTransport.Stream });
        await using var changes = feed.GetAsyncEnumerator(stop.Token);
        var next = changes.MoveNextAsync();
        await hub.FeedAsync(Release("p-1", "n-3", "2025-01-03T00:00:00Z", "T3"));
        while (feed.Position < 4)
            await Task.Delay(20, Cancel);
        Assert.False(next.IsCompleted);
        await hub.FeedAsync(Release("p-2", "n-4", "2025-01-02T00:00:00Z", "T4", "B-2"));
        Assert.True(await next);
        Assert.Equal(("customer", "created"), (changes.Current.Entity, changes.Current.Kind));
    }

    [Theory]
    [InlineData(ChangesTransport.Poll)]
    [InlineData(ChangesTransport.Stream)]
    public async Task What_waiting_does_not_mend_is_told_at_once(ChangesTransport transport)
    {
        await using var hub = await HubUnderTest.StartAsync();
        using var client = new HubClient(hub.Http, new());
        var ahead = await Assert.ThrowsAsync<HubProblemException>(() => client.Changes(new() { After = 5, Transport = transport }).FirstAsync(Cancel).AsTask());
        Assert.Equal("sequence_ahead", ahead.Code);
        using var stranger = new HubClient(hub.Http.BaseAddress!, "hub_000000000000_x");
        var refused = await Assert.ThrowsAsync<HubProblemException>(() => stranger.Changes(new() { Transport = transport }).FirstAsync(Cancel).AsTask());
        Assert.Equal("key_invalid", refused.Code);
    }

    [Fact]
    public async Task A_stream_that_the_hub_ends_is_asked_for_again()
    {
        await using var hub = await HubUnderTest.StartAsync();
        using var client = new HubClient(hub.Http, new() { Time = new HurriedTime() });
        var ended = new TaskCompletionSource<Exception?>();
        var feed = client.Changes(new() { Transport = ChangesTransport.Stream, OnInterrupted = (fault, _) => ended.TrySetResult(fault) });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        await using var changes = feed.GetAsyncEnumerator(stop.Token);
        await hub.FeedAsync(Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"));
        Assert.True(await changes.MoveNextAsync());
        Assert.True(await changes.MoveNextAsync());
        var next = changes.MoveNextAsync();
        await hub.App.StopAsync(Cancel);
        Assert.Null(await ended.Task.WaitAsync(Cancel));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    [Fact]
    public async Task A_stream_that_says_nothing_is_asked_for_anew()
    {
        await using var hub = await WebhookReceiver.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync("id: 7\nevent: position\ndata: {\"last\":7}\n\n");
            await http.Response.Body.FlushAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, http.RequestAborted);
        });
        using var http = new HttpClient { BaseAddress = hub.Url };
        var time = new HurriedTime();
        using var client = new HubClient(http, new() { Time = time });
        var silent = new TaskCompletionSource<Exception?>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var feed = client.Changes(new() { After = 7, Transport = ChangesTransport.Stream, OnInterrupted = (fault, _) => silent.TrySetResult(fault) });
        var reading = feed.FirstAsync(stop.Token).AsTask();
        Assert.Equal("the hub said nothing for 45 s", Assert.IsType<IOException>(await silent.Task.WaitAsync(Cancel)).Message);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Fact]
    public async Task A_stream_that_begins_elsewhere_is_a_fault()
    {
        await using var hub = await WebhookReceiver.StartAsync(http =>
        {
            http.Response.ContentType = "text/event-stream";
            return http.Response.WriteAsync("id: 9\nevent: position\ndata: {\"last\":9}\n\n");
        });
        using var http = new HttpClient { BaseAddress = hub.Url };
        using var client = new HubClient(http, new());
        var elsewhere = await Assert.ThrowsAsync<InvalidDataException>(() => client.Changes(new() { After = 7, Transport = ChangesTransport.Stream }).FirstAsync(Cancel).AsTask());
        Assert.Equal("the hub goes on behind 9, though it was asked for what is behind 7", elsewhere.Message);
    }
}
