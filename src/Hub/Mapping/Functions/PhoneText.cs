using System.Buffers;
using System.Text;
using PhoneNumbers;

namespace IntegrationHub.Mapping.Functions;

/// <summary>Phone numbers to E.164: mainland mobiles without leaving the bytes, everything else by libphonenumber.</summary>
internal static class PhoneText
{
    private const int MaxLength = 80;

    private static readonly Value NotPhone = Value.Fault("not a phone number of the region");
    private static readonly Value NoRegion = Value.Fault("a phone number without country code, and no region is given");
    private static readonly Value Masked = Value.Fault("a masked phone number");

    private static readonly SearchValues<char> ExtensionCharacters = SearchValues.Create("extEXTnsionNSIO.,;=:# 0123456789");

    /// <summary>
    /// What libphonenumber says of all regions it knows, and below of all beginnings of four digits after which any seven more make a mainland mobile. Written down, because
    /// asking it takes longer than everything else about the start of a short command; a test asks it, so that this can never disagree.
    /// </summary>
    private const string Regions = """
        AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ
        DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
        KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU
        NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM TN TO TR TT TV
        TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
        """;

    public static bool IsRegion(string region) => region.Length == 2 && region.All(char.IsAsciiLetterUpper) && Regions.Contains(region, StringComparison.Ordinal);

    internal static bool IsMobilePrefix(int fourDigits) => fourDigits is (>= 1300 and <= 1399) or (>= 1450 and <= 1459) or (>= 1470 and <= 1479) or (>= 1500 and <= 1539)
        or (>= 1550 and <= 1599) or 1610 or (>= 1620 and <= 1629) or (>= 1650 and <= 1679) or (>= 1700 and <= 1739) or (>= 1750 and <= 1789) or (>= 1800 and <= 1939)
        or (>= 1950 and <= 1999);

    public static Value Read(Value input, string? region, Scratch scratch)
    {
        if (!Utf8Text.TryGet(input, out var text))
            return Utf8Text.NotText;
        Span<byte> digits = stackalloc byte[16];
        if (region == "CN" && TryMainlandMobile(text, digits[3..], out var first))
        {
            if (text.Length == 14 && text[0] == '+')
                return input.AsText();
            "+86"u8.CopyTo(digits);
            digits.Slice(3 + first, 11).CopyTo(digits[3..]);
            return scratch.Text(digits[..14]);
        }

        return ReadAny(text, region, scratch);
    }

    /// <summary>Any usual spelling: 138 0013 8000, +86-13800138000, (0086)13800138000, full-width digits.</summary>
    private static bool TryMainlandMobile(ReadOnlySpan<byte> text, Span<byte> digits, out int first)
    {
        first = 0;
        var count = 0;
        var plus = false;
        for (var i = 0; i < text.Length; i++)
        {
            var b = text[i];
            if (b == 0xEF && i + 2 < text.Length && text[i + 1] == 0xBC)
            {
                // Full-width forms of U+FF01..FF3F.
                b = (byte)(text[i + 2] - 0x60);
                i += 2;
            }

            if (char.IsAsciiDigit((char)b))
            {
                // 13 places: room for 0086 without its zeros is not needed, they are dropped as they come.
                if (count == 0 && b == '0' && !plus && first < 2)
                {
                    first++;
                    continue;
                }

                if (count == 13)
                    return false;
                digits[count++] = b;
            }
            else if (b == '+' && count == 0 && !plus && first == 0)
            {
                plus = true;
            }
            else if (b is not ((byte)' ' or (byte)'-' or (byte)'(' or (byte)')' or (byte)'.'))
            {
                return false;
            }
        }

        // "00" must be followed by 86; a single leading 0 (the old trunk prefix, 0138...) is left to the library.
        var zeros = first;
        first = 0;
        if (count == 13 && digits[0] == '8' && digits[1] == '6' && zeros is 0 or 2)
            first = 2;
        else if (count != 11 || plus || zeros != 0)
            return false;
        var prefix = 0;
        for (var i = first; i < first + 4; i++)
            prefix = (prefix * 10) + (digits[i] - '0');
        return IsMobilePrefix(prefix);
    }

    private static Value ReadAny(ReadOnlySpan<byte> utf8, string? region, Scratch scratch)
    {
        utf8 = Utf8Text.Trimmed(utf8);
        if (utf8.Length is 0 or > MaxLength)
            return NotPhone;
        Span<byte> half = stackalloc byte[MaxLength];
        var text = Encoding.UTF8.GetString(half[..Utf8Text.NormalizeWidth(utf8, half)]);
        if (text.StartsWith("tel:", StringComparison.OrdinalIgnoreCase))
            text = text[4..];
        text = text.Replace("转", " ext. ", StringComparison.Ordinal);
        if (IsMasked(text))
            return Masked;
        if (!IsPlausible(text))
            return NotPhone;

        // 0086 is how mainland systems write +86, whatever the region is from which one would dial.
        if (text.StartsWith("0086", StringComparison.Ordinal))
            text = "+" + text[2..];
        if (region is null && !text.StartsWith('+'))
            return NoRegion;
        try
        {
            var phones = PhoneNumberUtil.GetInstance();
            var number = phones.Parse(text, region);
            return phones.IsValidNumber(number) ? scratch.Text(phones.Format(number, PhoneNumberFormat.E164)) : NotPhone;
        }
        catch (NumberParseException)
        {
            return NotPhone;
        }
    }

    private static bool IsMasked(string text) =>
        text.AsSpan().IndexOfAny("*•●＊#") >= 0 || text.Contains("xx", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// The library digs numbers out of prose and reads letters as keys; a field of a record that needs that holds something else than a number.
    /// </summary>
    private static bool IsPlausible(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsDigit(c) || Utf8Text.IsBlank(new Rune(char.IsSurrogate(c) ? '?' : c)) || c is '+' or '-' or '.' or '(' or ')' or '/' or '‐' or '‑' or '‒' or '–' or '—' or '−' or '[' or ']')
                continue;
            if (i > 0 && (c is ';' or ',' or 'x' or 'X' || string.Compare(text, i, "ext", 0, 3, StringComparison.OrdinalIgnoreCase) == 0))
                return !text.AsSpan(i).ContainsAnyExcept(ExtensionCharacters);
            return false;
        }

        return true;
    }
}
