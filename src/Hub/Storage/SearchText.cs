using System.Globalization;
using System.Text;

namespace IntegrationHub.Storage;

/// <summary>
/// Turns text into words, the same way for what is kept and for what is searched, so that the index only has to cut at blanks. A Chinese, Japanese or Korean character becomes a
/// word with the one after it: any run of them is found as a phrase, and single ones are so frequent that a search would look through most of what there is. Other scripts
/// are words by letters and digits, without case and without the accents of Latin letters.
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

    [ThreadStatic]
    private static StringBuilder? _words;

    /// <summary>The words of a text with one blank between two.</summary>
    public static string Index(string text)
    {
        var words = (_words ??= new()).Clear();
        Write(text.AsSpan(0, Math.Min(text.Length, MaxLength)), words, out var last, out _);
        if (last is { } end)
            Append(Word(words), end);
        return words.ToString();
    }

    /// <summary>The FTS5 query for what a person typed: all words, the last as a prefix. Empty when there is nothing to search for.</summary>
    public static string Query(string typed)
    {
        var terms = new List<string>();
        foreach (var part in typed[..Math.Min(typed.Length, MaxLength)].Split([' ', '\u3000', .. Controls], StringSplitOptions.RemoveEmptyEntries))
        {
            var words = new StringBuilder(part.Length * 2);
            Write(part, words, out var last, out var isPaired);
            // One that stands alone begins a pair, or a text ends with it.
            if (last is { } single && !isPaired)
                Append(Word(words), single);
            // In quotes, nothing of FTS5's own syntax has a meaning.
            if (words.Length > 0)
                terms.Add($"\"{words}\"{(isPaired ? "" : "*")}");
        }

        return string.Join(" AND ", terms.Take(MaxWords));
    }

    /// <param name="last">The character at the end that has none after it, not written yet; <c>null</c> when the text ends with a word of another script.</param>
    /// <param name="isPaired">It is the second of a pair.</param>
    private static void Write(ReadOnlySpan<char> text, StringBuilder words, out Rune? last, out bool isPaired)
    {
        (last, isPaired) = (null, false);
        var isOpen = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsIdeograph(rune.Value))
            {
                if (last is { } first)
                    Append(Append(Word(words), first), rune);
                (last, isPaired, isOpen) = (rune, last is not null, false);
                continue;
            }

            if (IsAccent(rune.Value))
                continue;
            if (!IsOfWord(rune))
            {
                // Brackets and dots do not part characters: they are left out when a name is searched for.
                isOpen = false;
                continue;
            }

            if (last is { } single)
                Append(Word(words), single);
            (last, isPaired) = (null, false);
            if (!isOpen)
                Word(words);
            isOpen = true;
            AppendFolded(words, rune);
        }
    }

    // StringBuilder would make an object and a text of every character.
    private static StringBuilder Append(StringBuilder words, Rune rune)
    {
        Span<char> characters = stackalloc char[2];
        return words.Append(characters[..rune.EncodeToUtf16(characters)]);
    }

    /// <summary>Begins one.</summary>
    private static StringBuilder Word(StringBuilder words) => words.Length > 0 ? words.Append(' ') : words;

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
            Append(words, lower);
        else
            words.Append(letter);
    }

    private static bool IsIdeograph(int codePoint) => codePoint is
        (>= 0x3005 and <= 0x3007) or (>= 0x3040 and <= 0x30FF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xAC00 and <= 0xD7AF)
        or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x323AF);
}
