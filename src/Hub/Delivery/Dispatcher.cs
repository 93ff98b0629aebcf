using IntegrationHub.Storage;

namespace IntegrationHub.Delivery;

/// <summary>
/// Takes one subscription through the change feed. Reads a page, tells the sovereignty log, sends, and moves the position in the store behind what was
/// delivered or kept for later: a crash at any instant sends some events again, in order, and leaves none out.
/// </summary>
internal sealed class Dispatcher(DeliveryContext context, Subscription subscription)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseAfterFault = TimeSpan.FromSeconds(5);

    private readonly int _number = context.Store.Catalog.Subscription(subscription.Name);
    private readonly ILogger _log = context.Workspace.Logs.CreateLogger("Delivery");
    private string _told = "";

    public Subscription Subscription { get; } = subscription;

    private IHubReader Reader => context.Store.Reader;

    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            // One process sends; another takes over when it is gone.
            IDisposable? turn;
            while ((turn = context.Store.TryLease("delivery:" + Subscription.Name)) is null)
                await Task.Delay(Look, context.Time, stop);
            using var _ = turn;
            while (!stop.IsCancellationRequested)
            {
                if (await Hold.ReadAsync(Reader, Subscription.Name, stop) is null)
                    await GuardedAsync(stop);
                else
                    await Task.Delay(Look, context.Time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What was not sent is sent by the next process.
        }
    }

    /// <summary>What goes wrong in the hub itself ends the session; the next begins with what is in the store.</summary>
    private async Task GuardedAsync(CancellationToken stop)
    {
        try
        {
            await using var session = await OpenAsync(stop);
            await session.RunAsync(stop);
            _told = "";
        }
        catch (Exception e) when (e is StoreException or SinkException)
        {
            if (_told != e.Message)
                DeliveryLog.Interrupted(_log, Subscription.Name, e.Message);
            _told = e.Message;
            await Task.Delay(PauseAfterFault, context.Time, stop);
        }
        catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException))
        {
            // Nobody planned for it; its message may hold values.
            DeliveryLog.Interrupted(_log, Subscription.Name, $"a fault of the hub ({e.GetType().Name}{e.StackTrace?.Split('\n').FirstOrDefault()})");
            await Task.Delay(PauseAfterFault, context.Time, stop);
        }
    }

    private async ValueTask<DeliverySession> OpenAsync(CancellationToken stop)
    {
        var state = await SubscriptionState.ReadAsync(Reader, Subscription.Name, stop);
        if (state is null || state.Id != Subscription.Id)
            state = await StartAsync(stop);
        if (state.Definition != Subscription.Json)
            state = state with { Definition = Subscription.Json, Claimed = state.Position };
        var sink = await Subscription.Sink.OpenAsync(new(context.ResolveAsync, context.Limits, context.Time, _log), stop);
        var writer = new EventWriter(context.Workspace, Subscription, await FeedName.GetAsync(context.Store, stop));
        var kept = new KeptEvents(context, Subscription, _number, writer, _log);
        await kept.LoadAsync(state.Position, stop);
        return new(context, Subscription, state, sink, writer, kept, new ReplayRun(context, Subscription, _number, writer), _log);
    }

    private async ValueTask<SubscriptionState> StartAsync(CancellationToken stop)
    {
        var position = Subscription.Start.Kind switch
        {
            StartKind.Now => await Reader.LastChangeAsync(stop),
            StartKind.Time => await Reader.LastChangeAtAsync(Subscription.Start.Value - 1, stop),
            _ => Subscription.Start.Value,
        };
        // 'now' is when it was first seen, also when the hub stops before the first change. Rows that another of the name left are nobody's.
        var state = new SubscriptionState { Id = Subscription.Id, Position = position, Claimed = position, Definition = Subscription.Json };
        await context.Commits.WriteAsync(async transaction =>
        {
            await transaction.ClearDeliveriesAsync(_number, long.MaxValue, 0);
            await state.SaveAsync(transaction, Subscription.Name);
        });
        return state;
    }
}
