using IntegrationHub.Model;
using IntegrationHub.Storage;

namespace IntegrationHub.Unify;

/// <summary>Folds every entity that a batch touched, and writes what differs as entities and changes.</summary>
internal sealed class EntityFolds(IHubTransaction transaction, Bindings bindings, Func<int, string> connectorOf, Cause cause)
{
    private const int NamedRecords = 16;

    private readonly GoldenFold _fold = new();
    private readonly GoldenDifference _difference = new();
    private readonly Dictionary<long, Touched> _touched = [];

    public async ValueTask<IReadOnlyList<ChangeRow>> ApplyAsync(IReadOnlyList<Delta> deltas, EntityAssignment assignment)
    {
        Collect(deltas, assignment);
        var missing = _touched.Keys.Where(id => !assignment.Entities.ContainsKey(id)).ToList();
        var rows = await transaction.EntitiesAsync(missing);
        var changes = new List<ChangeRow>();
        var writes = new List<EntityWrite>();
        foreach (var (id, touched) in _touched)
        {
            var row = assignment.Entities.GetValueOrDefault(id) ?? rows.GetValueOrDefault(id);
            if (await FoldAsync(id, touched, row, assignment) is { } result)
            {
                writes.Add(result.Write);
                if (result.Change is { } change)
                    changes.Add(change);
            }
        }

        // Held together otherwise than before, though nothing else about it changed.
        foreach (var (id, isChained) in assignment.Chained.Where(c => !_touched.ContainsKey(c.Key)))
            if (assignment.Entities.GetValueOrDefault(id) is { State: EntityState.Live } row && row.IsChained != isChained)
            {
                row.IsChained = isChained;
                writes.Add(new(row, IsNew: false, Search: null, [], []));
            }

        await transaction.AppendChangesAsync(changes);
        var sequences = changes.ToDictionary(c => c.Entity, c => c.Sequence);
        foreach (var write in writes)
            if (sequences.TryGetValue(write.Row.Id, out var sequence))
                write.Row.ChangeSequence = sequence;
        await transaction.WriteEntitiesAsync(writes);
        return changes;
    }

    private void Collect(IReadOnlyList<Delta> deltas, EntityAssignment assignment)
    {
        foreach (var delta in deltas)
        {
            if (delta.WasLive)
            {
                var before = Touch(delta.EntityBefore, delta.Binding, delta.Row.Record);
                before.Difference--;
                before.Replaced.Add(delta.Row);
            }

            if (!delta.IsLive)
                continue;
            var after = Touch(delta.Row.Entity, delta.Binding, delta.Row.Record);
            after.Difference++;
            after.Live.Add(delta.Row);
        }

        foreach (var (row, from, _, _) in assignment.Moved)
        {
            var binding = bindings.Find(row.Type)!;
            Touch(from, binding, row.Record).Difference--;
            var to = Touch(row.Entity, binding, row.Record);
            to.Difference++;
            to.Live.Add(row);
        }

        foreach (var dealt in assignment.Dealt)
            if (_touched.TryGetValue(dealt, out var touched))
                touched.FromScratch = true;
    }

    private Touched Touch(long entity, EntityBinding binding, long record)
    {
        if (!_touched.TryGetValue(entity, out var touched))
            _touched[entity] = touched = new(binding);
        if (touched.Records.Count < NamedRecords && !touched.Records.Contains(record))
            touched.Records.Add(record);
        return touched;
    }

    private async ValueTask<(EntityWrite Write, ChangeRow? Change)?> FoldAsync(long id, Touched touched, EntityRow? row, EntityAssignment assignment)
    {
        var binding = touched.Binding;
        var isNew = row is null;
        row ??= new() { Id = id, Type = binding.Number, State = EntityState.Deleted };
        var wasLive = row.State == EntityState.Live;
        var before = wasLive ? row.Body : [];
        var count = (wasLive ? row.Contributions : 0) + touched.Difference;
        var golden = count == 0 ? default : await GoldenAsync(id, touched, row, wasLive, count);

        row.Contributions = count;
        row.IsChained = count > 0 && assignment.Chained.GetValueOrDefault(id, row.IsChained);
        row.Body = golden.Body ?? [];
        row.Origins = golden.Origins ?? [];
        row.MergedInto = count == 0 ? assignment.Merged.GetValueOrDefault(id) : 0;
        row.State = count > 0 ? EntityState.Live : row.MergedInto != 0 ? EntityState.Merged : EntityState.Deleted;

        var differs = !before.AsSpan().SequenceEqual(row.Body);
        var kind = (wasLive, count > 0) switch
        {
            (true, true) => "updated",
            (true, false) => row.MergedInto != 0 ? "merged" : "deleted",
            (false, true) => assignment.Split.ContainsKey(id) ? "split" : "created",
            _ => "",
        };
        if (kind.Length == 0 && !isNew)
            return null;
        if (differs)
            _difference.Read(before, row.Body);
        else
            _difference.Read([], []);
        ChangeRow? change = null;
        if (kind.Length > 0 && (differs || wasLive != count > 0))
        {
            row.Version++;
            var other = kind switch
            {
                "merged" => row.MergedInto,
                "split" => assignment.Split[id],
                _ => 0,
            };
            change = new()
            {
                Entity = id,
                Type = row.Type,
                Kind = kind,
                At = cause.At,
                Run = cause.Run,
                Mapping = cause.Mapping,
                Records = touched.Records,
                Body = _difference.Write(binding.Type, other == 0 ? null : EntityId.Format(binding.Type, other)),
            };
        }

        var (added, removed) = _difference.Links(id, binding, bindings);
        return (new(row, isNew, differs ? _difference.SearchText(binding.Type) : null, added, removed), change);
    }

    private async ValueTask<Golden> GoldenAsync(long id, Touched touched, EntityRow row, bool wasLive, int count)
    {
        var binding = touched.Binding;
        var kept = new Golden(row.Body, row.Origins);
        if (wasLive && !touched.FromScratch && !_fold.DependsOn(binding.Type, kept, [.. touched.Replaced.Select(r => r.Id)]))
            return _fold.Add(binding.Type, kept, [.. touched.Live.Select(Input)], connectorOf);
        IEnumerable<ContributionRow> all = touched.Live;
        if (touched.Live.Count < count)
            all = await transaction.ContributionsOfEntityAsync(id);
        return _fold.Fold(binding.Type, [.. all.Select(Input)]);
    }

    private FoldInput Input(ContributionRow row) => new(row.Id, row.Connection, connectorOf(row.Connection), row.ObservedAt, row.Body);

    private sealed class Touched(EntityBinding binding)
    {
        public EntityBinding Binding { get; } = binding;

        /// <summary>Contributions that are new or replaced here.</summary>
        public List<ContributionRow> Live { get; } = [];

        /// <summary>Contributions that were here before and are no longer what they were.</summary>
        public List<ContributionRow> Replaced { get; } = [];

        public List<long> Records { get; } = [];

        /// <summary>By how many the number of contributions changes.</summary>
        public int Difference { get; set; }

        public bool FromScratch { get; set; }
    }
}
