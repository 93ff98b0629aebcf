using Amqp;
using Amqp.Framing;
using Amqp.Sasl;
using Amqp.Types;

namespace IntegrationHub.Delivery.Amqp;

/// <summary>
/// One connection with its sender link, from open to lost. Every message that is handed over completes: settled by the broker, or failed when the link is lost or a
/// message stays unsettled for too long - then the link is given up whole, because nothing tells what the broker still does with it.
/// </summary>
internal sealed class AmqpLink : IAsyncDisposable
{
    private const int Envelope = 4096;

    /// <summary>Of a terminus: what it holds outlives the broker's restart.</summary>
    private const uint UnsettledState = 2;

    /// <summary>For the broker to answer our farewell; nothing hangs on it.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    private static readonly OutcomeCallback OnOutcome = (link, _, outcome, state) => ((AmqpSend)state).Link!.Settle((SenderLink)link, outcome, (AmqpSend)state);

    private readonly AmqpPeer _peer;
    private readonly AmqpOptions _options;
    private readonly TimeProvider _time;
    private readonly AmqpTransport _transport;
    private readonly Connection _connection;
    private readonly SenderLink _sender;
    private readonly ulong _largest;
    private readonly HashSet<AmqpSend> _unsettled = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly ITimer _watch;
    private SendResult? _lost;

    private AmqpLink(AmqpPeer peer, AmqpOptions options, TimeProvider time, AmqpTransport transport, Connection connection, SenderLink sender, ulong largest, ServiceBusTokens? tokens)
    {
        _peer = peer;
        _options = options;
        _time = time;
        _transport = transport;
        _connection = connection;
        _sender = sender;
        _largest = largest;
        var interval = options.Timeout / 10;
        _watch = time.CreateTimer(static link => ((AmqpLink)link!).GiveUpOverdue(), this, interval, interval);
        // These run under locks of AMQPNetLite: what they do must not wait for it.
        sender.AddClosedCallback((_, error) => Lose(AmqpFaults.Lost(error, peer)));
        connection.AddClosedCallback((_, error) => Lose(AmqpFaults.Lost(error, peer)));
        if (tokens is not null)
            _ = tokens.RenewAsync(_ended.Token);
    }

    /// <summary>A connection that is being closed, for idleness say, takes nothing any more, although it ends only when the broker agrees.</summary>
    public bool IsOpen
    {
        get
        {
            if (_connection.IsClosed || _sender.IsClosed)
                return false;
            lock (_unsettled)
                return _lost is null;
        }
    }

    /// <summary>Connects, signs in and attaches.</summary>
    /// <param name="cancellationToken">Bounds all of it.</param>
    /// <exception cref="Exception">Whatever AMQPNetLite and the platform throw; <see cref="AmqpFaults.NotOpened"/> knows it.</exception>
    public static async Task<AmqpLink> OpenAsync(AmqpPeer peer, AmqpOptions options, TimeProvider time, ILogger log, CancellationToken cancellationToken)
    {
        var transport = await AmqpTransport.ConnectAsync(peer, cancellationToken);
        try
        {
            using var provider = new ConnectedTransport(transport);
            var name = $"integration-hub-{Guid.NewGuid():N}";
            var factory = new ConnectionFactory([provider]);
            factory.AMQP.ContainerId = name;
            factory.AMQP.IdleTimeout = (int)options.IdleTimeout.TotalMilliseconds;
            factory.SASL.Profile = SaslProfile.Anonymous;
            var address = new Address(peer.Host, peer.Port, peer.User, peer.Password, "/", peer.Tls ? "AMQPS" : "AMQP");
            var broker = new BrokerIdentity();
            // AMQPNetLite does not give up signing in by itself; closing the transport below ends what is left of it.
            var connecting = factory.CreateAsync(address, cancellationToken, broker);
            _ = connecting.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            var connection = await connecting.WaitAsync(cancellationToken);
            var tokens = peer.Access is { } access ? new ServiceBusTokens(connection, access, peer, options, time, log) : null;
            if (tokens is not null)
                await tokens.PutAsync(cancellationToken);
            if (broker.TakesMessagesForNobody(peer.Address))
                await FindAsync(connection, name, peer.Address, cancellationToken);
            var (sender, largest) = await AttachAsync(connection, name, peer, cancellationToken);
            return new(peer, options, time, transport, connection, sender, largest, tokens);
        }
        catch
        {
            transport.Dispose();
            throw;
        }
    }

