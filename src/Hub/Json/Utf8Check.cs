using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Text.Unicode;

namespace IntegrationHub.Json;

/// <summary>
/// Whether bytes are UTF-8, 32 at a time without a branch on what they are: the platform's check walks texts that are not English character by character, and records hold
/// both. What can be wrong with two bytes in a row is looked up by three of their half bytes; the faults that all three agree on are there (Keiser and Lemire,
/// "Validating UTF-8 in less than one instruction per byte", 2020).
/// </summary>
internal static class Utf8Check
{
    // The faults of a pair of bytes. A start that more bytes have to follow, and is not followed by one; a byte that follows nothing; too large, twice too long, and a surrogate.
    private const byte TooShort = 1 << 0;
    private const byte Stray = 1 << 1;
    private const byte Overlong3 = 1 << 2;
    private const byte TooLarge = 1 << 3;
    private const byte Surrogate = 1 << 4;
    private const byte Overlong2 = 1 << 5;

    // Two faults that no lead byte has in common share a bit.
    private const byte TooLargeOrOverlong4 = 1 << 6;

    // Not a fault by itself: the byte may be the third or fourth of a character, and must be so then.
    private const byte TwoFollow = 1 << 7;
    private const byte Any = TooShort | Stray | TwoFollow;

    private static readonly Vector256<byte> LeadHigh = Table(
        // 0___ to 7___: ASCII. 8___ to B___: a following byte.
        Stray, Stray, Stray, Stray, Stray, Stray, Stray, Stray,
        TwoFollow, TwoFollow, TwoFollow, TwoFollow,
        TooShort | Overlong2, TooShort, TooShort | Overlong3 | Surrogate, TooShort | TooLarge | TooLargeOrOverlong4);

    private static readonly Vector256<byte> LeadLow = Table(
        Any | Overlong3 | Overlong2 | TooLargeOrOverlong4, Any | Overlong2, Any, Any,
        Any | TooLarge,
        Any | TooLarge | TooLargeOrOverlong4, Any | TooLarge | TooLargeOrOverlong4, Any | TooLarge | TooLargeOrOverlong4,
        Any | TooLarge | TooLargeOrOverlong4, Any | TooLarge | TooLargeOrOverlong4, Any | TooLarge | TooLargeOrOverlong4,
        Any | TooLarge | TooLargeOrOverlong4, Any | TooLarge | TooLargeOrOverlong4,
        Any | TooLarge | TooLargeOrOverlong4 | Surrogate, Any | TooLarge | TooLargeOrOverlong4, Any | TooLarge | TooLargeOrOverlong4);

    private static readonly Vector256<byte> NextHigh = Table(
        TooShort, TooShort, TooShort, TooShort, TooShort, TooShort, TooShort, TooShort,
        Stray | Overlong2 | TwoFollow | Overlong3 | TooLargeOrOverlong4,
        Stray | Overlong2 | TwoFollow | Overlong3 | TooLarge,
        Stray | Overlong2 | TwoFollow | Surrogate | TooLarge,
        Stray | Overlong2 | TwoFollow | Surrogate | TooLarge,
        TooShort, TooShort, TooShort, TooShort);

    public static bool IsValid(ReadOnlySpan<byte> text) =>
        Avx2.IsSupported && text.Length >= Vector256<byte>.Count ? IsValidByVector(text) : Utf8.IsValid(text);

    private static bool IsValidByVector(ReadOnlySpan<byte> text)
    {
        ref var start = ref MemoryMarshal.GetReference(text);
        var before = Vector256<byte>.Zero;
        var faults = Vector256<byte>.Zero;
        var open = Vector256<byte>.Zero;
        var at = 0;
        for (; at <= text.Length - Vector256<byte>.Count; at += Vector256<byte>.Count)
        {
            var bytes = Vector256.LoadUnsafe(ref start, (nuint)at);
            if (bytes.ExtractMostSignificantBits() == 0)
            {
                faults |= open;
                open = Vector256<byte>.Zero;
            }
            else
            {
                faults |= Faults(bytes, before);
                open = Open(bytes);
            }

            before = bytes;
        }

        // The rest once more with blanks behind it, which also end what is open.
        Span<byte> last = stackalloc byte[Vector256<byte>.Count];
        last.Fill((byte)' ');
        text[at..].CopyTo(last);
        return (faults | Faults(Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(last)), before)) == Vector256<byte>.Zero;
    }

    /// <summary>Not zero where a character that starts at the end is not complete.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Open(Vector256<byte> bytes) => Avx2.SubtractSaturate(bytes, Vector256.Create(
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        0xF0 - 1, 0xE0 - 1, (byte)(0xC0 - 1)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Faults(Vector256<byte> bytes, Vector256<byte> before)
    {
        // The bytes one, two and three places before each.
        var shifted = Avx2.Permute2x128(before, bytes, 0x21);
        var first = Avx2.AlignRight(bytes, shifted, 15);
        var second = Avx2.AlignRight(bytes, shifted, 14);
        var third = Avx2.AlignRight(bytes, shifted, 13);

        var half = Vector256.Create((byte)0x0F);
        var byLeadHigh = Avx2.Shuffle(LeadHigh, (first.AsUInt16() >> 4).AsByte() & half);
        var byLeadLow = Avx2.Shuffle(LeadLow, first & half);
        var byNextHigh = Avx2.Shuffle(NextHigh, (bytes.AsUInt16() >> 4).AsByte() & half);
        var pair = byLeadHigh & byLeadLow & byNextHigh;

        // Behind the start of a character of three or four bytes two have to follow the first, and nowhere else.
        var needed = Avx2.SubtractSaturate(second, Vector256.Create((byte)(0xE0 - 0x80))) | Avx2.SubtractSaturate(third, Vector256.Create((byte)(0xF0 - 0x80)));
        return (needed & Vector256.Create((byte)0x80)) ^ pair;
    }

    private static Vector256<byte> Table(
        byte a, byte b, byte c, byte d, byte e, byte f, byte g, byte h, byte i, byte j, byte k, byte l, byte m, byte n, byte o, byte p) =>
        Vector256.Create(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
}
