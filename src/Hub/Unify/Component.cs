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
internal sealed class Component
{
    public List<Member> Members { get; } = [];

    /// <summary>Whole entities in it, oldest first.</summary>
    public List<long> Entities { get; } = [];

    public long Entity { get; set; }

    /// <summary>Whether it takes more than strong keys to hold it together.</summary>
    public bool IsChained { get; set; }
}
