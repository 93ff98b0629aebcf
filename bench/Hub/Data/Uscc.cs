namespace IntegrationHub.Bench.Data;

/// <summary>Unified Social Credit Codes with right check characters, of organisations that do not exist.</summary>
internal static class Uscc
{
    private const string Alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";

    public static string At(int number)
    {
        Span<char> code = stackalloc char[18];
        "91350100".CopyTo(code);
        var organisation = code.Slice(8, 9);
        // Starts with M, so that the digits after it are the number.
        organisation[0] = 'M';
        number.TryFormat(organisation[1..8], out _, "D7");
        organisation[8] = OrganisationCheck(organisation);
        code[17] = Check(code);
        return new(code);
    }

    private static char OrganisationCheck(ReadOnlySpan<char> code)
    {
        ReadOnlySpan<int> weights = [3, 7, 9, 10, 5, 8, 4, 2];
        var sum = 0;
        for (var i = 0; i < 8; i++)
            sum += weights[i] * (char.IsAsciiDigit(code[i]) ? code[i] - '0' : code[i] - 'A' + 10);
        var check = 11 - (sum % 11);
        return check switch { 10 => 'X', 11 => '0', _ => (char)('0' + check) };
    }

    private static char Check(ReadOnlySpan<char> code)
    {
        var sum = 0;
        var weight = 1;
        for (var i = 0; i < 17; i++, weight = weight * 3 % 31)
            sum += Alphabet.IndexOf(code[i], StringComparison.Ordinal) * weight;
        return Alphabet[(31 - (sum % 31)) % 31];
    }
}
