using IntegrationHub.Connections;
using IntegrationHub.Connections.Actions;
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
        var key = KeyGate.Of(http)!;
        var caller = Caller(http, workspace);
        var waiting = new Waiting(new LogEntry(LogAction.Read, caller.Actor)
        {
            From = log.Here,
            To = new(caller.Actor, key.Region),
            Address = caller.Address,
            Purpose = key.Purpose,
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

    /// <summary>Who asks, and from where.</summary>
    public static Caller Caller(HttpContext http, Workspace workspace) =>
        new($"key:{KeyGate.Of(http)!.Id}", http.Connection.RemoteIpAddress is { } address ? workspace.Log.Writer.Commit("address", address.ToString()) : null);

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
