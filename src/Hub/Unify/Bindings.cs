using System.Collections.Concurrent;
using System.Collections.Frozen;
using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Unify;

/// <summary>The model with the store's numbers for its names, and memory to fold with. Made when the model is loaded.</summary>
public sealed class Bindings
{
    private readonly FrozenDictionary<string, EntityBinding> _byName;
    private readonly FrozenDictionary<int, EntityBinding> _byNumber;

    public Bindings(EntityModel model, Catalog catalog)
    {
        Model = model;
        Catalog = catalog;
        _byName = model.Entities.ToFrozenDictionary(e => e.Name, e => new EntityBinding(e, catalog), StringComparer.Ordinal);
        _byNumber = _byName.Values.ToFrozenDictionary(b => b.Number);
    }

    public EntityModel Model { get; }

    public Catalog Catalog { get; }

    /// <summary>Those that nobody folds with at present.</summary>
    internal ConcurrentBag<Folder> Folders { get; } = [];

    public EntityBinding Of(EntityType type) => _byName[type.Name];

    public EntityBinding? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The binding of a stored type number, or <c>null</c> when the model no longer declares it.</summary>
    public EntityBinding? Find(int number) => _byNumber.GetValueOrDefault(number);
}

/// <summary>One entity type with its numbers.</summary>
public sealed class EntityBinding
{
    private readonly FrozenDictionary<string, KindBinding> _kinds;
    private readonly FrozenDictionary<string, int> _links;
    private readonly FrozenSet<int> _limited;

    public EntityBinding(EntityType type, Catalog catalog)
    {
        Type = type;
        Number = catalog.EntityType(type.Name);
        SourceKey = catalog.SourceKey(type.Name);
        Plan = new(type);
        CandidateKinds = [.. Plan.Candidates.Select(c => catalog.Key(type.Name, c.Name, false))];
        // What is only compared is no key: nothing is found by it.
        _kinds = type.Identity.Where(k => k.Strength != Strength.Evidence).ToFrozenDictionary(k => k.Name, k => new KindBinding(k, catalog.Key(type.Name, k.Name, false), catalog.Key(type.Name, k.Name, true)), StringComparer.Ordinal);
        _links = type.Links.ToFrozenDictionary(l => l.Name, l => catalog.Link(type.Name, l.Name), StringComparer.Ordinal);
        _limited = [.. _kinds.Values.Where(k => k.Kind.Limit is not null).Select(k => k.Number)];
        StrongKinds = [SourceKey, .. _kinds.Values.Where(k => k.Kind.Strength == Strength.Strong).Select(k => k.Number)];
    }

    public EntityType Type { get; }

    /// <summary>How contributions of this type are compared.</summary>
    public MatchPlan Plan { get; }

    /// <summary>Numbers under which the store keeps the values of <see cref="MatchPlan.Candidates"/>.</summary>
    public int[] CandidateKinds { get; }

    public int Number { get; }

    /// <summary>Kind of the key that every contribution has; see <see cref="SourceKeyValue"/>.</summary>
    public int SourceKey { get; }

    /// <summary>Kinds that merge by themselves.</summary>
    public FrozenSet<int> StrongKinds { get; }

    /// <summary>Those of some keys that merge by themselves.</summary>
    public List<IdentityKey> Strong(IReadOnlyList<IdentityKey> keys)
    {
        var strong = new List<IdentityKey>(4);
        for (var i = 0; i < keys.Count; i++)
            if (StrongKinds.Contains(keys[i].Kind))
                strong.Add(keys[i]);
        return strong;
    }

    /// <summary>Kinds of which an entity has only so many join before the others.</summary>
    public int RankOf(IdentityKey key) => _limited.Contains(key.Kind) ? 0 : 1;

    /// <summary>The declaration of a kind, or <c>null</c> when it is no key.</summary>
    public IdentityKind? Declared(string name) => _kinds.GetValueOrDefault(name)?.Kind;

    /// <summary>The number of a kind of identity value; a demoted one is a kind of its own that never merges.</summary>
    public int Kind(string name, bool demoted) => _kinds.TryGetValue(name, out var kind) ? demoted ? kind.DemotedNumber : kind.Number : -1;

    public int Link(string name) => _links[name];

    /// <summary>A profile gained or lost by an entity, as the store is told.</summary>
    public ProfileDelta Delta(Profile profile, long entity, int delta) =>
        new(Number, profile.HashBytes(), profile.ToBytes, Array.ConvertAll(profile.Candidates(Plan), c => (CandidateKinds[c.Rule], c.Value)), entity, delta);

    /// <summary>A source's own id, made unique over connections.</summary>
    public static string SourceKeyValue(int connection, string key) => $"{connection}:{key}";

    private sealed record KindBinding(IdentityKind Kind, int Number, int DemotedNumber);
}
