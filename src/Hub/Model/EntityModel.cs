using System.Collections.Frozen;
using System.Text;
using IntegrationHub.Json;

namespace IntegrationHub.Model;

/// <summary>The unified model: every entity that mappings can contribute to. Immutable.</summary>
public sealed class EntityModel
{
    private readonly FrozenDictionary<string, EntityType> _byName;
    private readonly FrozenDictionary<string, EntityType> _byPlural;

    public EntityModel(IReadOnlyList<EntityType> entities)
    {
        Entities = entities;
        _byName = entities.ToFrozenDictionary(e => e.Name, StringComparer.Ordinal);
        _byPlural = entities.ToFrozenDictionary(e => e.Plural, StringComparer.Ordinal);
    }

    public IReadOnlyList<EntityType> Entities { get; }

    public EntityType? Find(string name) => _byName.GetValueOrDefault(name);

    public EntityType? FindPlural(string plural) => _byPlural.GetValueOrDefault(plural);
}

/// <summary>One kind of thing, such as a customer.</summary>
public sealed class EntityType
{
    private bool? _collects;

    public required string Name { get; init; }

    /// <summary>Segment of the API path.</summary>
    public required string Plural { get; init; }

    public required string Description { get; init; }

    /// <summary>The field shown as the entity's name.</summary>
    public required string? Label { get; init; }

    public required IReadOnlyList<IdentityKind> Identity { get; init; }

    /// <summary>How contributions without a common strong key are recognised as the same; <c>null</c> when only strong keys count.</summary>
    public MatchingRules? Matching { get; init; }

    public required IReadOnlyList<FieldType> Fields { get; init; }

    public required IReadOnlyList<LinkType> Links { get; init; }

    /// <summary>Positions in <see cref="Fields"/> by name.</summary>
    internal NameTable FieldNames => field ??= new([.. Fields.Select(f => f.Name)]);

    /// <summary>Positions in <see cref="Links"/> by name.</summary>
    internal NameTable LinkNames => field ??= new([.. Links.Select(l => l.Name)]);

    /// <summary>Whether some golden value is made of all contributions.</summary>
    internal bool Collects => _collects ??= Fields.Any(f => f.Survivorship == Survivorship.Collect) || Links.Any(l => l.Many);

    /// <summary>Names of the fields, prepared for lookups.</summary>
    internal IReadOnlyList<JsonName> FieldKeys => field ??= [.. Fields.Select(f => new JsonName(f.Name))];

    /// <summary>Names of the links, prepared for lookups.</summary>
    internal IReadOnlyList<JsonName> LinkKeys => field ??= [.. Links.Select(l => new JsonName(l.Name))];

    /// <summary>Names of the links as JSON writes them, with quotes and colon.</summary>
    internal IReadOnlyList<byte[]> LinkJsonNames => field ??= [.. Links.Select(l => Encoding.UTF8.GetBytes($"\"{l.Name}\":"))];

    /// <summary>Names of the fields whose text is searched, the label among them.</summary>
    internal IReadOnlyList<JsonName> SearchedKeys => field ??= [.. Fields.Where(f => f.Searched || f.Name == Label).Select(f => new JsonName(f.Name))];

    public FieldType? Field(string name) => Fields.FirstOrDefault(f => f.Name == name);

    public IdentityKind? IdentityKind(string name) => Identity.FirstOrDefault(k => k.Name == name);

    public LinkType? Link(string name) => Links.FirstOrDefault(l => l.Name == name);

    public override string ToString() => Name;
}

/// <summary>How much a shared identity value says.</summary>
public enum Strength
{
    /// <summary>Only compared when a pair is compared for another reason; nothing is found by it.</summary>
    Evidence,

    /// <summary>Only proposes a match for a person to decide.</summary>
    Hint,

    /// <summary>Merges where it is unambiguous.</summary>
    Joint,

    /// <summary>Merges by itself.</summary>
    Strong,
}

