using IntegrationHub.Connections;
using IntegrationHub.Connections.Actions;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;

namespace IntegrationHub.Api;

/// <summary>Notes what the API reads for the sovereignty log before the answer goes out.</summary>
internal sealed class ReadLog(Workspace workspace)
{
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
        return log.NoteAsync(workspace.Store.Journal, entry).WaitAsync(cancellationToken);
    }

    /// <summary>Who asks, and from where.</summary>
    public static Caller Caller(HttpContext http, Workspace workspace) =>
        new($"key:{KeyGate.Of(http)!.Id}", http.Connection.RemoteIpAddress is { } address ? workspace.Log.Writer.Commit("address", address.ToString()) : null);
}
