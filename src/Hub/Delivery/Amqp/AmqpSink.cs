using System.Threading.Channels;

namespace IntegrationHub.Delivery.Amqp;

/// <summary>
/// Sends events to an AMQP 1.0 broker over one link, many under way at once; an event is delivered when the broker has settled it as accepted. One task hands them
/// over in the order they came and connects when there is no link, so that nothing overtakes and nobody connects twice. Events that were under way when a link
/// was lost fail, and whoever waited for the connection fails with it.
/// </summary>
internal sealed partial class AmqpSink : ISink
{
    private readonly AmqpPeer _peer;
    private readonly AmqpOptions _options;
    private readonly SinkContext _context;
    private readonly Channel<AmqpSend> _queue;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _pump;
    private AmqpLink? _link;

    public AmqpSink(AmqpPeer peer, AmqpOptions options, SinkContext context)
    {
        _peer = peer;
        _options = options;
        _context = context;
        _queue = Channel.CreateBounded<AmqpSend>(new BoundedChannelOptions(options.InFlight) { SingleReader = true });
        _pump = Task.Run(PumpAsync);
    }

    public int Concurrency => _options.InFlight;

    public int BatchSize => 1;

    public async Task<SendResult> SendAsync(IReadOnlyList<OutboundEvent> events, CancellationToken cancellationToken)
    {
        var result = SendResult.Delivered;
        foreach (var one in events)
        {
            // One after the other: a later event may be of the same entity as one that fails.
            result = await SendAsync(one, cancellationToken);
            if (result.Outcome != SendOutcome.Delivered)
                break;
        }

        return result;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_queue.Writer.TryComplete())
        {
            await _pump;
            return;
        }

        await _stop.CancelAsync();
        await _pump;
        if (_link is not null)
            await _link.DisposeAsync();
        _stop.Dispose();
    }

    private async Task<SendResult> SendAsync(OutboundEvent one, CancellationToken cancellationToken)
    {
        var send = new AmqpSend(one);
        try
        {
            await _queue.Writer.WriteAsync(send, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            return Closed();
        }

        using var cancelled = cancellationToken.UnsafeRegister(static (state, token) => ((AmqpSend)state!).TrySetCanceled(token), send);
        return await send.Task;
    }

    private async Task PumpAsync()
    {
        await foreach (var send in _queue.Reader.ReadAllAsync())
        {
            if (send.IsOver)
                continue;
            if (_link is not { IsOpen: true } && await ConnectAsync() is { Outcome: not SendOutcome.Delivered } failed)
            {
                send.TrySetResult(failed);
                // Those who waited meanwhile have waited as long; who comes now tries anew.
                for (var waiting = _queue.Reader.Count; waiting > 0 && _queue.Reader.TryRead(out var other); waiting--)
                    other.TrySetResult(failed);
                continue;
            }

            try
            {
                _link!.Send(send);
            }
            catch (Exception e)
            {
                // Of this event alone; the task that hands over must not end with it.
                send.TrySetResult(SendResult.Failed($"{_peer}: the event could not be written as a message ({e.GetType().Name})"));
            }
        }
    }

    private async Task<SendResult> ConnectAsync()
    {
        if (_link is not null)
            await _link.DisposeAsync();
        _link = null;
        if (_stop.IsCancellationRequested)
            return Closed();
        using var bound = new CancellationTokenSource(_options.Timeout, _context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, _stop.Token);
        try
        {
            _link = await AmqpLink.OpenAsync(_peer, _options, _context.Time, _context.Log, either.Token);
            Connected(_context.Log, _peer.ToString());
            return SendResult.Delivered;
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            return Closed();
        }
        catch (Exception e)
        {
            // Whatever a peer makes AMQPNetLite throw: the sink tells of it and goes on.
            return AmqpFaults.NotOpened(e, _peer, _options.Timeout);
        }
    }

    private SendResult Closed() => SendResult.Failed($"{_peer}: the sink is closed");

    [LoggerMessage(72, LogLevel.Information, "connected to {Broker}")]
    private static partial void Connected(ILogger log, string broker);
}
