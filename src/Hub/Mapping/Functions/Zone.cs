using System.Globalization;

namespace IntegrationHub.Mapping.Functions;

/// <summary>A time zone of a mapping: a fixed offset, or a zone of the tz database with its history.</summary>
internal sealed class Zone
{
    private readonly TimeSpan _offset;
    private readonly TimeZoneInfo? _rules;

    private Zone(TimeSpan offset, TimeZoneInfo? rules)
    {
        _offset = offset;
        _rules = rules;
    }

    public static Zone Read(string text, int argument)
    {
        if (text is "Z" or "UTC")
            return new Zone(TimeSpan.Zero, null);
        if (text.Length == 6 && text[0] is '+' or '-'
            && TimeSpan.TryParseExact(text.AsSpan(1), @"hh\:mm", CultureInfo.InvariantCulture, out var offset) && offset <= TimeSpan.FromHours(14))
            return new Zone(text[0] == '-' ? -offset : offset, null);
        if (text.Contains('/') && TimeZoneInfo.TryFindSystemTimeZoneById(text, out var rules))
            return new Zone(TimeSpan.Zero, rules);

        // A bare system has no tz database. China has kept +08:00 without summer time since 15 September 1991, so this one zone, which nearly
        // every mapping names, works everywhere; only local times before that day differ, by the summer time of 1986 to 1991.
        if (text is "Asia/Shanghai" or "PRC")
            return new Zone(TimeSpan.FromHours(8), null);
        throw new ArgumentFaultException(
            argument,
            $"expected a zone of this system's tz database such as 'Asia/Shanghai' or a fixed offset such as '+08:00', found '{text}'");
    }

    /// <summary>
    /// Offset in minutes of a local time. An hour that the clock skipped or showed twice is read with the offset of standard time.
    /// </summary>
    public int OfLocal(long ticks) => Minutes(_rules?.GetUtcOffset(new DateTime(ticks, DateTimeKind.Unspecified)));

    /// <summary>Offset in minutes at an instant.</summary>
    public int OfInstant(long utcTicks) => Minutes(_rules?.GetUtcOffset(new DateTime(utcTicks, DateTimeKind.Utc)));

    // Local mean times of the 19th century have seconds, which RFC 3339 cannot say.
    private int Minutes(TimeSpan? offset) => (int)((offset ?? _offset).Ticks / TimeSpan.TicksPerMinute);
}
