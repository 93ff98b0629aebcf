using IntegrationHub.Storage;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Unify;

/// <summary>
/// Decides which entity each contribution of a batch belongs to. For types with nothing but strong keys, entities are the connected components over
/// them: those that only gain stay as they are and act as one node, those that lost a strong key are dealt out anew. Types that are matched, guarded or
/// decided about are resolved by <see cref="MatchRegion"/>.
/// </summary>
internal sealed class EntityAssignment(IUnifyTransaction transaction, Bindings bindings)
{
    private readonly Dictionary<object, object> _parents = [];
    private readonly EntityRows _rows = new(transaction);
    private readonly List<(Component Component, (MatchRegion Region, int Part) Connected)> _matched = [];
    private readonly HashSet<long> _contestedBefore = [];

    /// <summary>Contributions outside the batch that changed their entity, with the entity they left and their keys.</summary>
    public List<(ContributionRow Row, long From, IReadOnlyList<IdentityKey> Keys, Profile Profile)> Moved { get; } = [];

    /// <summary>Contributions outside the batch that stayed where they are and got a number.</summary>
    public IReadOnlyList<ContributionRow> Renumbered { get; private set; } = [];

    /// <summary>Entities that were not there before.</summary>
    public IReadOnlySet<long> Created { get; private set; } = new HashSet<long>();

    /// <summary>Entities that another took in, and by whom.</summary>
    public Dictionary<long, long> Merged { get; } = [];

    /// <summary>Entities that came out of another.</summary>
    public Dictionary<long, long> Split { get; } = [];

    /// <summary>Entities whose contributions were dealt out anew: they must be folded from scratch.</summary>
    public HashSet<long> Dealt { get; } = [];

    /// <summary>Entities whose parts were looked at, with whether it takes more than strong keys to hold them together.</summary>
    public Dictionary<long, bool> Chained { get; } = [];

    /// <summary>Entity rows read on the way.</summary>
    public IReadOnlyDictionary<long, EntityRow> Entities => _rows.All;

    /// <param name="reopened">Entities to deal out anew although none of their contributions changed.</param>
    public async ValueTask AssignAsync(IReadOnlyList<Delta> deltas, IReadOnlyCollection<long> reopened)
    {
        await _rows.LoadAsync(deltas.Where(d => d.EntityBefore != 0).Select(d => d.EntityBefore).Concat(reopened));
        var plain = new List<Delta>(deltas.Count);
        var matched = new List<EntityBinding>();
        var touched = deltas.ToLookup(d => d.Binding);
        foreach (var type in touched.Select(g => g.Key).Concat(reopened.Select(e => bindings.Find(_rows[e].Type)).OfType<EntityBinding>()).Distinct())
            if (type.Plan.Decides || reopened.Any(e => _rows[e].Type == type.Number) || await transaction.Matches.HasDecisionsAsync(type.Number))
                matched.Add(type);
            else
                plain.AddRange(touched[type]);
        var members = await OpenAsync(plain);
        await ConnectAsync(plain, members);
        foreach (var type in matched)
            await MatchAsync(type, [.. touched[type]], [.. reopened.Where(e => _rows[e].Type == type.Number)]);
        await DealAsync(deltas, members);
        await NoteContestedAsync();
        foreach (var (component, _) in _matched)
            Chained[component.Entity] = component.IsChained;
    }

    private async ValueTask MatchAsync(EntityBinding type, List<Delta> deltas, List<long> reopened)
    {
        foreach (var region in await MatchRegions.ResolveAsync(transaction, type, deltas, _rows, reopened))
        {
            foreach (var (component, connected) in region.Components)
                _matched.Add((component, (region, connected)));
            Dealt.UnionWith(region.Opened);
            _contestedBefore.UnionWith(region.ContestedBefore);
        }
    }

    /// <summary>Remembers which entities are connected and yet apart, so that whoever touches one of them looks at all.</summary>
    private async ValueTask NoteContestedAsync()
    {
        var contested = new HashSet<long>();
        foreach (var group in _matched.GroupBy(m => m.Connected))
        {
            var numbers = group.Select(m => m.Component.Entity).Distinct().ToList();
            if (numbers.Count < 2)
                continue;
            foreach (var entity in numbers)
                await transaction.Matches.SetComponentAsync(entity, numbers.Min());
            contested.UnionWith(numbers);
        }

        foreach (var entity in _contestedBefore.Except(contested))
            await transaction.Matches.SetComponentAsync(entity, 0);
    }

