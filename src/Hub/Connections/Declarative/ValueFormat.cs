using System.Globalization;

namespace IntegrationHub.Connections.Declarative;

/// <summary>
/// How a source writes what grows: a time (<c>iso</c>, <c>seconds</c> or <c>milliseconds</c> since 1970, <c>date</c>, or a pattern of .NET such as <c>MM/dd/yyyy</c>) or a <c>number</c>.
/// Inside, times are counted in ticks of 100 ns since year 1 UTC, so that overlaps are subtractions.
/// </summary>
internal sealed class ValueFormat
{
    public static readonly string[] Names = ["iso", "seconds", "milliseconds", "date", "number"];

    private readonly string _name;
    private readonly TimeSpan _zone;

    /// <param name="name">One of <see cref="Names"/>, or a pattern.</param>
    /// <param name="zone">The offset of times that are written without one.</param>
    public ValueFormat(string name, TimeSpan zone = default)
    {
        _name = name;
        _zone = zone;
    }

    public bool IsNumber => _name == "number";

    /// <summary>Whether a word is a format; patterns have at least a year.</summary>
    public static bool IsFormat(string name)
    {
        if (Names.Contains(name))
            return true;
        try
        {
            return name.Contains("yy", StringComparison.Ordinal) && DateTimeOffset.UnixEpoch.ToString(name, CultureInfo.InvariantCulture).Length > 0;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    public decimal? Parse(string? text)
    {
        if (text is null)
            return null;
        var isNumber = decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number);
        return _name switch
        {
            "number" => isNumber ? number : null,
            "seconds" => isNumber ? DateTimeOffset.UnixEpoch.Ticks + number * TimeSpan.TicksPerSecond : null,
            "milliseconds" => isNumber ? DateTimeOffset.UnixEpoch.Ticks + number * TimeSpan.TicksPerMillisecond : null,
            "iso" => Ticks(DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var iso), iso),
            var pattern => Ticks(DateTime.TryParseExact(text.Trim(), pattern == "date" ? "yyyy-MM-dd" : pattern, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var exact), exact),
        };
    }

    /// <summary>Rounded down to what the format can say.</summary>
    public string Write(decimal value)
    {
        if (_name == "number")
            return value.ToString("0.############################", CultureInfo.InvariantCulture);
        var time = new DateTimeOffset((long)Math.Clamp(value, 0, DateTimeOffset.MaxValue.Ticks - TimeSpan.TicksPerDay), TimeSpan.Zero).ToOffset(_zone);
        return _name switch
        {
            "seconds" => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            "milliseconds" => time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
            "iso" => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            "date" => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            var pattern => time.ToString(pattern, CultureInfo.InvariantCulture),
        };
    }

    /// <summary>As a moment, where the value is one.</summary>
    public DateTimeOffset? Time(string? text) => !IsNumber && Parse(text) is { } ticks && ticks >= 0 && ticks <= DateTimeOffset.MaxValue.Ticks ? new DateTimeOffset((long)ticks, TimeSpan.Zero) : null;

    private decimal? Ticks(bool parsed, DateTime time) => !parsed ? null : time.Kind switch
    {
        DateTimeKind.Utc => time.Ticks,
        // The text had an offset of its own.
        DateTimeKind.Local => time.ToUniversalTime().Ticks,
        _ => time.Ticks - _zone.Ticks,
    };
}
