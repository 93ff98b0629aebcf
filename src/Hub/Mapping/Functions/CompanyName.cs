using System.Text;

namespace IntegrationHub.Mapping.Functions;

/// <summary>
/// The core of a company's name, for hints only. Takes away what the same company is written with and without - legal form, brackets, width,
/// case, punctuation - and keeps what tells companies apart: place, business, 集团 and branch.
/// </summary>
internal static class CompanyName
{
    private static readonly string[] ChineseForms =
        ["有限责任公司", "股份有限公司", "有限公司", "股份公司", "公司", "株式会社", "有限会社", "주식회사"];

    /// <summary>Endings that name a part of a company: cutting 公司 off them would make the part the whole.</summary>
    private static readonly string[] Parts = ["分公司", "子公司", "总公司", "母公司"];

    private static readonly string[] Prefixes = ["株式会社", "有限会社", "주식회사"];

    private static readonly HashSet<string> Forms = new(StringComparer.Ordinal)
    {
        "inc", "incorporated", "corp", "corporation", "co", "company", "ltd", "limited", "llc", "llp", "lp", "plc", "pte", "pty", "pvt", "private",
        "gmbh", "mbh", "ag", "kg", "kgaa", "ohg", "ug", "se", "sa", "sas", "sasu", "sarl", "srl", "spa", "sl", "slu", "bv", "nv", "cv", "oy", "oyj", "ab",
        "as", "asa", "aps", "kk", "sdn", "bhd", "doo", "sro", "zoo", "kft", "zrt", "nyrt", "jsc", "ooo", "oao", "pao", "ltda",
    };

    public static string Core(string name)
    {
        var words = Words(name);
        while (words.Count > 1 && IsForm(words[^1]))
            words.RemoveAt(words.Count - 1);
        while (words.Count > 1 && words[^1] is "&" or "and" or "und")
            words.RemoveAt(words.Count - 1);
        return WithoutChineseForm(string.Join(' ', words));
    }

    private static bool IsForm(string word) => Forms.Contains(word) || word is "&";

    /// <summary>Lower-case words; dots join (S.A. is sa), other punctuation parts; between Chinese characters no space is kept.</summary>
    private static List<string> Words(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var rune in name.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark)
                text.Append(Rune.ToLowerInvariant(rune).ToString());
            else if (rune.Value == '&')
                text.Append(" & ");
            else if (rune.Value is not ('.' or '\'' or '’' or '"' or '“' or '”'))
                text.Append(' ');
        }

        var words = new List<string>();
        foreach (var word in text.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (words.Count > 0 && IsCjk(words[^1][^1]) && IsCjk(word[0]))
                words[^1] += word;
            else
                words.Add(word);
        }

        return words;
    }

    private static string WithoutChineseForm(string name)
    {
        foreach (var prefix in Prefixes)
        {
            if (name.Length > prefix.Length && name.StartsWith(prefix, StringComparison.Ordinal))
                return name[prefix.Length..].Trim();
        }

        foreach (var part in Parts)
        {
            if (name.EndsWith(part, StringComparison.Ordinal))
                return name;
        }

        if (ChineseForms.Contains(name))
            return name;
        foreach (var form in ChineseForms)
        {
            if (name.Length > form.Length && name.EndsWith(form, StringComparison.Ordinal))
                return name[..^form.Length].TrimEnd();
        }

        return name;
    }

    private static bool IsCjk(char c) => c is (>= '\u3040' and <= '\u30FF') or (>= '\u3400' and <= '\u9FFF') or (>= '\uF900' and <= '\uFAFF');
}
