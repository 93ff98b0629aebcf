using IntegrationHub.Storage;

namespace IntegrationHub.Unify.Identity;

/// <summary>
/// The part of a type's contributions that a batch can change: what the batch touches, whatever that is connected with, and whatever was joined or left
/// apart because of a value that changes its state. Entities in it are taken apart and resolved anew by <see cref="Partition"/>, so that the outcome is
/// that of resolving everything at once. A large entity that only gains by a strong key is left whole.
/// </summary>
/// <param name="entities">Rows of entities, loaded when they are not there.</param>
/// <param name="dealt">Receives the entities that are taken apart.</param>
internal sealed class MatchRegion(IHubTransaction transaction, EntityBinding binding, IReadOnlyList<Delta> deltas, EntityRows entities, HashSet<long> dealt)
{
    /// <summary>Entities of up to this many contributions are resolved anew whenever they gain.</summary>
    private const int SmallEntity = 200;

    private readonly CandidateViews _views = new(transaction.Matches, binding, deltas);
    private readonly Dictionary<long, Delta> _inBatch = deltas.Where(d => d.Row.Id != 0).ToDictionary(d => d.Row.Id);
    private readonly List<Member> _members = [];
    private readonly HashSet<long> _opened = [];
    private readonly List<(int Member, long Entity)> _attached = [];
    private readonly Dictionary<long, DecisionRow> _decisions = [];

    /// <summary>Entities that stood in a contested component before.</summary>
    public HashSet<long> ContestedBefore { get; } = [];

    /// <summary>Components, each with a number of what it is connected with.</summary>
    public async ValueTask<List<(Component Component, int Connected)>> ResolveAsync(IReadOnlyCollection<long> reopened, Func<int> nextOrder)
    {
        var open = new HashSet<long>(reopened);
        foreach (var delta in deltas.Where(d => d.WasLive))
            if (!delta.IsLive || delta.TimeBefore != delta.Row.ObservedAt || delta.ProfileBefore!.Hash != delta.ProfileAfter!.Hash || !delta.StrongBefore.ToHashSet().SetEquals(delta.StrongAfter))
                open.Add(delta.EntityBefore);
        foreach (var delta in deltas.Where(d => d.IsLive && !d.WasLive))
            _members.Add(new(delta.Row, delta.Binding, delta.KeysAfter, delta.ProfileAfter!, 0));
        // What the batch takes away can change the state of values too.
        foreach (var delta in deltas.Where(d => d.WasLive))
            open.UnionWith(await _views.LoadAsync(delta.ProfileBefore!));

        var hasDecisions = await transaction.Matches.HasDecisionsAsync(binding.Number);
        var seen = 0;
        while (true)
        {
            await OpenAsync(open);
            open.Clear();
            if (seen < _members.Count)
            {
                for (; seen < _members.Count; seen++)
                    open.UnionWith(await ReachAsync(seen, hasDecisions));
                open.ExceptWith(_opened);
                continue;
            }

            var resolved = Partition.Of(binding.Plan, [.. _members.Select(Node)], Rulings(), binding.RankOf, _views.States);
            open.UnionWith(await DisputedAsync(resolved.Entity));
            if (open.Count == 0)
                return Components(resolved.Entity, resolved.Connected, nextOrder);
        }
    }

    private async ValueTask OpenAsync(HashSet<long> open)
    {
        var waiting = new Queue<long>(open);
        while (waiting.TryDequeue(out var entity))
        {
            if (!_opened.Add(entity))
                continue;
            if (await transaction.Matches.ComponentAsync(entity) is not 0 and var component)
            {
                ContestedBefore.Add(entity);
                foreach (var other in await transaction.Matches.EntitiesOfComponentAsync(component))
                    waiting.Enqueue(other);
            }

            dealt.Add(entity);
            await entities.LoadAsync([entity]);
            foreach (var row in await transaction.ContributionsOfEntityAsync(entity))
                if (!_inBatch.ContainsKey(row.Id))
                {
                    var (keys, profile) = ContributionDocument.Identity(row, binding);
                    _members.Add(new(row, binding, keys, profile, entity));
                }

            foreach (var delta in deltas.Where(d => d.WasLive && d.IsLive && d.EntityBefore == entity))
                _members.Add(new(delta.Row, delta.Binding, delta.KeysAfter, delta.ProfileAfter!, entity));
        }

        _attached.RemoveAll(a => _opened.Contains(a.Entity));
    }

    /// <summary>What a member leads to: entities to be opened. Large ones that hold its strong key are only attached.</summary>
    private async ValueTask<HashSet<long>> ReachAsync(int index, bool hasDecisions)
    {
        var member = _members[index];
        var open = new HashSet<long>(await _views.LoadAsync(member.Profile));
        var strong = new HashSet<long>();
        foreach (var holder in await transaction.FindKeysAsync(member.Strong))
            if (!_opened.Contains(holder.Entity))
                strong.Add(holder.Entity);
        await entities.LoadAsync(strong);
        foreach (var entity in strong)
            if (entities[entity].Contributions > SmallEntity && await transaction.Matches.ComponentAsync(entity) == 0 && await AcceptsAsync(entity, member))
                _attached.Add((index, entity));
            else
                open.Add(entity);
        foreach (var entity in await _views.MatchesAsync(member.Profile))
            if (!_attached.Contains((index, entity)))
                open.Add(entity);
        if (hasDecisions)
            await DecidedAsync(member, open);
        return open;
    }

