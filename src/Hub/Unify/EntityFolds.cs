using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Threads;

namespace IntegrationHub.Unify;

/// <summary>
/// Folds every entity that a batch touched, and writes what differs as entities and changes. First everything that folding needs is loaded; the folding
/// itself asks nothing of the store, so it runs on all cores while the transaction is busy with other rows.
/// </summary>
internal sealed class EntityFolds(IUnifyTransaction transaction, Bindings bindings, Func<int, string> connectorOf, Cause cause, EntityAssignment assignment)
{
    private const int NamedRecords = 16;
    private const int FoldedAtOnce = 32;

    private readonly Dictionary<long, Touched> _touched = [];
    private readonly List<Touched> _waiting = [];

    /// <summary>Loads what folding needs. The contributions of the batch are stored already.</summary>
    public async ValueTask LoadAsync(IReadOnlyList<Delta> deltas)
    {
        Collect(deltas);
        var rows = await transaction.EntitiesAsync([.. _touched.Keys.Where(id => !assignment.Entities.ContainsKey(id))]);
        using var folder = Folder.Take(bindings);
        foreach (var touched in _touched.Values)
        {
            touched.Find(assignment.Entities.GetValueOrDefault(touched.Id) ?? rows.GetValueOrDefault(touched.Id));
            touched.Adds = touched is { WasLive: true, FromScratch: false } && !folder.Fold.DependsOn(touched.Binding.Type, touched.Kept, [.. touched.Replaced.Select(r => r.Id)]);
            if (touched.Adds || touched.Live.Count >= touched.Count)
                _waiting.Add(touched);
            else
                // One at a time: an entity may have very many.
                Fold(touched, await transaction.ContributionsOfEntityAsync(touched.Id), folder);
        }
    }

    /// <summary>Folds what was loaded. Nothing that was loaded may be changed meanwhile.</summary>
    public SharedWork Fold() => SharedWork.Start(_waiting.Count, FoldedAtOnce, FoldRange);

    /// <summary>Writes entities and changes. Returns the changes.</summary>
    public async ValueTask<IReadOnlyList<ChangeRow>> WriteAsync()
    {
        var changes = new List<ChangeRow>(_touched.Count);
        var writes = new List<EntityWrite>(_touched.Count);
        foreach (var touched in _touched.Values)
        {
            if (touched.Write is { } write)
                writes.Add(write);
            if (touched.Change is { } change)
                changes.Add(change);
        }

        // Held together otherwise than before, though nothing else about it changed.
        foreach (var (id, isChained) in assignment.Chained.Where(c => !_touched.ContainsKey(c.Key)))
            if (assignment.Entities.GetValueOrDefault(id) is { State: EntityState.Live } row && row.IsChained != isChained)
            {
                row.IsChained = isChained;
                writes.Add(new(row, IsNew: false, Search: null, [], []));
            }

        await transaction.AppendChangesAsync(changes);
        foreach (var touched in _touched.Values)
            if (touched.Change is { } change)
                touched.Write!.Row.ChangeSequence = change.Sequence;
        await transaction.WriteEntitiesAsync(writes);
        return changes;
    }

    private void Collect(IReadOnlyList<Delta> deltas)
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
            _touched[entity] = touched = new(entity, binding);
        if (touched.Records.Count < NamedRecords && !touched.Records.Contains(record))
            touched.Records.Add(record);
        return touched;
    }

    private void FoldRange(int from, int to)
    {
        using var folder = Folder.Take(bindings);
        for (var i = from; i < to; i++)
            Fold(_waiting[i], _waiting[i].Live, folder);
    }

    /// <param name="contributions">All there are, or those to add.</param>
    private void Fold(Touched touched, IReadOnlyList<ContributionRow> contributions, Folder folder)
    {
        var (id, binding, wasLive, count) = (touched.Id, touched.Binding, touched.WasLive, touched.Count);
        var isNew = touched.Row is null;
        var row = touched.Row ?? new() { Id = id, Type = binding.Number, State = EntityState.Deleted };
        var before = wasLive ? row.Body : [];
        FoldInput[] inputs = [.. contributions.Select(Input)];
        var golden = count == 0 ? default : touched.Adds ? folder.Fold.Add(binding.Type, touched.Kept, inputs, connectorOf) : folder.Fold.Fold(binding.Type, inputs);

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
            return;
        var difference = folder.Difference;
        if (differs)
            difference.Read(before, row.Body);
        else
            difference.Read([], []);
        if (kind.Length > 0 && (differs || wasLive != count > 0))
        {
            row.Version++;
            var other = kind switch
            {
                "merged" => row.MergedInto,
                "split" => assignment.Split[id],
                _ => 0,
            };
            touched.Change = new()
            {
                Entity = id,
                Type = row.Type,
                Kind = kind,
                At = cause.At,
                Run = cause.Run,
                Mapping = cause.Mapping,
                Records = touched.Records,
                Body = difference.Write(binding.Type, other == 0 ? null : EntityId.Format(binding.Type, other)),
            };
        }

        var (added, removed) = difference.Links(id, binding, bindings);
        touched.Write = new(row, isNew, differs ? difference.SearchText(binding.Type) : null, added, removed);
    }

    private FoldInput Input(ContributionRow row) => new(row.Id, row.Connection, connectorOf(row.Connection), row.ObservedAt, row.Body);

    private sealed class Touched(long id, EntityBinding binding)
    {
        public long Id { get; } = id;

        public EntityBinding Binding { get; } = binding;

        /// <summary>As it was before, or <c>null</c> when it is new.</summary>
        public EntityRow? Row { get; private set; }

        public bool WasLive { get; private set; }

        /// <summary>How many contributions it has now.</summary>
        public int Count { get; private set; }

        public Golden Kept => new(Row!.Body, Row.Origins);

        /// <summary>Contributions that are new or replaced here.</summary>
        public List<ContributionRow> Live { get; } = [];

        /// <summary>Contributions that were here before and are no longer what they were.</summary>
        public List<ContributionRow> Replaced { get; } = [];

        public List<long> Records { get; } = [];

        /// <summary>By how many the number of contributions changes.</summary>
        public int Difference { get; set; }

        public bool FromScratch { get; set; }

        /// <summary>What is new can be folded into what was there.</summary>
        public bool Adds { get; set; }

        public EntityWrite? Write { get; set; }

        public ChangeRow? Change { get; set; }

        public void Find(EntityRow? row)
        {
            Row = row;
            WasLive = row is { State: EntityState.Live };
            Count = (WasLive ? row!.Contributions : 0) + Difference;
        }
    }
}
