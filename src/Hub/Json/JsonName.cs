using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace IntegrationHub.Json;

/// <summary>A member name prepared for lookups: its UTF-8 text with the hash the tape keeps for every name.</summary>
public readonly struct JsonName
{
    private readonly byte[]? _utf8;

    public JsonName(string text) : this(Encoding.UTF8.GetBytes(text))
    {
    }

    public JsonName(byte[] utf8)
    {
        _utf8 = utf8;
        Hash = HashOf(utf8);
    }

    public ReadOnlySpan<byte> Utf8 => _utf8;

    internal uint Hash { get; }

    public override string ToString() => Encoding.UTF8.GetString(Utf8);

    /// <summary>
    /// Looks at the ends of the name only, so it costs the same for every length. It is a filter before a comparison of the bytes;
    /// nothing whose cost depends on few collisions may be built on it, because a sender can choose names that collide.
    /// </summary>
    internal static uint HashOf(ReadOnlySpan<byte> name)
    {
        var n = name.Length;
        ulong head, tail;
        if (n >= 8)
        {
            head = BinaryPrimitives.ReadUInt64LittleEndian(name);
            tail = BinaryPrimitives.ReadUInt64LittleEndian(name[(n - 8)..]);
        }
        else if (n >= 4)
        {
            head = BinaryPrimitives.ReadUInt32LittleEndian(name);
            tail = BinaryPrimitives.ReadUInt32LittleEndian(name[(n - 4)..]);
        }
        else
        {
            head = n == 0 ? 0u : name[0] | ((uint)name[n >> 1] << 8) | ((uint)name[n - 1] << 16);
            tail = 0;
        }

        return (uint)(((head ^ BitOperations.RotateLeft(tail, 29) ^ (ulong)n) * 0x9E3779B97F4A7C15) >> 32);
    }
}
