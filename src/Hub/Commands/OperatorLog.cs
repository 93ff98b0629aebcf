using IntegrationHub.Connections;
using IntegrationHub.Sovereignty.Log.Entries;

namespace IntegrationHub.Commands;

/// <summary>Tells the sovereignty log what a person at the command line takes out of the hub, before it is printed.</summary>
internal static class OperatorLog
{
    public static ValueTask TakeAsync(
        Workspace workspace, LogAction action, IReadOnlyList<LogData> data, IEnumerable<LogSubject> subjects, IReadOnlyList<(string, string)> about, CancellationToken cancel)
    {
        var log = workspace.Log.Writer;
        var entry = new LogEntry(action, log.Operator) { From = log.Here, To = new(log.Operator, null), Data = data, Subjects = [.. subjects.DistinctBy(s => s.Entity)], About = about };
        return log.WriteAsync(workspace.Store, [entry], cancel);
    }
}
