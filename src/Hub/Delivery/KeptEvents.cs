using IntegrationHub.Storage;

namespace IntegrationHub.Delivery;

/// <summary>
/// Events of one subscription that could not be delivered when their turn came. They stand in the store; those that are due are handed out again, each entity's in
/// order, and what follows of an entity waits behind them.
/// </summary>
internal sealed class KeptEvents(DeliveryContext context, Subscription subscription, int number, EventWriter writer, ILogger log)
{
    private const int DuePage = 100;

    private readonly HashSet<long> _underWay = [];
    private HashSet<long> _known = [];
    private Dictionary<long, long> _waiting = [];

    private IHubReader Reader => context.Store.Reader;

    private long Now => context.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <param name="position">Of the subscription: what is kept behind it is from before a crash.</param>
    public async ValueTask LoadAsync(long position, CancellationToken cancellationToken)
    {
        _known = [.. await Reader.DeliverySequencesAsync(number, position, cancellationToken)];
        await LoadWaitingAsync();
    }

    /// <summary>Whether an event of the feed is not to be sent in its turn: it waits behind another of its entity, or its turn was before a crash.</summary>
    public bool Holds(PendingEvent pending)
    {
        var waits = _waiting.TryGetValue(pending.Entity, out var first);
        // What waits is later: this one was delivered before the hub stopped.
        if (waits && pending.Event.Sequence < first)
            _known.Add(pending.Event.Sequence);
        return waits || _known.Contains(pending.Event.Sequence);
    }

    /// <summary>What has to be kept now.</summary>
    /// <param name="read">Events that were read from the feed; those that are done already are not sent.</param>
    public List<DeliveryRow> Rows(SenderReport report, IEnumerable<PendingEvent> read, long now)
    {
        var rows = Spilled(report.Spilled, now);
        rows.AddRange(read.Where(p => p.IsDone && !_known.Remove(p.Event.Sequence)).Select(p => p.Row(number, DeliveryRow.BehindAnother) with { FirstAt = now }));
        foreach (var pending in report.Refused)
        {
            DeliveryLog.Parked(log, subscription.Name, pending.Event.Sequence, pending.Attempts, pending.Reason);
            rows.Add(pending.Row(number, now) with { IsParked = true });
        }

        return rows;
    }

    public async ValueTask SaveAsync(IHubTransaction transaction, IReadOnlyList<DeliveryRow> rows, SenderReport report, long now)
    {
        await transaction.SaveDeliveriesAsync(rows);
        foreach (var refused in report.Refused)
            await transaction.ReleaseDeliveriesAsync(number, refused.Entity, now);
        foreach (var retried in report.Retried)
            await EndAsync(transaction, retried, report.LastSuccess, now);
    }

    /// <returns>Whether others may have their turn.</returns>
    public async ValueTask<bool> SavedAsync(SenderReport report)
    {
        _underWay.ExceptWith(report.Retried.Select(r => r.Event).Concat(report.Refused).Concat(report.Spilled).Select(p => p.Event.Sequence));
        var ended = report.Retried.Count + report.Refused.Count > 0;
        if (ended || report.Spilled.Count > 0)
            await LoadWaitingAsync();
        return ended;
    }