    /// <summary>Whether a limit leaves room for what the member brings.</summary>
    private async ValueTask<bool> AcceptsAsync(long entity, Member member)
    {
        foreach (var (kind, most) in binding.Plan.Limits)
        {
            var values = member.Profile.Values[kind];
            if (values.Length == 0)
                continue;
            var held = (await transaction.KeysOfEntityAsync(entity, binding.Kind(binding.Plan.Kinds[kind], demoted: false))).Select(k => k.Value);
            if (held.Union(values, StringComparer.Ordinal).Count() > most)
                return false;
        }

        return true;
    }

    private async ValueTask DecidedAsync(Member member, HashSet<long> open)
    {
        foreach (var decision in await transaction.Matches.DecisionsOfAsync(binding.Number, [member.Keys[0].Value]))
            if (_decisions.TryAdd(decision.Number, decision) && decision.Kind is "merge" or "split")
                foreach (var holder in await transaction.FindKeysAsync([.. decision.Left.Select(k => new IdentityKey(binding.SourceKey, k))]))
                    if (!_opened.Contains(holder.Entity))
                        open.Add(holder.Entity);
    }

    /// <summary>Whole entities that would be joined with each other, or shared by two: too much to leave them whole.</summary>
    private async ValueTask<List<long>> DisputedAsync(int[] entityOf)
    {
        var disputed = new HashSet<long>();
        foreach (var group in _attached.GroupBy(a => entityOf[a.Member]))
            if (group.Select(a => a.Entity).Distinct().Count() > 1)
                disputed.UnionWith(group.Select(a => a.Entity));
        foreach (var group in _attached.GroupBy(a => a.Entity))
            if (group.Select(a => entityOf[a.Member]).Distinct().Count() > 1 && !await AcceptAllAsync(group))
                disputed.Add(group.Key);
        return [.. disputed];
    }

    private async ValueTask<bool> AcceptAllAsync(IGrouping<long, (int Member, long Entity)> attached)
    {
        var merged = new string[binding.Plan.Kinds.Count][];
        for (var kind = 0; kind < merged.Length; kind++)
            merged[kind] = [.. attached.SelectMany(a => _members[a.Member].Profile.Values[kind]).Distinct(StringComparer.Ordinal)];
        return await AcceptsAsync(attached.Key, _members[attached.First().Member] with { Profile = new(merged) });
    }

    private MatchNode Node(Member member) => new(member.Profile, member.Strong, member.Row.ObservedAt, $"{member.Keys[0].Value}\n{member.Profile.Hash:x}\n{member.Row.Record}");

    private List<Ruling> Rulings()
    {
        var positions = new Lazy<ILookup<string, int>>(() => Enumerable.Range(0, _members.Count).ToLookup(i => _members[i].Keys[0].Value));
        var rulings = new List<Ruling>();
        foreach (var decision in _decisions.Values.OrderBy(d => d.Number))
        {
            List<int> left = [.. decision.Left.SelectMany(k => positions.Value[k])];
            List<int> right = [.. decision.Right.SelectMany(k => positions.Value[k])];
            // What is split off stays together; of two sides of one decision the joining one is applied first.
            if (decision.Kind is "merge" or "split" && left.Count > 1)
                rulings.Add(new(2 * decision.Number + 1, RulingKind.Merge, left, []));
            if (decision.Kind is "split" or "forbid" && left.Count > 0 && right.Count > 0)
                rulings.Add(new(2 * decision.Number, RulingKind.Apart, left, right));
        }

        return rulings;
    }

    private List<(Component, int)> Components(int[] entityOf, int[] connectedOf, Func<int> nextOrder)
    {
        var found = new Dictionary<int, (Component Component, int Connected)>();
        // A whole entity that several groups join makes one of them.
        var root = new DisjointSets(_members.Count);
        foreach (var group in _attached.GroupBy(a => a.Entity))
            foreach (var (member, _) in group)
                root.Join(entityOf[group.First().Member], entityOf[member]);
        for (var i = 0; i < _members.Count; i++)
        {
            var key = root.Find(entityOf[i]);
            if (!found.TryGetValue(key, out var entry))
                found[key] = entry = (new(nextOrder()), connectedOf[key]);
            entry.Component.Members.Add(_members[i]);
        }

        foreach (var (member, entity) in _attached)
            if (found[root.Find(entityOf[member])].Component.Entities is var whole && !whole.Contains(entity))
                whole.Add(entity);
        return [.. found.Values];
    }
}

/// <summary>Rows of entities read so far in a transaction.</summary>
internal sealed class EntityRows(IHubTransaction transaction)
{
    private readonly Dictionary<long, EntityRow> _rows = [];

    public IReadOnlyDictionary<long, EntityRow> All => _rows;

    public EntityRow this[long id] => _rows[id];

    public async ValueTask LoadAsync(IEnumerable<long> ids)
    {
        var missing = ids.Where(id => !_rows.ContainsKey(id)).Distinct().ToList();
        if (missing.Count == 0)
            return;
        foreach (var (id, row) in await transaction.EntitiesAsync(missing))
            _rows[id] = row;
    }
}
