using System.Text;
using System.Text.Unicode;
using CsCheck;
using IntegrationHub.Json;

namespace IntegrationHub.Tests.Json;

/// <summary>The platform's check is the second opinion.</summary>
public sealed class Utf8CheckTests
{
    private static readonly Gen<byte> Bytes = Gen.OneOf(
        Gen.Byte, Gen.Byte[0x00, 0x7F], Gen.Byte[0x7E, 0x82], Gen.Byte[0x8E, 0x92], Gen.Byte[0x9E, 0xA2], Gen.Byte[0xBE, 0xC3], Gen.Byte[0xDE, 0xE2], Gen.Byte[0xEC, 0xF1], Gen.Byte[0xF3, 0xF6]);

    [Theory]
    [InlineData(40, 31)]
    [InlineData(64, 30)]
    [InlineData(64, 60)]
    [InlineData(35, 31)]
    [InlineData(32, 10)]
    public void Every_start_of_a_character_is_judged_as_by_the_platform(int length, int place)
    {
        var text = new byte[length];
        var at = text.AsSpan(place, 4);
        foreach (var third in (byte[])[0x00, 0x7F, 0x80, 0xBF, 0xC2, 0xFF])
            foreach (var fourth in (byte[])[0x00, 0x80, 0xBF, 0xE0])
                for (var start = 0; start < 1 << 16; start++)
                {
                    (at[0], at[1], at[2], at[3]) = ((byte)(start >> 8), (byte)start, third, fourth);
                    if (Utf8Check.IsValid(text) != Utf8.IsValid(text)) Assert.Fail($"{start:X4} {third:X2} {fourth:X2}");
                }
    }

    [Fact]
    public void Random_text_with_random_damage_is_judged_as_by_the_platform() =>
        Gen.Select(Gen.String[Gen.Char['\u0001', '\ud7ff'], 0, 90], Gen.Int[0, 1000], Gen.Int[0, 1000], Bytes.Array[0, 4]).Sample(
            (text, at, cut, damage) =>
            {
                var bytes = Encoding.UTF8.GetBytes(text + "😀" + text);
                for (var i = 0; i < damage.Length; i++)
                    bytes[(at + i) % bytes.Length] = damage[i];
                var part = bytes.AsSpan(cut % bytes.Length);
                Assert.Equal(Utf8.IsValid(part), Utf8Check.IsValid(part));
                Assert.Equal(Utf8.IsValid(bytes), Utf8Check.IsValid(bytes));
            },
            iter: 50_000,
            threads: 1);

    [Fact]
    public void Random_bytes_are_judged_as_by_the_platform() =>
        Bytes.Array[28, 100].Sample(bytes => Assert.Equal(Utf8.IsValid(bytes), Utf8Check.IsValid(bytes)), iter: 20_000, threads: 1);

    [Theory]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(64)]
    [InlineData(95)]
    public void Character_that_the_end_cuts_off_is_no_character(int length)
    {
        foreach (var character in (string[])["é", "中", "😀"])
            for (var kept = 1; kept <= Encoding.UTF8.GetByteCount(character); kept++)
            {
                var text = new byte[length];
                Encoding.UTF8.GetBytes(character).AsSpan(0, kept).CopyTo(text.AsSpan(length - kept));
                Assert.Equal(kept == Encoding.UTF8.GetByteCount(character), Utf8Check.IsValid(text));
            }
    }
}
