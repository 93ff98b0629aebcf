using System.Text.Json.Nodes;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections;

/// <summary>Tells the sovereignty log of a steward's decision and of the merges and splits it led to, in the transaction of both.</summary>
internal static class StewardLog
{
    /// <param name="actor">An API key or an operator; who is named with the decision may be anybody, and is a name.</param>
    public static void Write(Workspace workspace, string actor, IHubTransaction transaction, DecisionRow decision, IReadOnlyList<ChangeRow> changes)
    {
        var log = workspace.Log.Writer;
        var evidence = JsonNode.Parse(decision.Evidence);
        var named = evidence?["entities"]?.AsArray().Select(id => MovedSubjects.Named(workspace, id!.GetValue<string>())) ?? [];
        (string, string)[] about = [("decision", $"{decision.Number}")];
        LogEntry Entry(LogAction action) => new(action, actor) { From = log.Here, To = log.Here, About = about };
        var entries = new List<LogEntry>
        {
            Entry(LogAction.Policy) with
            {
                About = [.. about, ("kind", decision.Kind)],
                Data = evidence?["field"]?.GetValue<string>() is { } field && workspace.Bindings.Find(decision.Type)?.Type is { } type ? [MovedFields.Of(type, type.Fields.Where(f => f.Name == field), [])] : [],
                Subjects = [.. named.Concat(changes.Select(c => MovedSubjects.Of(workspace, c.Type, c.Entity))).DistinctBy(s => s.Entity)],
            },
        };
        foreach (var (kind, action) in new[] { ("merged", LogAction.Merge), ("split", LogAction.Split) })
            if (changes.Where(c => c.Kind == kind).Select(c => MovedSubjects.Pair(workspace, c)).ToList() is { Count: > 0 } pairs)
                entries.Add(Entry(action) with { Pairs = pairs });
        log.Write(transaction, entries);
    }
}
