using System.Globalization;
using IntegrationHub.Delivery;
using IntegrationHub.Delivery.Amqp;
using IntegrationHub.Delivery.Webhooks;
using IntegrationHub.Tests.Delivery.Amqp;
using IntegrationHub.Tests.Delivery.Webhooks;
using Microsoft.AspNetCore.Http;

namespace IntegrationHub.Tests.Delivery;

/// <summary>What holds when the hub dies at any instant. Seeds are printed; <c>HUB_INTERRUPTIONS</c> sets how often it dies (default 300).</summary>
public sealed class InterruptionTests(RabbitMqBroker broker, ITestOutputHelper output) : IClassFixture<RabbitMqBroker>
{
    private static readonly int Interruptions = int.TryParse(Environment.GetEnvironmentVariable("HUB_INTERRUPTIONS"), out var n) ? n : 300;

    /// <summary>The clock runs ahead of the machine by days, and what is parked would be overtaken.</summary>
    private static readonly TimeSpan Endless = TimeSpan.FromDays(40);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_committed_change_arrives_with_the_same_id_and_in_order_however_often_the_hub_dies()
    {
        var random = Seeded(out var answers);
        await using var rig = await DeliveryRig.OpenAsync();
        var sink = new TestSink { Concurrency = 8 };
        sink.Answer = e => Luck(answers, e.Subject) is { } reason ? SendResult.Failed(reason) : SendResult.Delivered;
        var subscription = DeliveryRig.Subscribe("crm", sink);
        var appended = await InterruptAsync(rig, subscription, random, ticks: 12);
        // The unlucky one as well: with luck alone its backlog can take longer than the test waits.
        sink.Answer = _ => SendResult.Delivered;
        await FinishAsync(rig, subscription, appended);
        Check([.. sink.Taken.Select(e => new Arrival(e.Id, e.Subject, e.Sequence))], appended);
    }

    [Fact]
    public async Task Webhooks_arrive_with_the_same_id_and_in_order_however_often_the_hub_and_the_connection_die()
    {
        var random = Seeded(out var answers);
        var arrived = new List<Arrival>();
        var isLucky = false;
        await using var receiver = await WebhookReceiver.StartAsync(http =>
        {
            var headers = http.Request.Headers;
            var arrival = new Arrival(headers["ce-id"].ToString(), headers["ce-subject"].ToString(), long.Parse(headers["ce-sequence"].ToString(), CultureInfo.InvariantCulture));
            lock (arrived)
                if (!isLucky && Luck(answers, arrival.Subject) is not null)
                {
                    http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                }
                else
                {
                    arrived.Add(arrival);
                    // It was taken, and the hub does not hear of it.
                    if (!isLucky && answers.Next(50) == 0)
                        http.Abort();
                }

            return Task.CompletedTask;
        });
        await using var rig = await DeliveryRig.OpenAsync();
        await rig.Workspace.Secrets.SetAsync("hook", "whsec_" + Convert.ToBase64String(new byte[32]), Cancel);
        var subscription = DeliveryRig.Subscribe("crm", new WebhookOptions { Url = receiver.Url, Secrets = ["${secret:hook}"], Mode = WebhookMode.Binary, Concurrency = 8, Timeout = Endless });
        var appended = await InterruptAsync(rig, subscription, random, ticks: 40);
        isLucky = true;
        await FinishAsync(rig, subscription, appended);
        Check(arrived, appended);
    }