    /// <summary>Takes apart the entities that lost a strong key; returns all their contributions.</summary>
    private async ValueTask<List<Member>> OpenAsync(IReadOnlyList<Delta> deltas)
    {
        foreach (var delta in deltas)
            if (delta.WasLive && (!delta.IsLive || delta.LosesStrong))
                Dealt.Add(delta.EntityBefore);

        var inBatch = deltas.Where(d => d.Row.Id != 0).ToDictionary(d => d.Row.Id);
        var members = deltas.Where(d => d.IsLive && (!d.WasLive || Dealt.Contains(d.EntityBefore)))
            .Select(d => new Member(d.Row, d.Binding, d.KeysAfter, d.ProfileAfter!, d.WasLive ? d.EntityBefore : 0)).ToList();
        var touched = deltas.Where(d => d.WasLive).CountBy(d => d.EntityBefore).ToDictionary();
        foreach (var entity in Dealt.Where(e => touched.GetValueOrDefault(e) < _rows[e].Contributions))
            foreach (var row in await transaction.ContributionsOfEntityAsync(entity))
                if (!inBatch.ContainsKey(row.Id) && bindings.Find(row.Type) is { } binding)
                {
                    var (keys, profile) = ContributionDocument.Identity(row, binding);
                    members.Add(new(row, binding, keys, profile, entity));
                }

        return members;
    }

    /// <summary>Joins members and whole entities that share a strong key.</summary>
    private async ValueTask ConnectAsync(IReadOnlyList<Delta> deltas, List<Member> members)
    {
        foreach (var member in members)
            foreach (var key in member.Strong)
                Join(member, key);
        // Replaced contributions that only gained keys pull their whole entity to whoever holds those keys.
        var gained = deltas.Where(d => d.IsLive && d.WasLive && !Dealt.Contains(d.EntityBefore)).ToList();
        foreach (var delta in gained)
            foreach (var key in delta.StrongAfter.Except(delta.StrongBefore))
                Join(delta.EntityBefore, key);

        var keys = members.SelectMany(m => m.Strong).Concat(gained.SelectMany(d => d.StrongAfter.Except(d.StrongBefore))).Distinct().ToList();
        foreach (var holder in await transaction.FindKeysAsync(keys))
            if (!Dealt.Contains(holder.Entity))
                Join(holder.Entity, holder.Key);
    }

    /// <summary>Gives every component its entity.</summary>
    private async ValueTask DealAsync(IReadOnlyList<Delta> deltas, List<Member> members)
    {
        var found = new Dictionary<object, Component>();
        Component Of(object node) => found.TryGetValue(Find(node), out var c) ? c : found[Find(node)] = new();
        foreach (var member in members)
            Of(member).Members.Add(member);
        foreach (var node in _parents.Keys.OfType<long>().Order())
            Of(node).Entities.Add(node);

        List<Component> components = [.. found.Values, .. _matched.Select(m => m.Component)];
        await _rows.LoadAsync(components.SelectMany(c => c.Entities));
        var numbers = new EntityNumbers(transaction, deltas);
        numbers.Assign(components);
        Created = numbers.Created;
        var taken = components.Select(c => c.Entity).ToHashSet();

        var inBatch = deltas.Where(d => d.Row.Id != 0).ToDictionary(d => d.Row.Id, d => d.Row);
        foreach (var component in components)
            await SettleAsync(component, inBatch, taken);
        Renumbered = [.. numbers.Heirs.Except(deltas.Select(d => d.Row)).Except(Moved.Select(m => m.Row))];
        var heirs = new Dictionary<long, long>();
        foreach (var component in components)
            foreach (var member in component.Members)
                heirs.TryAdd(member.EntityBefore, component.Entity);
        foreach (var entity in Dealt.Where(e => !taken.Contains(e)))
            if (heirs.TryGetValue(entity, out var heir))
                Merged[entity] = heir;
    }

    private async ValueTask SettleAsync(Component component, Dictionary<long, ContributionRow> inBatch, HashSet<long> taken)
    {
        foreach (var member in component.Members)
        {
            var row = member.Row;
            var from = member.EntityBefore;
            row.Entity = component.Entity;
            if (from == component.Entity || from == 0)
                continue;
            if (!inBatch.ContainsKey(row.Id))
                Moved.Add((row, from, member.Keys, member.Profile));
            if (component.Entities.Count == 0 && taken.Contains(from))
                Split.TryAdd(component.Entity, from);
        }

        foreach (var absorbed in component.Entities.Where(e => e != component.Entity))
        {
            Merged[absorbed] = component.Entity;
            foreach (var row in await transaction.ContributionsOfEntityAsync(absorbed))
            {
                if (inBatch.TryGetValue(row.Id, out var same))
                {
                    same.Entity = component.Entity;
                    continue;
                }

                row.Entity = component.Entity;
                var (keys, profile) = ContributionDocument.Identity(row, bindings.Find(row.Type)!);
                Moved.Add((row, absorbed, keys, profile));
            }
        }
    }

    private object Find(object node)
    {
        if (!_parents.TryGetValue(node, out var parent))
            _parents[node] = parent = node;
        while (!ReferenceEquals(parent, node) && !parent.Equals(node))
        {
            var grandparent = _parents[parent];
            _parents[node] = grandparent;
            node = parent;
            parent = grandparent;
        }

        return node;
    }

    private void Join(object a, object b) => _parents[Find(a)] = Find(b);
}
