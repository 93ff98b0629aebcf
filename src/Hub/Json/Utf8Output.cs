using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace IntegrationHub.Json;

/// <summary>A growing UTF-8 buffer that is kept between records.</summary>
public sealed class Utf8Output(int limit = int.MaxValue) : IBufferWriter<byte>
{
    // Never longer than the limit, so that there is one comparison for both.
    private byte[] _bytes = new byte[Math.Min(4096, limit)];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>The memory behind <see cref="Written"/>; replaced when it grows.</summary>
    public byte[] Array => _bytes;

    public void Clear() => Length = 0;

    /// <summary>Takes back what was written after a position.</summary>
    public void Truncate(int length) => Length = length;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        Grow(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    public void WriteByte(byte value)
    {
        Grow(1);
        _bytes[Length++] = value;
    }

    public void WriteNumber(long value)
    {
        Utf8Formatter.TryFormat(value, GetSpan(20), out var written);
        Length += written;
    }

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Grow(Math.Max(sizeHint, 1));
        return _bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Grow(Math.Max(sizeHint, 1));
        return _bytes.AsSpan(Length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Grow(int room)
    {
        if (_bytes.Length - Length < room)
            GrowTo(room);
    }

    private void GrowTo(int room)
    {
        if (Length > limit - room)
            throw new OutputFullException(limit);
        System.Array.Resize(ref _bytes, (int)Math.Min(limit, Math.Max(_bytes.Length * 2L, Length + room)));
    }
}

/// <summary>One record wants to write more than it may; the record is rejected.</summary>
public sealed class OutputFullException(int limit) : Exception($"the contributions of this record take more than {limit:N0} bytes");
