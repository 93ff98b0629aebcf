using System.Buffers;
using System.Runtime.InteropServices;

namespace IntegrationHub.Json;

/// <summary>
/// Finds a repeated name in an object with many members. The table is kept between documents. It hashes with the runtime's randomised
/// string hash: a sender who cannot know the seed cannot choose names that all fall into one slot.
/// </summary>
internal sealed class RepeatedNames
{
    private const int KeptSlots = 1 << 16;

    // Index of a name node; 0 is free, because node 0 is the root and never a name.
    private int[] _slots = [];
    private uint[] _hashes = [];

    /// <returns>The node of the second occurrence, or -1.</returns>
    public int FirstIn(ReadOnlySpan<byte> text, ReadOnlySpan<JsonNode> nodes, int firstName, int count)
    {
        var size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count * 2);
        if (_slots.Length < size)
        {
            _slots = new int[size];
            _hashes = new uint[size];
        }

        var slots = _slots.AsSpan(0, size);
        slots.Clear();
        var repeated = -1;
        for (int i = 0, name = firstName; i < count && repeated < 0; i++, name = nodes[name + 1].End)
        {
            var hash = Hash(text, nodes[name]);
            var slot = (int)(hash & (uint)(size - 1));
            while (slots[slot] != 0 && repeated < 0)
            {
                if (_hashes[slot] == hash && Same(text, nodes[slots[slot]], nodes[name])) repeated = name;
                slot = (slot + 1) & (size - 1);
            }

            slots[slot] = name;
            _hashes[slot] = hash;
        }

        if (_slots.Length > KeptSlots) (_slots, _hashes) = ([], []);
        return repeated;
    }

    /// <summary>Whether two names are the same text, whatever escapes they are written with.</summary>
    public static bool Same(ReadOnlySpan<byte> text, in JsonNode a, in JsonNode b)
    {
        var rawA = text.Slice(a.Start, a.Length);
        var rawB = text.Slice(b.Start, b.Length);
        if (!a.HasEscapes) return JsonString.Equals(rawB, b.HasEscapes, rawA);
        if (!b.HasEscapes) return JsonString.Equals(rawA, a.HasEscapes, rawB);
        var rented = ArrayPool<byte>.Shared.Rent(rawA.Length);
        var same = JsonString.Equals(rawB, true, rented.AsSpan(0, JsonString.Decode(rawA, rented)));
        ArrayPool<byte>.Shared.Return(rented);
        return same;
    }

    private static uint Hash(ReadOnlySpan<byte> text, in JsonNode name)
    {
        var raw = text.Slice(name.Start, name.Length);
        if (!name.HasEscapes) return Randomised(raw);
        var rented = ArrayPool<byte>.Shared.Rent(raw.Length);
        var hash = Randomised(rented.AsSpan(0, JsonString.Decode(raw, rented)));
        ArrayPool<byte>.Shared.Return(rented);
        return hash;
    }

    private static uint Randomised(ReadOnlySpan<byte> name)
    {
        var hash = (uint)string.GetHashCode(MemoryMarshal.Cast<byte, char>(name));
        return (name.Length & 1) == 0 ? hash : (hash ^ name[^1]) * 0x9E3779B1;
    }
}
