using System.Globalization;
using System.Text.RegularExpressions;

namespace IntegrationHub.Simulators.Kingdee;

/// <summary>
/// The part of a FilterString's SQL that clients use: comparisons of a field with a text or number, <c>in</c>, <c>is [not] null</c>, <c>and</c>, <c>or</c>, brackets.
/// Anything else is refused, as a database would.
/// </summary>
internal sealed partial class KingdeeFilter
{
    private readonly List<string> _tokens;
    private readonly HashSet<string> _fields = new(StringComparer.OrdinalIgnoreCase);
    private int _at;

    private KingdeeFilter(string text)
    {
        var matches = Token().Matches(text);
        if (matches.Sum(m => m.Length) != text.Count(c => !char.IsWhiteSpace(c)) + matches.Sum(m => m.Value.Count(char.IsWhiteSpace)))
            throw new FormatException("syntax");
        _tokens = [.. matches.Select(m => m.Value)];
    }

    /// <summary>The condition and the fields it names; fields give their text, or <c>null</c>.</summary>
    /// <exception cref="FormatException">It is no condition.</exception>
    public static (Func<Func<string, string?>, bool> Condition, IReadOnlyCollection<string> Fields) Parse(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return (_ => true, []);
        var filter = new KingdeeFilter(text);
        var condition = filter.Or();
        return filter._at == filter._tokens.Count ? (condition, filter._fields) : throw new FormatException("trailing text");
    }

    private Func<Func<string, string?>, bool> Or()
    {
        var left = And();
        while (Accept("or"))
        {
            var (a, b) = (left, And());
            left = row => a(row) || b(row);
        }

        return left;
    }

    private Func<Func<string, string?>, bool> And()
    {
        var left = Term();
        while (Accept("and"))
        {
            var (a, b) = (left, Term());
            left = row => a(row) && b(row);
        }

        return left;
    }

    private Func<Func<string, string?>, bool> Term()
    {
        if (Accept("("))
        {
            var inner = Or();
            Expect(")");
            return inner;
        }

        var field = Next();
        if (!char.IsLetter(field[0]))
            throw new FormatException("field expected");
        _fields.Add(field);
        var comparison = Next().ToLowerInvariant();
        if (comparison == "is")
        {
            var not = Accept("not");
            Expect("null");
            return row => row(field) is null != not;
        }

        if (comparison == "in")
        {
            Expect("(");
            var values = new HashSet<string>(StringComparer.Ordinal);
            do
                values.Add(Literal());
            while (Accept(","));
            Expect(")");
            return row => row(field) is { } value && values.Contains(value);
        }

        var literal = Literal();
        return comparison switch
        {
            "=" => row => row(field) is { } v && Compare(v, literal) == 0,
            "<>" or "!=" => row => row(field) is { } v && Compare(v, literal) != 0,
            ">" => row => row(field) is { } v && Compare(v, literal) > 0,
            ">=" => row => row(field) is { } v && Compare(v, literal) >= 0,
            "<" => row => row(field) is { } v && Compare(v, literal) < 0,
            "<=" => row => row(field) is { } v && Compare(v, literal) <= 0,
            _ => throw new FormatException("operator"),
        };
    }

    /// <summary>Numbers by size, times by time (with a blank or a T), other texts ordinally.</summary>
    internal static int Compare(string a, string b)
    {
        if (decimal.TryParse(a, NumberStyles.Number, CultureInfo.InvariantCulture, out var x) && decimal.TryParse(b, NumberStyles.Number, CultureInfo.InvariantCulture, out var y))
            return x.CompareTo(y);
        return string.CompareOrdinal(Time().IsMatch(a) ? a.Replace('T', ' ') : a, Time().IsMatch(b) ? b.Replace('T', ' ') : b);
    }

    private string Literal()
    {
        var token = Next();
        return token[0] == '\'' ? token[1..^1].Replace("''", "'", StringComparison.Ordinal) : char.IsDigit(token[0]) || token[0] == '-' ? token : throw new FormatException("literal");
    }

    private bool Accept(string word)
    {
        if (_at >= _tokens.Count || !_tokens[_at].Equals(word, StringComparison.OrdinalIgnoreCase))
            return false;
        _at++;
        return true;
    }

    private void Expect(string word)
    {
        if (!Accept(word))
            throw new FormatException(word);
    }

    private string Next() => _at < _tokens.Count ? _tokens[_at++] : throw new FormatException("end");

    [GeneratedRegex(@"'(?:[^']|'')*'|<>|!=|>=|<=|[=<>(),]|-?[0-9]+(?:\.[0-9]+)?|[A-Za-z_][A-Za-z0-9_.]*")]
    private static partial Regex Token();

    [GeneratedRegex(@"\A\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")]
    private static partial Regex Time();
}
