using System.Globalization;
using System.Text;

namespace IntegrationHub.Mapping.Functions;

/// <summary>Functions of dates and times. Times are RFC 3339 with offset, dates RFC 3339 full-date.</summary>
internal static class TimeFunctions
{
    private const string Group = "time";

    private static readonly Value NotTime = Value.Fault("not a date or time in a known form");
    private static readonly Value NoOffset = Value.Fault("the text has no offset and the mapping names no zone");
    private static readonly Value NotPattern = Value.Fault("not a date or time in the form of the pattern");
    private static readonly Value OutOfRange = Value.Fault("time out of range: the years 1 to 9999");

    public static IReadOnlyList<FunctionSpec> All { get; } =
    [
        new()
        {
            Name = "time",
            Group = Group,
            Summary = "A point in time: RFC 3339, ISO 8601 with or without offset, 2006/1/2 15:04, 20060102150405, 2006年1月2日 15时4分, mail and RSS dates. "
                + "A text without an offset needs a zone.",
            Examples =
            [
                "\"2024-03-05 14:30:00\" | time('Asia/Shanghai') → \"2024-03-05T14:30:00+08:00\"",
                "\"2024-03-05T06:30:00.250Z\" | time → \"2024-03-05T06:30:00.250Z\"",
                "\"2024/3/5\" | time('+08:00') → \"2024-03-05T00:00:00+08:00\"",
                "\"20240305143000\" | time('+08:00') → \"2024-03-05T14:30:00+08:00\"",
                "\"Tue, 5 Mar 2024 14:30:00 +0800\" | time → \"2024-03-05T14:30:00+08:00\"",
                "\"05.03.2024 14:30\" | time('Europe/Berlin', 'dd.MM.yyyy H:mm') → \"2024-03-05T14:30:00+01:00\"",
                "\"2024-03-05 14:30:00\" | time → fault",
                "\"0000-00-00 00:00:00\" | time('+08:00') → fault",
            ],
            Result = ExpressionType.Time,
            Parameters = [ZoneParameter(optional: true), PatternParameter],
            Bind = BindTime,
        },
        new()
        {
            Name = "date",
            Group = Group,
            Summary = "The calendar date as written, in the forms that time knows. A time of day is left out.",
            Examples =
            [
                "\"2024年3月5日\" | date → \"2024-03-05\"",
                "20240305 | date → \"2024-03-05\"",
                "\"2024-03-05T23:00:00-08:00\" | date → \"2024-03-05\"",
                "\"5/3/2024\" | date('d/M/yyyy') → \"2024-03-05\"",
                "\"5/3/2024\" | date → fault",
            ],
            Result = ExpressionType.Date,
            Parameters = [PatternParameter],
            Bind = BindDate,
        },
        new()
        {
            Name = "epoch",
            Group = Group,
            Summary = "A point in time from the seconds (or parts of them) since 1970, number or text. A system that writes 0 for no time wants nullIf(0) before.",
            Examples =
            [
                "1709620200 | epoch → \"2024-03-05T06:30:00Z\"",
                "\"1709620200123\" | epoch('ms') → \"2024-03-05T06:30:00.123Z\"",
                "\"1355517523.000005\" | epoch → \"2012-12-14T20:38:43.000005Z\"",
                "1709620200123 | epoch → fault",
            ],
            Result = ExpressionType.Time,
            Parameters = [new("unit", "'s' (when left out), 'ms' or 'us'.", Optional: true)],
            Bind = BindEpoch,
        },
        new()
        {
            Name = "atZone",
            Group = Group,
            Summary = "The same point in time as the clocks of a zone show it.",
            Examples = ["\"2024-03-05T06:30:00Z\" | atZone('Asia/Shanghai') → \"2024-03-05T14:30:00+08:00\""],
            Result = ExpressionType.Time,
            Parameters = [ZoneParameter(optional: false)],
            Bind = static arguments => InZone(arguments, static (ticks, offset, scratch) => TimeText.Write(ticks, offset, scratch)),
        },
        new()
        {
            Name = "dateOf",
            Group = Group,
            Summary = "The calendar date in a zone at a point in time.",
            Examples = ["\"2024-03-05T16:30:00Z\" | dateOf('Asia/Shanghai') → \"2024-03-06\""],
            Result = ExpressionType.Date,
            Parameters = [ZoneParameter(optional: false)],
            Bind = static arguments => InZone(arguments, static (ticks, _, scratch) => TimeText.WriteDate(ticks, scratch)),
        },
        new()
        {
            Name = "plusDays",
            Group = Group,
            Summary = "So many days later, of a date or a time; a time keeps its clock time and offset.",
            Examples = ["\"2024-02-28\" | plusDays(2) → \"2024-03-01\"", "\"2024-03-05T14:30:00+08:00\" | plusDays(-5) → \"2024-02-29T14:30:00+08:00\""],
            Parameters = [new("days", "A whole number, or an expression such as $.payment_days.")],
            Bind = static _ => PlusDays,
        },
        new()
        {
            Name = "timeFormat",
            Group = Group,
            Summary = "A date or time as text for people, in a pattern of .NET.",
            Examples = ["\"2024-03-05T14:30:00+08:00\" | timeFormat('yyyy年M月d日') → \"2024年3月5日\"", "\"2024-03-05\" | timeFormat('yyyyMM') → \"202403\""],
            Result = ExpressionType.Text,
            Parameters = [new("pattern", "A custom date pattern of .NET such as 'yyyy-MM-dd HH:mm'; names are English.")],
            Bind = BindFormat,
        },
    ];

