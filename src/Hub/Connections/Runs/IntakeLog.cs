using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections.Runs;

/// <summary>Collects what a batch of records did, and tells it to the sovereignty log: one entry for each kind of thing, however many records.</summary>
internal sealed class IntakeLog(Workspace workspace, StreamContext stream, long run)
{
    private readonly Dictionary<long, LogSubject> _mapped = [];
    private readonly Dictionary<long, LogSubject> _withdrawn = [];
    private readonly List<(LogSubject, LogSubject)> _merged = [];
    private readonly List<(LogSubject, LogSubject)> _split = [];
    private readonly SortedDictionary<string, long> _rules = new(StringComparer.Ordinal);

    public void Unified(IEnumerable<ContributionRow> moved, IReadOnlyList<ChangeRow> changes)
    {
        foreach (var row in moved)
            (row.IsWithdrawn ? _withdrawn : _mapped).TryAdd(row.Entity, MovedSubjects.Of(workspace, row.Type, row.Entity));
        foreach (var change in changes)
            if (change.Kind is "merged" or "split")
                (change.Kind == "merged" ? _merged : _split).Add(MovedSubjects.Pair(workspace, change));
    }

    public void Rejected(IEnumerable<RejectedRow> rows)
    {
        foreach (var row in rows)
            _rules[row.Rule] = _rules.GetValueOrDefault(row.Rule) + 1;
    }

    /// <summary>Writes the entries of a batch. Records that came in were ingested; records that were kept were only mapped.</summary>
    public void Write(IHubTransaction transaction, ReconciliationStatement batch, bool isIngest)
    {
        var log = workspace.Log.Writer;
        var entries = new List<LogEntry>();
        var actor = $"connection:{stream.Connection.Name}";
        (string, string)[] about = [("run", $"{run}")];
        var mapping = stream.Mapping.Plan;
        LogEntry Entry(LogAction action) => new(action, actor) { From = log.Here, To = log.Here, Purpose = stream.Connection.Purpose, LegalBasis = stream.Connection.LegalBasis, About = about };
        if (isIngest && batch.Read + batch.Deleted > 0)
            entries.Add(Entry(LogAction.Ingest) with
            {
                From = new(stream.Name, stream.Region),
                Data = MovedFields.Of(mapping),
                Counts = [("read", batch.Read), ("mapped", batch.Mapped), ("unchanged", batch.Unchanged), ("filtered", batch.Filtered), ("rejected", batch.Rejected), ("deleted", batch.Deleted)],
            });
        if (_mapped.Count > 0 || (!isIngest && batch.Read > 0))
            entries.Add(Entry(LogAction.Map) with
            {
                Data = MovedFields.Of(mapping),
                Counts = isIngest ? [] : [("read", batch.Read), ("mapped", batch.Mapped), ("filtered", batch.Filtered), ("rejected", batch.Rejected)],
                About = [.. about, ("stream", stream.Name), ("mapping", $"{mapping.Source}@{mapping.Hash}")],
                Subjects = [.. _mapped.Values],
            });
        if (_rules.Count > 0)
            entries.Add(Entry(LogAction.Reject) with { About = [.. about, ("stream", stream.Name)], Counts = [.. _rules.Select(r => (r.Key, r.Value))] });
        if (batch.Deleted > 0 || _withdrawn.Count > 0)
            entries.Add(Entry(LogAction.Withdraw) with { About = [.. about, ("stream", stream.Name)], Counts = [("records", batch.Deleted)], Subjects = [.. _withdrawn.Values] });
        if (_merged.Count > 0)
            entries.Add(Entry(LogAction.Merge) with { Pairs = _merged });
        if (_split.Count > 0)
            entries.Add(Entry(LogAction.Split) with { Pairs = _split });
        log.Write(transaction, entries);
    }
}
