using System.Text;
using IntegrationHub.Json;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>
/// Recursive descent over the grammar of RFC 9535. This part reads queries and their selectors. Methods return null after they have
/// noted the first error; nothing throws.
/// </summary>
internal sealed partial class PathParser(string text, int offset)
{
    // Parentheses, filters and calls inside each other.
    private const int MaxNesting = 100;

    // RFC 9535, 2.1: integers stay in the range that I-JSON can carry.
    private const long MaxInteger = (1L << 53) - 1;

    private int _nesting;

    public int Position { get; private set; } = offset;

    public JsonPathError? Error { get; private set; }

    public JsonPathQuery? Query(JsonPathScope scope)
    {
        var start = Position;
        if (!Take('$') && !(scope == JsonPathScope.RootOrCurrent && Take('@')))
        {
            var expected = scope == JsonPathScope.Root ? "'$'" : "'$' or '@'";
            return Fail<JsonPathQuery>(start, $"expected {expected} at the start of a path, found {Found()}");
        }

        var segments = new List<Segment>();
        while (AtSegment())
        {
            if (Segment() is not { } segment) return null;
            segments.Add(segment);
        }

        return new JsonPathQuery(text[start..Position], text[start] == '@', [.. segments]);
    }

    /// <summary>Blanks belong to a query only when another segment follows them.</summary>
    private bool AtSegment()
    {
        var at = Position;
        while (at < text.Length && PathText.IsBlank(text[at])) at++;
        if (at >= text.Length || text[at] is not ('.' or '[')) return false;
        Position = at;
        return true;
    }

    private Segment? Segment()
    {
        if (Peek == '[') return Brackets(isDescendant: false);
        Position++;
        var isDescendant = Take('.');
        if (isDescendant && Peek == '[') return Brackets(isDescendant: true);
        if (Take('*')) return new Segment(isDescendant, [Selector.Wildcard]);
        if (Shorthand() is { } name) return new Segment(isDescendant, [Selector.Of(new JsonName(name))]);
        return Fail<Segment>(Position, isDescendant
            ? $"expected a name, '*' or '[' after '..', found {Found()}"
            : $"expected a name or '*' after '.', found {Found()}");
    }

    private string? Shorthand()
    {
        var start = Position;
        while (Position < text.Length && Rune.TryGetRuneAt(text, Position, out var rune))
        {
            if (!(Position == start ? PathText.IsNameStart(rune) : PathText.IsNamePart(rune))) break;
            Position += rune.Utf16SequenceLength;
        }

        return Position == start ? null : text[start..Position];
    }

    private Segment? Brackets(bool isDescendant)
    {
        Position++;
        var selectors = new List<Selector>();
        var blanks = SkipBlanks();
        while (true)
        {
            if (OneSelector() is not { } selector) return null;
            selectors.Add(selector);
            blanks |= SkipBlanks();
            if (Take(']')) return new Segment(isDescendant, [.. selectors]) { HasInnerBlanks = blanks };
            if (!Take(',')) return Fail<Segment>(Position, $"expected ',' or ']' after a selector, found {Found()}");
            SkipBlanks();
        }
    }

    private Selector? OneSelector()
    {
        switch (Peek)
        {
            case '\'' or '"':
                return Quoted() is { } name ? Selector.Of(new JsonName(name)) : null;
            case '*':
                Position++;
                return Selector.Wildcard;
            case '?':
                return Filter();
            case ':' or '-' or (>= '0' and <= '9'):
                return IndexOrSlice();
            default:
                return Fail<Selector>(Position, $"expected a quoted name, an index, a slice, '*' or '?' in the brackets, found {Found()}");
        }
    }

    private Selector? Filter()
    {
        var start = Position++;
        if (!Enter(start)) return null;
        SkipBlanks();
        var test = Or();
        _nesting--;
        return test is null ? null : new Selector(SelectorKind.Filter) { Filter = test };
    }

    private Selector? IndexOrSlice()
    {
        if (!OptionalInteger(out var start)) return null;
        var afterStart = Position;
        SkipBlanks();
        if (!Take(':'))
        {
            Position = afterStart;
            return Selector.Of(start.GetValueOrDefault());
        }

        SkipBlanks();
        if (!OptionalInteger(out var end)) return null;
        long? step = null;
        var afterEnd = Position;
        SkipBlanks();
        if (Take(':'))
        {
            var afterColon = Position;
            SkipBlanks();
            if (!OptionalInteger(out step)) return null;
            if (step is null) Position = afterColon;
        }
        else
        {
            Position = afterEnd;
        }

        return new Selector(SelectorKind.Slice) { Start = start, End = end, Step = step ?? 1 };
    }

    /// <summary>False only for a wrong integer; none at all is fine.</summary>
    private bool OptionalInteger(out long? value)
    {
        value = null;
        if (Peek != '-' && !char.IsAsciiDigit(Peek)) return true;
        var start = Position;
        var negative = Take('-');
        var firstDigit = Position;
        long size = 0;
        while (char.IsAsciiDigit(Peek))
        {
            if (size <= MaxInteger) size = (size * 10) + (Peek - '0');
            Position++;
        }

        if (Position == firstDigit) return Refuse(Position, $"expected a digit after '-', found {Found()}");
        if (text[firstDigit] == '0' && Position > firstDigit + 1) return Refuse(start, "an integer must not start with a zero");
        if (negative && size == 0) return Refuse(start, "expected an integer, found -0, which is not allowed here");
        if (size > MaxInteger) return Refuse(start, "an integer must lie between -(2^53-1) and 2^53-1");
        value = negative ? -size : size;
        return true;
    }

    private char Peek => Position < text.Length ? text[Position] : '\0';

    private string Found() => PathText.Describe(text, Position);

    private bool Take(char c)
    {
        if (Position >= text.Length || text[Position] != c) return false;
        Position++;
        return true;
    }

    private bool Take(string word)
    {
        if (string.CompareOrdinal(text, Position, word, 0, word.Length) != 0) return false;
        Position += word.Length;
        return true;
    }

    private bool SkipBlanks()
    {
        var start = Position;
        while (Position < text.Length && PathText.IsBlank(text[Position])) Position++;
        return Position > start;
    }

    private bool Enter(int at) =>
        ++_nesting <= MaxNesting || Refuse(at, $"parentheses, filters and calls are nested more than {MaxNesting} deep");

    private bool Refuse(int at, string message)
    {
        Error ??= new JsonPathError(at + 1, message);
        return false;
    }

    private T? Fail<T>(int at, string message) where T : class
    {
        Refuse(at, message);
        return null;
    }
}