    /// <summary>Those that are due and not under way, told to the sovereignty log.</summary>
    public async ValueTask<IReadOnlyList<PendingEvent>> TakeDueAsync(CancellationToken stop)
    {
        var rows = (await Reader.DueDeliveriesAsync(number, Now, DuePage, stop)).Where(r => !_underWay.Contains(r.Sequence)).OrderBy(r => r.Sequence).ToList();
        if (rows.Count == 0)
            return [];
        var found = (await Reader.ChangesAsync([.. rows.Select(r => r.Sequence)], stop)).Where(c => context.Workspace.Bindings.Find(c.Type) is not null).ToDictionary(c => c.Sequence);
        if (rows.Where(r => !found.ContainsKey(r.Sequence)).ToList() is { Count: > 0 } lost)
            await context.Commits.WriteAsync(async transaction =>
            {
                await transaction.SaveDeliveriesAsync([.. lost.Select(r => r with { IsParked = true, Reason = "the model no longer has this type of entity" })]);
                foreach (var row in lost)
                    await transaction.ReleaseDeliveriesAsync(number, row.Entity, Now);
            });
        rows.RemoveAll(r => !found.ContainsKey(r.Sequence));
        if (rows.Count == 0)
            return [];
        List<ChangeRow> changes = [.. rows.Select(r => found[r.Sequence])];
        var events = await writer.WriteAgainAsync(changes, rows, stop);
        await context.TellAsync(subscription, writer.Entry(changes, ("retry", "true")));
        _underWay.UnionWith(rows.Select(r => r.Sequence));
        return [.. events.Select((e, i) => new PendingEvent(e, rows[i].Entity, PendingOrigin.Retry)
        {
            Attempts = rows[i].Attempts,
            FirstAt = rows[i].Attempts == 0 ? 0 : rows[i].FirstAt,
            Reason = rows[i].Reason,
        })];
    }

    /// <summary>Lets go of what was first tried before a time.</summary>
    /// <returns>How many.</returns>
    public async ValueTask<int> PassOverAsync(DateTimeOffset before)
    {
        var oldest = before.ToUnixTimeMilliseconds();
        if (await Reader.OldestDeliveryAsync(number, CancellationToken.None) is not { } first || first >= oldest)
            return 0;
        var cleared = 0;
        await context.Commits.WriteAsync(async transaction => cleared = await transaction.ClearDeliveriesAsync(number, oldest, Now));
        await LoadWaitingAsync();
        return cleared;
    }

    /// <summary>Rows of events that make room: the first of each entity is tried again, the others wait behind it, and all behind what waits already.</summary>
    private List<DeliveryRow> Spilled(IReadOnlyList<PendingEvent> spilled, long now)
    {
        var first = new HashSet<long>(_waiting.Keys);
        // Retries have their row.
        return [.. spilled.Where(p => p.Origin != PendingOrigin.Retry).OrderBy(p => p.Event.Sequence).DistinctBy(p => p.Event.Sequence).Select(p => p.Row(number, first.Add(p.Entity) ? now + (long)RetrySchedule.OfEvent(Math.Max(1, p.Attempts), 0.5).TotalMilliseconds : DeliveryRow.BehindAnother) with { FirstAt = p.FirstAt == 0 ? now : p.FirstAt })];
    }

    private async ValueTask EndAsync(IHubTransaction transaction, RetriedEvent retried, long lastSuccess, long now)
    {
        var pending = retried.Event;
        switch (retried.NextAt)
        {
            case null:
                await transaction.RemoveDeliveriesAsync(number, [pending.Event.Sequence]);
                await transaction.ReleaseDeliveriesAsync(number, pending.Entity, now);
                break;
            case DeliveryRow.BehindAnother:
                // The one that failed before it held it back.
                break;
            case { } next:
                // One that failed for so long while others were taken is not waited for any longer.
                var parks = now - pending.FirstAt > context.Limits.GiveUpAfter.TotalMilliseconds && lastSuccess > pending.FirstAt;
                await transaction.SaveDeliveriesAsync([pending.Row(number, next) with { IsParked = parks }]);
                await transaction.HoldDeliveriesAsync(number, pending.Entity, pending.Event.Sequence);
                if (!parks)
                    break;
                DeliveryLog.Parked(log, subscription.Name, pending.Event.Sequence, pending.Attempts, pending.Reason);
                await transaction.ReleaseDeliveriesAsync(number, pending.Entity, now);
                break;
        }
    }

    private async ValueTask LoadWaitingAsync() => _waiting = new(await Reader.WaitingEntitiesAsync(number, CancellationToken.None));
}
