using System.Net;
using System.Net.Sockets;
using System.Text;
using Amqp;
using Amqp.Framing;
using IntegrationHub.Delivery;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace IntegrationHub.Tests.Delivery.Amqp;

/// <summary>The sink against brokers that misbehave on purpose.</summary>
public sealed class AmqpSinkTests
{
    private const string Settings = "address: crm, user: hub, password: '${secret:password}'";

    [Fact]
    public async Task Messages_arrive_in_the_order_they_were_given_while_the_first_still_connects()
    {
        using var broker = new StandInBroker(_ => new Accepted());
        await using var sink = await Open(broker);
        var sends = Enumerable.Range(1, 2_000).Select(i => sink.SendAsync(AmqpRig.Event($"customer-{i % 3}", i))).ToList();
        Assert.All(await Task.WhenAll(sends), r => Assert.Equal(SendResult.Delivered, r));
        for (var i = 1; i <= 2_000; i++)
            Assert.Equal($"acme-{i}", await broker.Came.Reader.ReadAsync(AmqpRig.Cancel));
        Assert.Single(broker.Attached);
    }

    [Fact]
    public async Task Many_messages_are_under_way_before_one_is_settled()
    {
        var held = new List<Message>();
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var broker = new StandInBroker(message =>
        {
            held.Add(message);
            if (held.Count == 500)
                all.SetResult();
            return null;
        });
        await using var sink = await Open(broker);
        Assert.Equal(500, sink.Concurrency);
        var sends = Enumerable.Range(1, 500).Select(i => sink.SendAsync(AmqpRig.Event($"customer-{i}", i))).ToList();
        await all.Task.WaitAsync(AmqpRig.Cancel);
        Assert.DoesNotContain(sends, s => s.IsCompleted);
        broker.Attached.TryPeek(out var link);
        foreach (var message in held)
            link!.DisposeMessage(message, new Accepted(), true);
        Assert.All(await Task.WhenAll(sends), r => Assert.Equal(SendResult.Delivered, r));
    }

    [Fact]
    public async Task An_event_that_is_not_accepted_has_failed_with_the_brokers_condition_and_not_its_words()
    {
        using var broker = new StandInBroker(message => message.Properties.MessageId switch
        {
            "acme-1" => new Rejected { Error = new Error("amqp:resource-limit-exceeded") { Description = AmqpRig.Password } },
            "acme-2" => new Released(),
            "acme-3" => new Modified { DeliveryFailed = true },
            "acme-4" => new Rejected { Error = new Error(AmqpRig.Password + " in a condition") },
            "acme-5" => new Rejected { Error = new Error("com.microsoft:server-busy") },
            _ => new Accepted(),
        });
        await using var sink = await Open(broker);
        var results = await Task.WhenAll(Enumerable.Range(1, 6).Select(i => sink.SendAsync(AmqpRig.Event("customer-1", i))));
        Assert.Equal(
            [
                SendResult.Failed($"{broker.Url}/crm: the broker rejected the message (amqp:resource-limit-exceeded): a limit of the broker is reached; is the queue full?"),
                SendResult.Failed($"{broker.Url}/crm: the broker gave the message back without taking it (released); is there a queue behind the address, and does it have room?"),
                SendResult.Failed($"{broker.Url}/crm: the broker gave the message back without taking it (modified); is there a queue behind the address, and does it have room?"),
                SendResult.Failed($"{broker.Url}/crm: the broker rejected the message"),
                SendResult.Failed($"{broker.Url}/crm: the broker rejected the message (com.microsoft:server-busy): the namespace is busy", TimeSpan.FromSeconds(10)),
                SendResult.Delivered,
            ],
            results);
        Assert.Single(broker.Attached);
    }

    [Fact]
    public async Task Of_several_events_in_one_send_those_behind_a_failed_one_are_not_sent()
    {
        using var broker = new StandInBroker(message => message.Properties.MessageId == "acme-2" ? new Released() : new Accepted());
        await using var sink = await Open(broker);
        var result = await sink.SendAsync([AmqpRig.Event("customer-1", 1), AmqpRig.Event("customer-1", 2), AmqpRig.Event("customer-1", 3)], AmqpRig.Cancel);
        Assert.Equal(SendOutcome.Failed, result.Outcome);
        Assert.Equal("acme-1", await broker.Came.Reader.ReadAsync(AmqpRig.Cancel));
        Assert.Equal("acme-2", await broker.Came.Reader.ReadAsync(AmqpRig.Cancel));
        Assert.False(broker.Came.Reader.TryRead(out _));
    }

