using System.Globalization;
using System.Text;

namespace IntegrationHub.Mapping.Functions;

/// <summary>
/// The Unified Social Credit Code of GB 32100-2015 (18 characters: department, category, region of 6 digits, organisation code of 9, check
/// character) and what came before it: the organisation code of GB 11714 and the tax number of 15 (region of 6 digits, organisation code).
/// The organisation code is the same in all three and joins them.
/// </summary>
internal static class OrganisationCode
{
    private const string Alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    private const string CheckIssue = "uscc: the check character does not fit";
    private const string OrganisationIssue = "uscc: the check digit of the organisation code does not fit";

    private const string RegistrationIssue = "uscc: 15 digits that may as well be a business registration number";

    private static readonly Value WrongLength = Value.Fault("not a Unified Social Credit Code of 18 characters nor a tax number of 15");
    private static readonly Value WrongAlphabet = Value.Fault("a character that a Unified Social Credit Code cannot have");
    private static readonly Value WrongTaxNumber = Value.Fault("15 characters, but not a tax number made of a region and an organisation code");
    private static readonly Value Placeholder = Value.Fault("a placeholder, not a Unified Social Credit Code");
    private static readonly Value PersonalNumber = Value.Fault("a personal identity number, not a Unified Social Credit Code");
    private static readonly Value NotOrganisation = Value.Fault("not an organisation code");

    private static readonly byte[] Ranks = ReadRanks();

    /// <summary>18 characters in normal form, or <c>org:</c> and the organisation code of a legacy tax number.</summary>
    public static Value Uscc(Value input, Scratch scratch)
    {
        Span<byte> code = stackalloc byte[18];
        if (!TryNormalize(input, code, out var length) || length is not (15 or 18))
            return WrongLength;
        if (length == 15)
        {
            if (!IsLegacyTaxNumber(code[..15]))
                return WrongTaxNumber;
            Span<byte> joined = stackalloc byte[13];
            "org:"u8.CopyTo(joined);
            code[6..15].CopyTo(joined[4..]);
            return Legacy(code[..15], scratch.Text(joined), scratch);
        }

        if (Refusal(code) is { } refusal)
            return refusal;
        return Checked(code, Utf8Text.Keep(input, code, scratch), scratch);
    }

    /// <summary>The nine characters of the organisation code out of any of the three.</summary>
    public static Value Organisation(Value input, Scratch scratch)
    {
        Span<byte> code = stackalloc byte[18];
        if (!TryNormalize(input, code, out var length))
            return NotOrganisation;
        switch (length)
        {
            case 18:
                return Refusal(code) ?? Checked(code, scratch.Text(code[8..17]), scratch);
            case 15:
                return IsLegacyTaxNumber(code[..15]) ? Legacy(code[..15], scratch.Text(code[6..15]), scratch) : WrongTaxNumber;
            case 13 when code.StartsWith("ORG:"u8) && HasOrganisationCheck(code[4..13]):
                var joined = scratch.Text(code[4..13]);
                return input.IsDemoted ? joined.Demoted() : joined;
            case 9 when code[..9].IndexOfAnyExcept((byte)'0') < 0:
                return Placeholder;
            case 9 when HasOrganisationCheck(code[..9]):
                return scratch.Text(code[..9]);
            default:
                // Nine characters with a wrong check digit may be anything; nothing else vouches for them.
                return NotOrganisation;
        }
    }

    internal static char CheckCharacter(ReadOnlySpan<byte> seventeen)
    {
        // Powers of 3 modulo 31.
        ReadOnlySpan<byte> weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
        var sum = 0;
        for (var i = 0; i < weights.Length; i++)
            sum += Ranks[seventeen[i]] * weights[i];
        return Alphabet[(31 - (sum % 31)) % 31];
    }

    internal static char OrganisationCheckDigit(ReadOnlySpan<byte> eight)
    {
        ReadOnlySpan<byte> weights = [3, 7, 9, 10, 5, 8, 4, 2];
        var sum = 0;
        for (var i = 0; i < 8; i++)
            sum += (eight[i] <= '9' ? eight[i] - '0' : eight[i] - 'A' + 10) * weights[i];
        return (11 - (sum % 11)) switch { 10 => 'X', 11 => '0', var digit => (char)('0' + digit) };
    }