    [Fact]
    public async Task Messages_to_a_broker_arrive_with_the_same_id_and_in_order_however_often_the_hub_and_the_connection_die()
    {
        await broker.StartAsync();
        var random = Seeded(out _);
        await using var proxy = new CuttingProxy(broker.Port);
        await using var rig = await DeliveryRig.OpenAsync();
        var subscription = DeliveryRig.Subscribe("crm", new AmqpOptions
        {
            Url = new($"amqp://127.0.0.1:{proxy.Port}"),
            Address = "/amq/queue/interrupted",
            User = "hub",
            Password = AmqpRig.Password,
            Timeout = Endless,
        });
        var appended = await InterruptAsync(rig, subscription, random, ticks: 150, disturb: () =>
        {
            if (random.Next(60) == 0)
                proxy.Cut();
        });
        await FinishAsync(rig, subscription, appended);
        var last = await FeedName.GetAsync(rig.Workspace.Store, Cancel) + $"-{appended + 1}";
        await using (rig.Start(subscription))
        {
            await rig.AppendAsync(99);
            await rig.UntilAsync(async () => (await rig.StateAsync("crm"))?.Position == appended + 1);
        }

        var read = await broker.ReadAsync("interrupted", last);
        Check([.. read.Select(m => new Arrival(m.Properties.MessageId, m.Properties.GroupId, long.Parse(m.Properties.MessageId.Split('-')[1], CultureInfo.InvariantCulture)))], appended + 1);
    }

    /// <summary>Why a receiver does not take an event, or <c>null</c>.</summary>
    private static string? Luck(Random answers, string subject) => answers.Next(100) switch
    {
        < 3 => "HTTP 503",
        // One customer is bad luck: what is kept for later is killed, too.
        < 60 when subject == "customer-3" => "HTTP 500",
        _ => null,
    };

    private Random Seeded(out Random answers)
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}, {Interruptions} interruptions");
        answers = new(seed + 1);
        return new(seed);
    }

    /// <summary>Appends changes while one hub after the other dies.</summary>
    /// <param name="ticks">How long the longest lives, unless it dies earlier of a commit.</param>
    /// <param name="disturb">Called in each tick.</param>
    /// <returns>How many changes there are.</returns>
    private static async Task<int> InterruptAsync(DeliveryRig rig, Subscription subscription, Random random, int ticks, Action? disturb = null)
    {
        rig.Limits = new() { Window = 64, AllowInside = ["127.0.0.1"], GiveUpAfter = Endless, Retention = Endless };
        var appended = 0;
        for (var i = 0; i < Interruptions; i++)
        {
            var mortal = new MortalStore(rig.Workspace.Store, random.Next(1, 12));
            await using (rig.Start(subscription, mortal))
            {
                var rows = Enumerable.Range(0, random.Next(1, 20)).Select(_ => (long)random.Next(1, 12)).ToList();
                await rig.AppendAsync(rows);
                appended += rows.Count;
                for (var tick = random.Next(ticks); tick < ticks && !mortal.IsDead; tick++)
                {
                    rig.Time.Advance(TimeSpan.FromMilliseconds(random.Next(1, 2_000)));
                    await Task.Delay(1, Cancel);
                    disturb?.Invoke();
                }

                mortal.Kill();
            }
        }

        return appended;
    }

    private static async Task FinishAsync(DeliveryRig rig, Subscription subscription, int appended)
    {
        await using var last = rig.Start(subscription);
        await rig.UntilAsync(async () => (await rig.StateAsync("crm"))?.Position == appended && (await rig.KeptAsync("crm")).Count == 0, TimeSpan.FromSeconds(20));
    }

    private void Check(IReadOnlyList<Arrival> arrived, int appended)
    {
        output.WriteLine($"{appended} changes, {arrived.Count} arrivals");
        var first = arrived.DistinctBy(a => a.Sequence).ToList();
        Assert.Equal(Enumerable.Range(1, appended).Select(s => (long)s), first.Select(a => a.Sequence).Order());
        Assert.Equal(appended, arrived.DistinctBy(a => a.Id).Count());
        // By first arrival: what comes again after a death is known by its id.
        foreach (var entity in first.GroupBy(a => a.Subject))
            Assert.Equal(entity.Select(a => a.Sequence).Order(), entity.Select(a => a.Sequence));
    }

    private sealed record Arrival(string Id, string Subject, long Sequence);
}
