using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;

namespace IntegrationHub.Delivery;

/// <summary>From opening the sink to closing it. All but the sends themselves happens on one thread at a time.</summary>
internal sealed class DeliverySession : IAsyncDisposable
{
    private const int Page = 500;
    private const int DuePage = 100;

    /// <summary>Waiting events that a page of a replay is compared with.</summary>
    private const int MostWaiting = 10_000;

    /// <summary>Windows of events that may be delivered behind one that is still under way.</summary>
    private const int MostBehind = 10;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CommitInterval = TimeSpan.FromMilliseconds(100);

    private readonly DeliveryContext _context;
    private readonly Subscription _subscription;
    private readonly int _number;
    private readonly ILogger _log;
    private readonly Sender _sender;
    private readonly Progress _progress;
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly HashSet<long> _retrying = [];
    private SubscriptionState _state;
    private long _lastCommit;
    private long? _looked;
    private ReplayPage? _replaying;
    private bool _isOut;
    private bool _told;
    private bool _dirty;

    public DeliverySession(DeliveryContext context, Subscription subscription, int number, SubscriptionState state, ISink sink, ILogger log)
    {
        (_context, _subscription, _number, _log) = (context, subscription, number, log);
        _state = state;
        _progress = new(state.Position, state.Previous);
        _sender = new(sink, context.Limits, context.Time, Wake);
    }

    public required EventWriter Writer { get; init; }

    /// <summary>Entities of which something is kept for later, so that what follows has to wait behind it, each with the sequence of the first.</summary>
    public required Dictionary<long, long> Waiting { get; set; }

    /// <summary>Events behind the position that are kept already, from before a crash.</summary>
    public required HashSet<long> Kept { get; init; }

    private TimeProvider Time => _context.Time;

    private IHubReader Reader => _context.Store.Reader;

    private string Name => _subscription.Name;

    private long Now => Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Comes back when the hub stops, the subscription is held, or its destination is gone.</summary>
    /// <exception cref="StoreException">The store could not be used; the next session begins with what is in it.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested && await StepAsync(stop))
            {
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What went out until now is still told.
        }

