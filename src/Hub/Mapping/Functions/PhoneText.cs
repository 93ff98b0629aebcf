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
    /// For 1000..1999, whether any seven digits after these four make a mainland mobile. Asked from libphonenumber once, so that the fast path
    /// can never disagree with it.
    /// </summary>
    private static readonly Lazy<bool[]> MobilePrefixes = new(ReadMobilePrefixes);

    public static bool IsRegion(string region) => PhoneNumberUtil.GetInstance().GetSupportedRegions().Contains(region);

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
        return prefix is >= 1000 and <= 1999 && MobilePrefixes.Value[prefix - 1000];
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

    private static bool[] ReadMobilePrefixes()
    {
        var phones = PhoneNumberUtil.GetInstance();
        var prefixes = new bool[1000];
        for (var i = 300; i < 1000; i++)
            prefixes[i] = IsMobile(i, 0) && IsMobile(i, 9_999_999);
        return prefixes;

        bool IsMobile(int prefix, ulong rest)
        {
            var number = new PhoneNumbers.PhoneNumber.Builder()
                .SetCountryCode(86)
                .SetNationalNumber(((1000 + (ulong)prefix) * 10_000_000) + rest)
                .Build();
            return phones.GetNumberType(number) == PhoneNumberType.MOBILE;
        }
    }
}
