using System.Threading.Channels;
using Amqp.Framing;
using IntegrationHub.Delivery;
using Microsoft.Extensions.Time.Testing;

namespace IntegrationHub.Tests.Delivery.Amqp;

/// <summary>The sink against a stand-in of Azure Service Bus that holds it to its tokens.</summary>
public sealed class ServiceBusTests : IDisposable
{
    private const string Target = "sb://localhost/crm";

    private static readonly TimeSpan Renewal = TimeSpan.FromMinutes(16);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(30);

    private readonly WatchedTime _time = new(new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero));
    private readonly ListLogger _log = new();
    private readonly TestAuthority _authority = new();
    private readonly ServiceBusStandIn _bus;

    public ServiceBusTests() => _bus = new(_time, _authority.Server("localhost"));

    public void Dispose()
    {
        _bus.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public async Task Events_are_sent_with_the_right_that_a_token_gives()
    {
        await using var sink = await OpenAsync();
        Assert.All(await Task.WhenAll(Enumerable.Range(1, 200).Select(i => sink.SendAsync(AmqpRig.Event($"customer-{i % 5}", i)))), r => Assert.Equal(SendResult.Delivered, r));
        for (var i = 1; i <= 200; i++)
            Assert.Equal($"acme-{i}", await _bus.Came.Reader.ReadAsync(AmqpRig.Cancel));
        Assert.Equal(202, await _bus.Tokens.Reader.ReadAsync(AmqpRig.Cancel));
        Assert.False(_bus.Tokens.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Tokens_are_renewed_before_they_expire_and_no_send_notices()
    {
        await using var sink = await OpenAsync();
        var sequence = 0;
        Task<SendResult[]> SendAsync() => Task.WhenAll(Enumerable.Range(1, 4).Select(i => sink.SendAsync(AmqpRig.Event($"customer-{i}", ++sequence))));
        Assert.All(await SendAsync(), r => Assert.Equal(SendResult.Delivered, r));
        Assert.Equal(202, await _bus.Tokens.Reader.ReadAsync(AmqpRig.Cancel));
        // Two days on the clock: with the first token alone sending would have ended after twenty minutes.
        for (var token = 0; token < 180; token++)
        {
            await _time.StartedAsync(Renewal);
            _time.Advance(Renewal);
            Assert.All(await SendAsync(), r => Assert.Equal(SendResult.Delivered, r));
            Assert.Equal(202, await _bus.Tokens.Reader.ReadAsync(AmqpRig.Cancel));
        }

        Assert.Single(_bus.Attached);
        Assert.True(_time.GetUtcNow() > new DateTimeOffset(2026, 3, 6, 4, 0, 0, TimeSpan.Zero));
    }

    [Fact]
    public async Task A_renewal_that_fails_is_tried_again_while_the_token_is_good()
    {
        await using var sink = await OpenAsync();
        Assert.Equal(SendResult.Delivered, await sink.SendAsync(AmqpRig.Event("customer-1", 1)));
        Assert.Equal(202, await _bus.Tokens.Reader.ReadAsync(AmqpRig.Cancel));
        _bus.Answers.Enqueue(500);
        _bus.Answers.Enqueue(503);
        foreach (var (wait, expected) in new[] { (Renewal, 500), (Retry, 503), (Retry, 202) })
        {
            await _time.StartedAsync(wait);
            _time.Advance(wait);
            Assert.Equal(expected, await _bus.Tokens.Reader.ReadAsync(AmqpRig.Cancel));
            Assert.Equal(SendResult.Delivered, await sink.SendAsync(AmqpRig.Event("customer-1", 2)));
        }

        Assert.Single(_bus.Attached);
        Assert.Equal(
            [
                $"connected to {Target}",
                $"the token for Azure Service Bus was not renewed, tried again until it expires: {Target}: no link (amqp:internal-error): the broker's log may say why",
                $"the token for Azure Service Bus was not renewed, tried again until it expires: {Target}: no link (com.microsoft:server-busy): the namespace is busy",
            ],
            _log.Lines);
    }

    [Fact]
    public async Task A_connection_whose_token_expired_is_replaced_by_one_with_a_new_token()
    {
        await using var sink = await OpenAsync();
        Assert.Equal(SendResult.Delivered, await sink.SendAsync(AmqpRig.Event("customer-1", 1)));
        Assert.True(_bus.Attached.TryPeek(out var first));
        var dropped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        first.AddClosedCallback((_, _) => dropped.TrySetResult());
        // The machine slept: renewal and expiry come at once.
        _time.Advance(TimeSpan.FromHours(2));
        await dropped.Task.WaitAsync(AmqpRig.Cancel);
        var tries = 1;
        while (await sink.SendAsync(AmqpRig.Event("customer-1", 2)) is { Outcome: not SendOutcome.Delivered } failed)
        {
            Assert.Contains("(amqp:unauthorized-access): not permitted", failed.Reason, StringComparison.Ordinal);
            tries++;
        }

        // How many go to the old link before it is known to be gone is a matter of luck; that it ends is not.
        Assert.InRange(tries, 1, 50);
        Assert.Equal(2, _bus.Attached.Count);
    }

    [Fact]
    public async Task A_wrong_key_is_refused_and_told_without_showing_it()
    {
        await using var sink = await OpenAsync(key: AmqpRig.Password);
        Assert.Equal(
            SendResult.Failed($"{Target}: no link (amqp:unauthorized-access): not permitted; are user and password (Service Bus: name and value of the key, and this machine's clock) right, and may they send there?"),
            await sink.SendAsync(AmqpRig.Event("customer-1", 1)));
        Assert.Equal(401, await _bus.Tokens.Reader.ReadAsync(AmqpRig.Cancel));
    }

    [Fact]
    public async Task A_queue_that_is_not_there_is_told_with_what_to_check()
    {
        await using var sink = await OpenAsync(entity: "cmr");
        Assert.Equal(
            SendResult.Failed("sb://localhost/cmr: no link (amqp:not-found): there is no such queue or topic; is the name right, and does it exist? (RabbitMQ: declare the queue and write /amq/queue/NAME)"),
            await sink.SendAsync(AmqpRig.Event("customer-1", 1)));
    }

    [Fact]
    public async Task A_broker_without_tokens_is_told_apart()
    {
        using var certificate = _authority.Server("localhost");
        using var broker = new StandInBroker(_ => new Accepted(), certificate: certificate);
        await using var sink = await OpenAsync(port: broker.Port);
        Assert.Contains("no link (amqp:not-found)", (await sink.SendAsync(AmqpRig.Event("customer-1", 1))).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_and_signatures_stand_in_no_message()
    {
        var messages = new List<string>();
        foreach (var (key, entity) in new[] { (_bus.Key, "crm"), (AmqpRig.Password, "crm"), (_bus.Key, "cmr") })
        {
            await using var sink = await OpenAsync(key, entity);
            messages.Add((await sink.SendAsync(AmqpRig.Event("customer-1", 1))).Reason);
            messages.Add(sink.ToString()!);
        }

        messages.AddRange(_log.Lines);
        Assert.NotEmpty(_bus.Signatures);
        Assert.All([_bus.Key, AmqpRig.Password, "SharedAccessSignature", "customer-1", "客户", .. _bus.Signatures], secret =>
            Assert.DoesNotContain(messages, m => m.Contains(secret, StringComparison.Ordinal)));
    }

    private Task<ISink> OpenAsync(string? key = null, string entity = "crm", int? port = null)
    {
        var options = AmqpRig.Read($$"""{ connectionString: "Endpoint=sb://localhost:{{port ?? _bus.Port}}/;SharedAccessKeyName={{ServiceBusStandIn.KeyName}};SharedAccessKey=${secret:bus}", entity: {{entity}}, authorities: "${file:ca.pem}", timeoutSeconds: 600 }""");
        return AmqpRig.OpenAsync(options, _time, _log, ("${secret:bus}", key ?? _bus.Key), ("${file:ca.pem}", _authority.Pem));
    }

    /// <summary>A clock that says when somebody starts to wait.</summary>
    private sealed class WatchedTime(DateTimeOffset start) : FakeTimeProvider(start)
    {
        private readonly Channel<TimeSpan> _started = Channel.CreateUnbounded<TimeSpan>();

        public async Task StartedAsync(TimeSpan wait)
        {
            while (await _started.Reader.ReadAsync(AmqpRig.Cancel) != wait)
            {
            }
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            _started.Writer.TryWrite(dueTime);
            return timer;
        }
    }
}
