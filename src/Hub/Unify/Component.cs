using IntegrationHub.Storage;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Unify;

/// <summary>A contribution that is dealt out.</summary>
/// <param name="EntityBefore">The entity it was in, or 0.</param>
internal sealed record Member(ContributionRow Row, EntityBinding Binding, IReadOnlyList<IdentityKey> Keys, Profile Profile, long EntityBefore)
{
    public List<IdentityKey> Strong { get; } = Binding.Strong(Keys);

    /// <summary>Members that strong keys connect, by position.</summary>
    /// <param name="within">Sets whose borders are not crossed.</param>
    public static DisjointSets StrongSets(IReadOnlyList<Member> members, DisjointSets? within = null)
    {
        var sets = new DisjointSets(members.Count);
        var holders = new Dictionary<(IdentityKey, int), int>(members.Count);
        for (var i = 0; i < members.Count; i++)
            foreach (var key in members[i].Strong)
                if (!holders.TryAdd((key, within?.Find(i) ?? 0), i))
                    sets.Join(holders[(key, within?.Find(i) ?? 0)], i);
        return sets;
    }
}

/// <summary>What is to be one entity.</summary>
internal sealed class Component
{
    public List<Member> Members { get; } = [];

    /// <summary>Whole entities in it, oldest first.</summary>
    public List<long> Entities { get; } = [];

    public long Entity { get; set; }

    /// <summary>Whether it takes more than strong keys to hold it together.</summary>
    public bool IsChained { get; set; }
}
