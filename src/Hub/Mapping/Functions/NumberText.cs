using System.Globalization;

namespace IntegrationHub.Mapping.Functions;

/// <summary>Numbers as text. Nothing passes through <c>double</c>: 64-bit ids and money keep every digit.</summary>
internal static class NumberText
{
    public static readonly Value NotNumber = Value.Fault("not a number");
    public static readonly Value OutOfRange = Value.Fault("number out of range: at most 28 digits");
    public static readonly Value TooPrecise = Value.Fault("more than 28 digits cannot be computed exactly");

    private const int MaxLength = 120;

    /// <summary>Whether the bytes follow the JSON number grammar.</summary>
    public static bool IsJson(ReadOnlySpan<byte> text)
    {
        var i = text.Length > 0 && text[0] == '-' ? 1 : 0;
        var whole = Digits(text, i);
        if (whole == 0 || (whole > 1 && text[i] == '0'))
            return false;
        i += whole;
        if (i < text.Length && text[i] == '.')
        {
            var fraction = Digits(text, i + 1);
            if (fraction == 0)
                return false;
            i += fraction + 1;
        }

        if (i < text.Length && (text[i] | 0x20) == 'e')
        {
            i++;
            if (i < text.Length && text[i] is (byte)'+' or (byte)'-')
                i++;
            var exponent = Digits(text, i);
            if (exponent == 0)
                return false;
            i += exponent;
        }

        return i == text.Length;
    }

    public static bool TryDecimal(ReadOnlySpan<byte> text, out decimal number) => decimal.TryParse(
        text,
        NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
        CultureInfo.InvariantCulture,
        out number);

    /// <summary>Whether a decimal can hold a number, rounded where it has to be. With 28 characters and no exponent it always can.</summary>
    private static bool FitsDecimal(ReadOnlySpan<byte> number) =>
        (number.Length <= 28 && !number.ContainsAny((byte)'e', (byte)'E')) || TryDecimal(number, out _);

    /// <summary>An operand of arithmetic: a number, or a text that is one; exact or a fault.</summary>
    public static bool TryOperand(Value value, Scratch scratch, out decimal number, out Value fault)
    {
        number = 0;
        var parsed = Parse(value, 0, (byte)'.', scratch);
        if (parsed.Kind != ValueKind.Number)
        {
            fault = parsed;
            return false;
        }

        if (!TryDecimal(parsed.Bytes, out number))
        {
            fault = OutOfRange;
            return false;
        }

        if (SignificantDigits(parsed.Bytes) > 28)
        {
            fault = TooPrecise;
            return false;
        }

        fault = default;
        return true;
    }

    public static Value Write(decimal number, Scratch scratch)
    {
        number.TryFormat(scratch.Reserve(32), out var written, default, CultureInfo.InvariantCulture);
        return scratch.CommitNumber(written);
    }

    /// <summary>The number in a text: digits and signs of any width, group separators where one is given, 万 and 亿 at the end.</summary>
    /// <param name="value">A number or text.</param>
    /// <param name="group">Separator of groups of three digits; 0 for none.</param>
    /// <param name="point">Decimal point.</param>
    /// <param name="scratch">Where a text that differs from the input is made.</param>
    public static Value Parse(Value value, byte group, byte point, Scratch scratch)
    {
        if (value.Kind == ValueKind.Number)
            return FitsDecimal(value.Bytes) ? value : OutOfRange;
        if (value.Kind != ValueKind.Text)
            return value.Kind == ValueKind.Fault ? value : NotNumber;
        var (start, length) = Utf8Text.Trim(value.Bytes);
        return Parse(value.Slice(start, length), value.Bytes.Slice(start, length), group, point, scratch);
    }

    /// <summary>As above, for a part of a text; <paramref name="whole"/> is given back where it already is a number.</summary>
    public static Value Parse(Value whole, ReadOnlySpan<byte> text, byte group, byte point, Scratch scratch)
    {
        if (text.Length is 0 or > MaxLength)
            return NotNumber;
        if (point == '.' && IsJson(text))
        {
            if (!FitsDecimal(text))
                return OutOfRange;
            return text.Length == whole.Bytes.Length ? whole.AsNumber() : CopyNumber(text, scratch);
        }

        Span<byte> work = stackalloc byte[MaxLength];
        ReadOnlySpan<byte> rest = work[..Utf8Text.NormalizeWidth(text, work)];
        var shift = TakeMyriads(ref rest);
        var negative = TakeSign(ref rest);

        Span<byte> digits = stackalloc byte[MaxLength];
        if (!TryWhole(ref rest, group, digits, out var wholeDigits))
            return NotNumber;
        var count = wholeDigits;
        if (rest.Length > 0 && rest[0] == point)
        {
            var fraction = Digits(rest, 1);
            rest.Slice(1, fraction).CopyTo(digits[count..]);
            count += fraction;
            rest = rest[(fraction + 1)..];
        }

        if (count == 0 || (!rest.IsEmpty && !IsExponent(rest)))
            return NotNumber;
        return Assemble(negative, digits[..count], wholeDigits + shift, rest, scratch);
    }

