using System.Globalization;
using System.Numerics;
using System.Text;
using CsCheck;
using IntegrationHub.Json;

namespace IntegrationHub.Tests.Json;

public sealed class JsonNumberTests
{
    [Theory]
    [InlineData("1", "1.0", 0)]
    [InlineData("1", "10e-1", 0)]
    [InlineData("100", "1E+2", 0)]
    [InlineData("0", "-0.00e99", 0)]
    [InlineData("9007199254740993", "9007199254740992", 1)]
    [InlineData("0.1", "0.10000000000000000000000000000000000001", -1)]
    [InlineData("-2", "-1", -1)]
    [InlineData("-1", "1", -1)]
    [InlineData("1e400", "1e401", -1)]
    [InlineData("1e999999999", "1e1000000000", -1)]
    [InlineData("10e999999998", "1e999999999", 0)]
    [InlineData("1e99999999999999999999999", "10e99999999999999999999998", 0)]
    [InlineData("1e99999999999999999999999", "1e-99999999999999999999999", 1)]
    [InlineData("1e-99999999999999999999999", "0", 1)]
    [InlineData("-1e99999999999999999999999", "1", -1)]
    [InlineData("1e100000000000000000000", "1e99999999999999999999", 1)]
    [InlineData("10e99999999999999999999", "1e100000000000000000000", 0)]
    [InlineData("0.001e0003", "1", 0)]
    [InlineData("12.5", "125e-1", 0)]
    public void Numbers_compare_by_their_exact_value(string a, string b, int expected)
    {
        Assert.Equal(expected, Math.Sign(JsonNumber.Compare(Bytes(a), Bytes(b))));
        Assert.Equal(-expected, Math.Sign(JsonNumber.Compare(Bytes(b), Bytes(a))));
        Assert.Equal(expected == 0, JsonNumber.AreEqual(Bytes(a), Bytes(b)));
    }

    [Fact]
    public void Random_numbers_compare_as_big_integers_do()
    {
        var number = Gen.Select(Gen.Long[-2000, 2000], Gen.Int[-6, 6], Gen.Int[0, 3]);
        Gen.Select(number, number).Sample(
            (a, b) =>
            {
                var expected = Scaled(a.Item1, a.Item2).CompareTo(Scaled(b.Item1, b.Item2));
                Assert.Equal(Math.Sign(expected), Math.Sign(JsonNumber.Compare(Bytes(Write(a)), Bytes(Write(b)))));
            },
            iter: 20_000,
            threads: 1);
    }

    [Theory]
    [InlineData("12", 12L)]
    [InlineData("-12.0", -12L)]
    [InlineData("1.2e1", 12L)]
    [InlineData("-0", 0L)]
    [InlineData("0e999999999999", 0L)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("-9223372036854775808", long.MinValue)]
    [InlineData("9223372036854775808", null)]
    [InlineData("1.5", null)]
    [InlineData("1e40", null)]
    [InlineData("1e999999999999999999999", null)]
    [InlineData("1e-1", null)]
    public void Integer_is_given_only_when_exact(string text, long? expected)
    {
        Assert.Equal(expected is not null, JsonNumber.TryGetInt64(Bytes(text), out var value));
        if (expected is not null) Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("1.10", "1.10")]
    [InlineData("1e3", "1000")]
    [InlineData("1.5e-3", "0.0015")]
    [InlineData("79228162514264337593543950335", "79228162514264337593543950335")]
    [InlineData("-79228162514264337593543950335.000000", "-79228162514264337593543950335")]
    [InlineData("79228162514264337593543950336", null)]
    [InlineData("0.00000000000000000000000000001", null)]
    [InlineData("1e-28", "0.0000000000000000000000000001")]
    [InlineData("1e-29", null)]
    [InlineData("1.00000000000000000000000000000001", null)]
    [InlineData("1e29", null)]
    [InlineData("0.0e-999", "0")]
    public void Decimal_is_given_only_when_exact(string text, string? expected)
    {
        Assert.Equal(expected is not null, JsonNumber.TryGetDecimal(Bytes(text), out var value));
        if (expected is not null) Assert.Equal(expected, value.ToString(CultureInfo.InvariantCulture));
    }

    private static BigInteger Scaled(long digits, int exponent) => digits * BigInteger.Pow(10, exponent + 6);

    /// <summary>The same value with more or fewer digits before the exponent.</summary>
    private static string Write((long Digits, int Exponent, int Shift) n) =>
        $"{n.Digits}{(n.Shift > 0 ? "." + new string('0', n.Shift) : "")}e{n.Exponent}";

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);
}
