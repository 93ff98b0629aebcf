using Amqp;
using IntegrationHub.Delivery;

namespace IntegrationHub.Tests.Delivery.Amqp;

/// <summary>The sink against RabbitMQ.</summary>
public sealed class RabbitMqTests(RabbitMqBroker broker) : IClassFixture<RabbitMqBroker>
{
    private const string Who = "user: hub, password: '${secret:password}'";

    [Fact]
    public async Task Events_are_in_the_queue_as_they_were_sent_and_in_order()
    {
        await broker.StartAsync();
        var sent = Enumerable.Range(1, 1_000).Select(i => AmqpRig.Event($"customer-{i % 7}", i)).ToList();
        await using var sink = await OpenAsync($"url: amqp://127.0.0.1:{broker.Port}, address: /amq/queue/ordered, {Who}");
        Assert.All(await Task.WhenAll(sent.Select(sink.SendAsync)), r => Assert.Equal(SendResult.Delivered, r));
        var read = await broker.ReadAsync("ordered", sent[^1].Id);
        Assert.Equal(sent.Select(e => (e.Id, e.Subject, e.Type)), read.Select(m => (m.Properties.MessageId, m.Properties.GroupId, m.Properties.Subject)));
        Assert.All(sent.Zip(read), pair => Assert.True(pair.First.Data.Span.SequenceEqual((byte[])pair.Second.Body)));
        AmqpMessageTests.Same(sent[0], AmqpMessageTests.Read(read[0].ApplicationProperties.Map.ToDictionary(p => (string)p.Key, p => (string)p.Value), read[0].Properties.ContentType));
    }