    /// <summary>Moves the decimal point of a plain number to the left: 1999 by 2 is 19.99. Exact for any length.</summary>
    public static Value ShiftLeft(ReadOnlySpan<byte> number, int places, Scratch scratch)
    {
        var negative = TakeSign(ref number);
        return number.Length > 100 ? OutOfRange : Assemble(negative, number, number.Length - places, [], scratch);
    }

    /// <summary>The value of a number as a whole 64-bit number.</summary>
    public static bool TryLong(ReadOnlySpan<byte> text, out long number)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number))
            return true;
        if (!TryDecimal(text, out var exact) || exact != decimal.Truncate(exact) || exact is < long.MinValue or > long.MaxValue
            || SignificantDigits(text) > 28)
            return false;
        number = (long)exact;
        return true;
    }

    private static Value CopyNumber(ReadOnlySpan<byte> text, Scratch scratch)
    {
        text.CopyTo(scratch.Reserve(text.Length));
        return scratch.CommitNumber(text.Length);
    }

    /// <summary>Writes digits with the point after the first <paramref name="pointAt"/> of them, in the grammar of JSON.</summary>
    private static Value Assemble(bool negative, ReadOnlySpan<byte> digits, int pointAt, ReadOnlySpan<byte> exponent, Scratch scratch)
    {
        var target = scratch.Reserve(digits.Length + Math.Abs(pointAt) + exponent.Length + 4);
        var written = 0;
        if (negative)
            target[written++] = (byte)'-';
        var first = 0;
        while (first < digits.Length && first < pointAt - 1 && digits[first] == '0')
            first++;
        if (pointAt <= 0)
            target[written++] = (byte)'0';
        for (var i = first; i < pointAt; i++)
            target[written++] = i < digits.Length ? digits[i] : (byte)'0';
        if (pointAt < digits.Length)
        {
            target[written++] = (byte)'.';
            for (var i = Math.Min(pointAt, 0); i < digits.Length; i++)
            {
                if (i >= Math.Max(pointAt, 0) || i < 0)
                    target[written++] = i < 0 ? (byte)'0' : digits[i];
            }
        }

        exponent.CopyTo(target[written..]);
        written += exponent.Length;
        return FitsDecimal(target[..written]) ? scratch.CommitNumber(written) : OutOfRange;
    }

    private static bool TryWhole(ref ReadOnlySpan<byte> rest, byte group, Span<byte> digits, out int count)
    {
        count = Digits(rest, 0);
        rest[..count].CopyTo(digits);
        rest = rest[count..];
        if (group == 0 || rest.IsEmpty || rest[0] != group)
            return true;

        // Groups must be of three, so that 1,23 (a decimal comma) is never read as 123.
        if (count is 0 or > 3)
            return false;
        while (rest.Length > 0 && rest[0] == group)
        {
            if (Digits(rest, 1) != 3)
                return false;
            rest.Slice(1, 3).CopyTo(digits[count..]);
            count += 3;
            rest = rest[4..];
        }

        return true;
    }

    private static bool TakeSign(ref ReadOnlySpan<byte> text)
    {
        if (text.StartsWith("−"u8))
        {
            text = text[3..];
            return true;
        }

        if (text.Length == 0 || text[0] is not ((byte)'-' or (byte)'+'))
            return false;
        var negative = text[0] == '-';
        text = text[1..];
        return negative;
    }

    private static int TakeMyriads(ref ReadOnlySpan<byte> text)
    {
        var places = 0;
        if (text.EndsWith("亿"u8) || text.EndsWith("億"u8))
        {
            places = 8;
            text = text[..^3];
        }

        if (text.EndsWith("万"u8) || text.EndsWith("萬"u8))
        {
            places += 4;
            text = text[..^3];
        }

        if (places > 0)
            text = Utf8Text.Trimmed(text);
        return places;
    }

    private static bool IsExponent(ReadOnlySpan<byte> text)
    {
        if ((text[0] | 0x20) != 'e')
            return false;
        var start = text.Length > 1 && text[1] is (byte)'+' or (byte)'-' ? 2 : 1;
        return start < text.Length && Digits(text, start) == text.Length - start;
    }

    private static int Digits(ReadOnlySpan<byte> text, int start)
    {
        var end = start;
        while (end < text.Length && char.IsAsciiDigit((char)text[end]))
            end++;
        return end - start;
    }

    private static int SignificantDigits(ReadOnlySpan<byte> text)
    {
        var (count, zeros) = (0, 0);
        foreach (var b in text)
        {
            if ((b | 0x20) == 'e')
                break;
            if (!char.IsAsciiDigit((char)b) || (b == '0' && count == 0))
                continue;
            zeros = b == '0' ? zeros + 1 : 0;
            count++;
        }

        return count - zeros;
    }
}