        await _sender.StopAsync();
        var report = Take();
        await CommitAsync(report, null);
        if (report.Gone is not { } gone)
            return;
        await _context.Commits.WriteAsync(transaction => new Hold(Now, gone, IsGone: true).SaveAsync(transaction, Name));
        DeliveryLog.Held(_log, Name, gone, Name);
    }

    public async ValueTask DisposeAsync()
    {
        await _sender.DisposeAsync();
        _wake.Dispose();
    }

    /// <returns>Whether to go on.</returns>
    private async ValueTask<bool> StepAsync(CancellationToken stop)
    {
        _sender.Start();
        var report = Take();
        var filled = report.Gone is null && await FillAsync(report, stop);
        if (!filled && (report.IsNews || (_dirty && Time.GetElapsedTime(_lastCommit) >= CommitInterval)))
            await CommitAsync(report, null);
        if (report.Gone is not null)
            return false;
        if (_looked is not { } looked || Time.GetElapsedTime(looked) >= Look)
        {
            _looked = Time.GetTimestamp();
            if (await Hold.ReadAsync(Reader, Name, stop) is not null)
                return false;
            await PassOverAsync();
            await RetryAsync(stop);
            await ReplayAsync(stop);
        }

        if (!filled)
            await WaitAsync(stop);
        return true;
    }

    private void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
        {
            // It is awake already, or over.
        }
    }

    /// <summary>What the sender has to say, with its state told to the operator when it changes.</summary>
    private SenderReport Take()
    {
        var report = _sender.Collect();
        if (report.IsOut && !_told)
            DeliveryLog.Failing(_log, Name, report.Reason);
        else if (!report.IsOut && report.FailingSince == 0 && _told)
            DeliveryLog.Recovered(_log, Name);
        _told = report.IsOut || (_told && report.FailingSince != 0);
        _dirty |= report.IsNews || report.FailingSince != _state.FailingSince || report.Reason != _state.Reason || report.OpenUntil != _state.NextTry;
        return report;
    }

    /// <summary>Reads on in the feed when there is room.</summary>
    /// <returns>Whether anything was read.</returns>
    private async ValueTask<bool> FillAsync(SenderReport report, CancellationToken stop)
    {
        _isOut = report.IsOut;
        if (Room() is not (var room and > 0))
            return false;
        var rows = await Reader.ChangesAsync(new ChangeQuery(_progress.ReadTo, room), stop);
        if (rows.Count == 0)
            return false;

        var oldest = Now - (long)_context.Limits.Retention.TotalMilliseconds;
        var expired = rows.Where(r => r.At < oldest).ToList();
        if (expired.Count > 0)
            Forget((await Writer.WriteAsync(expired, _subscription.Filter, 0, isReplay: false, stop)).Count);
        // A receiver sees that those were left out: the first after them names the last of them.
        var previous = expired.Count > 0 ? Math.Max(_progress.LastEvent, expired[^1].Sequence) : _progress.LastEvent;
        var events = await Writer.WriteAsync([.. rows.Where(r => r.At >= oldest)], _subscription.Filter, previous, isReplay: false, stop);
        var page = new FeedPage(rows[^1].Sequence, [.. events.Select(e => new PendingEvent(e.Event, e.Change.Entity, PendingOrigin.Feed))], [.. events.Select(e => e.Change).Where(c => c.Sequence > _state.Claimed)]);
        foreach (var pending in page.Events)
            _progress.Add(pending);
        _progress.Read(page.To);
        var spilled = report.Spilled.Select(p => p.Entity).ToHashSet();
        foreach (var pending in page.Events)
        {
            var waits = Waiting.TryGetValue(pending.Entity, out var first);
            // What waits is later: this one was delivered before the hub stopped.
            if (waits && pending.Event.Sequence < first)
                Kept.Add(pending.Event.Sequence);
            pending.IsDone = waits || spilled.Contains(pending.Entity) || Kept.Contains(pending.Event.Sequence);
        }

        _dirty = true;
        if (events.Count == 0 && !report.IsNews)
            return true;
        await CommitAsync(report, page);
        _sender.Add(page.Events.Where(p => !p.IsDone));
        return true;
    }

    /// <summary>How many changes to read on, 0 for none.</summary>
    private int Room()
    {
        var held = _sender.Count;
        var room = Math.Min(Page, _context.Limits.Window - held);
        // Of a destination that is out it is enough to have what is tried first; and one send that hangs holds up the position, not memory.
        return room < Math.Min(Page, _context.Limits.Window) / 4 || (_isOut && held > 0) || _progress.Count > MostBehind * _context.Limits.Window ? 0 : room;
    }

    /// <summary>One transaction: what was delivered or is kept for later, how far that brings the position, and what may go out next.</summary>
    private async ValueTask CommitAsync(SenderReport report, FeedPage? page)
    {
        var now = Now;
        foreach (var pending in report.Spilled.Concat(report.Refused))
            pending.IsDone = true;
        _progress.Advance();
        var rows = Spilled(report.Spilled);
        if (page is not null)
            rows.AddRange(page.Events.Where(p => p.IsDone && !Kept.Remove(p.Event.Sequence)).Select(p => p.Row(_number, DeliveryRow.BehindAnother) with { FirstAt = now }));
        foreach (var pending in report.Refused)
        {
            DeliveryLog.Parked(_log, Name, pending.Event.Sequence, pending.Attempts, pending.Reason);
            rows.Add(pending.Row(_number, now) with { IsParked = true });
        }

        var state = _state with
        {
            Position = _progress.Position,
            Previous = _progress.Previous,
            Claimed = Math.Max(_state.Claimed, page?.To ?? 0),
            Delivered = _state.Delivered + report.Delivered,
            FailingSince = report.FailingSince,
            Reason = report.Reason,
            NextTry = report.OpenUntil,
        };
        await _context.Commits.WriteAsync(async transaction =>
        {
            await transaction.SaveDeliveriesAsync(rows);
            foreach (var refused in report.Refused)
                await transaction.ReleaseDeliveryAsync(_number, refused.Entity, now);
            foreach (var retried in report.Retried)
                await EndRetryAsync(transaction, retried, report.LastSuccess, now);
            if (page is { Claims.Count: > 0 } && !_subscription.Sink.IsInside)
                _context.Workspace.Log.Writer.Write(transaction, Writer.Entry(page.Claims));
            await state.SaveAsync(transaction, Name);
        });
        _state = state;
        _lastCommit = Time.GetTimestamp();
        _dirty = false;
        _retrying.ExceptWith(report.Retried.Select(r => r.Event).Concat(report.Refused).Concat(report.Spilled).Select(p => p.Event.Sequence));
        if (report.Retried.Count + report.Refused.Count + report.Spilled.Count > 0)
            Waiting = new(await Reader.WaitingEntitiesAsync(_number, CancellationToken.None));
        if (report.Retried.Count + report.Refused.Count > 0)
            _looked = null;
    }

    /// <summary>Rows of events that make room: the first of each entity is tried again, the others wait behind it, and all behind what waits already.</summary>
    private List<DeliveryRow> Spilled(IReadOnlyList<PendingEvent> spilled)
    {
        var first = new HashSet<long>(Waiting.Keys);
        // Retries have their row.
        return [.. spilled.Where(p => p.Origin != PendingOrigin.Retry).OrderBy(p => p.Event.Sequence).DistinctBy(p => p.Event.Sequence).Select(p => p.Row(_number, first.Add(p.Entity) ? Now + (long)RetrySchedule.OfEvent(Math.Max(1, p.Attempts), 0.5).TotalMilliseconds : DeliveryRow.BehindAnother) with { FirstAt = p.FirstAt == 0 ? Now : p.FirstAt })];
    }

    private async ValueTask EndRetryAsync(IHubTransaction transaction, RetriedEvent retried, long lastSuccess, long now)
    {
        var pending = retried.Event;
        if (retried.NextAt is not { } next)
        {
            await transaction.RemoveDeliveriesAsync(_number, [pending.Event.Sequence]);
            await transaction.ReleaseDeliveryAsync(_number, pending.Entity, now);
            return;
        }

        // One that failed for so long while others were taken is not waited for any longer.
        var parks = now - pending.FirstAt > _context.Limits.GiveUpAfter.TotalMilliseconds && lastSuccess > pending.FirstAt;
        await transaction.SaveDeliveriesAsync([pending.Row(_number, next) with { IsParked = parks }]);
        if (!parks)
            return;
        DeliveryLog.Parked(_log, Name, pending.Event.Sequence, pending.Attempts, pending.Reason);
        await transaction.ReleaseDeliveryAsync(_number, pending.Entity, now);
    }

    /// <summary>Sends what could not be delivered before and is due.</summary>
    private async ValueTask RetryAsync(CancellationToken stop)
    {
        var rows = (await Reader.DueDeliveriesAsync(_number, Now, DuePage, stop)).Where(r => !_retrying.Contains(r.Sequence)).OrderBy(r => r.Sequence).ToList();
        if (rows.Count == 0)
            return;
        var found = (await Reader.ChangesAsync([.. rows.Select(r => r.Sequence)], stop)).Where(c => _context.Workspace.Bindings.Find(c.Type) is not null).ToDictionary(c => c.Sequence);
        if (rows.Where(r => !found.ContainsKey(r.Sequence)).ToList() is { Count: > 0 } lost)
            await _context.Commits.WriteAsync(async transaction =>
            {
                await transaction.SaveDeliveriesAsync([.. lost.Select(r => r with { IsParked = true, Reason = "the model no longer has this type of entity" })]);
                foreach (var row in lost)
                    await transaction.ReleaseDeliveryAsync(_number, row.Entity, Now);
            });
        rows.RemoveAll(r => !found.ContainsKey(r.Sequence));
        if (rows.Count == 0)
            return;
        List<ChangeRow> changes = [.. rows.Select(r => found[r.Sequence])];
        var events = await Writer.WriteAgainAsync(changes, rows, stop);
        await TellAsync(Writer.Entry(changes, ("retry", "true")));
        _retrying.UnionWith(rows.Select(r => r.Sequence));
        _sender.Add(events.Select((e, i) => new PendingEvent(e, rows[i].Entity, PendingOrigin.Retry)
        {
            Attempts = rows[i].Attempts,
            FirstAt = rows[i].Attempts == 0 ? 0 : rows[i].FirstAt,
            Reason = rows[i].Reason,
        }));
    }

    /// <summary>
    /// Sends again what somebody asked for, one page in each round and beside everything else. A replay moves on when its page has arrived or is kept for later.
    /// </summary>
    private async ValueTask ReplayAsync(CancellationToken stop)
    {
        if (_replaying is { } under)
        {
            if (!under.Events.All(e => e.IsDone))
                return;
            var rest = under.Replay with { After = under.To, Sent = under.Replay.Sent + under.Events.Count };
            await _context.Commits.WriteAsync(transaction => rest.After >= rest.To ? rest.RemoveAsync(transaction, Name) : rest.SaveAsync(transaction, Name));
            _replaying = null;
        }

        if (await Replay.OfAsync(Reader, Name, stop) is not [var replay, ..])
            return;
        var rows = (await Reader.ChangesAsync(new ChangeQuery(replay.After, _context.Limits.ReplayPerSecond) { Entity = replay.Entity }, stop)).Where(r => r.Sequence <= replay.To).ToList();
        // What waits is sent anyway, in its order.
        var waits = (await Reader.DeliveriesAsync(new(MostWaiting, (_number, replay.After)) { Subscription = _number, IsParked = false }, stop)).Select(r => r.Sequence).ToHashSet();
        var events = await Writer.WriteAsync([.. rows.Where(r => !waits.Contains(r.Sequence))], replay.Filter(_subscription.Filter), 0, isReplay: true, stop);
        if (events.Count > 0)
            await TellAsync(Writer.Entry([.. events.Select(e => e.Change)], ("replay", replay.Id)));
        List<PendingEvent> pending = [.. events.Select(e => new PendingEvent(e.Event, e.Change.Entity, PendingOrigin.Replay))];
        _replaying = new(replay, rows.Count > 0 ? rows[^1].Sequence : replay.To, pending);
        _sender.Add(pending);
    }

    private async ValueTask TellAsync(LogEntry entry)
    {
        if (!_subscription.Sink.IsInside)
            await _context.Commits.WriteAsync(transaction =>
            {
                _context.Workspace.Log.Writer.Write(transaction, entry);
                return ValueTask.CompletedTask;
            });
    }

    /// <summary>Lets go of what has become older than the retention, and says so.</summary>
    private async ValueTask PassOverAsync()
    {
        var oldest = Time.GetUtcNow() - _context.Limits.Retention;
        if (_progress.First is { } head && head.Event.Time < oldest)
        {
            var old = _sender.TakeOlder(oldest);
            foreach (var pending in old)
                pending.IsDone = true;
            Forget(old.Count);
        }

        if (await Reader.OldestDeliveryAsync(_number, CancellationToken.None) is not { } first || first >= oldest.ToUnixTimeMilliseconds())
            return;
        var cleared = 0;
        await _context.Commits.WriteAsync(async transaction => cleared = await transaction.ClearDeliveriesAsync(_number, oldest.ToUnixTimeMilliseconds(), Now));
        Waiting = new(await Reader.WaitingEntitiesAsync(_number, CancellationToken.None));
        Forget(cleared);
    }

    private void Forget(int count)
    {
        if (count == 0)
            return;
        _state = _state with { PassedOver = _state.PassedOver + count };
        _dirty = true;
        DeliveryLog.PassedOver(_log, Name, count);
    }

    /// <summary>Until there is news from the feed or the sender, something is due, or it is time to look around.</summary>
    private async ValueTask WaitAsync(CancellationToken stop)
    {
        var longest = _dirty ? CommitInterval : Look;
        if (_sender.NextAt() is { } due)
            longest = TimeSpan.FromMilliseconds(Math.Clamp(due - Now, 1, longest.TotalMilliseconds));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var awake = _wake.WaitAsync(over.Token);
        var news = Room() > 0 ? _context.Signal.WaitAsync(_progress.ReadTo, longest, over.Token) : Task.Delay(Timeout.InfiniteTimeSpan, Time, over.Token);
        await Task.WhenAny(awake, news, Task.Delay(longest, Time, over.Token));
        await over.CancelAsync();
        await Task.WhenAll(awake, news).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <param name="To">The last change that was looked at.</param>
    /// <param name="Claims">Changes of which the sovereignty log does not know yet that they go out.</param>
    private sealed record FeedPage(long To, IReadOnlyList<PendingEvent> Events, IReadOnlyList<ChangeRow> Claims);

    /// <param name="To">The last change that was looked at.</param>
    private sealed record ReplayPage(Replay Replay, long To, IReadOnlyList<PendingEvent> Events);
}