    [Fact]
    public async Task A_broker_that_never_settles_is_given_up_in_time_and_the_next_send_connects_anew()
    {
        var time = new FakeTimeProvider();
        var settles = false;
        using var broker = new StandInBroker(_ => settles ? new Accepted() : null);
        await using var sink = await Open(broker, time);
        var sends = Enumerable.Range(1, 20).Select(i => sink.SendAsync(AmqpRig.Event($"customer-{i}", i))).ToList();
        for (var i = 0; i < 20; i++)
            await broker.Came.Reader.ReadAsync(AmqpRig.Cancel);
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.DoesNotContain(sends, s => s.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.All(
            await Task.WhenAll(sends),
            r => Assert.Equal(SendResult.Failed($"{broker.Url}/crm: the broker did not settle the message within 30 s; is the queue full, or the broker short of memory or disk?"), r));
        settles = true;
        Assert.Equal(SendResult.Delivered, await sink.SendAsync(AmqpRig.Event("customer-1", 1)));
        Assert.Equal(2, broker.Attached.Count);
    }

    [Fact]
    public async Task A_broker_that_gives_no_credit_is_given_up_in_time()
    {
        var time = new FakeTimeProvider();
        var log = new ListLogger();
        using var broker = new StandInBroker(_ => new Accepted(), credit: 0);
        await using var sink = await Open(broker, time, log);
        var send = sink.SendAsync(AmqpRig.Event("customer-1", 1));
        Assert.Equal($"connected to {broker.Url}/crm", await log.NextAsync());
        while (!send.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(31));
            await Task.Yield();
        }

        Assert.Contains("did not settle the message within 30 s", (await send).Reason, StringComparison.Ordinal);
        Assert.False(broker.Came.Reader.TryRead(out _));
    }

    [Fact]
    public async Task A_link_that_the_broker_ends_fails_what_is_under_way_and_the_next_send_attaches_anew()
    {
        using var broker = new StandInBroker(message => message.Properties.MessageId == "acme-9" ? new Accepted() : null);
        await using var sink = await Open(broker);
        var sends = Enumerable.Range(1, 5).Select(i => sink.SendAsync(AmqpRig.Event($"customer-{i}", i))).ToList();
        for (var i = 0; i < 5; i++)
            await broker.Came.Reader.ReadAsync(AmqpRig.Cancel);
        Assert.True(broker.Attached.TryPeek(out var link));
        link.Close(TimeSpan.Zero, new Error(ErrorCode.DetachForced) { Description = AmqpRig.Password });
        Assert.All(await Task.WhenAll(sends), r => Assert.Equal(
            SendResult.Failed($"{broker.Url}/crm: the connection or link ended before the broker settled the message (amqp:link:detach-forced): the broker ended it, or the network did; its log may say why"), r));
        Assert.Equal(SendResult.Delivered, await sink.SendAsync(AmqpRig.Event("customer-9", 9)));
    }

    [Fact]
    public async Task A_message_larger_than_the_broker_takes_fails_alone()
    {
        using var broker = new StandInBroker(_ => new Accepted(), largest: 10_000);
        await using var sink = await Open(broker);
        var results = await Task.WhenAll(
            sink.SendAsync(AmqpRig.Event("customer-1", 1)),
            sink.SendAsync(AmqpRig.Event("customer-2", 2, new string(' ', 10_000) + "{}")),
            sink.SendAsync(AmqpRig.Event("customer-3", 3, new string(' ', 9_000) + "{}")));
        Assert.Equal((SendOutcome.Delivered, SendOutcome.Failed, SendOutcome.Delivered), (results[0].Outcome, results[1].Outcome, results[2].Outcome));
        Assert.Matches(@"the message has 10,\d\d\d bytes, the broker takes 10,000", results[1].Reason);
        Assert.Single(broker.Attached);
    }

    [Fact]
    public async Task An_address_that_is_not_there_fails_with_what_to_check()
    {
        using var broker = new StandInBroker(_ => new Accepted());
        await using var sink = await AmqpRig.OpenAsync(AmqpRig.Read($"{{ url: {broker.Url}, address: cmr }}"));
        Assert.Equal(
            SendResult.Failed($"{broker.Url}/cmr: no link (amqp:not-found): there is no such queue or topic; is the name right, and does it exist? (RabbitMQ: declare the queue and write /amq/queue/NAME)"),
            await sink.SendAsync(AmqpRig.Event("customer-1", 1)));
    }

    [Fact]
    public async Task Nobody_at_the_port_fails_everyone_who_waits()
    {
        var port = LoopbackPort.Free();
        await using var sink = await AmqpRig.OpenAsync(AmqpRig.Read($"{{ url: amqp://127.0.0.1:{port}, {Settings} }}"));
        Assert.All(
            await Task.WhenAll(Enumerable.Range(1, 50).Select(i => sink.SendAsync(AmqpRig.Event($"customer-{i}", i)))),
            r => Assert.Equal(SendResult.Failed($"amqp://127.0.0.1:{port}/crm: no connection (ConnectionRefused); is the broker running, and are host and port right?"), r));
    }

