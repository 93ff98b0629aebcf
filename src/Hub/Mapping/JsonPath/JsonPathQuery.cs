using System.Diagnostics.CodeAnalysis;
using IntegrationHub.Json;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>
/// A query of RFC 9535, compiled once and immutable: it may be used by many threads, each with its own tape. (It is not called JsonPath
/// because that name, next to the namespace, would need an alias in every file that uses it.)
/// </summary>
public sealed class JsonPathQuery
{
    /// <summary>Nodes one evaluation may visit before it gives up.</summary>
    public const long DefaultWork = 10_000_000;

    private readonly string _text;
    private readonly JsonPathStep[]? _steps;

    internal JsonPathQuery(string text, bool startsAtCurrent, Segment[] segments)
    {
        _text = text;
        StartsAtCurrent = startsAtCurrent;
        Segments = segments;
        if (Array.TrueForAll(segments, s => s.IsSingular)) _steps = Array.ConvertAll(segments, s => s.Single);
    }

    /// <summary>True for a query that starts with <c>@</c>.</summary>
    public bool StartsAtCurrent { get; }

    /// <summary>True when the query can never give more than one node: only names and indexes, one at a time.</summary>
    [MemberNotNullWhen(true, nameof(_steps))]
    public bool IsSingular => _steps is not null;

    /// <summary>The steps of a singular query; empty for others.</summary>
    public ReadOnlySpan<JsonPathStep> Steps => _steps;

    internal Segment[] Segments { get; }

    /// <exception cref="FormatException">The text is no query; the message tells where and why.</exception>
    public static JsonPathQuery Parse(string text, JsonPathScope scope = JsonPathScope.Root) =>
        TryParse(text, scope, out var query, out var error) ? query : throw new FormatException(error.ToString());

    public static bool TryParse(
        string text, [NotNullWhen(true)] out JsonPathQuery? query, [NotNullWhen(false)] out JsonPathError? error) =>
        TryParse(text, JsonPathScope.Root, out query, out error);

    public static bool TryParse(
        string text, JsonPathScope scope, [NotNullWhen(true)] out JsonPathQuery? query, [NotNullWhen(false)] out JsonPathError? error)
    {
        if (!TryParsePrefix(text, 0, scope, out query, out var end, out error)) return false;
        if (end == text.Length) return true;
        query = null;
        error = new JsonPathError(end + 1, $"expected '.', '[' or the end of the path, found {PathText.Describe(text, end)}");
        return false;
    }

    /// <summary>Reads a query from <paramref name="offset"/> as far as it goes; what follows is for the caller to judge.</summary>
    /// <param name="text">A text that holds a query.</param>
    /// <param name="offset">Where the query starts; blanks are not skipped.</param>
    /// <param name="scope">Where the query may start.</param>
    /// <param name="query">The query.</param>
    /// <param name="end">Index of the first character after the query; blanks after it are not part of it.</param>
    /// <param name="error">Why there is no query at the offset. Columns count from the start of the text.</param>
    public static bool TryParsePrefix(
        string text,
        int offset,
        JsonPathScope scope,
        [NotNullWhen(true)] out JsonPathQuery? query,
        out int end,
        [NotNullWhen(false)] out JsonPathError? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, text.Length);
        var parser = new PathParser(text, offset);
        query = parser.Query(scope);
        end = parser.Position;
        error = query is null ? parser.Error : null;
        return query is not null;
    }

    /// <summary>The node of a singular query, or -1 when the document has none there.</summary>
    /// <exception cref="InvalidOperationException">The query is not singular.</exception>
    public int SelectSingle(JsonTape tape, int root, int current)
    {
        if (!IsSingular) throw new InvalidOperationException("Only a singular query selects a single node; use Select.");
        return Follow(tape, root, current);
    }

    /// <summary>Adds the nodes of the query to the results, in the order of RFC 9535, which may hold a node more than once.</summary>
    /// <param name="tape">The document.</param>
    /// <param name="root">The node <c>$</c> stands for.</param>
    /// <param name="current">The node <c>@</c> stands for outside filters.</param>
    /// <param name="results">Is not cleared first.</param>
    /// <param name="maxWork">How many nodes may be visited.</param>
    public JsonPathOutcome Select(JsonTape tape, int root, int current, NodeList results, long maxWork = DefaultWork)
    {
        if (IsSingular)
        {
            var node = Follow(tape, root, current);
            if (node >= 0) results.Add(node);
            return JsonPathOutcome.Complete;
        }

        using var evaluation = Evaluation.Start(tape, root, maxWork);
        var sink = new Sink { List = results };
        evaluation.Run(this, current, ref sink);
        return evaluation.Outcome;
    }

    /// <summary>The text the query was compiled from.</summary>
    public override string ToString() => _text;

    internal int Follow(JsonTape tape, int root, int current)
    {
        var node = StartsAtCurrent ? current : root;
        foreach (ref readonly var step in Steps)
        {
            node = step.From(tape, node);
            if (node < 0) return -1;
        }

        return node;
    }
}
