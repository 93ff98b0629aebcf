using System.Text;

namespace IntegrationHub.Mapping.Functions;

/// <summary>
/// The core of a company's name, for hints only. Takes away what the same company is written with and without - legal form (also with two of its
/// characters swapped), 市 and 省 after the place, notes such as (旧), brackets, traditional characters, width, case, punctuation - and keeps what
/// tells companies apart: place, business, 集团 and branch.
/// </summary>
internal static class CompanyName
{
    private static readonly string[] ChineseForms =
        ["股份有限责任公司", "有限责任公司", "股份有限公司", "有限公司", "股份公司", "公司", "股份", "株式会社", "有限会社", "주식회사"];

    /// <summary>What people write behind a name to tell an entry from another of the same company.</summary>
    private static readonly HashSet<string> Notes = new(StringComparer.Ordinal)
    {
        "旧", "新", "原", "停用", "作废", "注销", "已注销", "重复", "勿用", "禁用", "测试", "备用",
    };

    /// <summary>A swap of two characters can be told from a word only in forms at least this long.</summary>
    private const int ShortestSwapped = 4;

    private const int LongestPlace = 3;

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
        var words = Words(WithoutNote(SimplifiedChinese.Of(name)));
        while (words.Count > 1 && IsForm(words[^1]))
            words.RemoveAt(words.Count - 1);
        while (words.Count > 1 && words[^1] is "&" or "and" or "und")
            words.RemoveAt(words.Count - 1);
        return WithoutChineseForm(WithoutPlaceKind(string.Join(' ', words)));
    }

    private static bool IsForm(string word) => Forms.Contains(word) || word is "&";

    /// <summary>Lower-case words; dots join (S.A. is sa), other punctuation parts; between Chinese characters no space is kept.</summary>
    private static List<string> Words(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var rune in name.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark)
                Append(text, Rune.ToLowerInvariant(rune));
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

    private static void Append(StringBuilder text, Rune rune)
    {
        if (rune.IsBmp)
            text.Append((char)rune.Value);
        else
            text.Append(rune.ToString());
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
                return WithoutFormOfHead(name);
        }

        if (ChineseForms.Contains(name))
            return name;
        foreach (var form in ChineseForms)
        {
            if (name.Length > form.Length && (name.EndsWith(form, StringComparison.Ordinal) || IsSwapped(name.AsSpan(name.Length - form.Length), form)))
                return name[..^form.Length].TrimEnd();
        }

        return name;
    }

    private static bool IsSwapped(ReadOnlySpan<char> end, string form)
    {
        if (form.Length < ShortestSwapped)
            return false;
        for (var i = 0; i < form.Length - 1; i++)
            if (end[i] != form[i])
                return end[i] == form[i + 1] && end[i + 1] == form[i] && end[(i + 2)..].SequenceEqual(form.AsSpan(i + 2));
        return false;
    }

    /// <summary>示例科技有限公司北京分公司 is 示例科技北京分公司.</summary>
    private static string WithoutFormOfHead(string name)
    {
        foreach (var form in ChineseForms.Where(f => f.Length >= ShortestSwapped))
        {
            if (name.IndexOf(form, StringComparison.Ordinal) is > 0 and var at)
                return name.Remove(at, form.Length);
        }

        return name;
    }

    /// <summary>南京市示例 is 南京示例.</summary>
    private static string WithoutPlaceKind(string name)
    {
        for (var place = 2; place <= LongestPlace && name.Length > place + 2; place++)
            if (name[place] is '市' or '省' && IsCjk(name[0]))
                return name.Remove(place, 1);
        return name;
    }

    private static string WithoutNote(string name)
    {
        var trimmed = name.AsSpan().TrimEnd();
        if (trimmed.Length == 0 || trimmed[^1] is not (')' or '）'))
            return name;
        var open = trimmed.LastIndexOfAny('(', '（');
        return open > 0 && Notes.Contains(trimmed[(open + 1)..^1].Trim().ToString()) ? trimmed[..open].ToString() : name;
    }

    private static bool IsCjk(char c) => c is (>= '\u3040' and <= '\u30FF') or (>= '\u3400' and <= '\u9FFF') or (>= '\uF900' and <= '\uFAFF');
}
