using System.Text;
using System.Text.Json;
using IntegrationHub.Api;
using IntegrationHub.Tests.Host;
using Microsoft.Extensions.Time.Testing;
using static IntegrationHub.Tests.Host.HubUnderTest;

namespace IntegrationHub.Tests.Api;

public class ChangeStreamRoutesTests
{
    private const string Stream = "/v1/changes/stream";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_stream_tells_what_the_feed_tells_and_goes_on_with_what_comes()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(Release("p-1", "n-1", "2025-01-01T00:00:00Z", "投标\r\n\"one\""), Release("p-2", "n-2", "2025-01-01T00:00:00Z", "T2", "B-2"));
        await using var stream = await OpenAsync(hub, Stream);
        Assert.Equal("text/event-stream", stream.Answer.Content.Headers.ContentType!.MediaType);
        Assert.True(stream.Answer.Headers.CacheControl!.NoStore);
        Assert.Equal(new("0", "position", """{"last":0}"""), await stream.NextAsync());
        var told = await stream.TakeAsync(4);
        await hub.FeedAsync(Release("p-1", "n-3", "2025-01-02T00:00:00Z", "T1 new"));
        told.AddRange(await stream.TakeAsync(1));

        var feed = (await hub.GetAsync("/v1/changes")).GetProperty("data").EnumerateArray().ToList();
        Assert.Equal(feed.Select(c => c.GetRawText()), told.Select(e => e.Data));
        Assert.Equal(feed.Select(c => c.GetProperty("sequence").GetRawText()), told.Select(e => e.Id));
        Assert.All(told, e => Assert.Equal("change", e.Event));
    }

    [Fact]
    public async Task A_reader_that_was_cut_off_goes_on_behind_the_last_id()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync([.. Enumerable.Range(1, 150).Select(i => Release($"p-{i}", $"n-{i}", "2025-01-01T00:00:00Z", $"T{i}", $"B-{i}"))]);
        var ids = new List<string>();
        while (ids.Count < 300)
        {
            await using var stream = await OpenAsync(hub, Stream + "?after=1", ids.LastOrDefault());
            Assert.Equal(ids.LastOrDefault() ?? "1", (await stream.NextAsync())!.Id);
            ids.AddRange((await stream.TakeAsync(Math.Min(70, 299 - ids.Count))).Select(e => e.Id!));
            if (ids.Count == 299)
                break;
        }

        Assert.Equal(Enumerable.Range(2, 299).Select(i => i.ToString()), ids);
    }

    [Fact]
    public async Task A_filtered_stream_says_how_far_it_has_looked()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync([.. Enumerable.Range(1, 30).Select(i => Release($"p-{i}", $"n-{i}", "2025-01-01T00:00:00Z", $"T{i}", $"B-{i}"))]);
        var last = (await hub.GetAsync("/v1/changes?limit=500")).GetProperty("last").GetRawText();
        await using var stream = await OpenAsync(hub, Stream + "?entity=customer");
        await stream.NextAsync();
        var customers = await stream.TakeAsync(30);
        Assert.All(customers, c => Assert.Equal("customer", JsonDocument.Parse(c.Data!).RootElement.GetProperty("entity").GetString()));
        if (customers[^1].Id != last)
            Assert.Equal(new(last, "position", $$"""{"last":{{last}}}"""), await stream.NextAsync());

        // Nothing but a tender changes: no change is told, the position is.
        await hub.FeedAsync(Release("p-1", "n-new", "2025-01-02T00:00:00Z", "new", "B-1"));
        var beyond = (await hub.GetAsync("/v1/changes?limit=500")).GetProperty("last").GetRawText();
        Assert.Equal(new(beyond, "position", $$"""{"last":{{beyond}}}"""), await stream.NextAsync());
        await using var again = await OpenAsync(hub, Stream + "?entity=customer", beyond);
        Assert.Equal(beyond, (await again.NextAsync())!.Id);
        await hub.FeedAsync(Release("p-99", "n-99", "2025-01-02T00:00:00Z", "new", "B-99"));
        Assert.Equal("customer", JsonDocument.Parse((await again.NextAsync())!.Data!).RootElement.GetProperty("entity").GetString());
    }

    [Fact]
    public async Task Silence_is_broken_every_15_seconds()
    {
        var time = new FakeTimeProvider(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var hub = await HubUnderTest.StartAsync(time: time);
        await using var stream = await OpenAsync(hub, Stream);
        Assert.Equal("position", (await stream.NextAsync())!.Event);
        for (var i = 0; i < 3; i++)
        {
            var next = stream.NextAsync();
            // The stream waits on the clock once it has looked; how soon that is, is not known here.
            while (!next.IsCompleted)
            {
                time.Advance(TimeSpan.FromSeconds(15));
                await Task.WhenAny(next, Task.Delay(20, Cancel));
            }

            Assert.Equal(new(null, null, null), await next);
        }
    }

    [Theory]
    [InlineData("?after=99", null, 409, "sequence_ahead")]
    [InlineData("", "99", 409, "sequence_ahead")]
    [InlineData("", "x", 400, "parameter_invalid")]
    [InlineData("", "-1", 400, "parameter_invalid")]
    [InlineData("?after=-1", null, 400, "parameter_invalid")]
    [InlineData("?entity=colour", null, 400, "parameter_invalid")]
    [InlineData("?wait=1", null, 400, "parameter_unknown")]
    [InlineData("?Last-Event-ID=1", null, 400, "parameter_unknown")]
    public async Task What_cannot_be_streamed_is_a_problem_before_the_stream_begins(string query, string? lastEvent, int status, string code)
    {
        await using var hub = await HubUnderTest.StartAsync();
        using var answer = await AskAsync(hub, Stream + query, lastEvent);
        Assert.Equal((status, "application/problem+json"), ((int)answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.Equal(code, JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel)).RootElement.GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_key_has_so_many_streams_and_gets_them_back()
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Api = c.Api with { StreamsPerKey = 2 } });
        await using var one = await OpenAsync(hub, Stream);
        await using var two = await OpenAsync(hub, Stream);
        using (var third = await AskAsync(hub, Stream))
        {
            Assert.Equal((429, "5"), ((int)third.StatusCode, third.Headers.RetryAfter!.ToString()));
            Assert.Contains("too_many_streams", await third.Content.ReadAsStringAsync(Cancel));
        }

        await using (await OpenAsync(hub, Stream, token: await hub.KeyAsync(ApiScope.Read)))
            await one.DisposeAsync();
        for (var status = 429; status == 429;)
        {
            // The hub learns of the hang-up a moment later.
            using var next = await AskAsync(hub, Stream);
            status = (int)next.StatusCode;
            Assert.True(status is 429 or 200);
        }
    }

    [Fact]
    public async Task A_key_that_was_revoked_gets_nothing_more()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"));
        var token = await hub.KeyAsync(ApiScope.Read);
        await using var stream = await OpenAsync(hub, Stream, token: token);
        await stream.NextAsync();
        await stream.TakeAsync(2);
        await hub.Keys.RevokeAsync(token.Split('_')[1], Cancel);
        await hub.FeedAsync(Release("p-1", "n-2", "2025-01-02T00:00:00Z", "T2"));
        Assert.Null(await stream.NextAsync());
    }

    [Fact]
    public async Task A_key_that_expires_gets_nothing_more()
    {
        var time = new FakeTimeProvider(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var hub = await HubUnderTest.StartAsync(time: time);
        await using var stream = await OpenAsync(hub, Stream, token: await hub.KeyAsync(ApiScope.Read, TimeSpan.FromHours(1)));
        await stream.NextAsync();
        time.Advance(TimeSpan.FromHours(1));
        await hub.FeedAsync(Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"));
        Assert.Null(await stream.NextAsync());
    }

    [Fact]
    public async Task A_hub_that_stops_ends_the_stream_in_order()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"));
        await using var stream = await OpenAsync(hub, Stream);
        await stream.NextAsync();
        await stream.TakeAsync(2);
        var stopping = hub.App.StopAsync(Cancel);
        // An answer that broke off would throw.
        Assert.Null(await stream.NextAsync());
        await stopping;
    }

    [Fact]
    public async Task What_goes_out_stands_in_the_sovereignty_log_before()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"));
        await using var stream = await OpenAsync(hub, Stream);
        await stream.NextAsync();
        await stream.TakeAsync(1);
        await hub.Workspace.Log.TakeNotesAsync(Cancel);
        var read = Assert.Single(Reads(hub));
        Assert.Equal(("stream_changes", "0", "2"), (About(read, "operation"), About(read, "after"), About(read, "to")));
        Assert.Equal(2, read.GetProperty("subjects").GetArrayLength());
    }

    private static List<JsonElement> Reads(HubUnderTest hub) =>
        [.. hub.Workspace.Store.Reader.Log.Entries(0, 10_000).Select(r => JsonDocument.Parse(r.Entry).RootElement).Where(e => e.GetProperty("action").ValueEquals("read"))];

    private static string? About(JsonElement entry, string name) => entry.GetProperty("about").GetProperty(name).GetString();

    private static async Task<HttpResponseMessage> AskAsync(HubUnderTest hub, string path, string? lastEvent = null, string? token = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastEvent is not null)
            request.Headers.Add("Last-Event-ID", lastEvent);
        if (token is not null)
            request.Headers.Authorization = new("Bearer", token);
        return await hub.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
    }

    private static async Task<OpenStream> OpenAsync(HubUnderTest hub, string path, string? lastEvent = null, string? token = null)
    {
        var answer = await AskAsync(hub, path, lastEvent, token);
        Assert.True(answer.IsSuccessStatusCode, ((int)answer.StatusCode).ToString());
        return new(answer, new(await answer.Content.ReadAsStreamAsync(Cancel), Encoding.UTF8));
    }

    private sealed record Told(string? Id, string? Event, string? Data);

    /// <summary>Reads as WHATWG HTML says.</summary>
    private sealed class OpenStream(HttpResponseMessage answer, StreamReader reader) : IAsyncDisposable
    {
        public HttpResponseMessage Answer => answer;

        /// <summary>The next event, one without anything for a comment, <c>null</c> at the end.</summary>
        public async Task<Told?> NextAsync()
        {
            string? id = null, name = null, data = null;
            var retry = false;
            while (await reader.ReadLineAsync(Cancel) is { } line)
            {
                if (line.Length == 0 && !retry)
                    return new(id, name, data);
                retry = line.StartsWith("retry: ", StringComparison.Ordinal);
                if (line.StartsWith("id: ", StringComparison.Ordinal))
                    id = line[4..];
                else if (line.StartsWith("event: ", StringComparison.Ordinal))
                    name = line[7..];
                else if (line.StartsWith("data: ", StringComparison.Ordinal))
                    data = data is null ? line[6..] : data + "\n" + line[6..];
                else if (line.Length > 0 && !retry && line[0] != ':')
                    Assert.Fail("no line of an event stream: " + line);
            }

            return null;
        }

        /// <summary>So many changes.</summary>
        public async Task<List<Told>> TakeAsync(int count)
        {
            var changes = new List<Told>();
            while (changes.Count < count)
            {
                var next = await NextAsync();
                Assert.NotNull(next);
                if (next.Event == "change")
                    changes.Add(next);
            }

            return changes;
        }

        public ValueTask DisposeAsync()
        {
            reader.Dispose();
            answer.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
