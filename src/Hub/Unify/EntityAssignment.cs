using IntegrationHub.Storage;

namespace IntegrationHub.Unify;

/// <summary>
/// Decides which entity each contribution of a batch belongs to: entities are the connected components of contributions over shared strong keys.
/// Entities that only gain stay as they are and act as one node; entities that lost a strong key are dealt out anew, contribution by contribution.
/// (Joint keys and decisions of stewards enter here as further edges and cuts.)
/// </summary>
internal sealed class EntityAssignment(IHubTransaction transaction, Bindings bindings)
{
    private readonly Dictionary<object, object> _parents = [];
    private readonly Dictionary<long, EntityRow> _entities = [];

    /// <summary>Contributions outside the batch that changed their entity, with the entity they left and their keys.</summary>
    public List<(ContributionRow Row, long From, IReadOnlyList<IdentityKey> Keys)> Moved { get; } = [];

    /// <summary>Entities that another took in, and by whom.</summary>
    public Dictionary<long, long> Merged { get; } = [];

    /// <summary>Entities that came out of another.</summary>
    public Dictionary<long, long> Split { get; } = [];

    /// <summary>Entities whose contributions were dealt out anew: they must be folded from scratch.</summary>
    public HashSet<long> Dealt { get; } = [];

    /// <summary>Entity rows read on the way.</summary>
    public IReadOnlyDictionary<long, EntityRow> Entities => _entities;

    public async ValueTask AssignAsync(IReadOnlyList<Delta> deltas)
    {
        await LoadAsync(deltas.Where(d => d.EntityBefore != 0).Select(d => d.EntityBefore));
        var members = await OpenAsync(deltas);
        await ConnectAsync(deltas, members);
        await DealAsync(deltas, members);
    }

    /// <summary>Takes apart the entities that lost a strong key; returns all their contributions.</summary>
    private async ValueTask<List<Member>> OpenAsync(IReadOnlyList<Delta> deltas)
    {
        foreach (var delta in deltas)
            if (delta.WasLive && (!delta.IsLive || delta.StrongBefore.Except(delta.StrongAfter).Any()))
                Dealt.Add(delta.EntityBefore);

        var inBatch = deltas.Where(d => d.Row.Id != 0).ToDictionary(d => d.Row.Id);
        var members = deltas.Where(d => d.IsLive && (!d.WasLive || Dealt.Contains(d.EntityBefore)))
            .Select(d => new Member(d.Row, d.Binding, [.. d.StrongAfter], d.WasLive ? d.EntityBefore : 0)).ToList();
        var touched = deltas.Where(d => d.WasLive).CountBy(d => d.EntityBefore).ToDictionary();
        foreach (var entity in Dealt.Where(e => touched.GetValueOrDefault(e) < _entities[e].Contributions))
            foreach (var row in await transaction.ContributionsOfEntityAsync(entity))
                if (!inBatch.ContainsKey(row.Id) && bindings.Find(row.Type) is { } binding)
                    members.Add(new(row, binding, [.. ContributionDocument.Keys(row, binding).Where(k => binding.StrongKinds.Contains(k.Kind))], entity));
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
        var components = new Dictionary<object, Component>();
        Component Of(object node) => components.TryGetValue(Find(node), out var c) ? c : components[Find(node)] = new(components.Count);
        foreach (var member in members)
            Of(member).Members.Add(member);
        foreach (var node in _parents.Keys.OfType<long>().Order())
            Of(node).Entities.Add(node);

        await LoadAsync(members.Where(m => m.Row.Home != 0).Select(m => m.Row.Home));
        await LoadAsync(components.Values.SelectMany(c => c.Entities));
        var taken = new HashSet<long>();
        // What is left of an entity comes before those that its contributions went to: it has no other number to fall back on.
        foreach (var component in components.Values.OrderBy(c => c.Entities.Count > 0).ThenBy(c => c.FirstStored).ThenBy(c => c.Order))
        {
            component.Entity = Choose(component, taken);
            taken.Add(component.Entity);
        }

        var inBatch = deltas.Where(d => d.Row.Id != 0).ToDictionary(d => d.Row.Id, d => d.Row);
        foreach (var component in components.Values)
            await SettleAsync(component, inBatch, taken);
        foreach (var entity in Dealt.Where(e => !taken.Contains(e)))
            if (components.Values.FirstOrDefault(c => c.Members.Any(m => m.EntityBefore == entity)) is { } heir)
                Merged[entity] = heir.Entity;
    }

    /// <summary>
    /// The number of an entity is the lowest home of its contributions. So it follows from which contributions exist: cutting off undoes a merge exactly,
    /// and what comes back after it was withdrawn finds its entity again. A home that another entity has by now is no choice.
    /// </summary>
    private long Choose(Component component, HashSet<long> taken)
    {
        bool IsFree(long entity) => !taken.Contains(entity) && (Dealt.Contains(entity) || !_entities.TryGetValue(entity, out var row) || row.State != EntityState.Live);
        var homes = component.Members.Select(m => m.Row.Home).Where(h => h != 0 && IsFree(h));
        return component.Entities.Take(1).Concat(homes).DefaultIfEmpty().Min() is var lowest and not 0 ? lowest : transaction.NewEntityId();
    }

    private async ValueTask SettleAsync(Component component, Dictionary<long, ContributionRow> inBatch, HashSet<long> taken)
    {
        foreach (var member in component.Members)
        {
            var row = member.Row;
            var from = member.EntityBefore;
            // A lower home is taken by others.
            if (row.Home < component.Entity)
                row.Home = component.Entity;
            row.Entity = component.Entity;
            if (from == component.Entity || from == 0)
                continue;
            if (!inBatch.ContainsKey(row.Id))
                Moved.Add((row, from, ContributionDocument.Keys(row, member.Binding)));
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
                Moved.Add((row, absorbed, ContributionDocument.Keys(row, bindings.Find(row.Type)!)));
            }
        }
    }

    private async ValueTask LoadAsync(IEnumerable<long> ids)
    {
        var missing = ids.Where(id => !_entities.ContainsKey(id)).Distinct().ToList();
        foreach (var (id, row) in await transaction.EntitiesAsync(missing))
            _entities[id] = row;
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

    private sealed class Member(ContributionRow row, EntityBinding binding, List<IdentityKey> strong, long entityBefore)
    {
        public ContributionRow Row { get; } = row;

        public EntityBinding Binding { get; } = binding;

        public List<IdentityKey> Strong { get; } = strong;

        /// <summary>The entity it was in until now, or 0.</summary>
        public long EntityBefore { get; } = entityBefore;
    }

    private sealed class Component(int order)
    {
        public int Order { get; } = order;

        public List<Member> Members { get; } = [];

        /// <summary>Whole entities in it, oldest first.</summary>
        public List<long> Entities { get; } = [];

        public long Entity { get; set; }

        /// <summary>Number of its oldest stored contribution, so that the oldest part of a split entity chooses first.</summary>
        public long FirstStored => Members.Select(m => m.Row.Id).Where(i => i != 0).DefaultIfEmpty(long.MaxValue).Min();
    }
}
