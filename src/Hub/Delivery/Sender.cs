using IntegrationHub.Storage;

namespace IntegrationHub.Delivery;

/// <summary>
/// Sends events of one subscription: each entity's in order, different ones side by side, what fails again after a pause. Knows no store; its dispatcher
/// collects what has become of them.
/// </summary>
/// <param name="wake">Called when there is something to collect or room for more.</param>
internal sealed class Sender(ISink sink, DeliveryLimits limits, TimeProvider time, Action wake) : IAsyncDisposable
{
    /// <summary>Attempts after which an event makes room for those of other entities, when the destination takes these.</summary>
    private const int Patience = 2;

    /// <summary>How long sends that are under way may take to end when the hub stops.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Lanes _lanes = new();
    private readonly Circuit _circuit = new(limits.LongestPause);
    private readonly CancellationTokenSource _cancel = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<long> _stuck = [];
    private readonly int _refillAt = limits.Window * 3 / 4;
    private List<RetriedEvent> _retried = [];
    private List<PendingEvent> _refused = [];
    private int _delivered;
    private int _underWay;
    private string? _gone;
    private bool _stopping;

    /// <summary>Events in memory.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _lanes.Count;
        }
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Takes events over and begins what may begin.</summary>
    public void Add(IEnumerable<PendingEvent> events)
    {
        lock (_lock)
            foreach (var pending in events)
                // One before it failed, which nobody has heard of yet.
                if (pending.Origin == PendingOrigin.Retry && _retried.Any(r => r.NextAt is not null && r.Event.Entity == pending.Entity))
                    _retried.Add(new(pending, DeliveryRow.BehindAnother));
                else
                    _lanes.Add(pending);
        Start();
    }

    /// <summary>Begins whatever may begin now.</summary>
    public void Start()
    {
        List<List<PendingEvent>>? begun = null;
        lock (_lock)
        {
            var now = Now;
            while (!_stopping && _gone is null && _underWay < sink.Concurrency && _circuit.MayEnter(now) && _lanes.TryTake(sink.BatchSize, now, out var batch))
            {
                _circuit.Enter();
                _underWay++;
                (begun ??= []).Add(batch);
            }
        }

        if (begun is not null)
            foreach (var batch in begun)
                _ = Task.Run(() => SendAsync(batch), CancellationToken.None);
    }

    /// <summary>What happened since the last call, with the events that have to make room.</summary>
    public SenderReport Collect()
    {
        lock (_lock)
        {
            var spilled = new List<PendingEvent>();
            if (!_circuit.IsOpen)
                foreach (var entity in _stuck.ToList())
                    Spill(entity, spilled);
            var report = new SenderReport(_delivered, spilled, _retried, _refused, _gone, _circuit.IsOpen, _circuit.FailingSince, _circuit.Reason, _circuit.OpenUntil, _circuit.LastSuccess);
            (_delivered, _retried, _refused) = (0, [], []);
            return report;
        }
    }

    /// <summary>When something that waits has its turn (unix milliseconds), or <c>null</c>.</summary>
    public long? NextAt()
    {
        lock (_lock)
            if (_lanes.Count == 0 || _underWay >= sink.Concurrency || _circuit.IsProbing)
                return null;
        return !_circuit.IsOpen ? _lanes.NextAt : _lanes.HasReady ? _circuit.OpenUntil : Math.Max(_circuit.OpenUntil, _lanes.NextAt ?? 0);
    }

    /// <summary>Takes events out that are older than a time and not under way.</summary>
    public IReadOnlyList<PendingEvent> TakeOlder(DateTimeOffset than)
    {
        lock (_lock)
        {
            var taken = new List<PendingEvent>();
            foreach (var entity in _lanes.Waiting())
            {
                var events = _lanes.TakeOut(entity);
                foreach (var pending in events)
                    if (pending.Origin == PendingOrigin.Feed && pending.Event.Time < than)
                        taken.Add(pending);
                    else
                        _lanes.Add(pending);
            }

            return taken;
        }
    }

    /// <summary>Begins nothing more and waits for what is under way; what does not end in time will be sent again.</summary>
    public async Task StopAsync()
    {
        lock (_lock)
        {
            _stopping = true;
            if (_underWay == 0)
                _idle.TrySetResult();
        }

        try
        {
            await _idle.Task.WaitAsync(StopLimit, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            await _cancel.CancelAsync();
            await _idle.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await sink.DisposeAsync();
        _cancel.Dispose();
    }

    private async Task SendAsync(List<PendingEvent> batch)
    {
        SendResult? result = null;
        try
        {
            result = await sink.SendAsync([.. batch.Select(p => p.Event)], _cancel.Token);
        }
        catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
        {
            // Unknown, so it stays as it was: not delivered.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            result = SendResult.Failed($"the sink failed in a way it did not explain: {e.GetType().Name}");
        }

        bool tell;
        lock (_lock)
        {
            var before = _lanes.Count;
            _underWay--;
            if (result is { } known)
                Settle(batch, known);
            tell = result is not { Outcome: SendOutcome.Delivered } || _lanes.Count == 0 || (before > _refillAt && _lanes.Count <= _refillAt) || batch[0].Origin == PendingOrigin.Retry;
            if (_stopping && _underWay == 0)
                _idle.TrySetResult();
        }

        Start();
        if (tell)
            wake();
    }

    private void Settle(List<PendingEvent> batch, SendResult result)
    {
        var now = Now;
        switch (result.Outcome)
        {
            case SendOutcome.Delivered:
                _lanes.Release(batch);
                _delivered += batch.Count;
                foreach (var pending in batch)
                {
                    pending.IsDelivered = pending.IsDone = true;
                    if (pending.Origin == PendingOrigin.Retry)
                        _retried.Add(new(pending, null));
                }

                if (_circuit.Succeeded(now))
                    _lanes.Hurry();
                break;
            case SendOutcome.Refused when batch.Count > 1:
                // Which of them is meant comes out when they go alone.
                foreach (var pending in batch)
                    pending.Attempts++;
                _lanes.Return(batch, _ => now);
                _circuit.Succeeded(now);
                break;
            case SendOutcome.Refused:
                _lanes.Release(batch);
                batch[0].Attempts++;
                batch[0].FirstAt = batch[0].FirstAt == 0 ? now : batch[0].FirstAt;
                batch[0].Reason = result.Reason;
                _refused.Add(batch[0]);
                if (_circuit.Succeeded(now))
                    _lanes.Hurry();
                break;
            case SendOutcome.Gone:
                _gone = result.Reason;
                _lanes.Return(batch, _ => now);
                break;
            default:
                _circuit.Failed(now, batch[0].Entity, result.Reason, result.RetryAfter, Jitter());
                foreach (var pending in batch)
                {
                    pending.Attempts++;
                    pending.FirstAt = pending.FirstAt == 0 ? now : pending.FirstAt;
                    pending.Reason = result.Reason;
                    if (pending.Attempts >= Patience)
                        _stuck.Add(pending.Entity);
                }

                // Retries go alone.
                if (batch[0].Origin == PendingOrigin.Retry)
                    SendBack(batch, NextTry(batch[0], now, result.RetryAfter));
                else
                    _lanes.Return(batch, p => NextTry(p, now, result.RetryAfter));
                break;
        }
    }

    /// <summary>A retry that failed goes back to where it was kept, and the others of its entity that were to follow it.</summary>
    private void SendBack(List<PendingEvent> retry, long nextAt)
    {
        _lanes.Release(retry);
        _retried.Add(new(retry[0], nextAt));
        foreach (var behind in _lanes.TakeOut(retry[0].Entity))
            if (behind.Origin == PendingOrigin.Retry)
                _retried.Add(new(behind, DeliveryRow.BehindAnother));
            else
                _lanes.Add(behind);
    }

    private long NextTry(PendingEvent pending, long now, TimeSpan? retryAfter)
    {
        var pause = RetrySchedule.OfEvent(Math.Max(1, pending.Attempts), Jitter());
        // As long as the destination takes nothing else, it may be the destination, which can be back any minute.
        if (_circuit.LastSuccess < pending.FirstAt && pause > limits.LongestPause)
            pause = limits.LongestPause;
        if (retryAfter > pause)
            pause = retryAfter.Value;
        return now + (long)pause.TotalMilliseconds;
    }

    private void Spill(long entity, List<PendingEvent> spilled)
    {
        if (_lanes.First(entity) is not { } first || first.Attempts < Patience)
        {
            _stuck.Remove(entity);
            return;
        }

        if (first.Origin == PendingOrigin.Retry || _circuit.LastSuccess < first.FirstAt)
            return;
        var events = _lanes.TakeOut(entity);
        if (events.Count > 0)
            _stuck.Remove(entity);
        spilled.AddRange(events);
    }

#pragma warning disable CA5394 // Spreads retries; nothing secret hangs on it.
    private static double Jitter() => Random.Shared.NextDouble();
#pragma warning restore CA5394
}

/// <summary>A retry that ended.</summary>
/// <param name="NextAt">When to try again, in unix milliseconds; <see cref="DeliveryRow.BehindAnother"/> when one before it failed; <c>null</c> when it was delivered.</param>
internal readonly record struct RetriedEvent(PendingEvent Event, long? NextAt);

/// <summary>What happened at a sender since the last report.</summary>
/// <param name="Delivered">Events that the destination took.</param>
/// <param name="Spilled">Events to keep for later, by entity and in order, because the destination takes others but not the first of these.</param>
/// <param name="Refused">Events that the destination will never take.</param>
/// <param name="Gone">Why nothing will be sent any more, or <c>null</c>.</param>
internal sealed record SenderReport(int Delivered, IReadOnlyList<PendingEvent> Spilled, IReadOnlyList<RetriedEvent> Retried, IReadOnlyList<PendingEvent> Refused, string? Gone, bool IsOut, long FailingSince, string Reason, long OpenUntil, long LastSuccess)
{
    public bool IsNews => Delivered > 0 || Spilled.Count > 0 || Retried.Count > 0 || Refused.Count > 0;
}