/// <summary>A kind of identity value that mappings may give, such as a tax number.</summary>
public sealed record IdentityKind(string Name, Strength Strength, string Description)
{
    private readonly BlockedValues _blocked = new([]);

    /// <summary>An entity never holds more different values of this kind. 1 for a number that everybody has one of: two of them are two entities.</summary>
    public int? Limit { get; init; }

    /// <summary>A value that is seen under more different names than this is a switchboard or an agency: it no longer joins anybody.</summary>
    public int? Shared { get; init; }

    /// <summary>Values that mean nothing, such as placeholders; <c>*</c> stands for any characters.</summary>
    public IReadOnlyList<string> Blocked
    {
        get;
        init
        {
            field = value;
            _blocked = new(value);
        }
    } = [];

    /// <summary>Whether a value is one of <see cref="Blocked"/>.</summary>
    public bool Blocks(string value) => _blocked.Contains(value);
}

/// <summary>How personal a field's values are.</summary>
public enum Classification
{
    Business,
    Financial,
    Personal,
    Sensitive,
}

/// <summary>The type of a field's value, or of each of its values.</summary>
public enum FieldKind
{
    Text,
    Number,
    Integer,
    Boolean,

    /// <summary>RFC 3339 with offset.</summary>
    Time,

    /// <summary>RFC 3339 full-date.</summary>
    Date,

    /// <summary>An object of <c>amount</c> (number) and <c>currency</c> (ISO 4217).</summary>
    Money,

    /// <summary>An object with the nested fields.</summary>
    Object,

    /// <summary>Any JSON value, as it is.</summary>
    Json,
}

/// <summary>Which contribution's value a golden field takes; ties are decided by a total order, so arrival order never matters.</summary>
public enum Survivorship
{
    /// <summary>The most recent by the source's own time.</summary>
    Latest,

    /// <summary>The oldest by the source's own time.</summary>
    Earliest,

    /// <summary>The longest text.</summary>
    Longest,

    /// <summary>The greatest value.</summary>
    Max,

    /// <summary>The least value.</summary>
    Min,

    /// <summary>All distinct values of all contributions.</summary>
    Collect,
}

/// <summary>One field of an entity.</summary>
public sealed class FieldType
{
    public required string Name { get; init; }

    public required FieldKind Kind { get; init; }

    /// <summary>A list of values.</summary>
    public bool Many { get; init; }

    public Classification Class { get; init; }

    public string Description { get; init; } = "";

    /// <summary>The closed list of allowed texts, or empty.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    private byte[][] ValuesUtf8 => field ??= [.. Values.Select(Encoding.UTF8.GetBytes)];

    /// <summary>Can be filtered and sorted by in the API.</summary>
    public bool Indexed { get; init; }

    /// <summary>Found by full-text search.</summary>
    public bool Searched { get; init; }

    public Survivorship Survivorship { get; init; }

    /// <summary>Connector ids whose values win over the others', best first; decided before <see cref="Survivorship"/>.</summary>
    public IReadOnlyList<string> Prefer { get; init; } = [];

    /// <summary>Nested fields of <see cref="FieldKind.Object"/>.</summary>
    public IReadOnlyList<FieldType> Fields { get; init; } = [];

    /// <summary>The name as JSON writes it, with quotes and colon.</summary>
    public byte[] JsonName => field ??= Encoding.UTF8.GetBytes($"\"{Name}\":");

    /// <summary>Whether a text may stand here, as far as the list of allowed ones decides.</summary>
    internal bool Allows(ReadOnlySpan<byte> text)
    {
        var values = ValuesUtf8;
        foreach (var allowed in values)
            if (text.SequenceEqual(allowed))
                return true;
        return values.Length == 0;
    }

    public override string ToString() => Many ? $"list of {Kind}" : Kind.ToString().ToLowerInvariant();
}

/// <summary>A named reference to another entity.</summary>
public sealed record LinkType(string Name, string Entity, bool Many, string Description);
