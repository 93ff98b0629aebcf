namespace IntegrationHub.Model;

/// <summary>The two forms of time that the model knows: RFC 3339 date-time with offset, and full-date.</summary>
internal static class Rfc3339
{
    public static bool IsDate(ReadOnlySpan<byte> text) => text.Length == 10 && TryDate(text, out _, out _, out _);

    public static bool IsTime(ReadOnlySpan<byte> text) => TryRead(text, out _);

    /// <summary>Unix milliseconds of a date-time; fractions below are cut.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out long milliseconds)
    {
        milliseconds = 0;
        if (text.Length < 20 || !TryDate(text, out var year, out var month, out var day) || text[10] is not ((byte)'T' or (byte)'t') || text[13] != ':' || text[16] != ':')
            return false;
        if (!Digits(text[11..13], out var hour) || !Digits(text[14..16], out var minute) || !Digits(text[17..19], out var second))
            return false;
        // A leap second counts as the last second of its minute.
        if (hour > 23 || minute > 59 || second > 60)
            return false;
        var rest = text[19..];
        var fraction = 0;
        if (rest[0] == '.')
        {
            var digits = rest[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            if (digits <= 0)
                return false;
            for (var i = 1; i <= 3; i++)
                fraction = (fraction * 10) + (i <= digits ? rest[i] - '0' : 0);
            rest = rest[(digits + 1)..];
        }

        if (!Offset(rest, out var offsetMinutes))
            return false;
        var date = new DateTime(year, month, day, hour, minute, Math.Min(second, 59), DateTimeKind.Utc);
        milliseconds = ((date.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond) + fraction - (offsetMinutes * 60_000L);
        return true;
    }

    private static bool TryDate(ReadOnlySpan<byte> text, out int year, out int month, out int day)
    {
        (year, month, day) = (0, 0, 0);
        return text[4] == '-' && text[7] == '-' && Digits(text[..4], out year) && Digits(text[5..7], out month) && Digits(text[8..10], out day)
            && year >= 1 && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month);
    }

    private static bool Offset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text.Length == 1)
            return text[0] is (byte)'Z' or (byte)'z';
        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':' || !Digits(text[1..3], out var hours) || !Digits(text[4..], out var rest))
            return false;
        minutes = ((hours * 60) + rest) * (text[0] == '-' ? -1 : 1);
        return hours <= 23 && rest <= 59;
    }

    private static bool Digits(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        foreach (var c in text)
        {
            if (c is < (byte)'0' or > (byte)'9')
                return false;
            value = (value * 10) + (c - '0');
        }

        return true;
    }
}
