using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace IntegrationHub.Json;

/// <summary>The tokens: blanks, strings, numbers, literals. Each method returns the position after what it read, or -1 with a fault.</summary>
internal ref partial struct JsonScanner
{
    private static readonly SearchValues<byte> StringStop = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(c => (byte)c), (byte)'"', (byte)'\\']);

    private static readonly SearchValues<byte> Blank = SearchValues.Create(" \t\r\n"u8);

    private readonly int SkipBlanks(int pos)
    {
        var text = _text;
        var near = Math.Min(text.Length, pos + 8);
        while (pos < near)
        {
            if (!IsBlank(text[pos])) return pos;
            pos++;
        }

        var rest = text[pos..].IndexOfAnyExcept(Blank);
        return rest < 0 ? text.Length : pos + rest;
    }

    private static bool IsBlank(byte c) => c is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';

    private bool Literal(ReadOnlySpan<byte> word, int pos)
    {
        var rest = _text[pos..];
        if (rest.StartsWith(word)) return true;
        if (word.StartsWith(rest)) End(_text.Length);
        else Syntax(pos, "expected a value");
        return false;
    }

    /// <summary>Most names and values are short: one vector decides them, and only the rest pays for a call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int ScanString(int pos, out bool escapes)
    {
        escapes = false;
        if (pos + Vector128<byte>.Count <= _text.Length)
        {
            var chunk = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(_text), (nuint)pos);
            var stops = Vector128.Equals(chunk, Vector128.Create((byte)'"'))
                | Vector128.Equals(chunk, Vector128.Create((byte)'\\'))
                | Vector128.LessThan(chunk, Vector128.Create((byte)' '));
            var mask = stops.ExtractMostSignificantBits();
            if (mask != 0)
            {
                var stop = pos + BitOperations.TrailingZeroCount(mask);
                if (_text[stop] == '"') return stop;
                return ScanLongString(stop, out escapes);
            }

            pos += Vector128<byte>.Count;
        }

        return ScanLongString(pos, out escapes);
    }

    private int ScanLongString(int pos, out bool escapes)
    {
        escapes = false;
        while (true)
        {
            var stop = _text[pos..].IndexOfAny(StringStop);
            if (stop < 0)
            {
                End(_text.Length);
                return -1;
            }

            pos += stop;
            if (_text[pos] == '"') return pos;
            if (_text[pos] != '\\')
            {
                Syntax(pos, "a control character in a string must be escaped");
                return -1;
            }

            escapes = true;
            pos = ScanEscape(pos);
            if (pos < 0) return -1;
        }
    }

    private int ScanEscape(int pos)
    {
        if (pos + 1 >= _text.Length) return Cut();
        if ("\"\\/bfnrt"u8.Contains(_text[pos + 1])) return pos + 2;
        if (_text[pos + 1] != 'u') return Wrong(JsonParseCode.Syntax, pos, "unknown escape in a string");
        var unit = ScanHex(pos + 2);
        if (unit < 0) return -1;
        if (!char.IsSurrogate((char)unit)) return pos + 6;
        const string Lone = "a surrogate escape without its partner is no character";
        if (char.IsLowSurrogate((char)unit)) return Wrong(JsonParseCode.LoneSurrogate, pos, Lone);
        for (var i = 0; i < 2; i++)
        {
            if (pos + 6 + i >= _text.Length) return Cut();
            if (_text[pos + 6 + i] != "\\u"[i]) return Wrong(JsonParseCode.LoneSurrogate, pos, Lone);
        }

        var low = ScanHex(pos + 8);
        if (low < 0) return -1;
        return char.IsLowSurrogate((char)low) ? pos + 12 : Wrong(JsonParseCode.LoneSurrogate, pos, Lone);
    }

    private int ScanHex(int pos)
    {
        var unit = 0;
        for (var i = pos; i < pos + 4; i++)
        {
            if (i >= _text.Length) return Cut();
            if (!char.IsAsciiHexDigit((char)_text[i])) return Wrong(JsonParseCode.Syntax, i, "expected four hex digits after \\u");
            unit = (unit << 4) | (_text[i] <= '9' ? _text[i] - '0' : (_text[i] | 0x20) - 'a' + 10);
        }

        return unit;
    }

    private int ScanNumber(int pos)
    {
        var text = _text;
        if (text[pos] == '-') pos++;
        if (pos >= text.Length) return Cut();
        if (text[pos] == '0')
        {
            pos++;
            if (pos < text.Length && char.IsAsciiDigit((char)text[pos]))
                return Wrong(JsonParseCode.Syntax, pos, "a number must not start with a zero");
        }
        else
        {
            pos = ScanDigits(pos);
            if (pos < 0) return -1;
        }

        if (pos < text.Length && text[pos] == '.')
        {
            pos = ScanDigits(pos + 1);
            if (pos < 0) return -1;
        }

        if (pos < text.Length && (text[pos] | 0x20) == 'e')
        {
            pos++;
            if (pos < text.Length && text[pos] is (byte)'+' or (byte)'-') pos++;
            pos = ScanDigits(pos);
        }

        return pos;
    }

    private int ScanDigits(int pos)
    {
        var text = _text;
        var first = pos;
        while ((uint)pos < (uint)text.Length && (uint)(text[pos] - '0') <= 9) pos++;
        if (pos > first) return pos;
        return pos >= text.Length ? Cut() : Wrong(JsonParseCode.Syntax, pos, "expected a digit");
    }

    private int Cut()
    {
        End(_text.Length);
        return -1;
    }

    private int Wrong(JsonParseCode code, int pos, string message)
    {
        Fault(code, pos, message);
        return -1;
    }
}
