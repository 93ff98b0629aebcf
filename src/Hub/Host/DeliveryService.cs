using IntegrationHub.Connections;
using IntegrationHub.Delivery;
using IntegrationHub.Storage;

namespace IntegrationHub.Host;

/// <summary>Keeps a dispatcher at work for every subscription there is.</summary>
internal sealed partial class DeliveryService(Workspace workspace, Subscriptions subscriptions, ChangeSignal signal) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TidyInterval = TimeSpan.FromHours(1);

    private readonly DeliveryContext _context = new(workspace, subscriptions.Config.Limits, signal);
    private readonly ILogger _log = workspace.Logs.CreateLogger("Delivery");
    private readonly Dictionary<string, Running> _running = new(StringComparer.Ordinal);
    private long? _tidied;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                await AlignAsync(stoppingToken);
                await Task.Delay(Interval, workspace.Time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAll(_running.Values.Select(r => r.StopAsync()));
        }
    }

    /// <summary>Starts, stops and restarts dispatchers so that they are those of the subscriptions there are now.</summary>
    private async ValueTask AlignAsync(CancellationToken stop)
    {
        try
        {
            await subscriptions.FireTimersAsync(stop);
            if (_tidied is not { } tidied || workspace.Time.GetElapsedTime(tidied) >= TidyInterval)
            {
                await subscriptions.ForgetInputsAsync(stop);
                _tidied = workspace.Time.GetTimestamp();
            }

            var wanted = (await subscriptions.AllAsync(stop)).ToDictionary(s => s.Name, StringComparer.Ordinal);
            foreach (var (name, running) in _running.ToList())
            {
                var now = wanted.GetValueOrDefault(name);
                if (!running.Task.IsCompleted && now?.Id == running.Id && now.Json == running.Json)
                    continue;
                await running.StopAsync();
                _running.Remove(name);
                // What it kept while it was taken away, and perhaps added again.
                if (now?.Id != running.Id)
                    await subscriptions.ForgetAsync(name, running.Id);
            }

            foreach (var subscription in wanted.Values.Where(s => !_running.ContainsKey(s.Name)))
            {
                var cancel = new CancellationTokenSource();
                _running.Add(subscription.Name, new(subscription.Id, subscription.Json, cancel, Task.Run(() => new Dispatcher(_context, subscription).RunAsync(cancel.Token), CancellationToken.None), e => Ended(_log, subscription.Name, e)));
            }
        }
        catch (StoreException e)
        {
            Unreadable(_log, e.Message);
        }
    }

    [LoggerMessage(77, LogLevel.Warning, "subscriptions cannot be read: {Reason}")]
    private static partial void Unreadable(ILogger log, string reason);

    [LoggerMessage(78, LogLevel.Error, "a fault of the hub ended the dispatcher of subscription {Subscription} ({Kind}); it is started again")]
    private static partial void Ended(ILogger log, string subscription, string kind);

    private sealed record Running(string Id, string Json, CancellationTokenSource Cancel, Task Task, Action<string> Fault)
    {
        public async Task StopAsync()
        {
            await Cancel.CancelAsync();
            try
            {
                await Task;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Nobody planned for it; its message may hold values.
                Fault($"{e.GetType().Name}{e.StackTrace?.Split('\n').FirstOrDefault()}");
            }

            Cancel.Dispose();
        }
    }
}
