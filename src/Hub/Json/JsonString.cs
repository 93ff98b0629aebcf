using System.Buffers;
using System.Text;

namespace IntegrationHub.Json;

/// <summary>The text of JSON strings whose bytes a tape has already checked: escapes are known to be well formed.</summary>
public static class JsonString
{
    private static readonly SearchValues<byte> MustEscape = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(c => (byte)c), (byte)'"', (byte)'\\']);

    /// <summary>Resolves the escapes of a string. The text is never longer than its source.</summary>
    /// <returns>The number of bytes written.</returns>
    public static int Decode(ReadOnlySpan<byte> raw, Span<byte> destination)
    {
        var written = 0;
        while (true)
        {
            var plain = raw.IndexOf((byte)'\\');
            if (plain < 0)
            {
                raw.CopyTo(destination[written..]);
                return written + raw.Length;
            }

            raw[..plain].CopyTo(destination[written..]);
            written += plain;
            raw = raw[plain..];
            if (raw[1] != 'u')
            {
                destination[written++] = Simple(raw[1]);
                raw = raw[2..];
                continue;
            }

            var unit = HexUnit(raw[2..]);
            raw = raw[6..];
            Rune rune;
            if (char.IsHighSurrogate(unit))
            {
                rune = new Rune(unit, HexUnit(raw[2..]));
                raw = raw[6..];
            }
            else
            {
                rune = new Rune(unit);
            }

            written += rune.EncodeToUtf8(destination[written..]);
        }
    }

    /// <summary>Whether the source of a string stands for <paramref name="text"/>.</summary>
    public static bool Equals(ReadOnlySpan<byte> raw, bool hasEscapes, ReadOnlySpan<byte> text)
    {
        if (!hasEscapes) return raw.SequenceEqual(text);
        if (raw.Length < text.Length) return false;
        var rented = raw.Length > 256 ? ArrayPool<byte>.Shared.Rent(raw.Length) : null;
        var buffer = rented ?? stackalloc byte[256];
        var equal = buffer[..Decode(raw, buffer)].SequenceEqual(text);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return equal;
    }

    /// <summary>Writes a text as a JSON string with as few escapes as JSON allows, so that equal texts give equal bytes.</summary>
    public static void WriteQuoted(ReadOnlySpan<byte> text, IBufferWriter<byte> writer)
    {
        writer.Write("\""u8);
        int plain;
        while ((plain = text.IndexOfAny(MustEscape)) >= 0)
        {
            writer.Write(text[..plain]);
            WriteEscape(text[plain], writer);
            text = text[(plain + 1)..];
        }

        writer.Write(text);
        writer.Write("\""u8);
    }

    private static void WriteEscape(byte c, IBufferWriter<byte> writer)
    {
        switch (c)
        {
            case (byte)'"': writer.Write("\\\""u8); return;
            case (byte)'\\': writer.Write("\\\\"u8); return;
            case (byte)'\b': writer.Write("\\b"u8); return;
            case (byte)'\f': writer.Write("\\f"u8); return;
            case (byte)'\n': writer.Write("\\n"u8); return;
            case (byte)'\r': writer.Write("\\r"u8); return;
            case (byte)'\t': writer.Write("\\t"u8); return;
        }

        writer.Write("\\u00"u8);
        var digits = writer.GetSpan(2);
        digits[0] = (byte)('0' + (c >> 4));
        digits[1] = (byte)"0123456789abcdef"[c & 15];
        writer.Advance(2);
    }

    private static byte Simple(byte escape) => escape switch
    {
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        _ => escape,
    };

    private static char HexUnit(ReadOnlySpan<byte> digits) =>
        (char)((Hex(digits[0]) << 12) | (Hex(digits[1]) << 8) | (Hex(digits[2]) << 4) | Hex(digits[3]));

    private static int Hex(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
