using IntegrationHub.Storage;

namespace IntegrationHub.Delivery;

/// <summary>From opening the sink to closing it. All but the sends themselves happens on one thread at a time.</summary>
internal sealed class DeliverySession : IAsyncDisposable
{
    private const int Page = 500;

    /// <summary>Windows of events that may be delivered behind one that is still under way.</summary>
    private const int MostBehind = 10;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CommitInterval = TimeSpan.FromMilliseconds(100);

    private readonly DeliveryContext _context;
    private readonly Subscription _subscription;
    private readonly ILogger _log;
    private readonly Sender _sender;
    private readonly Progress _progress;
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly EventWriter _writer;
    private readonly KeptEvents _kept;
    private readonly ReplayRun _replays;
    private SubscriptionState _state;
    private long _lastCommit;
    private long? _looked;
    private bool _isOut;
    private bool _told;
    private bool _dirty;

    /// <param name="kept">Loaded.</param>
    public DeliverySession(DeliveryContext context, Subscription subscription, SubscriptionState state, ISink sink, EventWriter writer, KeptEvents kept, ReplayRun replays, ILogger log)
    {
        (_context, _subscription, _state, _log) = (context, subscription, state, log);
        (_writer, _kept, _replays) = (writer, kept, replays);
        _progress = new(state.Position, state.Previous);
        _sender = new(sink, context.Limits, context.Time, Wake);
    }

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
            _sender.Add(await _kept.TakeDueAsync(stop));
            _sender.Add(await _replays.NextAsync(stop));
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
            Forget((await _writer.WriteAsync(expired, _subscription.Filter, 0, isReplay: false, stop)).Count);
        // A receiver sees that those were left out: the first after them names the last of them.
        var previous = expired.Count > 0 ? Math.Max(_progress.LastEvent, expired[^1].Sequence) : _progress.LastEvent;
        var events = await _writer.WriteAsync([.. rows.Where(r => r.At >= oldest)], _subscription.Filter, previous, isReplay: false, stop);
        var page = new FeedPage(rows[^1].Sequence, [.. events.Select(e => new PendingEvent(e.Event, e.Change.Entity, PendingOrigin.Feed))], [.. events.Select(e => e.Change).Where(c => c.Sequence > _state.Claimed)]);
        foreach (var pending in page.Events)
            _progress.Add(pending);
        _progress.Read(page.To);
        var spilled = report.Spilled.Select(p => p.Entity).ToHashSet();
        foreach (var pending in page.Events)
            pending.IsDone = _kept.Holds(pending) || spilled.Contains(pending.Entity);

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
        var rows = _kept.Rows(report, page?.Events ?? [], now);
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
            await _kept.SaveAsync(transaction, rows, report, now);
            if (page is { Claims.Count: > 0 } && !_subscription.Sink.IsInside)
                _context.Workspace.Log.Writer.Write(transaction, _writer.Entry(page.Claims));
            await state.SaveAsync(transaction, Name);
        });
        _state = state;
        _lastCommit = Time.GetTimestamp();
        _dirty = false;
        if (await _kept.SavedAsync(report))
            _looked = null;
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

        Forget(await _kept.PassOverAsync(oldest));
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
}
