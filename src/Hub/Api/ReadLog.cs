using IntegrationHub.Connections;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;

namespace IntegrationHub.Api;

/// <summary>
/// Writes what the API reads into the sovereignty log before the answer goes out. Requests that come together share a transaction, so that the disk is
/// synced once for all of them.
/// </summary>
internal sealed class ReadLog(Workspace workspace)
{
    private readonly Lock _lock = new();
    private List<Waiting> _waiting = [];
    private bool _writing;

    /// <summary>Comes back when the entry is durable.</summary>
    /// <exception cref="StoreException">It cannot be written; then nothing may be answered.</exception>
    public Task WriteAsync(HttpContext http, string operation, IReadOnlyList<LogData> data, IReadOnlyList<LogSubject> subjects, IReadOnlyList<(string, string)> about, CancellationToken cancellationToken)
    {
        var log = workspace.Log.Writer;
        var key = $"key:{KeyGate.Of(http)!.Id}";
        var waiting = new Waiting(new LogEntry(LogAction.Read, key)
        {
            From = log.Here,
            To = new(key, null),
            Address = http.Connection.RemoteIpAddress is { } address ? log.Commit("address", address.ToString()) : null,
            Data = data,
            Subjects = subjects,
            About = [("operation", operation), .. about],
        });
        bool leads;
        lock (_lock)
        {
            _waiting.Add(waiting);
            leads = !_writing;
            _writing = true;
        }

        if (leads)
            _ = Task.Run(WriteAllAsync, CancellationToken.None);
        return waiting.Written.Task.WaitAsync(cancellationToken);
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
                await using var transaction = await workspace.Store.BeginAsync(CancellationToken.None);
                foreach (var waiting in batch)
                    workspace.Log.Writer.Write(transaction, waiting.Entry);
                await transaction.CommitAsync();
                batch.ForEach(w => w.Written.SetResult());
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                batch.ForEach(w => w.Written.TrySetException(e));
            }
        }
    }

    private sealed record Waiting(LogEntry Entry)
    {
        public TaskCompletionSource Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
