using IntegrationHub.Storage;

namespace IntegrationHub.Api;

/// <summary>
/// Wakes whoever waits for changes. One look at the store in a tenth of a second serves all that wait, and sees what other processes commit; nobody
/// waiting, nobody looking.
/// </summary>
internal sealed class ChangeSignal(IHubStore store, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
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

    private Task Next(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_watching is null or { IsCompleted: true })
                _watching = LookAsync();
            return _watching.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Completes when something new is there, and each second in any case, so that those whose time is over can go.</summary>
    private async Task LookAsync()
    {
        var last = await store.Reader.LastChangeAsync(CancellationToken.None);
        for (var i = 0; i < 3 && Volatile.Read(ref _waiting) > 0; i++)
        {
            await Task.Delay(Interval, time);
            if (await store.Reader.LastChangeAsync(CancellationToken.None) != last)
                return;
        }
    }
}
