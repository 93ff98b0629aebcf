using System.Collections.Concurrent;
using System.Collections.Frozen;
using IntegrationHub.Json;
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
    private readonly IdentityName[] _names;

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
        _names = [new(new("source"), null, IsDemoted: false, SourceKey, SourceKey, Position: -1), .. type.Identity.SelectMany(k => new[] { NameOf(k, demoted: false), NameOf(k, demoted: true) })];
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

    /// <summary>What a name in the identity of a contribution stands for, or <c>null</c> when the model does not declare it.</summary>
    internal IdentityName? IdentityName(JsonTape tape, int node)
    {
        foreach (var name in _names)
            if (name.Name.Hash == tape[node].NameHash && tape.TextEquals(node, name.Name.Utf8))
                return name;
        return null;
    }

    /// <summary>The number of a kind of identity value; a demoted one is a kind of its own that never merges.</summary>
    public int Kind(string name, bool demoted) => _kinds.TryGetValue(name, out var kind) ? demoted ? kind.DemotedNumber : kind.Number : -1;

    public int Link(string name) => _links[name];

    /// <summary>A profile gained or lost by an entity, as the store is told.</summary>
    public ProfileDelta Delta(Profile profile, long entity, int delta) =>
        new(Number, profile.Hash, profile.ToBytes, Array.ConvertAll(profile.Candidates(Plan), c => (CandidateKinds[c.Rule], c.Value)), entity, delta);

    /// <summary>A source's own id, made unique over connections.</summary>
    public static string SourceKeyValue(int connection, string key) => $"{connection}:{key}";

    private IdentityName NameOf(IdentityKind kind, bool demoted)
    {
        var name = demoted ? kind.Name + "?" : kind.Name;
        return new(new(name), kind, demoted, Kind(kind.Name, demoted), Kind(kind.Name, demoted: true), Array.IndexOf(Plan.Kinds, name));
    }

    private sealed record KindBinding(IdentityKind Kind, int Number, int DemotedNumber);
}

/// <summary>A name in the identity of contributions.</summary>
/// <param name="Kind">What it is declared as; <c>null</c> for <c>source</c>, which says what a pin is pinned to.</param>
/// <param name="Key">Number of its keys, -1 when its values are only compared.</param>
/// <param name="DemotedKey">Number of those keys that may not join.</param>
/// <param name="Position">In <see cref="MatchPlan.Kinds"/>, or -1.</param>
internal sealed record IdentityName(JsonName Name, IdentityKind? Kind, bool IsDemoted, int Key, int DemotedKey, int Position);
