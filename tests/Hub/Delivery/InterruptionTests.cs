using IntegrationHub.Delivery;

namespace IntegrationHub.Tests.Delivery;

/// <summary>What holds when the hub dies at any instant. Seeds are printed; <c>HUB_INTERRUPTIONS</c> sets how often it dies (default 300).</summary>
public sealed class InterruptionTests(ITestOutputHelper output)
{
    private static readonly int Interruptions = int.TryParse(Environment.GetEnvironmentVariable("HUB_INTERRUPTIONS"), out var n) ? n : 300;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_committed_change_arrives_with_the_same_id_and_in_order_however_often_the_hub_dies()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}, {Interruptions} interruptions");
        var random = new Random(seed);
        await using var rig = await DeliveryRig.OpenAsync();
        rig.Limits = new() { Window = 64 };
        var sink = new TestSink { Concurrency = 8 };
        var answers = new Random(seed + 1);
        sink.Answer = e => answers.Next(100) switch
        {
            < 3 => SendResult.Failed("HTTP 503"),
            // One customer is bad luck: what is kept for later is killed, too.
            < 60 when e.Subject == "customer-3" => SendResult.Failed("HTTP 500"),
            _ => SendResult.Delivered,
        };
        var subscription = DeliveryRig.Subscribe("crm", sink);
        var appended = 0;
        for (var i = 0; i < Interruptions; i++)
        {
            var mortal = new MortalStore(rig.Workspace.Store, random.Next(1, 12));
            await using (rig.Start(subscription, mortal))
            {
                var rows = Enumerable.Range(0, random.Next(1, 20)).Select(_ => (long)random.Next(1, 12)).ToList();
                await rig.AppendAsync(rows);
                appended += rows.Count;
                for (var tick = 0; tick < 12 && !mortal.IsDead; tick++)
                {
                    rig.Time.Advance(TimeSpan.FromMilliseconds(random.Next(1, 2_000)));
                    await Task.Delay(1, Cancel);
                }

                mortal.Kill();
            }
        }

        // The unlucky one as well: with luck alone its backlog can take longer than the test waits.
        sink.Answer = _ => SendResult.Delivered;
        await using var last = rig.Start(subscription);
        await rig.UntilAsync(async () => (await rig.StateAsync("crm"))?.Position == appended && (await rig.KeptAsync("crm")).Count == 0, TimeSpan.FromSeconds(2));
        Assert.Equal(Enumerable.Range(1, appended).Select(s => (long)s), sink.Taken.Select(e => e.Sequence).Distinct().Order());
        Assert.Equal(appended, sink.Taken.DistinctBy(e => e.Id).Count());
        DispatcherTests.AssertOrdered(sink.Taken);
        output.WriteLine($"{appended} changes, {sink.TakenCount} deliveries");
    }
}
