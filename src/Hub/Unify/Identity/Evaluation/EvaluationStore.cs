using System.Runtime.InteropServices;
using IntegrationHub.Model;
using IntegrationHub.Storage;

namespace IntegrationHub.Unify.Identity.Evaluation;

/// <summary>
/// What <see cref="UnifyBatch"/> works on, in memory: contributions of one entity type, one of each record, with the entities they belong to. It is what
/// an evaluation applies upserts to, so that they measure resolution and fold and no disk. Nothing can be undone.
/// </summary>
internal sealed class EvaluationStore : IUnifyTransaction
{
    /// <summary>The number of the one connection.</summary>
    public const int Connection = 1;

    public const string Connector = "evaluation";

    private readonly Bindings _bindings;
    private readonly EntityBinding _binding;
    private readonly int[] _limited;
    private readonly NumberedRows<ContributionRow> _byRecord = new();
    private readonly NumberedRows<List<ContributionRow>> _byEntity = new();

    /// <summary>By number of the contribution, the list it is in.</summary>
    private readonly NumberedRows<List<ContributionRow>> _listOf = new();

    private readonly Dictionary<IdentityKey, (long Entity, int References)[]> _keys = [];
    private readonly Dictionary<(long Entity, int Kind), (string Value, int References)[]> _held = [];
    private readonly NumberedRows<EntityRow> _entities = new();
    private readonly EvaluationMatches _matches = new();
    private long _lastContribution;
    private long _lastEntity;
    private long _lastChange;

    private EvaluationStore(Bindings bindings, EntityBinding binding)
    {
        (_bindings, _binding) = (bindings, binding);
        _limited = [.. binding.Plan.Limits.Select(l => binding.Kind(binding.Plan.Kinds[l.Kind], demoted: false))];
    }

    public IMatchIndex Matches => _matches;

    public bool ReadsInParallel => true;

    /// <summary>Numbers for the names of a model, in the order of its declarations, as a store gives them.</summary>
    public static Catalog CatalogOf(EntityModel model)
    {
        var numbers = new Dictionary<(string, string), int>();
        int NumberOf(string kind, string name) => numbers.TryGetValue((kind, name), out var number) ? number : numbers[(kind, name)] = numbers.Count + 1;
        foreach (var (kind, name) in Catalog.NamesOf(model))
            NumberOf(kind, name);
        return new(NumberOf, number => numbers.First(n => n.Value == number).Key);
    }

    /// <summary>What a record contributes, not yet resolved.</summary>
    /// <param name="position">Of the record, from 0.</param>
    /// <param name="id">The record's own id.</param>
    /// <param name="observedAt">Unix milliseconds.</param>
    public static ContributionRow Row(EntityBinding binding, int position, string id, long observedAt, byte[] body) => new()
    {
        Record = position + 1,
        Type = binding.Number,
        Key = id,
        Connection = Connection,
        ObservedAt = observedAt,
        Mapping = 1,
        Body = body,
    };

    /// <summary>A store that holds contributions resolved at once, as <see cref="Partition"/> defines it.</summary>
    /// <param name="rows">What the records 1, 2, 3 … contribute, in this order.</param>
    public static async Task<EvaluationStore> OfAsync(Bindings bindings, EntityBinding binding, IReadOnlyList<ContributionRow> rows)
    {
        var store = new EvaluationStore(bindings, binding);
        var members = rows.AsParallel().AsOrdered().Select(row =>
        {
            var (keys, profile) = ContributionDocument.Identity(row, binding);
            return new Member(row, binding, keys, profile, 0);
        }).ToList();
        var nodes = members.ConvertAll(m => new MatchNode(m.Profile, m.Strong, m.Row.ObservedAt, m.Keys[0].Value, m.Row.Record));
        var (entity, connected) = Partition.Of(binding.Plan, nodes, [], binding.RankOf);
        for (var i = 0; i < rows.Count; i++)
        {
            rows[i].Entity = rows[i].Home = entity[i] + 1;
            rows[i].Owns = entity[i] == i ? i + 1 : 0;
        }

        store._lastEntity = rows.Count;
        await store.WriteContributionsAsync(rows);
        foreach (var chunk in members.Chunk(10_000))
        {
            await store.ApplyKeysAsync([.. chunk.SelectMany(m => m.Keys.Select(k => new KeyDelta(k, m.Row.Entity, 1)))]);
            await store._matches.ApplyAsync([.. chunk.Where(m => m.Profile.Candidates(binding.Plan).Length > 0).Select(m => binding.Delta(m.Profile, m.Row.Entity, 1))]);
        }

        foreach (var part in members.GroupBy(m => connected[m.Row.Record - 1], m => m.Row.Entity).Select(g => g.Distinct().ToList()).Where(p => p.Count > 1))
            foreach (var number in part)
                await store._matches.SetComponentAsync(number, part.Min());
        foreach (var row in members.GroupBy(m => m.Row.Entity).AsParallel().Select(g => store.Fold([.. g])))
            store._entities[row.Id] = row;
        return store;
    }

