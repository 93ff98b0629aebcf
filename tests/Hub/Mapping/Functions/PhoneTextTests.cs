using IntegrationHub.Mapping.Functions;
using PhoneNumbers;

namespace IntegrationHub.Tests.Mapping.Functions;

/// <summary>What is written down of libphonenumber must be what it says; these fail when a new version says something else.</summary>
public sealed class PhoneTextTests
{
    private static readonly PhoneNumberUtil Library = PhoneNumberUtil.GetInstance();

    [Fact]
    public void Prefixes_of_mainland_mobiles_are_those_of_the_library()
    {
        var expected = Enumerable.Range(0, 10_000).Where(p => p >= 1000 && IsMobile(p, 0) && IsMobile(p, 9_999_999));

        Assert.Equal(expected, Enumerable.Range(0, 10_000).Where(PhoneText.IsMobilePrefix));
    }

    [Fact]
    public void Regions_are_those_of_the_library()
    {
        var expected = Library.GetSupportedRegions().Order(StringComparer.Ordinal);
        var pairs = from first in Enumerable.Range('A', 26) from second in Enumerable.Range('A', 26) select $"{(char)first}{(char)second}";

        Assert.Equal(expected, pairs.Where(PhoneText.IsRegion));
        Assert.False(PhoneText.IsRegion("C"));
        Assert.False(PhoneText.IsRegion("C "));
        Assert.False(PhoneText.IsRegion("cn"));
    }

    private static bool IsMobile(int prefix, ulong rest) =>
        Library.GetNumberType(new PhoneNumber.Builder().SetCountryCode(86).SetNationalNumber(((ulong)prefix * 10_000_000) + rest).Build()) == PhoneNumberType.MOBILE;
}