    private static Parameter PatternParameter => new("pattern", "The exact form of the text when it is another one: a custom date pattern of .NET such as 'd/M/yyyy H:mm'.", Optional: true);

    private static Parameter ZoneParameter(bool optional) => new(
        "zone",
        optional ? "Zone of texts without an offset: 'Asia/Shanghai' or '+08:00'." : "'Asia/Shanghai' or '+08:00'.",
        optional);

    private static FunctionBody BindTime(IReadOnlyList<Argument> arguments)
    {
        var name = arguments.OptionalText(0, "a zone such as 'Asia/Shanghai' or '+08:00'");
        var zone = name is null ? null : Zone.Read(name, 0);
        var pattern = Pattern(arguments, 1);
        return (input, _, scratch) =>
        {
            if (!Utf8Text.TryGet(input, out var text))
                return NotTime;
            if (pattern is null ? !TimeText.TryRead(text, out var parts) : !TryExact(text, pattern, out parts))
                return pattern is null ? NotTime : NotPattern;
            if (parts.Canonical)
            {
                var (start, length) = Utf8Text.Trim(text);
                return input.AsText().Slice(start, length);
            }

            var offset = parts.OffsetMinutes;
            if (!parts.HasOffset)
            {
                if (zone is null)
                    return NoOffset;
                offset = zone.OfLocal(parts.Ticks);
            }

            return TimeText.IsInRange(parts.Ticks, offset) ? TimeText.Write(parts.Ticks, offset, scratch) : OutOfRange;
        };
    }

    private static FunctionBody BindDate(IReadOnlyList<Argument> arguments)
    {
        var pattern = Pattern(arguments, 0);
        return (input, _, scratch) =>
        {
            if (!Utf8Text.TryGet(input, out var text))
                return NotTime;
            if (pattern is null ? !TimeText.TryRead(text, out var parts) : !TryExact(text, pattern, out parts))
                return pattern is null ? NotTime : NotPattern;
            return TimeText.WriteDate(parts.Ticks, scratch);
        };
    }

    private static FunctionBody BindEpoch(IReadOnlyList<Argument> arguments)
    {
        var unit = arguments.OptionalText(0, "'s', 'ms' or 'us'") switch
        {
            null or "s" => TimeSpan.TicksPerSecond,
            "ms" => TimeSpan.TicksPerMillisecond,
            "us" => TimeSpan.TicksPerMicrosecond,
            var other => throw new ArgumentFaultException(0, $"expected 's', 'ms' or 'us', found '{other}'"),
        };
        return (input, _, scratch) =>
        {
            if (!Utf8Text.TryGet(input, out var text))
                return NumberText.NotNumber;
            text = Utf8Text.Trimmed(text);
            if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
            {
                // Seconds of the year 9999 fit with room to spare; checking first keeps the product inside 64 bits.
                return whole > DateTime.MaxValue.Ticks / unit || whole < -(DateTime.UnixEpoch.Ticks / unit)
                    ? OutOfRange
                    : FromUnix(whole * unit, scratch);
            }

            if (!NumberText.IsJson(text))
                return NumberText.NotNumber;
            if (!NumberText.TryDecimal(text, out var exact) || Math.Abs(exact) > DateTime.MaxValue.Ticks / unit)
                return OutOfRange;
            return FromUnix((long)decimal.Floor(exact * unit), scratch);
        };
    }

