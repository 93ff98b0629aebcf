using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>
/// Translates an I-Regexp (RFC 9485) into a .NET pattern that matches in linear time. I-Regexp speaks of code points and .NET of UTF-16
/// units, so everything that can mean a character beyond the basic plane becomes an alternation with surrogate pairs.
/// </summary>
internal sealed class IRegexp
{
    private const int MaxNesting = 100;

    // States of the automaton, counted as if every repetition were written out.
    private const long MaxSize = 20_000;

    private readonly Rune[] _pattern;
    private readonly StringBuilder _output = new();
    private int _at;
    private int _nesting;

    private IRegexp(string pattern) => _pattern = [.. pattern.EnumerateRunes()];

    /// <returns>Null when the text is not an I-Regexp, or is too large.</returns>
    public static Regex? TryCompile(string pattern, bool whole, out bool tooLarge)
    {
        var translation = new IRegexp(pattern);
        var size = translation.Alternatives();
        tooLarge = size > MaxSize;
        if (size < 0 || tooLarge || translation._at < translation._pattern.Length) return null;
        var output = whole ? $@"\A(?:{translation._output})\z" : translation._output.ToString();
        return new Regex(output, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
    }

    private int Peek => _at < _pattern.Length ? _pattern[_at].Value : -1;

    private bool Take(char c)
    {
        if (Peek != c) return false;
        _at++;
        return true;
    }

    /// <returns>The size of what was read, -1 when it is wrong; the same in all methods below.</returns>
    private long Alternatives()
    {
        long size = 0;
        do
        {
            if (size > 0) _output.Append('|');
            size++;
            while (_at < _pattern.Length && Peek is not ('|' or ')'))
            {
                var piece = Piece();
                if (piece < 0) return -1;
                size = Math.Min(size + piece, MaxSize + 1);
            }
        }
        while (Take('|'));

        return size;
    }

    private long Piece()
    {
        var size = Atom();
        if (size < 0) return -1;
        switch (Peek)
        {
            case '*' or '+' or '?':
                _output.Append((char)Peek);
                _at++;
                return size;
            case '{':
                return Quantity(size);
            default:
                return size;
        }
    }

    private long Quantity(long size)
    {
        _at++;
        var low = Count();
        if (low < 0) return -1;
        var high = low;
        var open = false;
        if (Take(','))
        {
            open = Peek == '}';
            high = open ? low : Count();
        }

        if (high < low || !Take('}')) return -1;
        if (open) _output.Append(CultureInfo.InvariantCulture, $"{{{low},}}");
        else _output.Append(CultureInfo.InvariantCulture, $"{{{low},{high}}}");
        return Math.Min(size * Math.Max(high + (open ? 1 : 0), 1), MaxSize + 1);
    }

    private long Count()
    {
        var start = _at;
        long count = 0;
        for (; Peek is >= '0' and <= '9'; _at++) count = Math.Min((count * 10) + Peek - '0', MaxSize + 1);
        return _at == start ? -1 : count;
    }

    private long Atom()
    {
        var c = Peek;
        switch (c)
        {
            case '(':
                if (++_nesting > MaxNesting) return -1;
                _at++;
                _output.Append("(?:");
                var inner = Alternatives();
                _output.Append(')');
                _nesting--;
                return inner >= 0 && Take(')') ? inner : -1;
            case '.':
                _at++;
                _output.Append(@"(?:[^\n\r\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff])");
                return 3;
            case '[':
                return Class();
            case '\\':
                return Escaped();
            case '^' or '$':
                // The grammar calls these plain characters, the RFC's own translations leave them as anchors: both readings match.
                _at++;
                _output.Append(c == '^' ? @"(?:\A|\^)" : @"(?:\z|\$)");
                return 2;
            case '*' or '+' or '?' or '{' or '}' or ']':
                return -1;
            default:
                _at++;
                return Literal(c);
        }
    }

    private int Literal(int codePoint)
    {
        CodePointSet.AppendLiteral(_output, codePoint);
        return codePoint > 0xFFFF ? 2 : 1;
    }

    private int Escaped()
    {
        if (Category() is { } category) return category.AppendTo(_output);
        return EscapedCharacter() is { } c ? Literal(c) : -1;
    }

    /// <summary>SingleCharEsc of RFC 9485: there is no \d, \w or \s.</summary>
    private int? EscapedCharacter()
    {
        if (_at + 1 >= _pattern.Length) return null;
        var c = _pattern[_at + 1].Value;
        int? character = c switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '(' or ')' or '*' or '+' or '-' or '.' or '?' or '[' or '\\' or ']' or '^' or '{' or '|' or '}' => c,
            _ => null,
        };
        if (character is not null) _at += 2;
        return character;
    }

    private CodePointSet? Category()
    {
        if (_at + 3 >= _pattern.Length || _pattern[_at + 1].Value is not ('p' or 'P') || _pattern[_at + 2].Value != '{') return null;
        var close = Array.IndexOf(_pattern, new Rune('}'), _at);
        if (close < 0 || close - _at > 5) return null;
        var name = string.Concat(_pattern[(_at + 3)..close]);
        if (CodePointSet.OfCategory(name) is not { } set) return null;
        if (_pattern[_at + 1].Value == 'P') set = set.Complement();
        _at = close + 1;
        return set;
    }

    private int Class()
    {
        _at++;
        var negated = Take('^');
        var set = new CodePointSet();
        var first = true;
        while (!Take(']'))
        {
            if (Peek == '-')
            {
                // A hyphen stands for itself only at either end of the class.
                if (!first && !(_at + 1 < _pattern.Length && _pattern[_at + 1].Value == ']')) return -1;
                _at++;
                set.Add('-', '-');
            }
            else if (!ClassPart(set))
            {
                return -1;
            }

            first = false;
        }

        return first ? -1 : (negated ? set.Complement() : set).AppendTo(_output);
    }

    private bool ClassPart(CodePointSet set)
    {
        if (Peek == '\\' && Category() is { } category)
        {
            set.Add(category);
            return true;
        }

        if (ClassCharacter() is not { } low) return false;
        var high = low;
        if (Peek == '-' && _at + 1 < _pattern.Length && _pattern[_at + 1].Value != ']')
        {
            _at++;
            if (ClassCharacter() is not { } end || end < low) return false;
            high = end;
        }

        set.Add(low, high);
        return true;
    }

    private int? ClassCharacter()
    {
        if (Peek == '\\') return EscapedCharacter();
        if (Peek is -1 or '[' or ']' or '-') return null;
        return _pattern[_at++].Value;
    }
}