    [Fact]
    public async Task TLS_with_the_brokers_authority_is_taken_and_without_it_refused()
    {
        await broker.StartAsync();
        var settings = $"url: amqps://127.0.0.1:{broker.TlsPort}, address: /amq/queue/crm, {Who}";
        await using var trusting = await OpenAsync(settings + ", authorities: '${file:ca.pem}'");
        var sent = AmqpRig.Event("customer-1", 100_001);
        Assert.Equal(SendResult.Delivered, await trusting.SendAsync(sent));
        await broker.ReadAsync("crm", sent.Id);
        await using var distrusting = await OpenAsync(settings);
        Assert.Contains("TLS failed", (await distrusting.SendAsync(sent)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_queue_fails_what_it_does_not_take()
    {
        await broker.StartAsync();
        await using var sink = await OpenAsync($"url: amqp://127.0.0.1:{broker.Port}, address: /amq/queue/full, {Who}");
        var sent = Enumerable.Range(1, 13).Select(i => AmqpRig.Event("customer-1", i)).ToList();
        var results = new List<SendResult>();
        foreach (var one in sent)
            results.Add(await sink.SendAsync(one));
        var delivered = sent.Zip(results).Where(r => r.Second.Outcome == SendOutcome.Delivered).Select(r => r.First.Id).ToList();
        Assert.InRange(delivered.Count, 10, 12);
        // The plugin of RabbitMQ 3 cannot reject a message: it ends the connection.
        Assert.All(results.Where(r => r.Outcome != SendOutcome.Delivered), r => Assert.Contains("ended before the broker settled the message", r.Reason, StringComparison.Ordinal));
        var read = await broker.ReadAsync("full", delivered[^1]);
        Assert.Equal(delivered, read.Select(m => m.Properties.MessageId));
        Assert.Equal(SendResult.Delivered, await sink.SendAsync(AmqpRig.Event("customer-1", 14)));
    }

    [Theory]
    [InlineData("address: /amq/queue/none, user: hub, password: '${secret:password}'", "(amqp:not-found): there is no such queue or topic")]
    [InlineData("address: /exchange/none/crm, user: hub, password: '${secret:password}'", "(amqp:not-found): there is no such queue or topic")]
    [InlineData("address: /queue/full, user: hub, password: '${secret:password}'", "(amqp:precondition-failed): a queue of this name is there with other properties")]
    [InlineData("address: /amq/queue/crm, user: hub, password: '${secret:other}'", "(amqp:unauthorized-access): not permitted; are user and password")]
    [InlineData("address: /amq/queue/crm, user: reader, password: '${secret:password}'", "(amqp:")]
    public async Task What_is_wrong_is_told_without_secrets(string settings, string reason)
    {
        await broker.StartAsync();
        var log = new ListLogger();
        await using var sink = await AmqpRig.OpenAsync(AmqpRig.Read($"{{ url: amqp://127.0.0.1:{broker.Port}, {settings} }}"), log: log, secrets: ("${secret:other}", "wr0ng-NOT-TO-BE-SHOWN"));
        var result = await sink.SendAsync(AmqpRig.Event("customer-1", 1));
        Assert.Equal(SendOutcome.Failed, result.Outcome);
        Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(log.Lines.Append(result.Reason), l => l.Contains("NOT-TO-BE-SHOWN", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_in_a_queue_outlives_a_broker_that_is_killed()
    {
        await broker.StartAsync();
        await broker.StopAsync();
        await broker.StartAsync();
        var sent = await SendAsync("/amq/queue/crm", 200_001);
        await broker.KillAsync();
        await broker.StartAsync();
        await broker.ReadAsync("crm", sent.Id);
    }

    /// <remarks>
    /// Not one that is killed: RabbitMQ 3 takes what is sent to a queue some milliseconds before it would still know of the queue after <c>kill -9</c>
    /// (docs/guides/amqp.md).
    /// </remarks>
    [Fact]
    public async Task What_is_in_a_queue_that_the_hub_declared_outlives_a_restart_of_the_broker()
    {
        await broker.StartAsync();
        var sent = await SendAsync("/queue/made-by-us", 200_002);
        await broker.StopAsync();
        await broker.StartAsync();
        await broker.ReadAsync("made-by-us", sent.Id);
    }

    [Fact]
    public async Task A_user_that_may_only_write_can_send_to_a_declared_queue()
    {
        await broker.StartAsync();
        await using var sink = await OpenAsync($"url: amqp://127.0.0.1:{broker.Port}, address: /amq/queue/crm, user: writer, password: '${{secret:password}}'");
        var sent = AmqpRig.Event("customer-1", 300_001);
        Assert.Equal(SendResult.Delivered, await sink.SendAsync(sent));
        await broker.ReadAsync("crm", sent.Id);
    }

    [Fact]
    public async Task A_broker_killed_among_5000_events_loses_none_that_was_delivered_and_keeps_the_order_of_each_entity()
    {
        await broker.StartAsync();
        var entities = AmqpRig.Entities(500, 10);
        await using var sink = await OpenAsync($"url: amqp://127.0.0.1:{broker.Port}, address: /amq/queue/kill, {Who}");
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var half = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var delivered = 0;
        var killing = Task.Run(
            async () =>
            {
                await half.Task;
                await broker.KillAsync();
                await broker.StartAsync();
                up.SetResult();
            },
            AmqpRig.Cancel);
        var tries = await AmqpRig.DeliverAsync(
            sink,
            entities,
            (_, result) =>
            {
                Assert.Equal(SendOutcome.Failed, result.Outcome);
                return up.Task;
            },
            () =>
            {
                if (Interlocked.Increment(ref delivered) == 2_000)
                    half.SetResult();
            });
        await killing;
        Assert.Contains(tries.Values, t => t > 1);
        await InQueueAsync(sink, "kill", entities, tries);
    }

    [Fact]
    public async Task A_connection_cut_300_times_under_load_loses_nothing_and_keeps_the_order_of_each_entity()
    {
        await broker.StartAsync();
        await using var proxy = new CuttingProxy(broker.Port);
        var entities = AmqpRig.Entities(120, 100);
        await using var sink = await OpenAsync($"url: amqp://127.0.0.1:{proxy.Port}, address: /amq/queue/cut, {Who}");
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var cuts = 0;
        var next = 1;
        var delivered = 0;
        var gate = new Lock();
        var tries = await AmqpRig.DeliverAsync(sink, entities, (_, _) => Task.CompletedTask, () =>
        {
            lock (gate)
            {
                if (++delivered < next || cuts == 300)
                    return;
                next = delivered + random.Next(1, 70);
                cuts++;
            }

            proxy.Cut();
        });
        Assert.Equal(300, cuts);
        Assert.Contains(tries.Values, t => t > 1);
        await InQueueAsync(sink, "cut", entities, tries);
    }

    private async Task<OutboundEvent> SendAsync(string address, int number)
    {
        var sent = AmqpRig.Event("customer-1", number);
        await using var sink = await OpenAsync($"url: amqp://127.0.0.1:{broker.Port}, address: {address}, {Who}");
        Assert.Equal(SendResult.Delivered, await sink.SendAsync(sent));
        return sent;
    }

    private Task<ISink> OpenAsync(string settings) => AmqpRig.OpenAsync(AmqpRig.Read($"{{ {settings} }}"), secrets: ("${file:ca.pem}", broker.Authority));

    /// <summary>Everything is there, at least once; what was sent once is there once; no event stands before one that its entity had earlier.</summary>
    private async Task InQueueAsync(ISink sink, string queue, List<OutboundEvent[]> entities, Dictionary<string, int> tries)
    {
        var last = AmqpRig.Event("the-end", 1_000_000);
        Assert.Equal(SendResult.Delivered, await sink.SendAsync(last));
        var read = (await broker.ReadAsync(queue, last.Id)).SkipLast(1).ToList();
        var copies = read.CountBy(m => m.Properties.MessageId).ToDictionary();
        Assert.Equal(entities.Sum(e => e.Length), copies.Count);
        Assert.All(tries, t => Assert.InRange(copies[t.Key], 1, t.Value));
        foreach (var events in entities)
        {
            var order = read.Where(m => m.Properties.GroupId == events[0].Subject).Select(m => m.Properties.MessageId);
            Assert.Equal(events.Select(e => e.Id), order.Distinct());
        }
    }
}
