using System.Globalization;
using System.Text;

namespace IntegrationHub.Storage;

/// <summary>
/// Makes text findable by any run of Chinese, Japanese or Korean characters: each becomes a word of its own, and a search for several in a row
/// becomes a phrase. Other scripts are words by letters and digits.
/// </summary>
internal static class SearchText
{
    /// <summary>The longest text that is indexed per entity, in characters.</summary>
    public const int MaxLength = 8_000;

    private const int MaxWords = 16;

    private static readonly char[] Controls = [.. Enumerable.Range(0, 0xA0).Select(c => (char)c).Where(char.IsControl)];

    public static string Index(string text)
    {
        var result = new StringBuilder(text.Length + 16);
        foreach (var rune in text.AsSpan(0, Math.Min(text.Length, MaxLength)).EnumerateRunes())
            if (IsIdeograph(rune.Value))
                result.Append(' ').Append(rune).Append(' ');
            else
                result.Append(HalfWidth(rune));
        return result.ToString();
    }

    /// <summary>The FTS5 query for what a person typed: all words, the last as a prefix. Empty when there is nothing to search for.</summary>
    public static string Query(string typed)
    {
        var terms = new List<string>();
        foreach (var word in typed[..Math.Min(typed.Length, MaxLength)].Split([' ', '\u3000', .. Controls], StringSplitOptions.RemoveEmptyEntries))
        {
            // In quotes, nothing of FTS5's own syntax has a meaning; its tokenizer takes the words out of them.
            var letters = word.EnumerateRunes().Where(IsOfWord).ToList();
            if (letters.Count > 0)
                terms.Add($"\"{Index(word).Replace('"', ' ').Trim()}\"" + (IsIdeograph(letters[^1].Value) ? "" : "*"));
        }

        return string.Join(" AND ", terms.Take(MaxWords));
    }

    /// <summary>What FTS5's unicode61 takes for a part of a word.</summary>
    private static bool IsOfWord(Rune rune) => Rune.IsLetter(rune) || Rune.IsNumber(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.PrivateUse;

    private static Rune HalfWidth(Rune rune) => rune.Value is >= 0xFF01 and <= 0xFF5E ? new(rune.Value - 0xFEE0) : rune;

    private static bool IsIdeograph(int codePoint) => codePoint is
        (>= 0x3005 and <= 0x3007) or (>= 0x3040 and <= 0x30FF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xAC00 and <= 0xD7AF)
        or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x323AF);
}
