using IntegrationHub.Storage;

namespace IntegrationHub.Delivery;

/// <summary>
/// Sends again what somebody asked for, one page after the other and beside everything else. A replay moves on when its page has arrived or is kept for later.
/// </summary>
internal sealed class ReplayRun(DeliveryContext context, Subscription subscription, int number, EventWriter writer)
{
    /// <summary>Waiting events that a page is compared with.</summary>
    private const int MostWaiting = 10_000;

    private ReplayPage? _page;

    private IHubReader Reader => context.Store.Reader;

    /// <returns>The next page; empty while one is under way, or when nothing is asked for.</returns>
    public async ValueTask<IReadOnlyList<PendingEvent>> NextAsync(CancellationToken stop)
    {
        if (_page is { } under)
        {
            if (!under.Events.All(e => e.IsDone))
                return [];
            await EndAsync(under);
            _page = null;
        }

        if (await Replay.OfAsync(Reader, subscription.Name, stop) is not [var replay, ..])
            return [];
        var rows = (await Reader.ChangesAsync(new ChangeQuery(replay.After, context.Limits.ReplayPerSecond) { Entity = replay.Entity }, stop)).Where(r => r.Sequence <= replay.To).ToList();
        // What waits is sent anyway, in its order.
        var waits = (await Reader.DeliveriesAsync(new(MostWaiting, (number, replay.After)) { Subscription = number, IsParked = false }, stop)).Select(r => r.Sequence).ToHashSet();
        var events = await writer.WriteAsync([.. rows.Where(r => !waits.Contains(r.Sequence))], replay.Filter(subscription.Filter), 0, isReplay: true, stop);
        if (events.Count > 0)
            await context.TellAsync(subscription, writer.Entry([.. events.Select(e => e.Change)], ("replay", replay.Id)));
        _page = new(replay, rows.Count > 0 ? rows[^1].Sequence : replay.To, [.. events.Select(e => new PendingEvent(e.Event, e.Change.Entity, PendingOrigin.Replay))]);
        return _page.Events;
    }

    private async ValueTask EndAsync(ReplayPage page)
    {
        var rest = page.Replay with { After = page.To, Sent = page.Replay.Sent + page.Events.Count };
        await context.Commits.WriteAsync(async transaction =>
        {
            // Of those that were parked, what arrived now needs nobody's decision any more.
            await transaction.RemoveDeliveriesAsync(number, [.. page.Events.Where(e => e.IsDelivered).Select(e => e.Event.Sequence)]);
            if (rest.After >= rest.To)
                await rest.RemoveAsync(transaction, subscription.Name);
            else
                await rest.SaveAsync(transaction, subscription.Name);
        });
    }

    /// <param name="To">The last change that was looked at.</param>
    private sealed record ReplayPage(Replay Replay, long To, IReadOnlyList<PendingEvent> Events);
}
