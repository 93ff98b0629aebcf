using System.Text;

namespace IntegrationHub.Mapping.Functions;

/// <summary>What a text says about time.</summary>
internal struct TimeParts
{
    /// <summary>Local ticks as written.</summary>
    public long Ticks;
    public int OffsetMinutes;
    public bool HasOffset;
    public bool DateOnly;

    /// <summary>The text already has the form that <see cref="TimeText.Write"/> gives, whatever its number of decimals.</summary>
    public bool Canonical;

    public readonly long UtcTicks => Ticks - (OffsetMinutes * TimeSpan.TicksPerMinute);
}

/// <summary>
/// Reads the forms of dates and times that systems really write, and writes RFC 3339. Year, month and day always come in an order that cannot
/// be mistaken: forms such as 1/2/2024 are refused.
/// </summary>
internal static class TimeText
{
    private const int MaxLength = 96;

    public static bool TryRead(ReadOnlySpan<byte> text, out TimeParts parts)
    {
        parts = default;
        text = Utf8Text.Trimmed(text);
        if (text.Length is < 6 or > MaxLength)
            return false;
        if (Ascii.IsValid(text))
            return new Reader(text).TryRead(ref parts);
        Span<byte> plain = stackalloc byte[MaxLength];
        var read = new Reader(plain[..Simplify(text, plain)]).TryRead(ref parts);
        parts.Canonical = false;
        return read;
    }

    /// <summary>RFC 3339 with offset, decimals only where there are any.</summary>
    public static Value Write(long localTicks, int offsetMinutes, Scratch scratch)
    {
        var target = scratch.Reserve(40);
        var time = new DateTime(localTicks);
        WriteDate(target, time);
        target[10] = (byte)'T';
        Two(target[11..], time.Hour);
        target[13] = (byte)':';
        Two(target[14..], time.Minute);
        target[16] = (byte)':';
        Two(target[17..], time.Second);
        var written = 19;
        var fraction = (int)(localTicks % TimeSpan.TicksPerSecond);
        if (fraction > 0)
        {
            target[written++] = (byte)'.';
            for (var unit = 1_000_000; fraction > 0; unit /= 10)
            {
                target[written++] = (byte)('0' + (fraction / unit));
                fraction %= unit;
            }
        }

        if (offsetMinutes == 0)
        {
            target[written++] = (byte)'Z';
        }
        else
        {
            target[written++] = (byte)(offsetMinutes < 0 ? '-' : '+');
            var minutes = Math.Abs(offsetMinutes);
            Two(target[written..], minutes / 60);
            target[written + 2] = (byte)':';
            Two(target[(written + 3)..], minutes % 60);
            written += 5;
        }

        return scratch.Commit(written);
    }

    public static Value WriteDate(long ticks, Scratch scratch)
    {
        WriteDate(scratch.Reserve(10), new DateTime(ticks));
        return scratch.Commit(10);
    }

    /// <summary>Whether local ticks can be written at an offset: instant and local time both between the years 1 and 9999.</summary>
    public static bool IsInRange(long localTicks, int offsetMinutes)
    {
        var utc = localTicks - (offsetMinutes * TimeSpan.TicksPerMinute);
        return localTicks >= 0 && localTicks <= DateTime.MaxValue.Ticks && utc >= 0 && utc <= DateTime.MaxValue.Ticks;
    }

    private static void WriteDate(Span<byte> target, DateTime time)
    {
        Two(target, time.Year / 100);
        Two(target[2..], time.Year % 100);
        target[4] = (byte)'-';
        Two(target[5..], time.Month);
        target[7] = (byte)'-';
        Two(target[8..], time.Day);
    }

    private static void Two(Span<byte> target, int number)
    {
        target[1] = (byte)('0' + (number % 10));
        target[0] = (byte)('0' + (number / 10));
    }

