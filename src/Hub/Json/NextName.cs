using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace IntegrationHub.Json;

/// <summary>
/// The name that last followed another in an object of an outline. Records of one stream have their members in the same order, so most names are not looked for but only
/// compared: with the quote and the colon behind them, all at once.
/// </summary>
internal readonly struct NextName
{
    public const int Slots = 256;

    private const int Bytes = 2 * 16;

    private readonly Vector128<byte> _head;
    private readonly Vector128<byte> _headMask;
    private readonly Vector128<byte> _tail;
    private readonly Vector128<byte> _tailMask;

    /// <param name="text">Holds the name, without escapes.</param>
    /// <param name="start">Its first byte.</param>
    /// <param name="close">The quote behind it.</param>
    /// <param name="hash">Of the name.</param>
    /// <param name="owner">Spot of the object.</param>
    /// <param name="spot">Spot of the member.</param>
    public NextName(ReadOnlySpan<byte> text, int start, int close, uint hash, int owner, int spot)
    {
        var length = close - start;
        // What is too long to be compared is expected nowhere.
        if (start + Bytes > text.Length || length + 2 > Bytes || text[close + 1] != ':') return;
        Length = length;
        Hash = hash;
        Owner = owner;
        Spot = spot;
        var index = Vector128.Create((byte)0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        var end = Vector128.Create((byte)(length + 2));
        _headMask = Vector128.LessThan(index, end);
        _tailMask = Vector128.LessThan(index + Vector128.Create((byte)16), end);
        _head = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(text), (nuint)start) & _headMask;
        _tail = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(text), (nuint)(start + 16)) & _tailMask;
    }

    public int Length { get; }

    public uint Hash { get; }

    /// <summary>Spot of the object, 0 when nothing is expected.</summary>
    public int Owner { get; }

    /// <summary>Spot of the member.</summary>
    public int Spot { get; }

    public static int IndexAfter(int owner, uint lastName) => (int)((((uint)owner * 0x9E3779B1) + lastName) & (Slots - 1));

    public bool StandsAt(ReadOnlySpan<byte> text, int pos)
    {
        if (pos + Bytes > text.Length) return false;
        ref var start = ref MemoryMarshal.GetReference(text);
        var head = (Vector128.LoadUnsafe(ref start, (nuint)pos) & _headMask) ^ _head;
        var tail = (Vector128.LoadUnsafe(ref start, (nuint)(pos + 16)) & _tailMask) ^ _tail;
        return (head | tail) == Vector128<byte>.Zero;
    }
}