    [Fact]
    public async Task A_peer_that_accepts_and_says_nothing_is_given_up_in_time()
    {
        var time = new FakeTimeProvider();
        using var peer = new TcpListener(IPAddress.Loopback, 0);
        peer.Start();
        var url = $"amqp://{peer.LocalEndpoint}";
        await using var sink = await AmqpRig.OpenAsync(AmqpRig.Read($"{{ url: {url}, {Settings} }}"), time);
        var send = sink.SendAsync(AmqpRig.Event("customer-1", 1));
        using var socket = await peer.AcceptSocketAsync(AmqpRig.Cancel);
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(SendResult.Failed($"{url}/crm: no link within 30 s; does this port speak AMQP 1.0 without TLS, and is the broker well?"), await send);
    }

    [Theory]
    [InlineData("AMQP\u0000\u0000\u0009\u0001", "(amqp:not-implemented): the broker does not speak AMQP 1.0 here (RabbitMQ 3: enable the plugin rabbitmq_amqp1_0), or not the way we sign in: by user and password (PLAIN), or without (ANONYMOUS)")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "does this port speak AMQP 1.0")]
    [InlineData("", "does this port speak AMQP 1.0")]
    [InlineData("AMQP\u0003\u0001\u0000\u0000\u0000\u0000\u0000\u0010\u0002\u0001\u0000\u0000\u0000\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff", "no link")]
    public async Task A_peer_of_another_kind_fails_with_what_to_check(string says, string reason)
    {
        using var peer = new TcpListener(IPAddress.Loopback, 0);
        peer.Start();
        await using var sink = await AmqpRig.OpenAsync(AmqpRig.Read($"{{ url: 'amqp://{peer.LocalEndpoint}', {Settings} }}"));
        var send = sink.SendAsync(AmqpRig.Event("customer-1", 1));
        using (var socket = await peer.AcceptSocketAsync(AmqpRig.Cancel))
        {
            await socket.ReceiveAsync(new byte[8], AmqpRig.Cancel);
            await socket.SendAsync(Encoding.Latin1.GetBytes(says), AmqpRig.Cancel);
            socket.Shutdown(SocketShutdown.Send);
        }

        var result = await send;
        Assert.Equal(SendOutcome.Failed, result.Outcome);
        Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1", 20, true, true)]
    [InlineData("other.example", 20, true, false)]
    [InlineData("127.0.0.1", -1, true, false)]
    [InlineData("127.0.0.1", 20, false, false)]
    public async Task A_certificate_is_accepted_only_with_its_name_its_time_and_its_authority(string name, int ends, bool trusted, bool accepted)
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Server(name, ends);
        using var broker = new StandInBroker(_ => new Accepted(), certificate: certificate);
        var settings = $"{{ url: amqps://127.0.0.1:{broker.Port}, address: crm{(trusted ? ", authorities: '${file:ca.pem}'" : "")} }}";
        await using var sink = await AmqpRig.OpenAsync(AmqpRig.Read(settings), secrets: ("${file:ca.pem}", authority.Pem));
        Assert.Equal(
            accepted
                ? SendResult.Delivered
                : SendResult.Failed($"amqps://127.0.0.1:{broker.Port}/crm: TLS failed; does this port speak TLS, and is the broker's certificate valid, made for 127.0.0.1, and by an authority that is trusted ('authorities:')?"),
            await sink.SendAsync(AmqpRig.Event("customer-1", 1)));
    }

    [Fact]
    public async Task A_send_that_is_cancelled_throws()
    {
        var time = new FakeTimeProvider();
        using var peer = new TcpListener(IPAddress.Loopback, 0);
        peer.Start();
        await using var sink = await AmqpRig.OpenAsync(AmqpRig.Read($"{{ url: 'amqp://{peer.LocalEndpoint}', {Settings} }}"), time);
        using var stop = new CancellationTokenSource();
        var first = sink.SendAsync([AmqpRig.Event("customer-1", 1)], stop.Token);
        var second = sink.SendAsync([AmqpRig.Event("customer-2", 2)], stop.Token);
        using var socket = await peer.AcceptSocketAsync(AmqpRig.Cancel);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
    }

    [Fact]
    public async Task A_sink_that_is_closed_fails_what_is_under_way_and_what_comes_later()
    {
        using var broker = new StandInBroker(_ => null);
        var sink = await Open(broker);
        var send = sink.SendAsync(AmqpRig.Event("customer-1", 1));
        await broker.Came.Reader.ReadAsync(AmqpRig.Cancel);
        await sink.DisposeAsync();
        await sink.DisposeAsync();
        Assert.Equal(SendOutcome.Failed, (await send).Outcome);
        Assert.Equal(SendResult.Failed($"{broker.Url}/crm: the sink is closed"), await sink.SendAsync(AmqpRig.Event("customer-1", 1)));
    }

    [Fact]
    public async Task A_sink_that_was_never_used_is_closed()
    {
        var sink = await AmqpRig.OpenAsync(AmqpRig.Read($"{{ url: amqp://127.0.0.1:1, {Settings} }}"));
        await sink.DisposeAsync();
        await sink.DisposeAsync();
    }

    private static Task<ISink> Open(StandInBroker broker, TimeProvider? time = null, ILogger? log = null) =>
        AmqpRig.OpenAsync(AmqpRig.Read($"{{ url: {broker.Url}, address: crm }}"), time, log);
}