    /// <summary>Half-width, and 2024年3月5日 14时30分20秒 as 2024-3-5 14:30:20.</summary>
    private static int Simplify(ReadOnlySpan<byte> text, Span<byte> target)
    {
        ReadOnlySpan<byte> half = target[..Utf8Text.NormalizeWidth(text, target)];
        var written = 0;
        while (!half.IsEmpty)
        {
            Rune.DecodeFromUtf8(half, out var rune, out var size);
            half = half[size..];
            target[written++] = rune.Value switch
            {
                '年' or '月' => (byte)'-',
                '日' or '号' or '秒' or 0xA0 or 0x202F => (byte)' ',
                '时' or '点' or '分' => (byte)':',
                '−' => (byte)'-',
                < 0x80 => (byte)rune.Value,
                _ => 0,
            };
        }

        while (written > 0 && target[written - 1] is (byte)' ' or (byte)':')
            written--;
        return written;
    }

    private ref struct Reader(ReadOnlySpan<byte> text)
    {
        private readonly ReadOnlySpan<byte> _text = text;
        private int _at;
        private int _year;
        private int _month;
        private int _day;
        private int _hour;
        private int _minute;
        private int _second;
        private int _fraction;
        private bool _tidy = true;

        private readonly bool AtEnd => _at == _text.Length;

        private readonly byte Current => _at < _text.Length ? _text[_at] : (byte)0;

        public bool TryRead(ref TimeParts parts)
        {
            var digits = Run();
            if (digits is 0 or 1 or 2)
            {
                if (!TryMailDate() || !TryClock() || !TryOffset(ref parts, named: true) || !AtEnd)
                    return false;
                _tidy = false;
                return Finish(ref parts);
            }

            if (digits is 8 or 12 or 14 or 17)
            {
                _tidy = false;
                _year = Number(4);
                _month = Number(2);
                _day = Number(2);
                if (digits > 8)
                {
                    _hour = Number(2);
                    _minute = Number(2);
                    _second = digits > 12 ? Number(2) : 0;
                    _fraction = digits == 17 ? Number(3) * 10_000 : 0;
                    return TryOffset(ref parts, named: false) && AtEnd && Finish(ref parts);
                }
            }
            else if (!TryDate(digits))
            {
                return false;
            }

            if (Current is (byte)'T' or (byte)'t' or (byte)' ')
            {
                _tidy &= Current == 'T';
                _at++;
                SkipSpaces();
                if (!TryClock())
                    return false;
            }
            else
            {
                parts.DateOnly = true;
            }

            return TryOffset(ref parts, named: false) && AtEnd && Finish(ref parts);
        }

        private bool TryDate(int digits)
        {
            if (digits != 4)
                return false;
            _year = Number(4);
            var separator = Current;
            if (separator is not ((byte)'-' or (byte)'/' or (byte)'.'))
                return false;
            _tidy &= separator == '-';
            _at++;
            return TryUpToTwo(out _month) && Current == separator && ++_at > 0 && TryUpToTwo(out _day);
        }

        /// <summary>The date of RFC 5322 and RSS: <c>Tue, 5 Mar 2024</c>.</summary>
        private bool TryMailDate()
        {
            if (!char.IsAsciiDigit((char)Current))
            {
                var comma = _text.IndexOf((byte)',');
                if (comma is < 3 or > 9)
                    return false;
                _at = comma + 1;
                SkipSpaces();
            }

            if (!TryUpToTwo(out _day))
                return false;
            SkipSpaces();
            if (_at + 3 > _text.Length)
                return false;
            Span<byte> name = stackalloc byte[3];
            Ascii.ToLower(_text.Slice(_at, 3), name, out _);
            var index = "janfebmaraprmayjunjulaugsepoctnovdec"u8.IndexOf(name);
            if (index < 0 || index % 3 != 0)
                return false;
            _month = (index / 3) + 1;
            _at += 3;
            SkipSpaces();
            if (Run() != 4)
                return false;
            _year = Number(4);
            SkipSpaces();
            return true;
        }

        private bool TryClock()
        {
            switch (Run())
            {
                case 4 or 6 when _at + Run() is var end:
                    _tidy = false;
                    _hour = Number(2);
                    _minute = Number(2);
                    _second = _at < end ? Number(2) : 0;
                    break;
                case 1 or 2:
                    if (!TryUpToTwo(out _hour) || Current != ':')
                        return false;
                    _at++;
                    if (!TryUpToTwo(out _minute))
                        return false;
                    if (Current != ':')
                    {
                        _tidy = false;
                        return true;
                    }

                    _at++;
                    if (!TryUpToTwo(out _second))
                        return false;
                    break;
                default:
                    return false;
            }

            if (Current is (byte)'.' or (byte)',')
            {
                _tidy &= Current == '.';
                _at++;
                var digits = Run();
                if (digits is 0 or > 12)
                    return false;
                var unit = 1_000_000;
                for (; digits > 0; digits--, unit /= 10)
                    _fraction += Number(1) * unit;
            }

            return true;
        }

        private bool TryOffset(ref TimeParts parts, bool named)
        {
            if (Current == ' ')
            {
                _tidy = false;
                SkipSpaces();
            }

            if (AtEnd)
                return true;
            parts.HasOffset = true;
            var rest = _text[_at..];
            if (rest[0] is (byte)'+' or (byte)'-')
            {
                var negative = rest[0] == '-';
                _at++;
                var digits = Run();
                if (digits is not (2 or 4))
                    return false;
                var hours = Number(2);
                _tidy &= digits == 2 && Current == ':';
                if (Current == ':')
                {
                    _at++;
                    if (digits != 2 || Run() != 2)
                        return false;
                    digits = 4;
                }

                var minutes = digits == 4 ? Number(2) : 0;
                if ((hours * 60) + minutes > 14 * 60 || minutes > 59)
                    return false;
                parts.OffsetMinutes = ((hours * 60) + minutes) * (negative ? -1 : 1);
                _tidy &= parts.OffsetMinutes != 0;

                // RFC 9557 (and Java) name the zone after the offset: 2024-01-02T00:00:00+08:00[Asia/Shanghai].
                if (Current == '[' && _text[^1] == ']')
                {
                    _tidy = false;
                    _at = _text.Length;
                }

                return true;
            }

            if (rest.SequenceEqual("Z"u8))
            {
                _at++;
                return true;
            }

            _tidy = false;
            if (!TryNamedOffset(rest, named, out parts.OffsetMinutes))
                return false;
            _at = _text.Length;
            return true;
        }

        /// <summary>UTC by name; in mail dates also the zones that RFC 5322 still defines.</summary>
        private static bool TryNamedOffset(ReadOnlySpan<byte> name, bool mail, out int minutes)
        {
            minutes = 0;
            if (Ascii.EqualsIgnoreCase(name, "z"u8) || Ascii.EqualsIgnoreCase(name, "utc"u8) || Ascii.EqualsIgnoreCase(name, "gmt"u8))
                return true;
            if (!mail)
                return false;
            if (Ascii.EqualsIgnoreCase(name, "ut"u8))
                return true;
            if (name.Length != 3)
                return false;
            var hours = (char)(name[0] | 0x20) switch { 'e' => -5, 'c' => -6, 'm' => -7, 'p' => -8, _ => 0 };
            if (hours == 0 || (name[1] | 0x20) is not ('s' or 'd') || (name[2] | 0x20) != 't')
                return false;
            minutes = (hours + ((name[1] | 0x20) == 'd' ? 1 : 0)) * 60;
            return true;
        }

        private readonly bool Finish(ref TimeParts parts)
        {
            if (_year is < 1 or > 9999 || _month is < 1 or > 12 || _day < 1 || _day > DateTime.DaysInMonth(_year, _month)
                || _hour > 23 || _minute > 59 || _second > 60)
                return false;
            parts.Ticks = new DateTime(_year, _month, _day, _hour, _minute, 0).Ticks + (_second * TimeSpan.TicksPerSecond) + _fraction;
            parts.Canonical = _tidy && parts.HasOffset && !parts.DateOnly && _second < 60;
            return IsInRange(parts.Ticks, parts.OffsetMinutes);
        }

        private bool TryUpToTwo(out int number)
        {
            var digits = Run();
            if (digits is 0 or > 2)
            {
                number = 0;
                return false;
            }

            _tidy &= digits == 2;
            number = Number(digits);
            return true;
        }

        private readonly int Run()
        {
            var end = _at;
            while (end < _text.Length && char.IsAsciiDigit((char)_text[end]))
                end++;
            return end - _at;
        }

        private int Number(int digits)
        {
            var number = 0;
            for (var end = _at + digits; _at < end; _at++)
                number = (number * 10) + (_text[_at] - '0');
            return number;
        }

        private void SkipSpaces()
        {
            while (Current == ' ')
                _at++;
        }
    }
}
