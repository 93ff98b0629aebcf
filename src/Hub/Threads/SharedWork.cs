namespace IntegrationHub.Threads;

/// <summary>
/// Work over a number of items that whoever starts it shares with the other threads of its scheduler: it goes on with something else, and at the end does itself what nobody has
/// taken yet. So it waits for pieces under way at most, never for a thread to begin.
/// </summary>
internal sealed class SharedWork
{
    // Whoever does the last piece goes on with what waits for it, if its scheduler lets it: no turn in a queue behind other work.
    private readonly TaskCompletionSource _done = new();
    private readonly int _count;
    private readonly int _piece;
    private readonly Func<int, int, Task> _work;
    private Exception? _failure;
    private int _next;
    private int _left;

    private SharedWork(int count, int piece, Func<int, int, Task> work)
    {
        (_count, _piece, _work) = (count, piece, work);
        _left = (count + piece - 1) / piece;
        if (_left == 0)
            _done.SetResult();
    }

    /// <param name="count">Number of items.</param>
    /// <param name="piece">How many are done at a time.</param>
    /// <param name="work">Does the items from the first number up to, and without, the second; for several pieces at the same time.</param>
    public static SharedWork Start(int count, int piece, Action<int, int> work) => Start(count, piece, (from, to) =>
    {
        work(from, to);
        return Task.CompletedTask;
    });

    /// <inheritdoc cref="Start(int, int, Action{int, int})"/>
    public static SharedWork Start(int count, int piece, Func<int, int, Task> work)
    {
        var shared = new SharedWork(count, piece, work);
        for (var helpers = Math.Min(shared._left, Environment.ProcessorCount) - 1; helpers > 0; helpers--)
            Task.Factory.StartNew(shared.TakeAsync, CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current);
        return shared;
    }

    /// <summary>Does what is left. Fails as the first piece that failed.</summary>
    public async Task FinishAsync()
    {
        await TakeAsync();
        await _done.Task;
    }

    private async Task TakeAsync()
    {
        while (Interlocked.Increment(ref _next) - 1 is var piece && (long)piece * _piece < _count)
        {
            try
            {
                await _work(piece * _piece, (int)Math.Min(_count, ((long)piece + 1) * _piece));
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _failure, e, null);
            }

            if (Interlocked.Decrement(ref _left) > 0)
                continue;
            if (_failure is null)
                _done.SetResult();
            else
                _done.SetException(_failure);
        }
    }
}