    /// <summary>Upper case, half-width, without spaces and hyphens.</summary>
    private static bool TryNormalize(Value input, Span<byte> code, out int length)
    {
        length = 0;
        if (!Utf8Text.TryGet(input, out var text) || text.Length > 200)
            return false;
        Span<byte> half = stackalloc byte[200];
        var rest = Utf8Text.MayBeWide(text) ? half[..Utf8Text.NormalizeWidth(text, half)] : text;
        while (!rest.IsEmpty)
        {
            if (char.IsAsciiLetterOrDigit((char)rest[0]))
            {
                if (length == 18)
                    return false;
                code[length++] = (byte)char.ToUpperInvariant((char)rest[0]);
                rest = rest[1..];
                continue;
            }

            Rune.DecodeFromUtf8(rest, out var rune, out var size);
            rest = rest[size..];
            if (Utf8Text.IsBlank(rune) || rune.Value is '-' or (>= 0x2010 and <= 0x2015) or 0x2212)
                continue;
            if (length == 18)
                return false;

            // Any other character holds its place, so that the length is judged first and the alphabet after.
            code[length++] = (byte)(rune.Value == ':' ? ':' : '?');
        }

        return true;
    }

    private static Value? Refusal(ReadOnlySpan<byte> code)
    {
        foreach (var c in code)
        {
            if (Ranks[c] == byte.MaxValue)
                return WrongAlphabet;
        }

        if (code[2..8].IndexOfAnyExceptInRange((byte)'0', (byte)'9') >= 0)
            return WrongAlphabet;
        if (code[0] == '0' || code[8..17].IndexOfAnyExcept((byte)'0') < 0)
            return Placeholder;
        return IsPersonalNumber(code) && CheckCharacter(code[..17]) != code[17] ? PersonalNumber : null;
    }

    private static Value Checked(ReadOnlySpan<byte> code, Value value, Scratch scratch)
    {
        var fits = true;
        if (CheckCharacter(code[..17]) != code[17])
        {
            scratch.Issues.Add(CheckIssue);
            fits = false;
        }

        if (!HasOrganisationCheck(code[8..17]))
        {
            scratch.Issues.Add(OrganisationIssue);
            fits = false;
        }

        return fits ? value : value.Demoted();
    }

    /// <summary>One business registration number in eleven looks like a tax number by chance: what passes both checks proves nothing.</summary>
    private static Value Legacy(ReadOnlySpan<byte> code, Value value, Scratch scratch)
    {
        if (!IsRegistrationNumber(code))
            return value;
        scratch.Issues.Add(RegistrationIssue);
        return value.Demoted();
    }

    /// <summary>The registration number of companies before 2015: 15 digits with the check of ISO 7064 MOD 11,10.</summary>
    private static bool IsRegistrationNumber(ReadOnlySpan<byte> code)
    {
        var product = 10;
        foreach (var c in code[..14])
        {
            if (!char.IsAsciiDigit((char)c))
                return false;
            var sum = (product + c - '0') % 10;
            product = (sum == 0 ? 10 : sum) * 2 % 11;
        }

        return char.IsAsciiDigit((char)code[14]) && (product + code[14] - '0') % 10 == 1;
    }

    private static bool IsLegacyTaxNumber(ReadOnlySpan<byte> code) =>
        code[..6].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 && code[0] != '0'
        && code[6..].IndexOfAnyExcept((byte)'0') >= 0 && HasOrganisationCheck(code[6..]);

    private static bool HasOrganisationCheck(ReadOnlySpan<byte> nine)
    {
        foreach (var c in nine)
        {
            if (!char.IsAsciiLetterUpper((char)c) && !char.IsAsciiDigit((char)c))
                return false;
        }

        return OrganisationCheckDigit(nine[..8]) == nine[8];
    }

    /// <summary>
    /// GB 11643: region, date of birth, sequence, check character by ISO 7064 MOD 11-2. Sole traders' tax numbers are made of it; it must not
    /// end up as the key of an organisation.
    /// </summary>
    private static bool IsPersonalNumber(ReadOnlySpan<byte> code)
    {
        if (code[..17].IndexOfAnyExceptInRange((byte)'0', (byte)'9') >= 0)
            return false;
        Span<char> born = stackalloc char[8];
        for (var i = 0; i < 8; i++)
            born[i] = (char)code[6 + i];
        if (!DateOnly.TryParseExact(born, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) || date.Year is < 1850 or > 2100)
            return false;
        var sum = 0;
        foreach (var c in code[..17])
            sum = (sum + (c - '0')) * 2 % 11;
        return code[17] == (byte)"0123456789X"[(12 - sum) % 11];
    }

    private static byte[] ReadRanks()
    {
        var ranks = new byte[256];
        Array.Fill(ranks, byte.MaxValue);
        for (var i = 0; i < Alphabet.Length; i++)
            ranks[Alphabet[i]] = (byte)i;
        return ranks;
    }
}