    /// <summary>Hands a message over, behind those before it.</summary>
    public void Send(AmqpSend send)
    {
        var message = AmqpMessage.Write(send.Event, _options.Mode);
        // A message that is too large would cost the link, and so fail all others with it.
        if (_largest > 0 && (ulong)(send.Event.Data.Length + Envelope) > _largest && message.Encode().Length is var bytes && (ulong)bytes > _largest)
        {
            send.TrySetResult(AmqpFaults.TooLarge(_peer, bytes, _largest));
            return;
        }

        send.Link = this;
        send.At = _time.GetTimestamp();
        lock (_unsettled)
        {
            if (_lost is { } lost)
            {
                send.TrySetResult(lost);
                return;
            }

            _unsettled.Add(send);
        }

        try
        {
            _sender.Send(message, OnOutcome, send);
        }
        catch (Exception e)
        {
            Lose(AmqpFaults.Lost((e as AmqpException)?.Error, _peer));
        }
    }

    /// <summary>Says farewell when there is somebody to hear it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (IsOpen)
            await _connection.CloseQuietlyAsync(Farewell);
        Lose(AmqpFaults.Lost(null, _peer));
    }

    private static async Task<(SenderLink Sender, ulong Largest)> AttachAsync(Connection connection, string name, AmqpPeer peer, CancellationToken cancellationToken)
    {
        // RabbitMQ declares the queue of an address /queue/NAME: durable only when the target is.
        var target = new Target { Address = peer.Address, Durable = peer.Access is null ? UnsettledState : 0 };
        var attached = new TaskCompletionSource<Attach?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var sender = new SenderLink(new Session(connection), name, new Attach { Source = new Source(), Target = target, SndSettleMode = SenderSettleMode.Unsettled }, (_, answer) =>
        {
            // A refused attach comes back without a target; why is in the detach that follows.
            if (answer.Target is not null)
                attached.TrySetResult(answer);
        });
        sender.AddClosedCallback((_, _) => attached.TrySetResult(null));
        var answered = await attached.Task.WaitAsync(cancellationToken) ?? throw new AmqpException(sender.Error ?? connection.Error ?? new Error(ErrorCode.DetachForced));
        return (sender, answered.MaxMessageSize);
    }

    /// <summary>Asks for a queue by attaching to read it, without taking anything. Only the answer that it is not there counts: that we may not read it is none.</summary>
    private static async Task FindAsync(Connection connection, string name, string address, CancellationToken cancellationToken)
    {
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var session = new Session(connection);
        var receiver = new ReceiverLink(session, name, new Source { Address = address }, (_, _) => answered.TrySetResult());
        receiver.AddClosedCallback((_, _) => answered.TrySetResult());
        await answered.Task.WaitAsync(cancellationToken);
        var error = receiver.Error;
        await session.CloseQuietlyAsync(Farewell);
        if (error?.Condition?.Equals((Symbol)ErrorCode.NotFound) == true)
            throw new AmqpException(error);
    }

    private void Settle(SenderLink link, Outcome? outcome, AmqpSend send)
    {
        lock (_unsettled)
            _unsettled.Remove(send);
        // When a link ends, AMQPNetLite makes up outcomes for what was under way.
        var lost = outcome is not Accepted && (_connection.IsClosed || link.IsClosed || link.LinkState == LinkState.End);
        send.TrySetResult(lost ? AmqpFaults.Lost((outcome as Rejected)?.Error, _peer) : AmqpFaults.Settled(outcome, _peer));
    }

    private void GiveUpOverdue()
    {
        var overdue = false;
        lock (_unsettled)
            overdue = _unsettled.Any(s => _time.GetElapsedTime(s.At) >= _options.Timeout);
        if (overdue)
            Lose(AmqpFaults.NotSettled(_peer, _options.Timeout));
    }

    private void Lose(SendResult why)
    {
        AmqpSend[] unsettled;
        lock (_unsettled)
        {
            if (_lost is not null)
                return;
            _lost = why;
            unsettled = [.. _unsettled];
            _unsettled.Clear();
        }

        foreach (var send in unsettled)
            send.TrySetResult(why);
        _watch.Dispose();
        _ = _ended.CancelAsync();
        _transport.Dispose();
    }
}
