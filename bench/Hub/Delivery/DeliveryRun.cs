using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Delivery;
using IntegrationHub.Delivery.Webhooks;
using IntegrationHub.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Bench.Delivery;

/// <summary>
/// A whole subscription: changes are read from the store, told to the sovereignty log, signed, sent, and the position is made durable. Against HttpClient that posts
/// a body of that size to the same receiver in the same process, in turn, 16 in flight. Then the time from the commit of a change to its arrival.
/// </summary>
internal static class DeliveryRun
{
    private const int Entities = 5_000;
    private const int PerSecond = 500;
    private const int Seconds = 20;

    public static async Task<int> RunAsync(int count, int runs, string folder)
    {
        await using var workspace = await OpenAsync(folder, count);
        await using var signal = new ChangeSignal(workspace.Store, TimeProvider.System);
        using var receiver = new LoopbackReceiver();
        var options = new WebhookOptions { Url = receiver.Url, Secrets = ["${secret:bench}"], Concurrency = WebhookRun.InFlight };
        await workspace.Secrets.SetAsync("bench", "whsec_" + Convert.ToBase64String(new byte[32]), CancellationToken.None);

        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = WebhookRun.InFlight, UseProxy = false });
        var body = await WebhookRun.BodyAsync(options);
        async Task RawAsync(int i)
        {
            using var content = new ByteArrayContent(body);
            using var answer = await http.PostAsync(receiver.Url, content);
            answer.EnsureSuccessStatusCode();
        }

        var context = new DeliveryContext(workspace, new() { AllowInside = ["127.0.0.1"] }, signal);
        var (raw, hub) = (new List<(double Rate, double Cpu)>(), new List<(double Rate, double Cpu)>());
        // The first pair warms up.
        for (var run = 0; run <= runs; run++)
        {
            var a = await WebhookRun.MeasureAsync(count, RawAsync);
            var b = await DispatchAsync(context, options, receiver, count, run);
            if (run == 0)
                continue;
            raw.Add(a);
            hub.Add(b);
        }

        WebhookRun.Say($"HttpClient alone, {body.Length} bytes (limit)", raw, raw);
        WebhookRun.Say("subscription with a webhook: feed, log, signature, durable position", hub, raw);
        await LatencyAsync(workspace, context, options, receiver);
        return 0;
    }

    /// <summary>A workspace with so many changes in its feed.</summary>
    internal static async Task<Workspace> OpenAsync(string folder, int count)
    {
        Directory.CreateDirectory(folder);
        var workspace = await Workspace.OpenAsync(HubConfig.Default with { Root = Path.GetFullPath(folder) }, new ConnectorRegistry([]), TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        for (var at = 0; at < count; at += 1_000)
            await AppendAsync(workspace, Enumerable.Range(at, Math.Min(1_000, count - at)));
        return workspace;
    }

    private static async Task<(double Rate, double Cpu)> DispatchAsync(DeliveryContext context, WebhookOptions options, LoopbackReceiver receiver, int count, int run)
    {
        var until = receiver.Received + count;
        using var stop = new CancellationTokenSource();
        var (began, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var dispatching = new Dispatcher(context, Subscription(options, $"run-{run}", StartKind.Beginning)).RunAsync(stop.Token);
        while (receiver.Received < until)
            await Task.Delay(2);
        var result = (count / Stopwatch.GetElapsedTime(began).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / count);
        await stop.CancelAsync();
        await dispatching;
        return result;
    }

    private static async Task LatencyAsync(Workspace workspace, DeliveryContext context, WebhookOptions options, LoopbackReceiver receiver)
    {
        var committed = new ConcurrentDictionary<long, long>();
        var arrived = new ConcurrentDictionary<long, long>();
        receiver.Requested = request =>
        {
            var bytes = request.Span;
            var at = bytes.IndexOf("\"sequence\":\""u8) + 12;
            if (Utf8Parser.TryParse(bytes.Slice(at, 20), out long sequence, out _))
                arrived.TryAdd(sequence, Stopwatch.GetTimestamp());
        };
        using var stop = new CancellationTokenSource();
        var dispatching = new Dispatcher(context, Subscription(options, "latency", StartKind.Now)).RunAsync(stop.Token);
        await Task.Delay(1_000);
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < PerSecond * Seconds; i++)
        {
            var rows = await AppendAsync(workspace, [i]);
            committed[rows[0].Sequence] = Stopwatch.GetTimestamp();
            var ahead = (i + 1) * 1_000d / PerSecond - Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            if (ahead > 1)
                await Task.Delay(TimeSpan.FromMilliseconds(ahead));
        }

        var rate = PerSecond * Seconds / Stopwatch.GetElapsedTime(began).TotalSeconds;
        for (var i = 0; i < 500 && arrived.Count < committed.Count; i++)
            await Task.Delay(20);
        await stop.CancelAsync();
        await dispatching;
        var waits = committed.Select(c => arrived.TryGetValue(c.Key, out var at) ? Stopwatch.GetElapsedTime(c.Value, at).TotalMilliseconds : double.PositiveInfinity).Order().ToList();
        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Commit to arrival at {rate:F0} changes/s, each in a commit of its own, for {Seconds} s: p50 {waits[waits.Count / 2]:F1} ms, p99 {waits[waits.Count * 99 / 100]:F1} ms, most {waits[^1]:F1} ms (goal: p99 below 250 ms)."));
    }

    internal static Subscription Subscription(ISinkOptions options, string name, StartKind start) => new()
    {
        Name = name,
        Filter = new(),
        Start = new(start, 0),
        Sink = options,
        Json = name,
    };

    private static async Task<List<ChangeRow>> AppendAsync(Workspace workspace, IEnumerable<int> numbers)
    {
        var rows = numbers.Select(i => new ChangeRow
        {
            Entity = i % Entities + 1,
            Type = workspace.Bindings.Find("customer")!.Number,
            Kind = "updated",
            At = workspace.Now,
            Run = 1,
            Mapping = 0,
            Records = [],
            Body = WebhookRun.Change,
        }).ToList();
        await using var transaction = await workspace.Store.BeginAsync(CancellationToken.None);
        await transaction.AppendChangesAsync(rows);
        await transaction.CommitAsync();
        return rows;
    }
}
