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

    public static string Index(string text)
    {
        var result = new StringBuilder(text.Length + 16);
        foreach (var rune in text.AsSpan(0, Math.Min(text.Length, MaxLength)).EnumerateRunes())
            if (IsIdeograph(rune.Value))
                result.Append(' ').Append(rune).Append(' ');
            else
                result.Append(rune);
        return result.ToString();
    }

    /// <summary>The FTS5 query for what a person typed: all words, the last as a prefix. Empty when there is nothing to search for.</summary>
    public static string Query(string typed)
    {
        var terms = new List<string>();
        foreach (var word in typed.Normalize(NormalizationForm.FormKC).Split([' ', '\t', '\n', '\r', '　'], StringSplitOptions.RemoveEmptyEntries))
        {
            var tokens = Index(word).Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(t => new string([.. t.Select(c => char.IsLetterOrDigit(c) || char.IsSurrogate(c) ? c : ' ')]).Trim())
                .Where(t => t.Length > 0).ToList();
            if (tokens.Count > 0)
                terms.Add($"\"{string.Join(' ', tokens)}\"" + (IsIdeograph(char.ConvertToUtf32(tokens[^1], tokens[^1].Length > 1 && char.IsLowSurrogate(tokens[^1][^1]) ? tokens[^1].Length - 2 : tokens[^1].Length - 1)) ? "" : "*"));
        }

        return string.Join(" AND ", terms.Take(16));
    }

    private static bool IsIdeograph(int codePoint) => codePoint is
        (>= 0x3040 and <= 0x30FF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xAC00 and <= 0xD7AF)
        or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x323AF);
}
