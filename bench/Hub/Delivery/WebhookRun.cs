using System.Diagnostics;
using System.Globalization;
using System.Text;
using IntegrationHub.Delivery;
using IntegrationHub.Delivery.Webhooks;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Bench.Delivery;

/// <summary>
/// Signed CloudEvents of the webhook sink against HttpClient that posts the same body, unsigned, to the same loopback receiver in the same process: in turn, 16 in
/// flight. Prints rows of a table.
/// </summary>
internal static class WebhookRun
{
    internal const int InFlight = 16;

    public static async Task<int> RunAsync(int count, int runs, string mode)
    {
        using var receiver = new LoopbackReceiver();
        var secret = "whsec_" + Convert.ToBase64String(new byte[32]);
        var options = new WebhookOptions { Url = receiver.Url, Secrets = ["${env:X}"], Mode = Enum.Parse<WebhookMode>(mode, ignoreCase: true), Concurrency = InFlight };
        var context = new SinkContext((_, _) => ValueTask.FromResult(secret), new() { AllowInside = ["127.0.0.1"] }, TimeProvider.System, NullLogger.Instance);
        await using var sink = await options.OpenAsync(context, CancellationToken.None);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = InFlight, UseProxy = false });
        var body = await BodyAsync(options);

        async Task RawAsync(int i)
        {
            using var content = new ByteArrayContent(body);
            content.Headers.TryAddWithoutValidation("Content-Type", "application/cloudevents+json");
            using var answer = await http.PostAsync(receiver.Url, content);
            answer.EnsureSuccessStatusCode();
        }

        async Task SinkAsync(int i)
        {
            var sent = await sink.SendAsync([Event(i)], CancellationToken.None);
            if (sent.Outcome != SendOutcome.Delivered)
                throw new InvalidOperationException(sent.Reason);
        }

        await MeasureAsync(count / 4, RawAsync);
        await MeasureAsync(count / 4, SinkAsync);
        var (raw, sunk) = (new List<(double Rate, double Cpu)>(), new List<(double Rate, double Cpu)>());
        for (var run = 0; run < runs; run++)
        {
            raw.Add(await MeasureAsync(count, RawAsync));
            sunk.Add(await MeasureAsync(count, SinkAsync));
        }

        var expected = (2L * (count / 4)) + (2L * count * runs);
        if (receiver.Received != expected)
            throw new InvalidOperationException($"{receiver.Received} requests arrived instead of {expected}");
        Say($"HttpClient alone, {body.Length} bytes (limit)", raw, raw);
        Say($"webhook sink, {mode}, signed", sunk, raw);
        return 0;
    }

    private static OutboundEvent Event(int i) => new()
    {
        Id = string.Create(CultureInfo.InvariantCulture, $"chg_{i:D12}"),
        Source = "/workspaces/bench",
        Type = "hub.customer.updated",
        Subject = string.Create(CultureInfo.InvariantCulture, $"customer-{i % 5000}"),
        Time = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        Sequence = i,
        Previous = i - 1,
        Data = Change,
    };

    internal static readonly byte[] Change = Encoding.UTF8.GetBytes("""
        {"sequence":123456,"id":"customer-42","entity":"customer","kind":"updated","at":"2026-01-02T03:04:05.678Z","cause":{"run":17,"mapping":"wecom/external_contacts@4f2a91c07be35d68","records":[{"connection":"wecom","stream":"external_contacts","id":"wmEAlECwAAHrbWYDOK5u3Bf13xlYDAAA"}]},"fields":{"name":{"before":"深圳市某某科技有限公司","after":"深圳市某某科技股份有限公司"},"mobile":{"before":null,"after":"+8613800138000"},"tags":{"before":["A","B"],"after":["A","B","重点客户"]}},"links":{"owner":{"before":["employee-3"],"after":["employee-9"]}}}
        """);

    internal static async Task<byte[]> BodyAsync(WebhookOptions options)
    {
        using var message = new WebhookMessage([]);
        using var request = message.Write(options.Mode, options.Url, [Event(0)], TimeProvider.System.GetUtcNow());
        return await request.Content!.ReadAsByteArrayAsync();
    }

    /// <summary>Requests a second, and microseconds of CPU that each cost this process, the receiver's included.</summary>
    internal static async Task<(double Rate, double Cpu)> MeasureAsync(int count, Func<int, Task> send)
    {
        var next = -1;
        var (began, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var i && i < count)
                await send(i);
        })));
        return (count / Stopwatch.GetElapsedTime(began).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / count);
    }

    internal static void Say(string what, List<(double Rate, double Cpu)> runs, List<(double Rate, double Cpu)> limit) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {what} | {Median(runs, r => r.Rate):N0}/s | {runs.Min(r => r.Rate):N0} to {runs.Max(r => r.Rate):N0} | {100 * Median(runs, r => r.Rate) / Median(limit, r => r.Rate):F0} % | {Median(runs, r => r.Cpu):F1} µs |"));

    private static double Median(List<(double Rate, double Cpu)> runs, Func<(double Rate, double Cpu), double> of) => runs.Select(of).Order().ElementAt(runs.Count / 2);
}
