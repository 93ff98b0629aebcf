using System.Globalization;

namespace IntegrationHub.Json;

/// <summary>
/// Numbers as RFC 8259 writes them, without passing through a double: 9007199254740993 and 1e400 keep their value. All methods take text
/// that a tape or a path has accepted as a number, and all work is linear in its length, however large the exponent it states.
/// </summary>
public static class JsonNumber
{
    // Beyond any sum of text lengths: a difference of exponents this large decides alone.
    private const long Decided = 1L << 40;

    /// <summary>Compares two values exactly: 1, 1.0 and 10e-1 are equal, and so are 0, -0 and 0e9.</summary>
    public static int Compare(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var x = new Parts(a);
        var y = new Parts(b);
        if (x.Sign != y.Sign || x.Sign == 0) return x.Sign.CompareTo(y.Sign);
        return x.Sign * CompareSizes(x, y);
    }

    public static bool AreEqual(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b) => a.SequenceEqual(b) || (!(IsDigits(a) && IsDigits(b)) && Compare(a, b) == 0);

    // Digits alone are written in one way, because none may start with a zero.
    private static bool IsDigits(ReadOnlySpan<byte> text) => !text.ContainsAnyExceptInRange((byte)'0', (byte)'9');

    /// <summary>The value as an integer, when it is one and fits: 12, 12.0 and 1.2e1 do; 1.5 and 1e40 do not.</summary>
    public static bool TryGetInt64(ReadOnlySpan<byte> text, out long value)
    {
        // At most 18 characters of digits cannot overflow.
        if (text.Length <= 18 && text.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0)
        {
            value = 0;
            foreach (var digit in text) value = (value * 10) + (digit - '0');
            return true;
        }

        value = 0;
        if (!TryGetExact(text, out var exact) || decimal.Truncate(exact) != exact || exact < long.MinValue || exact > long.MaxValue)
            return false;
        value = (long)exact;
        return true;
    }

    /// <summary>The value as a decimal, when a decimal holds it without rounding.</summary>
    public static bool TryGetDecimal(ReadOnlySpan<byte> text, out decimal value) => TryGetExact(text, out value);

    private static bool TryGetExact(ReadOnlySpan<byte> text, out decimal value)
    {
        // Short texts without exponent are exact in a decimal, and parsing them keeps trailing zeros: 1.10 stays 1.10.
        if (text.Length <= 28 && text.IndexOfAny((byte)'e', (byte)'E') < 0)
            return decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value);

        value = 0;
        var parts = new Parts(text);
        if (parts.Sign == 0) return true;
        Span<byte> digits = stackalloc byte[30];
        var count = parts.SignificantDigits(digits);
        if (count > 29) return false;
        var scale = count - parts.Magnitude();
        if (scale is > 28 or < -28) return false;

        UInt128 whole = 0;
        for (var i = 0; i < count; i++) whole = (whole * 10) + (UInt128)(digits[i] - '0');
        for (; scale < 0; scale++)
        {
            whole *= 10;
            if (whole >> 96 != 0) return false;
        }

        if (whole >> 96 != 0) return false;
        value = new decimal((int)(uint)whole, (int)(uint)(whole >> 32), (int)(uint)(whole >> 64), parts.Sign < 0, (byte)scale);
        return true;
    }

    private static int CompareSizes(in Parts x, in Parts y)
    {
        var difference = ExponentDifference(x, y) + x.Point - y.Point;
        if (difference != 0) return difference < 0 ? -1 : 1;
        int i = x.First, j = y.First;
        while (i < x.Mantissa.Length || j < y.Mantissa.Length)
        {
            var p = NextDigit(x.Mantissa, ref i);
            var q = NextDigit(y.Mantissa, ref j);
            if (p != q) return p < q ? -1 : 1;
        }

        return 0;
    }

    private static byte NextDigit(ReadOnlySpan<byte> mantissa, ref int at)
    {
        if (at < mantissa.Length && mantissa[at] == '.') at++;
        return at < mantissa.Length ? mantissa[at++] : (byte)'0';
    }

    /// <summary>
    /// Exponents are texts of any length. Subtracting them digit by digit from the left needs no big integer: once the running difference
    /// is large it only grows, so it may stay where it is.
    /// </summary>
    private static long ExponentDifference(in Parts x, in Parts y)
    {
        var width = Math.Max(x.Exponent.Length, y.Exponent.Length);
        long difference = 0;
        for (var i = 0; i < width; i++)
        {
            if (Math.Abs(difference) > Decided) break;
            difference = (difference * 10) + (x.ExponentSign * Digit(x.Exponent, width, i)) - (y.ExponentSign * Digit(y.Exponent, width, i));
        }

        return difference;
    }

    private static long Digit(ReadOnlySpan<byte> digits, int width, int at)
    {
        var index = at - (width - digits.Length);
        return index < 0 ? 0 : digits[index] - '0';
    }

    /// <summary>A number as 0.DIGITS times ten to (Point + Exponent), DIGITS starting at First.</summary>
    private readonly ref struct Parts
    {
        public readonly ReadOnlySpan<byte> Mantissa;
        public readonly ReadOnlySpan<byte> Exponent;
        public readonly int Sign;
        public readonly int ExponentSign;
        public readonly int First;
        public readonly int Point;

        public Parts(ReadOnlySpan<byte> text)
        {
            Sign = 1;
            if (text[0] == '-')
            {
                Sign = -1;
                text = text[1..];
            }

            ExponentSign = 1;
            Mantissa = text;
            var e = text.IndexOfAny((byte)'e', (byte)'E');
            if (e >= 0)
            {
                Mantissa = text[..e];
                Exponent = text[(e + 1)..];
                if (Exponent[0] == '-') ExponentSign = -1;
                if (Exponent[0] is (byte)'-' or (byte)'+') Exponent = Exponent[1..];
                Exponent = Exponent.TrimStart((byte)'0');
            }

            First = Mantissa.IndexOfAnyInRange((byte)'1', (byte)'9');
            if (First < 0)
            {
                Sign = 0;
                return;
            }

            var dot = Mantissa.IndexOf((byte)'.');
            if (dot < 0) dot = Mantissa.Length;
            Point = First < dot ? dot - First : dot + 1 - First;
        }

        /// <summary>Digits before the decimal point, counted from the first significant one; saturates.</summary>
        public long Magnitude()
        {
            long exponent = 0;
            foreach (var digit in Exponent)
                if (exponent < Decided)
                    exponent = (exponent * 10) + (digit - '0');

            return Point + (ExponentSign * exponent);
        }

        /// <summary>The digits without zeros at either end, at most as many as fit; a full destination means too many.</summary>
        public int SignificantDigits(Span<byte> destination)
        {
            var end = Mantissa.LastIndexOfAnyInRange((byte)'1', (byte)'9') + 1;
            var count = 0;
            for (var i = First; i < end && count < destination.Length; i++)
                if (Mantissa[i] != '.')
                    destination[count++] = Mantissa[i];

            return count;
        }
    }
}
