using System.Text;
using IntegrationHub.Json;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>Quoted texts and the literals of comparisons.</summary>
internal sealed partial class PathParser
{
    /// <summary>A string in either kind of quotes, as its text.</summary>
    private string? Quoted()
    {
        var start = Position;
        var quote = text[Position++];
        var value = new StringBuilder();
        while (Position < text.Length)
        {
            var c = text[Position];
            if (c == quote)
            {
                Position++;
                return value.ToString();
            }

            if (c < ' ') return Fail<string>(Position, $"expected an escape in the quoted text, found {Found()}");
            if (c == '\\')
            {
                if (!Escape(quote, value)) return null;
            }
            else if (Rune.TryGetRuneAt(text, Position, out var rune))
            {
                value.Append(rune.ToString());
                Position += rune.Utf16SequenceLength;
            }
            else
            {
                return Fail<string>(Position, "expected a character, found half of a surrogate pair");
            }
        }

        return Fail<string>(start, $"the text that starts here has no closing {quote}");
    }

    private bool Escape(char quote, StringBuilder value)
    {
        var start = Position++;
        var c = Peek;
        if (c == 'u')
        {
            Position++;
            return UnicodeEscape(start, value);
        }

        char? plain = c switch
        {
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '/' or '\\' => c,
            _ => c == quote ? c : null,
        };
        if (plain is null) return Refuse(start, $"unknown escape: \\ before {Found()}");
        value.Append(plain.Value);
        Position++;
        return true;
    }

    private bool UnicodeEscape(int start, StringBuilder value)
    {
        if (!HexUnit(out var unit)) return false;
        if (char.IsLowSurrogate(unit)) return Refuse(start, "a low surrogate escape must follow a high one");
        value.Append(unit);
        if (!char.IsHighSurrogate(unit)) return true;
        if (!Take("\\u")) return Refuse(start, "a high surrogate escape must be followed by a low one");
        if (!HexUnit(out var low)) return false;
        if (!char.IsLowSurrogate(low)) return Refuse(start, "a high surrogate escape must be followed by a low one");
        value.Append(low);
        return true;
    }

    private bool HexUnit(out char unit)
    {
        unit = '\0';
        for (var i = 0; i < 4; i++, Position++)
        {
            if (!char.IsAsciiHexDigit(Peek)) return Refuse(Position, $"expected four hex digits after \\u, found {Found()}");
            unit = (char)((unit << 4) | (Peek <= '9' ? Peek - '0' : (Peek | 0x20) - 'a' + 10));
        }

        return true;
    }

    private LiteralOperand? Number()
    {
        var start = Position;
        Take('-');
        var firstDigit = Position;
        if (!Digits()) return null;
        if (text[firstDigit] == '0' && Position > firstDigit + 1)
            return Fail<LiteralOperand>(start, "a number must not start with a zero");
        if (Take('.') && !Digits()) return null;
        if (Take('e') || Take('E'))
        {
            if (!Take('+')) Take('-');
            if (!Digits()) return null;
        }

        return new LiteralOperand(JsonKind.Number, Encoding.ASCII.GetBytes(text[start..Position]));
    }

    private bool Digits()
    {
        var start = Position;
        while (char.IsAsciiDigit(Peek)) Position++;
        return Position > start || Refuse(start, $"expected a digit, found {Found()}");
    }
}
