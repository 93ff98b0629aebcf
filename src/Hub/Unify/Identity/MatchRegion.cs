using IntegrationHub.Storage;

namespace IntegrationHub.Unify.Identity;

/// <summary>
/// The part of a type's contributions that a batch can change: what the batch touches, whatever that is connected with, and whatever was joined or left
/// apart because of a value that changes its state. Entities in it are taken apart and resolved anew by <see cref="Partition"/>, so that the outcome is
/// that of resolving everything at once. An entity that strong keys alone hold together and that only gains by one of them stays one whatever is
/// resolved, so it is left whole: what an often met organisation costs does not grow with how often it was met.
/// </summary>
/// <param name="deltas">Those of the batch that are resolved here.</param>
/// <param name="batch">What the whole batch takes away and brings.</param>
/// <param name="entities">Rows of entities, loaded when they are not there.</param>
/// <param name="hasDecisions">Whether anything was ever decided about the type.</param>
internal sealed class MatchRegion(IUnifyTransaction transaction, EntityBinding binding, IReadOnlyList<Delta> deltas, BatchCandidates batch, EntityRows entities, bool hasDecisions)
{
    /// <summary>Entities of up to this many contributions are resolved anew whenever they gain by anything but a strong key, or are held together by more.</summary>
    private const int SmallEntity = 200;

    private readonly CandidateViews _views = new(transaction.Matches, binding, [.. deltas.Where(d => d.ChangesMatches)], batch);
    private readonly Dictionary<long, Delta> _inBatch = deltas.Where(d => d.Row.Id != 0).ToDictionary(d => d.Row.Id);
    private readonly List<Member> _members = [];
    private readonly HashSet<ContributionRow> _present = [];
    private readonly HashSet<long> _opened = [];
    private readonly HashSet<long> _matches = [];
    private readonly List<(int Member, long Entity)> _attached = [];
    private readonly Dictionary<(long Entity, int Kind), IReadOnlyList<IdentityKey>> _held = [];
    private readonly Dictionary<long, DecisionRow> _decisions = [];

    /// <summary>What is to be an entity, each with a number of what it is connected with in this region.</summary>
    public IReadOnlyList<(Component Component, int Connected)> Components { get; private set; } = [];

    /// <summary>Entities that are taken apart.</summary>
    public IReadOnlySet<long> Opened => _opened;

    /// <summary>Entities that stood in a contested component before.</summary>
    public HashSet<long> ContestedBefore { get; } = [];

    /// <summary>All entities that the outcome may change or depends on. What has none of them in common with it has the same outcome with or without it.</summary>
    public IEnumerable<long> Entities => _opened.Concat(_attached.Select(a => a.Entity)).Concat(deltas.Where(d => d.EntityBefore != 0).Select(d => d.EntityBefore));

    public async Task ResolveAsync(IReadOnlyCollection<long> reopened)
    {
        var open = new HashSet<long>(reopened);
        foreach (var delta in deltas)
            if (delta.IsLive && !delta.WasLive)
                Add(delta);
            else if (!delta.IsLive || delta.LosesStrong)
                open.Add(delta.EntityBefore);
            else if (delta.IsSeenOtherwise)
                // What it said may be what held it, or others, in an entity that more than strong keys hold together.
                if (await MayStayWholeAsync(delta.EntityBefore) && !(entities[delta.EntityBefore].IsChained && delta.SaysOtherwise))
                    Add(delta);
                else
                    open.Add(delta.EntityBefore);
        open.UnionWith(await _views.LoadChangingAsync());

        var seen = 0;
        while (true)
        {
            await OpenAsync(open);
            open.Clear();
            if (seen < _members.Count)
            {
                for (; seen < _members.Count; seen++)
                    await ReachAsync(seen, open);
                open.ExceptWith(_opened);
                continue;
            }

            await _views.LoadCommonAsync(_members);
            var resolved = Partition.Of(binding.Plan, [.. _members.Select(Node)], Rulings(), binding.RankOf, _views.States);
            open.UnionWith(await DisputedAsync(resolved.Entity, resolved.Connected));
            if (open.Count > 0)
                continue;
            Components = ComponentsOf(resolved.Entity, resolved.Connected);
            return;
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

            await entities.LoadAsync(entity);
            foreach (var row in await transaction.ContributionsOfEntityAsync(entity))
                if (!_inBatch.ContainsKey(row.Id))
                {
                    var (keys, profile) = ContributionDocument.Identity(row, binding);
                    _members.Add(new(row, binding, keys, profile, entity));
                }

            foreach (var delta in deltas)
                if (delta.WasLive && delta.IsLive && delta.EntityBefore == entity)
                    Add(delta);
        }

        _attached.RemoveAll(a => _opened.Contains(a.Entity));
    }

