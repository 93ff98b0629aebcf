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
    private readonly GroupCommit _commits = new(workspace.Store);

    /// <summary>Comes back when the entry is durable.</summary>
    /// <exception cref="StoreException">It cannot be written; then nothing may be answered.</exception>
    public Task WriteAsync(HttpContext http, string operation, IReadOnlyList<LogData> data, IReadOnlyList<LogSubject> subjects, IReadOnlyList<(string, string)> about, CancellationToken cancellationToken)
    {
        var log = workspace.Log.Writer;
        var key = KeyGate.Of(http)!;
        var caller = Caller(http, workspace);
        var entry = new LogEntry(LogAction.Read, caller.Actor)
        {
            From = log.Here,
            To = new(caller.Actor, key.Region),
            Address = caller.Address,
            Purpose = key.Purpose,
            Data = data,
            Subjects = subjects,
            About = [("operation", operation), .. about],
        };
        return _commits.WriteAsync(transaction =>
        {
            workspace.Log.Writer.Write(transaction, entry);
            return ValueTask.CompletedTask;
        }).WaitAsync(cancellationToken);
    }

    /// <summary>Who asks, and from where.</summary>
    public static Caller Caller(HttpContext http, Workspace workspace) =>
        new($"key:{KeyGate.Of(http)!.Id}", http.Connection.RemoteIpAddress is { } address ? workspace.Log.Writer.Commit("address", address.ToString()) : null);
}
