namespace IntegrationHub.Storage;

/// <summary>Work of many that is cheaper together: whatever comes while one group is under way makes up the next.</summary>
/// <param name="work">Does a group, one at a time; what it throws is thrown to all of that group.</param>
internal sealed class Grouped<T>(Func<IReadOnlyList<T>, Task> work)
{
    private readonly Lock _lock = new();
    private List<(T Item, TaskCompletionSource Done)> _waiting = [];
    private bool _working;

    /// <summary>What waits, and one for the group under way.</summary>
    public int Pending
    {
        get
        {
            lock (_lock)
                return _waiting.Count + (_working ? 1 : 0);
        }
    }

    /// <summary>Comes back when the group with it is done.</summary>
    public Task AddAsync(T item)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool leads;
        lock (_lock)
        {
            _waiting.Add((item, done));
            leads = !_working;
            _working = true;
        }

        if (leads)
            _ = Task.Run(WorkAsync, CancellationToken.None);
        return done.Task;
    }

    private async Task WorkAsync()
    {
        while (true)
        {
            List<(T Item, TaskCompletionSource Done)> group;
            lock (_lock)
            {
                group = _waiting;
                _waiting = [];
                _working = group.Count > 0;
            }

            if (group.Count == 0)
                return;
            try
            {
                await work([.. group.Select(g => g.Item)]);
                group.ForEach(g => g.Done.SetResult());
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Whatever it was, those who wait are told, and the next have their turn.
                group.ForEach(g => g.Done.TrySetException(e));
            }
        }
    }
}
