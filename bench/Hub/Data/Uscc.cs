namespace IntegrationHub.Bench.Data;

/// <summary>Unified Social Credit Codes with right check characters, of organisations that do not exist.</summary>
internal static class Uscc
{
    /// <summary>The characters a code is made of.</summary>
    public const string Letters = "0123456789ABCDEFGHJKLMNPQRTUWXY";

    /// <summary>The organisation starts with M, so that the digits after it are the number.</summary>
    public static string At(int number) => Of("91350100", $"M{number:D7}");

    /// <param name="authority">Register and place, 8 characters.</param>
    /// <param name="organisation">Organisation code without its check character, 8 characters.</param>
    public static string Of(string authority, string organisation)
    {
        Span<char> code = stackalloc char[18];
        authority.CopyTo(code);
        organisation.CopyTo(code[8..]);
        code[16] = OrganisationCheck(code.Slice(8, 8));
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
            sum += Letters.IndexOf(code[i], StringComparison.Ordinal) * weight;
        return Letters[(31 - (sum % 31)) % 31];
    }
}