    private static Value FromUnix(long ticks, Scratch scratch)
    {
        ticks += DateTime.UnixEpoch.Ticks;
        return TimeText.IsInRange(ticks, 0) ? TimeText.Write(ticks, 0, scratch) : OutOfRange;
    }

    private static FunctionBody InZone(IReadOnlyList<Argument> arguments, Func<long, int, Scratch, Value> write)
    {
        var zone = Zone.Read(arguments.Text(0, "a zone such as 'Asia/Shanghai' or '+08:00'"), 0);
        return (input, _, scratch) =>
        {
            if (!Utf8Text.TryGet(input, out var text) || !TimeText.TryRead(text, out var parts))
                return NotTime;
            if (!parts.HasOffset)
                return NoOffset;
            var offset = zone.OfInstant(parts.UtcTicks);
            var local = parts.UtcTicks + (offset * TimeSpan.TicksPerMinute);
            return TimeText.IsInRange(local, offset) ? write(local, offset, scratch) : OutOfRange;
        };
    }

    private static Value PlusDays(Value input, ReadOnlySpan<Value> arguments, Scratch scratch)
    {
        var days = arguments[0];
        if (days.Kind == ValueKind.Fault)
            return days;
        if (!Utf8Text.TryGet(days, out var number) || !NumberText.TryLong(Utf8Text.Trimmed(number), out var count))
            return Value.Fault("the number of days is missing or not a whole number");
        if (!Utf8Text.TryGet(input, out var text) || !TimeText.TryRead(text, out var parts))
            return NotTime;
        if (!parts.DateOnly && !parts.HasOffset)
            return NoOffset;
        if (count is < -4_000_000 or > 4_000_000)
            return OutOfRange;
        var ticks = parts.Ticks + (count * TimeSpan.TicksPerDay);
        if (!TimeText.IsInRange(ticks, parts.OffsetMinutes))
            return OutOfRange;
        return parts.DateOnly ? TimeText.WriteDate(ticks, scratch) : TimeText.Write(ticks, parts.OffsetMinutes, scratch);
    }

    private static FunctionBody BindFormat(IReadOnlyList<Argument> arguments)
    {
        var pattern = Pattern(arguments, 0) ?? throw new ArgumentFaultException(0, "expected a pattern such as 'yyyy-MM-dd', found nothing");
        return (input, _, scratch) =>
        {
            if (!Utf8Text.TryGet(input, out var text) || !TimeText.TryRead(text, out var parts))
                return NotTime;
            var time = new DateTimeOffset(parts.Ticks, TimeSpan.FromMinutes(parts.OffsetMinutes));
            return scratch.Text(time.ToString(pattern, CultureInfo.InvariantCulture));
        };
    }

    private static string? Pattern(IReadOnlyList<Argument> arguments, int index)
    {
        var pattern = arguments.OptionalText(index, "a pattern such as 'yyyy-MM-dd'");
        try
        {
            // One letter would be a standard format of .NET, which changes with its culture data.
            if (pattern is { Length: < 2 } || pattern is not null && DateTimeOffset.UnixEpoch.ToString(pattern, CultureInfo.InvariantCulture) == pattern)
                throw new FormatException();
            return pattern;
        }
        catch (FormatException)
        {
            throw new ArgumentFaultException(index, $"expected a date pattern such as 'yyyy-MM-dd HH:mm', found '{pattern}'");
        }
    }

    private static bool TryExact(ReadOnlySpan<byte> utf8, string pattern, out TimeParts parts)
    {
        parts = default;
        utf8 = Utf8Text.Trimmed(utf8);
        if (utf8.Length > 256)
            return false;
        Span<char> chars = stackalloc char[256];
        ReadOnlySpan<char> text = chars[..Encoding.UTF8.GetChars(utf8, chars)];
        if (pattern.AsSpan().IndexOfAny('z', 'K') >= 0)
        {
            if (!DateTimeOffset.TryParseExact(text, pattern, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
                return false;
            parts = new TimeParts { Ticks = time.Ticks, OffsetMinutes = (int)time.Offset.TotalMinutes, HasOffset = true };
            return true;
        }

        // NoCurrentDateDefault: a pattern without a year must not take today's.
        if (!DateTime.TryParseExact(text, pattern, CultureInfo.InvariantCulture, DateTimeStyles.NoCurrentDateDefault, out var local) || local.Year == 1)
            return false;
        parts = new TimeParts { Ticks = local.Ticks };
        return true;
    }
}
