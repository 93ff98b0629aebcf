using System.Text.Json;
using IntegrationHub.Delivery;
using IntegrationHub.Mapping.JsonPath;
using IntegrationHub.Storage;

namespace IntegrationHub.Tests.Delivery;

public sealed class DispatcherTests
{
    private static readonly SendResult Refused = SendResult.Failed("HTTP 500");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_change_arrives_once_in_order_of_its_entity_with_a_position_behind_it()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var sink = new TestSink();
        for (var i = 0; i < 20; i++)
            await rig.AppendAsync([.. Enumerable.Range(1, 100).Select(c => (long)c)]);
        rig.Start(DeliveryRig.Subscribe("crm", sink));
        await rig.UntilAsync(async () => (await rig.StateAsync("crm"))?.Position == 2000);

        Assert.Equal(2000, sink.Taken.DistinctBy(e => e.Id).Count());
        Assert.Equal(2000, sink.Taken.Count);
        AssertOrdered(sink.Taken);
        Assert.Equal(2000, (await rig.StateAsync("crm"))!.Delivered);
        // Each names the one before, so that a receiver sees what it missed.
        var bySequence = sink.Taken.OrderBy(e => e.Sequence).ToList();
        Assert.Equal(bySequence.Select(e => e.Sequence).Prepend(0).SkipLast(1), bySequence.Select(e => e.Previous));
    }

    [Fact]
    public async Task While_a_send_is_under_way_others_flow_and_its_own_entity_waits()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var hangs = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sink = new TestSink { Before = e => e.Sequence == 1 ? hangs.Task : Task.CompletedTask };
        rig.Start(DeliveryRig.Subscribe("crm", sink));
        await rig.AppendAsync(1, 1, 2, 2, 3);
        await rig.UntilAsync(() => sink.TakenCount == 3);
        Assert.Equal([3L, 4, 5], sink.Taken.Select(e => e.Sequence).Order());
        Assert.Equal(4, sink.Attempts);

        hangs.SetResult();
        await rig.UntilAsync(() => sink.TakenCount == 5);
        AssertOrdered(sink.Taken);
    }

    [Fact]
    public async Task A_change_is_sent_after_its_entry_stands_in_the_sovereignty_log()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var unlogged = 0;
        var sink = new TestSink();
        sink.Answer = e =>
        {
            // Seen from another connection: it is committed.
            if (rig.StateAsync("crm").AsTask().GetAwaiter().GetResult() is not { } state || state.Claimed < e.Sequence)
                unlogged++;
            return SendResult.Delivered;
        };
        rig.Start(DeliveryRig.Subscribe("crm", sink, new() { Fields = new HashSet<string> { "name" } }));
        for (var i = 0; i < 5; i++)
        {
            await rig.AppendAsync(1, 2, 3);
            await rig.UntilAsync(() => sink.TakenCount == 3 * (i + 1));
        }

        Assert.Equal(0, unlogged);
        var entries = DeliverEntries(rig);
        Assert.All(entries, e =>
        {
            Assert.Equal("subscription:crm", e.GetProperty("actor").GetString());
            Assert.Equal("test:test.example", e.GetProperty("to").GetProperty("system").GetString());
            Assert.Equal("DE", e.GetProperty("to").GetProperty("region").GetString());
            Assert.Equal("service", e.GetProperty("purpose").GetString());
            Assert.Equal(["name"], e.GetProperty("data")[0].GetProperty("fields").EnumerateArray().Select(f => f.GetString()));
        });
        Assert.Equal(15, entries.Sum(e => long.Parse(e.GetProperty("about").GetProperty("last").GetString()!) - long.Parse(e.GetProperty("about").GetProperty("first").GetString()!) + 1));
    }

    [Fact]
    public async Task A_filter_lets_through_what_it_says_and_shows_the_fields_it_names()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var sink = new TestSink();
        const string Phone = """{"fields":{"phone":{"after":"1"},"name":{"after":"x"}}}""";
        await rig.AppendAsync([
            rig.Update(1, body: Phone),
            rig.Update(2),
            rig.Update(3, "contact", body: Phone),
            rig.Update(4, kind: "deleted", body: """{"fields":{}}"""),
            rig.Update(5, body: """{"fields":{"phone":{"after":"2"}}}"""),
        ]);
        rig.Start(DeliveryRig.Subscribe("crm", sink, new()
        {
            Entities = new HashSet<string> { "customer" },
            Changed = new HashSet<string> { "phone" },
            Fields = new HashSet<string> { "phone" },
            When = JsonPathCondition.Parse("$.kind == 'deleted' || $.fields.name"),
        }));
        await rig.UntilAsync(async () => (await rig.StateAsync("crm"))?.Position == 5);
        var taken = sink.Taken.OrderBy(e => e.Sequence).ToList();
        Assert.Equal(["customer-1", "customer-4"], taken.Select(e => e.Subject));
        var data = JsonDocument.Parse(taken[0].Data).RootElement;
        Assert.Equal(["phone"], data.GetProperty("fields").EnumerateObject().Select(f => f.Name));
        Assert.Equal([0L, 1L], taken.Select(e => e.Previous));
    }

    [Fact]
    public async Task One_event_that_is_refused_holds_up_its_entity_alone_is_parked_after_days_and_comes_again_when_asked()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var heals = false;
        var sink = new TestSink();
        sink.Answer = e => e.Sequence == 1 && !heals ? Refused : SendResult.Delivered;
        await rig.AppendAsync(2);
        rig.Start(DeliveryRig.Subscribe("crm", sink));
        await rig.UntilAsync(async () => (await rig.StateAsync("crm"))?.FailingSince > 0);
        await rig.AppendAsync(1, 3, 2, 2);
        await rig.UntilAsync(async () => (await rig.KeptAsync("crm")).Count == 3);
        await rig.AppendAsync(4, 2, 5);
        await rig.UntilAsync(async () => (await rig.StateAsync("crm"))!.Position == 8);
        Assert.Equal([2L, 3, 6, 8], sink.Taken.Select(e => e.Sequence).Order());
        Assert.Equal([1L, 4, 5, 7], (await rig.KeptAsync("crm")).Select(r => r.Sequence));

        // Others are taken all the time, so it is the event.
        await rig.UntilAsync(async () =>
        {
            await rig.AppendAsync(9);
            return (await rig.KeptAsync("crm", parked: true)).Count == 1;
        }, TimeSpan.FromHours(1));
        await rig.UntilAsync(async () => (await rig.KeptAsync("crm")).Count == 1);
        var parked = Assert.Single(await rig.KeptAsync("crm"));
        Assert.Equal((1L, "HTTP 500"), (parked.Sequence, parked.Reason));
        Assert.InRange(parked.Attempts, 8, 20);
        Assert.Equal([4L, 5, 7], sink.Taken.Where(e => e.Subject == "customer-2").Select(e => e.Sequence));

        heals = true;
        await using (var transaction = await rig.Workspace.Store.BeginAsync(Cancel))
        {
            Assert.Equal(1, await transaction.UnparkDeliveriesAsync(rig.Workspace.Store.Catalog.Subscription("crm"), null, rig.Workspace.Now));
            await transaction.CommitAsync();
        }

        await rig.UntilAsync(async () => (await rig.KeptAsync("crm")).Count == 0);
        Assert.Equal(1, sink.Taken[^1].Sequence);
    }

    [Fact]
    public async Task A_destination_that_is_out_for_72_hours_delays_nobody_else_and_gets_everything_in_order_afterwards()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var isOut = true;
        var dead = new TestSink();
        dead.Answer = _ => isOut ? Refused : SendResult.Delivered;
        var alive = new TestSink();
        rig.Start(DeliveryRig.Subscribe("dead", dead));
        rig.Start(DeliveryRig.Subscribe("alive", alive));
        for (var hour = 0; hour < 72; hour++)
        {
            await rig.AppendAsync([.. Enumerable.Range(1, 50).Select(c => (long)c)]);
            await rig.UntilAsync(() => alive.TakenCount == 50 * (hour + 1), TimeSpan.FromMilliseconds(100));
            rig.Time.Advance(TimeSpan.FromHours(1));
        }

        Assert.Equal(0, dead.TakenCount);
        // Tried now and then: not once for each of 3,600 events, and more than a few times.
        Assert.InRange(dead.Attempts, 20, 1_200);
        var state = (await rig.StateAsync("dead"))!;
        Assert.Equal(("HTTP 500", 0L), (state.Reason, state.Position));
        Assert.True(state.FailingSince > 0 && state.NextTry > 0);
        // Nothing is kept for each event that waits: the feed is the queue.
        Assert.Empty(await rig.KeptAsync("dead"));

        isOut = false;
        await rig.UntilAsync(() => dead.TakenCount == 3_600, TimeSpan.FromSeconds(10));
        AssertOrdered(dead.Taken);
        await rig.UntilAsync(async () => (await rig.StateAsync("dead")) is { Position: 3_600, FailingSince: 0 });
    }

    [Fact]
    public async Task An_answer_with_retry_after_is_waited_for()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var sink = new TestSink();
        var busy = true;
        sink.Answer = _ => busy ? SendResult.Failed("HTTP 429", TimeSpan.FromMinutes(10)) : SendResult.Delivered;
        await rig.AppendAsync(1);
        rig.Start(DeliveryRig.Subscribe("crm", sink));
        await rig.UntilAsync(async () => (await rig.StateAsync("crm"))?.NextTry > 0);
        busy = false;
        var asked = rig.Time.GetUtcNow();
        await rig.AppendAsync(2);
        await rig.UntilAsync(() => sink.TakenCount == 2, TimeSpan.FromSeconds(5));
        Assert.True(rig.Time.GetUtcNow() - asked >= TimeSpan.FromMinutes(9.9), "no other entity's event goes out before");
    }

    [Fact]
    public async Task A_destination_that_is_gone_gets_nothing_until_it_is_resumed_and_then_everything()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var sink = new TestSink();
        sink.Answer = _ => new(SendOutcome.Gone, "HTTP 410");
        await rig.AppendAsync(1, 2, 3);
        rig.Start(DeliveryRig.Subscribe("crm", sink));
        await rig.UntilAsync(async () => await Hold.ReadAsync(rig.Workspace.Store.Reader, "crm", Cancel) is { IsGone: true, Reason: "HTTP 410" });
        var attempts = sink.Attempts;
        for (var i = 0; i < 100; i++)
            rig.Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(attempts, sink.Attempts);

        sink.Answer = _ => SendResult.Delivered;
        await using (var transaction = await rig.Workspace.Store.BeginAsync(Cancel))
        {
            await Hold.LiftAsync(transaction, "crm");
            await transaction.CommitAsync();
        }

        await rig.UntilAsync(() => sink.TakenCount == 3);
    }

    [Fact]
    public async Task A_replay_sends_the_same_ids_again_beside_what_is_new()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var sink = new TestSink();
        rig.Limits = new() { ReplayPerSecond = 4 };
        await rig.AppendAsync(1, 2, 1, 2, 1, 2, 1, 2, 1, 2);
        var subscription = DeliveryRig.Subscribe("crm", sink);
        rig.Start(subscription);
        await rig.UntilAsync(() => sink.TakenCount == 10);
        var first = sink.Taken.ToDictionary(e => e.Sequence, e => e.Id);

        var replay = new Replay("r1", 2, 9, 1, null, null, 0);
        var subscriptions = Subscriptions.Open(rig.Workspace);
        Assert.Equal(4, await subscriptions.CountAsync(subscription, replay, Cancel));
        await subscriptions.ReplayAsync("crm", replay, "test", Cancel);
        await rig.AppendAsync(7);
        await rig.UntilAsync(async () => sink.TakenCount == 15 && (await Replay.OfAsync(rig.Workspace.Store.Reader, "crm", Cancel)).Count == 0);
        var again = sink.Taken.Where(e => e.IsReplay).ToList();
        Assert.Equal([3L, 5, 7, 9], again.Select(e => e.Sequence));
        Assert.All(again, e => Assert.Equal(first[e.Sequence], e.Id));
    }

    [Fact]
    public async Task What_grows_older_than_the_retention_is_passed_over_counted_and_said()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var sink = new TestSink(_ => Refused);
        rig.Start(DeliveryRig.Subscribe("crm", sink));
        await rig.AppendAsync([.. Enumerable.Range(1, 30).Select(c => (long)c)]);
        await rig.UntilAsync(() => sink.Attempts > 5);
        rig.Time.Advance(TimeSpan.FromDays(31));
        await rig.AppendAsync(99);
        await rig.UntilAsync(async () => (await rig.StateAsync("crm"))!.PassedOver >= 25, TimeSpan.FromSeconds(1));
        sink.Answer = _ => SendResult.Delivered;
        await rig.UntilAsync(async () => (await rig.StateAsync("crm"))!.Position == 31, TimeSpan.FromSeconds(1));
        var state = (await rig.StateAsync("crm"))!;
        Assert.Equal(31, state.PassedOver + state.Delivered);
        Assert.True(state.PassedOver >= 25, $"{state.PassedOver} were passed over");
        Assert.Contains(sink.Taken, e => e.Subject == "customer-99");
    }

    [Fact]
    public async Task Batches_hold_the_order_and_a_bad_event_in_one_is_found()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var sink = new TestSink { BatchSize = 20, Concurrency = 4 };
        sink.Answer = e => e.Sequence == 7 ? Refused : SendResult.Delivered;
        for (var i = 0; i < 10; i++)
            await rig.AppendAsync(1, 2, 3, 4, 5);
        rig.Start(DeliveryRig.Subscribe("crm", sink));
        await rig.UntilAsync(async () => (await rig.StateAsync("crm"))?.Position == 50, TimeSpan.FromMilliseconds(200));
        Assert.Equal(Enumerable.Range(1, 50).Where(s => s % 5 != 2 || s == 2).Select(s => (long)s), sink.Taken.Select(e => e.Sequence).Distinct().Order());
        Assert.Equal([7L, 12, 17, 22, 27, 32, 37, 42, 47], (await rig.KeptAsync("crm")).Select(r => r.Sequence));
        AssertOrdered(sink.Taken);
    }

    [Fact]
    public async Task What_makes_room_is_not_overtaken_by_what_is_read_meanwhile()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        rig.Limits = new() { Window = 32 };
        var sink = new TestSink();
        var failures = new Dictionary<long, int>();
        // Every customer has events in a long backlog that are refused three times.
        sink.Answer = e => e.Sequence % 97 == 11 && (failures[e.Sequence] = failures.GetValueOrDefault(e.Sequence) + 1) <= 3 ? Refused : SendResult.Delivered;
        for (var i = 0; i < 40; i++)
            await rig.AppendAsync([.. Enumerable.Range(0, 50).Select(c => (long)(c % 7) + 1)]);
        rig.Start(DeliveryRig.Subscribe("crm", sink));
        await rig.UntilAsync(async () => (await rig.StateAsync("crm"))?.Position == 2_000 && (await rig.KeptAsync("crm")).Count == 0, TimeSpan.FromMilliseconds(200));
        Assert.Equal(2_000, sink.Taken.DistinctBy(e => e.Id).Count());
        AssertOrdered(sink.Taken);
    }

    [Fact]
    public async Task What_waited_behind_an_event_that_is_passed_over_has_its_turn()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var sink = new TestSink();
        sink.Answer = e => e.Subject == "customer-2" ? Refused : SendResult.Delivered;
        rig.Limits = new() { GiveUpAfter = TimeSpan.FromDays(300) };
        rig.Start(DeliveryRig.Subscribe("crm", sink));
        await rig.AppendAsync(2);
        await rig.UntilAsync(async () => (await rig.StateAsync("crm"))?.FailingSince > 0);
        await rig.AppendAsync(1, 3);
        await rig.UntilAsync(async () => (await rig.KeptAsync("crm")).Count == 1);
        rig.Time.Advance(TimeSpan.FromDays(20));
        await rig.AppendAsync(2, 1);
        await rig.UntilAsync(async () => (await rig.KeptAsync("crm")).Count == 2);
        rig.Time.Advance(TimeSpan.FromDays(11));
        await rig.UntilAsync(async () => (await rig.StateAsync("crm"))!.PassedOver == 1, TimeSpan.FromSeconds(1));
        sink.Answer = _ => SendResult.Delivered;
        await rig.UntilAsync(() => sink.Taken.Any(e => e.Sequence == 4), TimeSpan.FromMinutes(10));
        await rig.AppendAsync(2);
        await rig.UntilAsync(() => sink.Taken.Any(e => e.Sequence == 6), TimeSpan.FromSeconds(1));
        Assert.DoesNotContain(sink.Taken, e => e.Sequence == 1);
    }

    [Fact]
    public async Task A_backlog_of_one_entity_drains_in_order_though_events_in_the_midst_of_it_fail_again()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var sink = new TestSink(e => e.Subject == "customer-2" ? Refused : SendResult.Delivered);
        rig.Start(DeliveryRig.Subscribe("crm", sink));
        await rig.AppendAsync(2);
        await rig.UntilAsync(async () => (await rig.StateAsync("crm"))?.FailingSince > 0);
        for (var i = 0; i < 20; i++)
            await rig.AppendAsync(1, 2, 2, 2, 2, 2);
        await rig.UntilAsync(async () => (await rig.KeptAsync("crm")).Count == 101);

        var failures = new Dictionary<long, int>();
        sink.Answer = e => e.Sequence % 9 == 4 && (failures[e.Sequence] = failures.GetValueOrDefault(e.Sequence) + 1) <= 2 ? Refused : SendResult.Delivered;
        await rig.UntilAsync(async () => (await rig.KeptAsync("crm")).Count == 0, TimeSpan.FromSeconds(1));
        Assert.Equal(121, sink.TakenCount);
        Assert.Equal(121, sink.Taken.DistinctBy(e => e.Id).Count());
        AssertOrdered(sink.Taken);
    }

    [Fact]
    public async Task A_replay_that_delivers_a_parked_event_leaves_nothing_parked()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var sink = new TestSink(e => e.Sequence == 2 ? SendResult.Refused("HTTP 400") : SendResult.Delivered);
        var subscription = DeliveryRig.Subscribe("crm", sink);
        rig.Start(subscription);
        await rig.AppendAsync(1, 2, 3);
        await rig.UntilAsync(async () => (await rig.StateAsync("crm"))?.Position == 3 && (await rig.KeptAsync("crm", parked: true)).Count == 1);
        var subscriptions = Subscriptions.Open(rig.Workspace);
        await subscriptions.ReplayAsync("crm", new("r1", 0, 3, null, null, null, 0), "test", Cancel);
        await rig.UntilAsync(async () => (await Replay.OfAsync(rig.Workspace.Store.Reader, "crm", Cancel)).Count == 0);
        Assert.Equal(2, Assert.Single(await rig.KeptAsync("crm", parked: true)).Sequence);

        sink.Answer = _ => SendResult.Delivered;
        await subscriptions.ReplayAsync("crm", new("r2", 0, 3, null, null, null, 0), "test", Cancel);
        await rig.UntilAsync(async () => (await Replay.OfAsync(rig.Workspace.Store.Reader, "crm", Cancel)).Count == 0);
        Assert.Empty(await rig.KeptAsync("crm"));
    }

    [Fact]
    public async Task A_send_that_hangs_holds_up_the_position_and_not_the_memory()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        rig.Limits = new() { Window = 32 };
        var hangs = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sink = new TestSink { Before = e => e.Sequence == 1 ? hangs.Task : Task.CompletedTask };
        for (var i = 0; i < 20; i++)
            await rig.AppendAsync([.. Enumerable.Range(1, 50).Select(c => (long)c)]);
        rig.Start(DeliveryRig.Subscribe("crm", sink));
        await rig.UntilAsync(() => sink.TakenCount > 10 * 32 - 32);
        for (var i = 0; i < 50; i++)
            await rig.UntilAsync(() => true);
        rig.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.InRange(sink.TakenCount, 10 * 32 - 32, 11 * 32);
        Assert.Equal(0, (await rig.StateAsync("crm"))!.Position);

        hangs.SetResult();
        await rig.UntilAsync(async () => (await rig.StateAsync("crm"))!.Position == 1_000);
        AssertOrdered(sink.Taken);
    }

    [Fact]
    public async Task A_destination_that_is_out_costs_nothing_between_its_tries()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var sink = new TestSink(_ => Refused);
        rig.Start(DeliveryRig.Subscribe("crm", sink));
        for (var i = 0; i < 20; i++)
            await rig.AppendAsync([.. Enumerable.Range(1, 100).Select(c => (long)c)]);
        await rig.UntilAsync(async () => (await rig.StateAsync("crm"))?.NextTry > 0);
        var (attempts, looks) = (sink.Attempts, rig.Time.Looks);
        // The clock stands still.
        await Task.Delay(100, Cancel);
        Assert.InRange(sink.Attempts - attempts, 0, 16);
        Assert.InRange(rig.Time.Looks - looks, 0, 200);
    }

    [Fact]
    public async Task Another_subscription_of_the_same_name_begins_anew()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var sink = new TestSink();
        await rig.AppendAsync(1, 2, 3);
        await using (rig.Start(DeliveryRig.Subscribe("crm", sink) with { Id = "a" }))
            await rig.UntilAsync(async () => (await rig.StateAsync("crm"))?.Position == 3);
        await using (rig.Start(DeliveryRig.Subscribe("crm", sink) with { Id = "a" }))
        {
            await rig.AppendAsync(4);
            await rig.UntilAsync(async () => (await rig.StateAsync("crm"))?.Position == 4);
        }

        Assert.Equal(4, sink.TakenCount);
        rig.Start(DeliveryRig.Subscribe("crm", sink) with { Id = "b" });
        await rig.UntilAsync(() => sink.TakenCount == 8);
        Assert.Equal([1L, 2, 3, 4], sink.Taken.Skip(4).Select(e => e.Sequence).Order());
    }

    [Fact]
    public async Task What_is_kept_of_a_subscription_that_cannot_be_read_stays_and_goes_with_another_of_its_name()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var subscriptions = Subscriptions.Open(rig.Workspace);
        var (subscription, _) = await subscriptions.AddAsync("crm", """{"sink":{"webhook":{"url":"https://app.example/hooks"}}}""", "test", Cancel);
        await using (var transaction = await rig.Workspace.Store.BeginAsync(Cancel))
        {
            await new SubscriptionState { Id = subscription.Id, Position = 7 }.SaveAsync(transaction, "crm");
            // As another version of the hub wrote it.
            await transaction.SaveDocumentAsync("subscription", "crm", """{"id":"ID","from":0,"definition":{"sink":{"pigeon":{}}}}""".Replace("ID", subscription.Id, StringComparison.Ordinal));
            await transaction.CommitAsync();
        }

        Assert.Null(await subscriptions.FindAsync("crm", Cancel));
        await subscriptions.ForgetAsync("crm", subscription.Id);
        Assert.Equal(7, (await rig.StateAsync("crm"))?.Position);
        await subscriptions.ForgetAsync("crm", "another");
        Assert.Null(await rig.StateAsync("crm"));
    }

    [Fact]
    public async Task A_timer_that_was_set_anew_is_not_removed_with_the_one_before()
    {
        await using var rig = await DeliveryRig.OpenAsync();
        var rule = rig.Workspace.Store.Catalog.Subscription("rule:r");
        await using (var transaction = await rig.Workspace.Store.BeginAsync(Cancel))
        {
            await transaction.SaveTimerAsync(new(rule, 5, 1, 0, 10));
            await transaction.SaveTimerAsync(new(rule, 5, 2, 1, 20));
            await transaction.RemoveTimerAsync(new(rule, 5, 1, 0, 10));
            await transaction.CommitAsync();
        }

        Assert.Equal(new TimerRow(rule, 5, 2, 1, 20), Assert.Single(await rig.Workspace.Store.Reader.DueTimersAsync(100, 10, Cancel)));
    }

    internal static void AssertOrdered(IEnumerable<OutboundEvent> events)
    {
        // By first arrival: what comes again after a crash or a failed batch is known by its id.
        foreach (var entity in events.DistinctBy(e => e.Id).GroupBy(e => e.Subject))
            Assert.Equal(entity.Select(e => e.Sequence).Order(), entity.Select(e => e.Sequence));
    }

    private static List<JsonElement> DeliverEntries(DeliveryRig rig) =>
        [.. rig.Workspace.Store.Reader.Log.Entries(0, 1_000).Select(r => JsonDocument.Parse(r.Entry).RootElement).Where(e => e.GetProperty("action").ValueEquals("deliver"))];
}
