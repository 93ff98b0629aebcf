using System.Text.Json.Nodes;
using IntegrationHub.Model;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections;

/// <summary>Tells the sovereignty log of a steward's decision and of the merges and splits it led to, in the transaction of both.</summary>
internal static class StewardLog
{
    /// <summary>What decisions show of whom: the entities they name, and the field of a pin.</summary>
    public static (IReadOnlyList<LogData> Data, IReadOnlyList<LogSubject> Subjects) Shown(Workspace workspace, IEnumerable<DecisionRow> decisions)
    {
        var subjects = new List<LogSubject>();
        var fields = new List<(EntityType Type, string Field)>();
        foreach (var decision in decisions)
        {
            var evidence = JsonNode.Parse(decision.Evidence);
            subjects.AddRange(evidence?["entities"]?.AsArray().Select(id => MovedSubjects.Named(workspace, id!.GetValue<string>())) ?? []);
            if (evidence?["field"]?.GetValue<string>() is { } field && workspace.Bindings.Find(decision.Type)?.Type is { } type)
                fields.Add((type, field));
        }

        return ([.. fields.Distinct().GroupBy(f => f.Type, f => f.Field).Select(g => MovedFields.Of(g.Key, g.Key.Fields.Where(f => g.Contains(f.Name)), []))], [.. subjects.DistinctBy(s => s.Entity)]);
    }

    /// <param name="actor">An API key or an operator; who is named with the decision may be anybody, and is a name.</param>
    public static void Write(Workspace workspace, string actor, IHubTransaction transaction, DecisionRow decision, IReadOnlyList<ChangeRow> changes)
    {
        var log = workspace.Log.Writer;
        var (data, named) = Shown(workspace, [decision]);
        (string, string)[] about = [("decision", $"{decision.Number}")];
        LogEntry Entry(LogAction action) => new(action, actor) { From = log.Here, To = log.Here, About = about };
        var entries = new List<LogEntry>
        {
            Entry(LogAction.Policy) with
            {
                About = [.. about, ("kind", decision.Kind)],
                Data = data,
                Subjects = [.. named.Concat(changes.Select(c => MovedSubjects.Of(workspace, c.Type, c.Entity))).DistinctBy(s => s.Entity)],
            },
        };
        foreach (var (kind, action) in new[] { ("merged", LogAction.Merge), ("split", LogAction.Split) })
            if (changes.Where(c => c.Kind == kind).Select(c => MovedSubjects.Pair(workspace, c)).ToList() is { Count: > 0 } pairs)
                entries.Add(Entry(action) with { Pairs = pairs });
        log.Write(transaction, entries);
    }
}
