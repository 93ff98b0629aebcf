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
    public static bool Equals(ReadOnlySpan<byte> raw, bool hasEscapes, ReadOnlySpan<byte> text) =>
        hasEscapes ? EqualsDecoded(raw, text) : raw.SequenceEqual(text);

    private static bool EqualsDecoded(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> text)
    {
        if (raw.Length < text.Length) return false;
        var rented = raw.Length > 256 ? ArrayPool<byte>.Shared.Rent(raw.Length) : null;
        var buffer = rented ?? stackalloc byte[256];
        var equal = buffer[..Decode(raw, buffer)].SequenceEqual(text);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return equal;
    }

    /// <summary>Writes a text as a JSON string with as few escapes as JSON allows, so that equal texts give equal bytes.</summary>
    public static void WriteQuoted(ReadOnlySpan<byte> text, Utf8Output output)
    {
        var plain = text.IndexOfAny(MustEscape);
        if (plain >= 0)
        {
            WriteEscaped(text, plain, output);
            return;
        }

        WritePlain(text, output);
    }

    /// <summary>As <see cref="WriteQuoted"/>, for a text that is known to need no escapes.</summary>
    public static void WritePlain(ReadOnlySpan<byte> text, Utf8Output output)
    {
        var room = output.GetSpan(text.Length + 2);
        room[0] = (byte)'"';
        text.CopyTo(room[1..]);
        room[text.Length + 1] = (byte)'"';
        output.Advance(text.Length + 2);
    }

    private static void WriteEscaped(ReadOnlySpan<byte> text, int plain, Utf8Output output)
    {
        output.WriteByte((byte)'"');
        for (; plain >= 0; plain = text.IndexOfAny(MustEscape))
        {
            output.Write(text[..plain]);
            WriteEscape(text[plain], output);
            text = text[(plain + 1)..];
        }

        output.Write(text);
        output.WriteByte((byte)'"');
    }

    private static void WriteEscape(byte c, Utf8Output output)
    {
        switch (c)
        {
            case (byte)'"': output.Write("\\\""u8); return;
            case (byte)'\\': output.Write("\\\\"u8); return;
            case (byte)'\b': output.Write("\\b"u8); return;
            case (byte)'\f': output.Write("\\f"u8); return;
            case (byte)'\n': output.Write("\\n"u8); return;
            case (byte)'\r': output.Write("\\r"u8); return;
            case (byte)'\t': output.Write("\\t"u8); return;
        }

        output.Write("\\u00"u8);
        output.WriteByte((byte)('0' + (c >> 4)));
        output.WriteByte((byte)"0123456789abcdef"[c & 15]);
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