    /// <summary>The entity of each record.</summary>
    /// <param name="records">How many there are; they count from 1.</param>
    public int[] EntityOfRecords(int records) => [.. Enumerable.Range(1, records).Select(r => (int)_byRecord[r]!.Entity)];

    public ValueTask<IReadOnlyList<ContributionRow>> ContributionsOfRecordsAsync(IReadOnlyList<long> records) => new([.. records.Select(r => _byRecord[r]).OfType<ContributionRow>()]);

    public ValueTask<IReadOnlyList<ContributionRow>> ContributionsOfEntityAsync(long entity) => new(_byEntity[entity]?.FindAll(r => !r.IsWithdrawn) ?? []);

    public ValueTask WriteContributionsAsync(IReadOnlyList<ContributionRow> contributions)
    {
        foreach (var row in contributions)
        {
            if (row.Id == 0)
                row.Id = ++_lastContribution;
            _byRecord[row.Record] = row;
            var (before, after) = (_listOf[row.Id], _byEntity[row.Entity] ??= new(1));
            if (before == after)
                continue;
            before?.Remove(row);
            after.Add(row);
            _listOf[row.Id] = after;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Holders of strong keys; nothing asks for those of others.</summary>
    public ValueTask<IReadOnlyList<KeyHolder>> FindKeysAsync(IReadOnlyList<IdentityKey> keys)
    {
        var found = new List<KeyHolder>();
        foreach (var key in keys)
            if (_keys.TryGetValue(key, out var holders))
                foreach (var (entity, references) in holders)
                    found.Add(new(key, entity, references));
        return new(found);
    }

    public ValueTask<IReadOnlyList<IdentityKey>> KeysOfEntityAsync(long entity, int kind) =>
        new(_held.TryGetValue((entity, kind), out var values) ? Array.ConvertAll(values, v => new IdentityKey(kind, v.Value)) : []);

    public ValueTask ApplyKeysAsync(IReadOnlyList<KeyDelta> deltas)
    {
        foreach (var (key, entity, delta, _) in deltas)
        {
            if (_binding.StrongKinds.Contains(key.Kind))
            {
                ref var holders = ref CollectionsMarshal.GetValueRefOrAddDefault(_keys, key, out _);
                holders = References.Add(holders, entity, delta);
                if (holders.Length == 0)
                    _keys.Remove(key);
            }

            if (_limited.Contains(key.Kind))
            {
                ref var held = ref CollectionsMarshal.GetValueRefOrAddDefault(_held, (entity, key.Kind), out _);
                held = References.Add(held, key.Value, delta);
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyDictionary<long, EntityRow>> EntitiesAsync(IReadOnlyCollection<long> ids)
    {
        var rows = new Dictionary<long, EntityRow>(ids.Count);
        foreach (var id in ids)
            if (_entities[id] is { } row)
                rows[id] = row;
        return new(rows);
    }

    public long NewEntityId() => ++_lastEntity;

    public ValueTask WriteEntitiesAsync(IReadOnlyList<EntityWrite> entities)
    {
        foreach (var write in entities)
            _entities[write.Row.Id] = write.Row;
        return ValueTask.CompletedTask;
    }

    /// <summary>Numbers them; nobody reads them.</summary>
    public ValueTask AppendChangesAsync(IReadOnlyList<ChangeRow> changes)
    {
        foreach (var change in changes)
            change.Sequence = ++_lastChange;
        return ValueTask.CompletedTask;
    }

    private EntityRow Fold(List<Member> members)
    {
        using var folder = Folder.Take(_bindings);
        var golden = folder.Fold.Fold(_binding.Type, [.. members.Select(m => new FoldInput(m.Row.Id, Connection, Connector, m.Row.ObservedAt, m.Row.Body))]);
        var strong = Member.StrongSets(members);
        return new()
        {
            Id = members[0].Row.Entity,
            Type = _binding.Number,
            State = EntityState.Live,
            Version = 1,
            Body = golden.Body,
            Origins = golden.Origins,
            Contributions = members.Count,
            IsChained = Enumerable.Range(0, members.Count).Any(i => strong.Find(i) != strong.Find(0)),
        };
    }
}
