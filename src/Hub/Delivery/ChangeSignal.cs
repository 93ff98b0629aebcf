using IntegrationHub.Storage;

namespace IntegrationHub.Delivery;

/// <summary>
/// Wakes whoever waits for changes. One look at the store in a tenth of a second serves all that wait, and sees what other processes commit; nobody
/// waiting, nobody looking.
/// </summary>
internal sealed class ChangeSignal(IHubStore store, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _end = new();
    private Task? _watching;
    private int _waiting;

    /// <summary>Waits until the feed has gone beyond a sequence, or the time is over.</summary>
    public async Task WaitAsync(long after, TimeSpan longest, CancellationToken cancellationToken)
    {
        var until = time.GetTimestamp();
        Interlocked.Increment(ref _waiting);
        try
        {
            while (await store.Reader.LastChangeAsync(cancellationToken) <= after && time.GetElapsedTime(until) < longest)
                await Next(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Ends the look at the store, which the caller closes next.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        if (_watching is { } watching)
            await watching.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _end.Dispose();
    }

    private Task Next(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_watching is null or { IsCompleted: true })
                _watching = LookAsync();
            return _watching.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Completes when something new is there, and three times a second in any case, so that those whose time is over can go.</summary>
    private async Task LookAsync()
    {
        var last = await store.Reader.LastChangeAsync(CancellationToken.None);
        for (var i = 0; i < 3 && Volatile.Read(ref _waiting) > 0; i++)
        {
            await Task.Delay(Interval, time, _end.Token);
            if (await store.Reader.LastChangeAsync(CancellationToken.None) != last)
                return;
        }
    }
}