    private void Add(Delta delta)
    {
        if (_present.Add(delta.Row))
            _members.Add(new(delta.Row, delta.Binding, delta.KeysAfter, delta.ProfileAfter!, delta.WasLive ? delta.EntityBefore : 0));
    }

    /// <summary>Adds what a member leads to: entities to be opened. Those that hold its strong key and may stay whole are only attached.</summary>
    private ValueTask ReachAsync(int index, HashSet<long> open)
    {
        var member = _members[index];
        // What it is connected with was found when it came, and is opened with it: the same entity, or one contested with it.
        return hasDecisions || _present.Contains(member.Row) || _views.Changes(member.Profile)
            ? SearchAsync(index, member, open)
            : _views.LoadSharedAsync(member.Profile);
    }

    private async ValueTask SearchAsync(int index, Member member, HashSet<long> open)
    {
        await _views.LoadAsync(member.Profile);
        var isDecided = hasDecisions && await DecidedAsync(member, open);
        HashSet<long>? strong = null;
        foreach (var holder in await transaction.FindKeysAsync(member.Strong))
            if (!_opened.Contains(holder.Entity) && (strong ??= []).Add(holder.Entity))
                if (!isDecided && await MayStayWholeAsync(holder.Entity) && await AcceptsAsync(holder.Entity, [member]))
                    _attached.Add((index, holder.Entity));
                else
                    open.Add(holder.Entity);
        _matches.Clear();
        await _views.MatchesAsync(member.Profile, entity => _opened.Contains(entity) || _attached.Contains((index, entity)), _matches);
        foreach (var entity in _matches)
            if (!_attached.Contains((index, entity)))
                open.Add(entity);
    }

    /// <summary>Whether an entity that gains by a strong key is the same entity afterwards, as far as it alone can tell.</summary>
    private async ValueTask<bool> MayStayWholeAsync(long entity)
    {
        await entities.LoadAsync(entity);
        return (!entities[entity].IsChained || entities[entity].Contributions > SmallEntity) && await transaction.Matches.ComponentAsync(entity) == 0;
    }

    /// <summary>Whether limits leave room for what members bring.</summary>
    private async ValueTask<bool> AcceptsAsync(long entity, IReadOnlyCollection<Member> members)
    {
        foreach (var (kind, most) in binding.Plan.Limits)
        {
            var values = members.SelectMany(m => m.Profile[kind]).ToHashSet(StringComparer.Ordinal);
            if (values.Count == 0)
                continue;
            // What is only compared is no key: it takes the contributions to know what the entity has of it.
            if (binding.Kind(binding.Plan.Kinds[kind], demoted: false) is not (>= 0 and var key))
                return false;
            if (!_held.TryGetValue((entity, kind), out var held))
                _held[(entity, kind)] = held = await transaction.KeysOfEntityAsync(entity, key);
            values.UnionWith(held.Select(k => k.Value));
            if (values.Count > most)
                return false;
        }

        return true;
    }

    private async ValueTask<bool> DecidedAsync(Member member, HashSet<long> open)
    {
        var decisions = await transaction.Matches.DecisionsOfAsync(binding.Number, [member.Keys[0].Value]);
        foreach (var decision in decisions)
            if (_decisions.TryAdd(decision.Number, decision) && decision.Kind != "pin")
                foreach (var holder in await transaction.FindKeysAsync([.. decision.Left.Concat(decision.Right).Select(k => new IdentityKey(binding.SourceKey, k))]))
                    if (!_opened.Contains(holder.Entity))
                        open.Add(holder.Entity);
        return decisions.Count > 0;
    }

