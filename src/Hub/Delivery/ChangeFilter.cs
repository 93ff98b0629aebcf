using System.Text;
using IntegrationHub.Json;
using IntegrationHub.Mapping.JsonPath;
using IntegrationHub.Storage;
using IntegrationHub.Unify;

namespace IntegrationHub.Delivery;

/// <summary>Which changes somebody wants to be told of. <c>null</c> means all.</summary>
public sealed record ChangeFilter
{
    private static readonly JsonLimits Limits = new() { MaxDepth = JsonLimits.HighestDepth };

    public IReadOnlySet<string>? Entities { get; init; }

    public IReadOnlySet<string>? Kinds { get; init; }

    /// <summary>An update matches when one of these fields or links is in it; other kinds of change always do.</summary>
    public IReadOnlySet<string>? Changed { get; init; }

    /// <summary>Over the change as the feed shows it: <c>$.fields.status.after == 'signed'</c>.</summary>
    public JsonPathCondition? When { get; init; }

    /// <summary>The fields and links that are shown. An update that has none of them is none to those who see only these.</summary>
    public IReadOnlySet<string>? Fields { get; init; }

    /// <summary>Only this entity.</summary>
    public long? Entity { get; init; }

    /// <summary>Decides by what the change says of itself; <see cref="Holds"/> decides the rest.</summary>
    public bool Admits(ChangeRow change, Bindings bindings, JsonTape tape)
    {
        if (bindings.Find(change.Type) is not { } binding)
            return false;
        if (Entity is { } entity && change.Entity != entity || Entities?.Contains(binding.Type.Name) == false || Kinds?.Contains(change.Kind) == false)
            return false;
        if (change.Kind != "updated" || (Changed is null && Fields is null))
            return true;
        if (!tape.Parse(change.Body, Limits).IsOk)
            throw new StoreException($"change {change.Sequence} cannot be read; restore the store from a backup");
        return Touches(tape, Changed) && Touches(tape, Fields);
    }

    /// <summary>Whether the condition holds for a change as the feed shows it. One that looks at too much of it does not.</summary>
    public bool Holds(byte[] document, JsonTape tape) =>
        When is null || (tape.Parse(document, Limits).IsOk && When.Evaluate(tape, 0, 0, out _));

    private static bool Touches(JsonTape tape, IReadOnlySet<string>? names)
    {
        if (names is null)
            return true;
        var (fields, links) = (tape.Find(0, "fields"u8), tape.Find(0, "links"u8));
        foreach (var name in names)
        {
            var utf8 = Encoding.UTF8.GetBytes(name);
            if ((fields >= 0 && tape.Find(fields, utf8) >= 0) || (links >= 0 && tape.Find(links, utf8) >= 0))
                return true;
        }

        return false;
    }
}
