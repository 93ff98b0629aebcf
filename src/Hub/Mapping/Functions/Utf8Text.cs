using System.Buffers;
using System.Text;

namespace IntegrationHub.Mapping.Functions;

/// <summary>Steps over UTF-8 that several functions share. Nothing here allocates unless it says so.</summary>
internal static class Utf8Text
{
    public static readonly Value NotText = Value.Fault("not a text");

    /// <summary>Texts, and numbers by their source text.</summary>
    public static bool TryGet(Value value, out ReadOnlySpan<byte> utf8)
    {
        if (value.Kind is ValueKind.Text or ValueKind.Number)
        {
            utf8 = value.Bytes;
            return true;
        }

        utf8 = default;
        return false;
    }

    /// <summary>As <see cref="TryGet"/>, and true and false by name.</summary>
    public static bool TryGetScalar(Value value, out ReadOnlySpan<byte> utf8)
    {
        if (value.Kind is ValueKind.True or ValueKind.False)
        {
            utf8 = value.Kind == ValueKind.True ? "true"u8 : "false"u8;
            return true;
        }

        return TryGet(value, out utf8);
    }

    /// <summary>White space, and the marks without a glyph that copying from web pages and chats leaves around texts.</summary>
    public static bool IsBlank(Rune rune) => Rune.IsWhiteSpace(rune)
        || rune.Value is 0x200B or 0x200E or 0x200F or (>= 0x202A and <= 0x202E) or 0x2060 or (>= 0x2066 and <= 0x2069) or 0xFEFF;

    /// <summary>The range without blanks at both ends.</summary>
    public static (int Start, int Length) Trim(ReadOnlySpan<byte> text)
    {
        // Nearly every text begins and ends with something that is plainly no blank.
        if (!text.IsEmpty && IsInk(text[0]) && (IsInk(text[^1]) || (text.Length >= 3 && IsChinese(text[^3]))))
            return (0, text.Length);
        var start = 0;
        while (start < text.Length)
        {
            Rune.DecodeFromUtf8(text[start..], out var rune, out var size);
            if (!IsBlank(rune))
                break;
            start += size;
        }

        var end = text.Length;
        while (end > start)
        {
            Rune.DecodeLastFromUtf8(text[start..end], out var rune, out var size);
            if (!IsBlank(rune))
                break;
            end -= size;
        }

        return (start, end - start);
    }

    /// <summary>A character that is no blank begins with this byte.</summary>
    private static bool IsInk(byte b) => b is > 0x20 and < 0x7F || IsChinese(b);

    /// <summary>The first of the three bytes of U+4000 to U+D7FF: nearly all of Chinese, and Korean.</summary>
    private static bool IsChinese(byte b) => b is >= 0xE4 and <= 0xED;

    public static ReadOnlySpan<byte> Trimmed(ReadOnlySpan<byte> text)
    {
        var (start, length) = Trim(text);
        return text.Slice(start, length);
    }

    /// <summary>Byte position of a code point; the length of the text when it has fewer.</summary>
    public static int Position(ReadOnlySpan<byte> text, int codePoints)
    {
        var at = 0;
        while (at < text.Length)
        {
            if ((text[at] & 0xC0) != 0x80 && codePoints-- == 0)
                return at;
            at++;
        }

        return at;
    }

    public static int CodePoints(ReadOnlySpan<byte> text)
    {
        var count = 0;
        foreach (var b in text)
        {
            if ((b & 0xC0) != 0x80)
                count++;
        }

        return count;
    }

    /// <summary>
    /// Full-width forms U+FF01..FF5E become ASCII and the ideographic space a space: what NFKC does in that range.
    /// The result is never longer than the text.
    /// </summary>
    public static int NormalizeWidth(ReadOnlySpan<byte> text, Span<byte> target)
    {
        var written = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var b = text[i];
            if (b == 0xEF && i + 2 < text.Length && text[i + 1] is 0xBC or 0xBD)
            {
                var code = 0xF000 | ((text[i + 1] & 0x3F) << 6) | (text[i + 2] & 0x3F);
                if (code is >= 0xFF01 and <= 0xFF5E)
                {
                    target[written++] = (byte)(code - 0xFEE0);
                    i += 2;
                    continue;
                }
            }
            else if (b == 0xE3 && i + 2 < text.Length && text[i + 1] == 0x80 && text[i + 2] == 0x80)
            {
                target[written++] = (byte)' ';
                i += 2;
                continue;
            }

            target[written++] = b;
        }

        return written;
    }

    /// <summary>Whether <see cref="NormalizeWidth"/> could change something.</summary>
    public static bool MayBeWide(ReadOnlySpan<byte> text) => text.IndexOfAny((byte)0xEF, (byte)0xE3) >= 0;

    /// <summary>Width normalised, blanks removed everywhere, ASCII letters in upper case; allocates.</summary>
    public static string Squeezed(ReadOnlySpan<byte> text)
    {
        var wide = ArrayPool<byte>.Shared.Rent(text.Length);
        var builder = new StringBuilder(text.Length);
        ReadOnlySpan<byte> rest = wide.AsSpan(0, NormalizeWidth(text, wide));
        while (!rest.IsEmpty)
        {
            Rune.DecodeFromUtf8(rest, out var rune, out var size);
            rest = rest[size..];
            if (!IsBlank(rune))
                builder.Append(Rune.ToUpperInvariant(rune).ToString());
        }

        ArrayPool<byte>.Shared.Return(wide, clearArray: true);
        return builder.ToString();
    }

    /// <summary>Keeps the input itself where a function changed nothing.</summary>
    public static Value Keep(Value input, ReadOnlySpan<byte> result, Scratch scratch) =>
        result.SequenceEqual(input.Bytes) ? input.AsText() : scratch.Text(result);
}
