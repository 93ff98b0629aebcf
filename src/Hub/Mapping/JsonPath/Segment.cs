using IntegrationHub.Json;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>A child segment, or a descendant segment which applies its selectors to a node and everything inside it.</summary>
internal sealed record Segment(bool IsDescendant, Selector[] Selectors)
{
    /// <summary>Blanks inside the brackets: fine in a query, but RFC 9535 has no place for them in a compared one.</summary>
    public bool HasInnerBlanks { get; init; }

    private readonly JsonPathStep _single = Selectors.Length == 1 ? Selectors[0].Single : default;

    /// <summary>It leads to one node at most.</summary>
    public bool IsSingular { get; } = !IsDescendant && Selectors is [{ Kind: SelectorKind.Name or SelectorKind.Index }];

    /// <summary>The only step of a singular segment.</summary>
    public ref readonly JsonPathStep Single => ref _single;
}

internal enum SelectorKind
{
    Wildcard,
    Name,
    Index,
    Slice,
    Filter,
}

/// <summary>One selector; which fields count depends on the kind.</summary>
internal sealed record Selector(SelectorKind Kind)
{
    public static Selector Wildcard { get; } = new(SelectorKind.Wildcard);

    public JsonPathStep Single { get; init; }

    public long? Start { get; init; }

    public long? End { get; init; }

    public long Step { get; init; } = 1;

    public Test? Filter { get; init; }

    public static Selector Of(JsonName name) => new(SelectorKind.Name) { Single = new JsonPathStep(name) };

    public static Selector Of(long index) => new(SelectorKind.Index) { Single = new JsonPathStep(index) };

    /// <summary>The slice arithmetic of RFC 9535, 2.3.4.2.2: bounds for a forward or backward loop.</summary>
    public (long From, long To) Bounds(int length)
    {
        if (Step >= 0)
            return (Math.Clamp(Normal(Start ?? 0, length), 0, length), Math.Clamp(Normal(End ?? length, length), 0, length));
        var from = Math.Clamp(Start is { } start ? Normal(start, length) : length - 1, -1, length - 1);
        var to = Math.Clamp(End is { } end ? Normal(end, length) : -1, -1, length - 1);
        return (from, to);
    }

    private static long Normal(long index, int length) => index >= 0 ? index : length + index;
}
