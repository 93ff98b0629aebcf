namespace IntegrationHub.Storage;

/// <summary>
/// Writes of many that need the same thing, durability before they go on: whatever comes while one commit is under way goes into the next one together,
/// so that the disk is synced once for all of them.
/// </summary>
public sealed class GroupCommit(IHubStore store)
{
    private readonly Lock _lock = new();
    private List<Waiting> _waiting = [];
    private bool _writing;

    /// <summary>Comes back when what was written is durable.</summary>
    /// <param name="write">Called once, in turn with the others; what it throws is thrown to all of the same commit.</param>
    /// <exception cref="StoreException">Nothing was written.</exception>
    public Task WriteAsync(Func<IHubTransaction, ValueTask> write)
    {
        var waiting = new Waiting(write);
        bool leads;
        lock (_lock)
        {
            _waiting.Add(waiting);
            leads = !_writing;
            _writing = true;
        }

        if (leads)
            _ = Task.Run(WriteAllAsync, CancellationToken.None);
        return waiting.Written.Task;
    }

    private async Task WriteAllAsync()
    {
        while (true)
        {
            List<Waiting> batch;
            lock (_lock)
            {
                batch = _waiting;
                _waiting = [];
                _writing = batch.Count > 0;
            }

            if (batch.Count == 0)
                return;
            try
            {
                await using var transaction = await store.BeginAsync(CancellationToken.None);
                foreach (var waiting in batch)
                    await waiting.Write(transaction);
                await transaction.CommitAsync();
                batch.ForEach(w => w.Written.SetResult());
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Whatever it was, those who wait are told, and the next are written.
                batch.ForEach(w => w.Written.TrySetException(e));
            }
        }
    }

    private sealed record Waiting(Func<IHubTransaction, ValueTask> Write)
    {
        public TaskCompletionSource Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
