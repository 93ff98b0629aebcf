using System.Globalization;
using System.Text;

namespace IntegrationHub.Storage;

/// <summary>
/// Makes text findable by any run of Chinese, Japanese or Korean characters: each becomes a word with the one after it, because single ones are so frequent that a search for
/// several in a row would look through most of what there is. Other scripts are words by letters and digits.
/// </summary>
internal static class SearchText
{
    /// <summary>The longest text that is indexed per entity, in characters.</summary>
    public const int MaxLength = 8_000;

    private const int MaxWords = 16;

    private static readonly char[] Controls = [.. Enumerable.Range(0, 0xA0).Select(c => (char)c).Where(char.IsControl)];

    public static string Index(string text)
    {
        var result = new StringBuilder(text.Length * 2 + 16);
        Words(text.AsSpan(0, Math.Min(text.Length, MaxLength)), result, out var last, out _);
        if (last is { } end)
            result.Append(' ').Append(end).Append(' ');
        return result.ToString();
    }

    /// <summary>The FTS5 query for what a person typed: all words, the last as a prefix. Empty when there is nothing to search for.</summary>
    public static string Query(string typed)
    {
        var terms = new List<string>();
        foreach (var word in typed[..Math.Min(typed.Length, MaxLength)].Split([' ', '\u3000', .. Controls], StringSplitOptions.RemoveEmptyEntries))
        {
            if (!word.EnumerateRunes().Any(IsOfWord))
                continue;
            var term = new StringBuilder(word.Length * 2);
            Words(word, term, out var last, out var isPaired);
            // Whatever follows the last character in a text: it stands there in a pair already, or begins one.
            if (!isPaired && last is { } begins)
                term.Append(' ').Append(begins);
            // In quotes, nothing of FTS5's own syntax has a meaning; its tokenizer takes the words out of them.
            terms.Add($"\"{term.Replace('"', ' ').ToString().Trim()}\"{(isPaired ? "" : "*")}");
        }

        return string.Join(" AND ", terms.Take(MaxWords));
    }

    /// <param name="last">The character at the end that has none after it, or <c>null</c> when the text ends with a word of another script.</param>
    /// <param name="isPaired">It is the second of a pair.</param>
    private static void Words(ReadOnlySpan<char> text, StringBuilder result, out Rune? last, out bool isPaired)
    {
        (last, isPaired) = (null, false);
        foreach (var rune in text.EnumerateRunes())
            if (IsIdeograph(rune.Value))
            {
                if (last is { } first)
                    result.Append(' ').Append(first).Append(rune).Append(' ');
                (last, isPaired) = (rune, last is not null);
            }
            else
            {
                // Brackets and spaces between characters are not part of how a name is searched for.
                if (last is { } single && IsOfWord(rune))
                {
                    result.Append(' ').Append(single).Append(' ');
                    (last, isPaired) = (null, false);
                }

                result.Append(HalfWidth(rune));
            }
    }

    /// <summary>What FTS5's unicode61 takes for a part of a word.</summary>
    private static bool IsOfWord(Rune rune) => Rune.IsLetter(rune) || Rune.IsNumber(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.PrivateUse;

    private static Rune HalfWidth(Rune rune) => rune.Value is >= 0xFF01 and <= 0xFF5E ? new(rune.Value - 0xFEE0) : rune;

    private static bool IsIdeograph(int codePoint) => codePoint is
        (>= 0x3005 and <= 0x3007) or (>= 0x3040 and <= 0x30FF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xAC00 and <= 0xD7AF)
        or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x323AF);
}
