using IntegrationHub.Storage;

namespace IntegrationHub.Unify;

/// <summary>
/// Gives entities their numbers. Every number belongs to one contribution, and an entity goes by the lowest that belongs to its contributions. So numbers
/// follow from who belongs together: whatever merges or splits entities, taking it away gives each its number back. A contribution that is withdrawn, or
/// that is replaced and leaves for another entity, leaves its number to the oldest of those that came to it and have none, so that they keep it.
/// </summary>
internal sealed class EntityNumbers(IUnifyTransaction transaction, IReadOnlyList<Delta> deltas)
{
    /// <summary>Contributions that got a number while they stayed as they were.</summary>
    public HashSet<ContributionRow> Heirs { get; } = [];

    /// <summary>Numbers that were not there before.</summary>
    public HashSet<long> Created { get; } = [];

    public void Assign(IReadOnlyList<Component> components)
    {
        Bequeath(components);
        foreach (var component in components)
        {
            component.Entity = Lowest(component);
            if (component.Entity == 0)
            {
                Created.Add(component.Entity = transaction.NewEntityId());
                Give(component.Members.MinBy(m => m.Row.Id == 0 ? long.MaxValue : m.Row.Id)!.Row, component.Entity);
            }

            foreach (var member in component.Members)
                if (member.Row.Home == 0)
                    member.Row.Home = component.Entity;
        }
    }

    /// <summary>The lowest number that belongs to any of it, or 0.</summary>
    private static long Lowest(Component component)
    {
        var lowest = 0L;
        foreach (var entity in component.Entities)
            Take(entity);
        foreach (var member in component.Members)
            Take(member.Row.Owns);
        return lowest;

        void Take(long number)
        {
            if (number != 0 && (lowest == 0 || number < lowest))
                lowest = number;
        }
    }

    private void Bequeath(IReadOnlyList<Component> components)
    {
        var owners = deltas.Where(d => d.WasLive && d.Row.Owns != 0).ToList();
        if (owners.Count == 0)
            return;
        var replaced = owners.Where(d => d.IsLive).Select(d => d.Row).ToHashSet();
        var withIt = new Dictionary<ContributionRow, Component>();
        foreach (var component in components)
            foreach (var member in component.Members.Where(m => replaced.Contains(m.Row)))
                withIt[member.Row] = component;
        var families = components.SelectMany(c => c.Members.Select(m => (Member: m, Component: c))).Where(m => m.Member.EntityBefore != 0).ToLookup(m => m.Member.EntityBefore);
        foreach (var owner in owners)
        {
            var component = withIt.GetValueOrDefault(owner.Row);
            if (owner.IsLive && (component is null || families[owner.EntityBefore].Any(m => m.Component == component && m.Member.Row != owner.Row)))
                continue;
            var heir = families[owner.EntityBefore].Select(m => m.Member.Row).Where(r => r.Owns == 0 && r.Home == owner.Row.Owns && r != owner.Row).MinBy(r => r.Id);
            if (heir is null)
                continue;
            Give(heir, owner.Row.Owns);
            owner.Row.Owns = 0;
        }
    }

    private void Give(ContributionRow row, long number)
    {
        row.Owns = number;
        Heirs.Add(row);
    }
}
