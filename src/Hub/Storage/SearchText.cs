using System.Globalization;
using System.Text;

namespace IntegrationHub.Storage;

/// <summary>
/// Turns text into words, the same way for what is kept and for what is searched, so that the index only has to cut at blanks. Chinese, Japanese and
/// Korean characters become a word each, so that any run of them is found as a phrase. Other scripts are words by letters and digits, without case and
/// without the accents of Latin letters.
/// </summary>
internal static class SearchText
{
    /// <summary>The longest text that is indexed per entity, in characters.</summary>
    public const int MaxLength = 8_000;

    private const int MaxWords = 16;

    // What Unicode decomposes the letters from U+00C0 on to; a dot where that is no Latin letter. The runtime decomposes nothing without its data for cultures.
    private const string LatinLetters =
        "aaaaaa.ceeeeiiii.nooooo..uuuuy..aaaaaa.ceeeeiiii.nooooo..uuuuy.yaaaaaaccccccccdd..eeeeeeeeeegggggggghh..iiiiiiiii...jjkk.llllll." +
        "...nnnnnn...oooooo..rrrrrrsssssssstttt..uuuuuuuuuuuuwwyyyzzzzzz.................................oo.............uu..............." +
        ".............aaiioouuuuuuuuuu.aaaa....ggkkoooo..j...gg..nnaa....aaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy............" +
        "................";

    // From U+1E00 on.
    private const string MoreLatinLetters =
        "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv" +
        "wwwwwwwwwwxxxxyyzzzzzzhtwy......aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......";

    private static readonly char[] Controls = [.. Enumerable.Range(0, 0xA0).Select(c => (char)c).Where(char.IsControl)];

    /// <summary>The words of a text with one blank between two.</summary>
    public static string Index(string text)
    {
        var words = new StringBuilder(text.Length + 16);
        var isOpen = false;
        foreach (var rune in text.AsSpan(0, Math.Min(text.Length, MaxLength)).EnumerateRunes())
        {
            var isWhole = IsIdeograph(rune.Value);
            if (!isWhole && IsAccent(rune.Value))
                continue;
            if (!isWhole && !IsOfWord(rune))
            {
                isOpen = false;
                continue;
            }

            if (words.Length > 0 && (isWhole || !isOpen))
                words.Append(' ');
            isOpen = !isWhole;
            if (isWhole)
                words.Append(rune);
            else
                AppendFolded(words, rune);
        }

        return words.ToString();
    }

    /// <summary>The FTS5 query for what a person typed: all words, the last as a prefix. Empty when there is nothing to search for.</summary>
    public static string Query(string typed)
    {
        var terms = new List<string>();
        foreach (var word in typed[..Math.Min(typed.Length, MaxLength)].Split([' ', '\u3000', .. Controls], StringSplitOptions.RemoveEmptyEntries))
            // In quotes, nothing of FTS5's own syntax has a meaning.
            if (Index(word) is { Length: > 0 } words)
                terms.Add($"\"{words}\"" + (IsIdeograph(words.EnumerateRunes().Last().Value) ? "" : "*"));

        return string.Join(" AND ", terms.Take(MaxWords));
    }

    private static bool IsOfWord(Rune rune) => rune.IsAscii ? char.IsAsciiLetterOrDigit((char)rune.Value)
        : Rune.IsLetter(rune) || Rune.IsNumber(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.PrivateUse;

    /// <summary>An accent that stands after its letter.</summary>
    private static bool IsAccent(int codePoint) => codePoint is >= 0x300 and <= 0x331;

    private static void AppendFolded(StringBuilder words, Rune rune)
    {
        if (rune.IsAscii)
        {
            words.Append(char.ToLowerInvariant((char)rune.Value));
            return;
        }

        var lower = Rune.ToLowerInvariant(rune.Value is >= 0xFF01 and <= 0xFF5E ? new(rune.Value - 0xFEE0) : rune);
        var letter = lower.Value switch
        {
            >= 0xC0 and < 0x250 => LatinLetters[lower.Value - 0xC0],
            >= 0x1E00 and < 0x1F00 => MoreLatinLetters[lower.Value - 0x1E00],
            _ => '.',
        };
        if (letter == '.')
            words.Append(lower);
        else
            words.Append(letter);
    }

    private static bool IsIdeograph(int codePoint) => codePoint is
        (>= 0x3005 and <= 0x3007) or (>= 0x3040 and <= 0x30FF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xAC00 and <= 0xD7AF)
        or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x323AF);
}
