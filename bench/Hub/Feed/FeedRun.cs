using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using IntegrationHub.Api;
using IntegrationHub.Bench.Delivery;
using IntegrationHub.Bench.Http;
using IntegrationHub.Bench.Pipeline;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Host;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Bench.Feed;

/// <summary>
/// One reader takes the whole change feed of a loaded store over HTTP, by pages and as server-sent events. In turn with it, the same client takes the same bytes from a bare endpoint in the
/// same process. Every page is told to the sovereignty log before it goes out, as always. Prints rows of a table.
/// </summary>
internal static class FeedRun
{
    private const int PageSize = 500;

    /// <param name="input">WeCom contacts, one a line.</param>
    /// <param name="data">Folder of the store; loaded when it is empty.</param>
    /// <param name="runs">Of each, after one that does not count.</param>
    /// <param name="withLog">Tells the sovereignty log of every page, as a hub always does.</param>
    public static async Task<int> RunAsync(string input, string data, int runs, bool withLog)
    {
        Directory.CreateDirectory(data);
        if (!File.Exists(Path.Combine(data, "hub.db")))
            await PipelineRun.RunAsync(input, data, again: false, withLog: true);
        var config = HubConfigFile.Read(Path.Combine(AppContext.BaseDirectory, "pipeline", "hub.yaml")) with
        {
            Data = Path.GetFullPath(data),
            Listen = "http://127.0.0.1:0",
            Log = new() { IsWritten = withLog },
            Api = new() { RequestsPerMinute = int.MaxValue, PageSize = PageSize },
        };
        await using var workspace = await Workspace.OpenAsync(config, new ConnectorRegistry([new LinesConnector(_ => input)]), TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        await using var hub = HubHost.Build(workspace, new() { Schedules = false });
        await HubHost.StartAsync(hub, CancellationToken.None);
        var (_, token) = await new ApiKeys(workspace).CreateAsync("bench", ApiScope.Read, null, null, null, CancellationToken.None);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

        var last = await workspace.Store.Reader.LastChangeAsync(CancellationToken.None);
        var pages = new Dictionary<string, byte[]>();
        await PagesAsync(http, hub.Urls.Single(), last, (after, page) => pages.Add(after, page));
        var events = new List<byte[]>();
        await StreamAsync(http, hub.Urls.Single(), last, bytes => events.Add(bytes.ToArray()));
        await using var bare = Bare(pages, events);
        await bare.StartAsync();

        await MeasureAsync($"pages of {PageSize}, {pages.Values.Sum(p => (long)p.Length) / last:N0} bytes an event", (address, seen) => PagesAsync(http, address, last, (_, page) => seen(page.Length)));
        await MeasureAsync("server-sent events", (address, seen) => StreamAsync(http, address, last, bytes => seen(bytes.Length)));
        await hub.StopAsync();
        return 0;

        async Task MeasureAsync(string what, Func<string, Action<int>, Task> read)
        {
            var (limit, fed) = (new List<(double, double)>(), new List<(double, double)>());
            for (var run = 0; run <= runs; run++)
            {
                var (a, bareBytes) = await TimeAsync(bare.Urls.Single(), last, read);
                var (b, hubBytes) = await TimeAsync(hub.Urls.Single(), last, read);
                if (bareBytes != hubBytes)
                    throw new InvalidOperationException($"{what}: the hub sent {hubBytes} bytes, the limit {bareBytes}");
                if (run == 0)
                    continue;
                limit.Add(a);
                fed.Add(b);
            }

            WebhookRun.Say($"bare endpoint, {what} (limit)", limit, limit);
            WebhookRun.Say($"hub, {what}", fed, limit);
        }
    }

    private static async Task<((double Rate, double Cpu) Result, long Bytes)> TimeAsync(string address, long events, Func<string, Action<int>, Task> read)
    {
        var bytes = 0L;
        var (began, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        await read(address, count => bytes += count);
        return ((events / Stopwatch.GetElapsedTime(began).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / events), bytes);
    }

    private static async Task PagesAsync(HttpClient http, string address, long last, Action<string, byte[]> seen)
    {
        for (var after = 0L; after < last;)
        {
            var at = after.ToString(CultureInfo.InvariantCulture);
            var page = await http.GetByteArrayAsync($"{address}/v1/changes?after={at}&limit={PageSize}");
            seen(at, page);
            after = Last(page);
        }
    }

    /// <summary>An answer ends with <c>"last":N}</c>.</summary>
    private static long Last(ReadOnlySpan<byte> page)
    {
        var number = page[(page.LastIndexOf((byte)':') + 1)..^1];
        return long.Parse(number, CultureInfo.InvariantCulture);
    }

    private static async Task StreamAsync(HttpClient http, string address, long events, Action<Memory<byte>> seen)
    {
        using var answer = await http.GetAsync($"{address}/v1/changes/stream?after=0", HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        await using var stream = await answer.Content.ReadAsStreamAsync();
        var mark = "\nevent: change\n"u8.ToArray();
        var buffer = new byte[64 * 1024];
        var kept = 0;
        for (var found = 0L; found < events || !buffer.AsSpan(0, kept).EndsWith("\n\n"u8);)
        {
            var count = await stream.ReadAsync(buffer.AsMemory(kept));
            if (count == 0)
                throw new InvalidOperationException($"the stream ended after {found} of {events} events");
            seen(buffer.AsMemory(kept, count));
            var filled = kept + count;
            found += buffer.AsSpan(0, filled).Count(mark);
            // A mark that is cut is counted when the rest of it comes.
            kept = Math.Min(mark.Length - 1, filled);
            buffer.AsSpan(filled - kept, kept).CopyTo(buffer);
        }
    }

    private static WebApplication Bare(Dictionary<string, byte[]> pages, List<byte[]> events)
    {
        var app = Loopback.App(0);
        app.MapGet("/v1/changes", async context =>
        {
            context.Response.ContentType = "application/json; charset=utf-8";
            await context.Response.BodyWriter.WriteAsync(pages[context.Request.Query["after"].Single()!], context.RequestAborted);
        });
        app.MapGet("/v1/changes/stream", async context =>
        {
            context.Response.ContentType = "text/event-stream";
            foreach (var part in events)
                await context.Response.BodyWriter.WriteAsync(part, context.RequestAborted);
        });
        return app;
    }
}
