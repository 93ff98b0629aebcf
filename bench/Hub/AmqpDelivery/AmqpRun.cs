using System.Diagnostics;
using System.Globalization;
using System.Text;
using Amqp;
using Amqp.Framing;
using IntegrationHub.Bench.Delivery;
using IntegrationHub.Delivery;
using IntegrationHub.Delivery.Amqp;
using Microsoft.Extensions.Logging.Abstractions;
using Section = Amqp.Framing.Data;

namespace IntegrationHub.Bench.AmqpDelivery;

/// <summary>
/// Durable messages to one broker, by AMQPNetLite alone, by the sink, and by a whole subscription (feed, sovereignty log, durable position) in turn, each run into a queue
/// of its own.
/// </summary>
internal static class AmqpRun
{
    private const int InFlight = 500;

    /// <param name="url">Of a RabbitMQ with its AMQP 1.0 plugin.</param>
    /// <param name="count">Messages of a run.</param>
    public static async Task<int> RunAsync(Uri url, string user, string password, int count, int runs, string folder)
    {
        await using var workspace = await DeliveryRun.OpenAsync(folder, count);
        await using var signal = new ChangeSignal(workspace.Store, TimeProvider.System);
        var context = new DeliveryContext(workspace, new() { AllowInside = ["127.0.0.1"] }, signal);
        var (raw, sink, whole) = (new List<double>(), new List<double>(), new List<double>());
        var body = Encoding.UTF8.GetBytes($$$"""{"sequence":1,"entity":"customer","id":"customer-1","kind":"updated","changed":["name"],"data":{"name":"{{{new string('n', 400)}}}"}}""");
        // The first pair warms up.
        for (var run = 0; run <= runs; run++)
        {
            var a = await RawAsync(url, user, password, $"/queue/bench-raw-{run}", body, count);
            var b = await SinkAsync(url, user, password, $"/queue/bench-sink-{run}", body, count);
            var c = await SubscriptionAsync(context, Options(url, user, password, $"/queue/bench-subscription-{run}"), count, run);
            if (run == 0)
                continue;
            raw.Add(a);
            sink.Add(b);
            whole.Add(c);
        }

        Row("AMQPNetLite, 500 under way (limit)", raw, raw);
        Row("sink, 500 under way", sink, raw);
        Row("subscription: feed, log, durable position", whole, raw);
        return 0;
    }

    private static AmqpOptions Options(Uri url, string user, string password, string address) => new() { Url = url, Address = address, User = user, Password = password, InFlight = InFlight };

    private static async Task<double> SubscriptionAsync(DeliveryContext context, AmqpOptions options, int count, int run)
    {
        var subscription = DeliveryRun.Subscription(options, $"amqp-{run}", StartKind.Beginning);
        using var stop = new CancellationTokenSource();
        var watch = Stopwatch.StartNew();
        var dispatching = new Dispatcher(context, subscription).RunAsync(stop.Token);
        // Behind everything that the broker settled: later than the broker had it, never earlier.
        while (await SubscriptionState.ReadAsync(context.Store.Reader, subscription.Name, CancellationToken.None) is not { } state || state.Position < count)
            await Task.Delay(5);
        var rate = count / watch.Elapsed.TotalSeconds;
        await stop.CancelAsync();
        await dispatching;
        return rate;
    }

    private static async Task<double> RawAsync(Uri url, string user, string password, string address, byte[] body, int count)
    {
        var connection = await Connection.Factory.CreateAsync(new Address(url.Host, url.Port, user, password, "/", "AMQP"));
        var sender = new SenderLink(new Session(connection), "bench", new Target { Address = address, Durable = 2 }, null);
        using var places = new SemaphoreSlim(InFlight);
        var done = new TaskCompletionSource();
        var settled = 0;
        await sender.SendAsync(Message(0));
        var watch = Stopwatch.StartNew();
        for (var i = 1; i <= count; i++)
        {
            await places.WaitAsync();
            sender.Send(
                Message(i),
                (_, _, outcome, _) =>
                {
                    if (outcome is not Accepted)
                        done.TrySetException(new InvalidOperationException("not accepted"));
                    places.Release();
                    if (Interlocked.Increment(ref settled) == count)
                        done.TrySetResult();
                },
                null);
        }

        await done.Task;
        var rate = count / watch.Elapsed.TotalSeconds;
        await connection.CloseAsync();
        return rate;

        Message Message(int i) => new()
        {
            Header = new Header { Durable = true },
            Properties = new Properties { MessageId = i.ToString(CultureInfo.InvariantCulture) },
            BodySection = new Section { Binary = body },
        };
    }

    private static async Task<double> SinkAsync(Uri url, string user, string password, string address, byte[] body, int count)
    {
        await using var sink = await Options(url, user, password, address).OpenAsync(new((text, _) => new(text), new() { AllowInside = ["127.0.0.1"] }, TimeProvider.System, NullLogger.Instance), CancellationToken.None);
        await SendAsync(0);
        var next = 0;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var i && i <= count)
                await SendAsync(i);
        })));
        return count / watch.Elapsed.TotalSeconds;

        async Task SendAsync(int i)
        {
            var result = await sink.SendAsync(
                [
                    new()
                    {
                        Id = $"acme-{i}",
                        Source = "/workspaces/acme",
                        Type = "hub.customer.updated",
                        Subject = $"customer-{i % 5_000}",
                        Time = TimeProvider.System.GetUtcNow(),
                        Sequence = i,
                        Previous = i - 1,
                        Data = body,
                    },
                ],
                CancellationToken.None);
            if (result.Outcome != SendOutcome.Delivered)
                throw new InvalidOperationException(result.Reason);
        }
    }

    private static void Row(string what, List<double> rates, List<double> limit) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {Median(rates):N0} | {rates.Min():N0} to {rates.Max():N0} | {Median(rates) / Median(limit):F2} |"));

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