    /// <summary>
    /// Whole entities that would be joined with each other or with anything else but by strong keys, or that get more than limits allow: too much to
    /// leave them whole. Only a large one that more than strong keys hold together may be joined by more than strong keys and stay whole.
    /// </summary>
    private async ValueTask<List<long>> DisputedAsync(int[] entityOf, int[] connectedOf)
    {
        if (_attached.Count == 0)
            return [];
        var disputed = new HashSet<long>();
        var outcome = Outcome(entityOf);
        foreach (var group in _attached.GroupBy(a => outcome.Find(a.Member)))
            if (group.Select(a => a.Entity).Distinct().Count() > 1)
                disputed.UnionWith(group.Select(a => a.Entity));

        var strong = StrongSets(within: null);
        foreach (var group in _attached.GroupBy(a => strong.Find(a.Member)))
            if (group.Select(a => a.Entity).Distinct().Count() > 1)
                disputed.UnionWith(group.Select(a => a.Entity));
        var everyone = Enumerable.Range(0, _members.Count).ToList();
        var (byOutcome, bySet, byPart) = (everyone.ToLookup(outcome.Find), everyone.ToLookup(strong.Find), everyone.ToLookup(i => connectedOf[i]));
        foreach (var (member, entity) in _attached.DistinctBy(a => a.Entity))
        {
            var set = strong.Find(member);
            var gained = bySet[set].ToList();
            var isLargeChain = entities[entity].IsChained && entities[entity].Contributions > SmallEntity;
            if (!await AcceptsAsync(entity, [.. gained.Union(byOutcome[outcome.Find(member)]).Select(i => _members[i])])
                || (!isLargeChain && gained.Select(i => connectedOf[i]).Distinct().SelectMany(part => byPart[part]).Any(i => strong.Find(i) != set)))
                disputed.Add(entity);
        }

        return [.. disputed];
    }

    /// <summary>Members that come to be one entity, through whole entities too.</summary>
    private DisjointSets Outcome(int[] entityOf)
    {
        var sets = new DisjointSets(_members.Count);
        for (var i = 0; i < _members.Count; i++)
            sets.Join(entityOf[i], i);
        JoinAttached(sets);
        return sets;
    }

    /// <summary>Members that strong keys connect, through whole entities too.</summary>
    /// <param name="within">Sets whose borders are not crossed.</param>
    private DisjointSets StrongSets(DisjointSets? within)
    {
        var sets = Member.StrongSets(_members, within);
        JoinAttached(sets);
        return sets;
    }

    private void JoinAttached(DisjointSets sets)
    {
        var first = new Dictionary<long, int>();
        foreach (var (member, entity) in _attached)
            if (!first.TryAdd(entity, member))
                sets.Join(first[entity], member);
    }

    private static MatchNode Node(Member member) => new(member.Profile, member.Strong, member.Row.ObservedAt, member.Keys[0].Value, member.Row.Record);

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

    private List<(Component, int)> ComponentsOf(int[] entityOf, int[] connectedOf)
    {
        var found = new Dictionary<int, (Component Component, int Connected)>();
        var root = Outcome(entityOf);
        for (var i = 0; i < _members.Count; i++)
        {
            var key = root.Find(i);
            if (!found.TryGetValue(key, out var entry))
                found[key] = entry = (new(), connectedOf[key]);
            entry.Component.Members.Add(_members[i]);
        }

        foreach (var (member, entity) in _attached)
            if (found[root.Find(member)].Component.Entities is var whole && !whole.Contains(entity))
                whole.Add(entity);
        var strong = StrongSets(root);
        var sets = Enumerable.Range(0, _members.Count).ToLookup(root.Find, strong.Find);
        foreach (var (key, (component, _)) in found)
            component.IsChained = sets[key].Distinct().Skip(1).Any() || component.Entities.Any(e => entities[e].IsChained);
        return [.. found.Values];
    }
}

/// <summary>Rows of entities read so far in a transaction. Several threads may read them.</summary>
internal sealed class EntityRows(IUnifyTransaction transaction)
{
    private readonly Dictionary<long, EntityRow> _rows = [];

    public IReadOnlyDictionary<long, EntityRow> All => _rows;

    public EntityRow this[long id]
    {
        get
        {
            lock (_rows)
                return _rows[id];
        }
    }

    public ValueTask LoadAsync(long id) => IsLoaded(id) ? default : LoadAsync([id]);

    public async ValueTask LoadAsync(IEnumerable<long> ids)
    {
        var missing = ids.Where(id => !IsLoaded(id)).Distinct().ToList();
        if (missing.Count == 0)
            return;
        var read = await transaction.EntitiesAsync(missing);
        lock (_rows)
            foreach (var (id, row) in read)
                _rows.TryAdd(id, row);
    }

    private bool IsLoaded(long id)
    {
        lock (_rows)
            return _rows.ContainsKey(id);
    }
}
