using IntegrationHub.Json;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>
/// A path from the root whose nodes the parse notes by the way (<see cref="JsonOutline"/>): members, elements by number from the start, <c>[*]</c>, and filters that compare a
/// member of the element with a literal. It gives the nodes that the query gives, in the same order. Immutable.
/// </summary>
internal sealed class OutlinePath
{
    private readonly Hop[] _hops;
    private readonly int _place;

    private OutlinePath(Hop[] hops, int place)
    {
        _hops = hops;
        _place = place;
    }

    /// <summary>Adds what a query asks for to an outline of the document; <c>null</c> when that is more than an outline can say.</summary>
    public static OutlinePath? Add(JsonPathQuery query, JsonOutline.Draft document)
    {
        foreach (var segment in query.Segments)
            if (segment.IsDescendant || segment.Selectors is not [var selector] || !CanSay(selector))
                return null;

        var hops = new List<Hop>();
        var at = document;
        foreach (var segment in query.Segments)
        {
            var selector = segment.Selectors[0];
            if (selector.Kind == SelectorKind.Name)
            {
                at = at.Member(selector.Single.Name);
                continue;
            }

            var element = at.Element();
            var filter = (IsLiteral?)selector.Filter;
            hops.Add(new(at.Rows, selector.Kind == SelectorKind.Index ? selector.Single.Index : -1, filter, filter is null ? 0 : Member(element, filter.Query).Place));
            at = element;
        }

        return new([.. hops], at.Place);
    }

    /// <summary>The node of a path of names and numbers, or -1.</summary>
    public int Single(JsonPlaces places)
    {
        var columns = places.Columns;
        var row = 0;
        foreach (var hop in _hops)
        {
            row = columns[row + hop.Rows];
            for (var index = hop.Index; index > 0 && row >= 0; index--)
                row = columns[row];
            if (row < 0) return -1;
        }

        return columns[row + _place];
    }

    /// <summary>Adds the nodes of the path to the results; false when only the query can tell, because <c>[*]</c> or a filter met an object.</summary>
    public bool Select(JsonTape tape, JsonPlaces places, NodeList results)
    {
        var mark = results.Count;
        if (Select(tape, places.Columns, 0, 0, results)) return true;
        results.Shorten(mark);
        return false;
    }

    private bool Select(JsonTape tape, int[] columns, int hopIndex, int row, NodeList results)
    {
        if (hopIndex == _hops.Length)
        {
            var node = columns[row + _place];
            if (node >= 0) results.Add(node);
            return true;
        }

        var hop = _hops[hopIndex];
        var element = columns[row + hop.Rows];
        if (element == JsonPlaces.OfObject) return hop.Index >= 0;
        for (long index = 0; element >= 0; element = columns[element], index++)
        {
            if (hop.Index >= 0 && index != hop.Index) continue;
            if (hop.Filter is not null && !hop.Filter.Is(tape, columns[element + hop.Tested])) continue;
            if (!Select(tape, columns, hopIndex + 1, element, results)) return false;
            if (index == hop.Index) break;
        }

        return true;
    }

    private static bool CanSay(Selector selector) => selector.Kind switch
    {
        SelectorKind.Name or SelectorKind.Wildcard => true,
        SelectorKind.Index => selector.Single.Index >= 0,
        SelectorKind.Filter => selector.Filter is IsLiteral { Query: { StartsAtCurrent: true } query } && Array.TrueForAll(query.Segments, s => s.Single.IsName),
        _ => false,
    };

    private static JsonOutline.Draft Member(JsonOutline.Draft at, JsonPathQuery names)
    {
        foreach (ref readonly var step in names.Steps)
            at = at.Member(step.Name);
        return at;
    }

    /// <summary>A step into an array.</summary>
    /// <param name="Rows">Column where its first row is noted.</param>
    /// <param name="Index">Which element; -1 for each.</param>
    /// <param name="Filter">What must hold for an element.</param>
    /// <param name="Tested">Column of what the filter compares.</param>
    private sealed record Hop(int Rows, long Index, IsLiteral? Filter, int Tested);
}
