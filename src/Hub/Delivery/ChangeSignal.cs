using IntegrationHub.Storage;

namespace IntegrationHub.Delivery;

/// <summary>
/// Wakes whoever waits for changes: at once for what this process commits, and by one look at the store in a tenth of a second, which serves all that wait,
/// for what others do. Nobody waiting, nobody looking.
/// </summary>
internal sealed class ChangeSignal : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly IHubStore _store;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _end = new();
    private TaskCompletionSource _committed = NewCommit();
    private Task? _watching;
    private int _waiting;

    public ChangeSignal(IHubStore store, TimeProvider time)
    {
        (_store, _time) = (store, time);
        store.ChangesCommitted += Wake;
    }

    /// <summary>Waits until the feed has gone beyond a sequence, or the time is over.</summary>
    public async Task WaitAsync(long after, TimeSpan longest, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        Interlocked.Increment(ref _waiting);
        try
        {
            while (true)
            {
                // Taken before the look, so that a commit between the look and the wait is not missed.
                var news = Next();
                if (await _store.Reader.LastChangeAsync(cancellationToken) > after || longest - _time.GetElapsedTime(began) is not { Ticks: > 0 } left)
                    return;
                await news.WaitAsync(left, _time, cancellationToken);
            }
        }
        catch (TimeoutException)
        {
            // The time is over.
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Ends the look at the store, which the caller closes next.</summary>
    public async ValueTask DisposeAsync()
    {
        _store.ChangesCommitted -= Wake;
        await _end.CancelAsync();
        if (_watching is { } watching)
            await watching.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _end.Dispose();
    }

    private static TaskCompletionSource NewCommit() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Wake() => Interlocked.Exchange(ref _committed, NewCommit()).SetResult();

    private Task Next()
    {
        lock (_lock)
        {
            if (_watching is null or { IsCompleted: true })
                _watching = LookAsync(_committed.Task);
            return _watching;
        }
    }

    /// <summary>Completes when something new is there, or nobody waits any more.</summary>
    private async Task LookAsync(Task committed)
    {
        var last = await _store.Reader.LastChangeAsync(CancellationToken.None);
        while (Volatile.Read(ref _waiting) > 0)
        {
            using var pause = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            if (await Task.WhenAny(committed, Task.Delay(Interval, _time, pause.Token)) == committed)
            {
                await pause.CancelAsync();
                return;
            }

            _end.Token.ThrowIfCancellationRequested();
            if (await _store.Reader.LastChangeAsync(CancellationToken.None) != last)
                return;
        }
    }
}
