using IntegrationHub.Storage;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Unify;

/// <summary>A contribution that is dealt out.</summary>
/// <param name="EntityBefore">The entity it was in, or 0.</param>
internal sealed record Member(ContributionRow Row, EntityBinding Binding, IReadOnlyList<IdentityKey> Keys, Profile Profile, long EntityBefore)
{
    public List<IdentityKey> Strong { get; } = [.. Keys.Where(k => Binding.StrongKinds.Contains(k.Kind))];
}

/// <summary>What is to be one entity.</summary>
internal sealed class Component(int order)
{
    public int Order { get; } = order;

    public List<Member> Members { get; } = [];

    /// <summary>Whole entities in it, oldest first.</summary>
    public List<long> Entities { get; } = [];

    public long Entity { get; set; }

    /// <summary>Number of its oldest stored contribution, so that the oldest part of a split entity chooses first.</summary>
    public long FirstStored => Members.Select(m => m.Row.Id).Where(i => i != 0).DefaultIfEmpty(long.MaxValue).Min();
}
