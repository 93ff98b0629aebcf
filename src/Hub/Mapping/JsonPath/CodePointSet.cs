using System.Globalization;
using System.Text;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>A set of Unicode code points, and how a pattern over UTF-16 units writes it. Surrogates are never members.</summary>
internal sealed class CodePointSet
{
    private static readonly Lazy<(int Low, int High, UnicodeCategory Category)[]> Runs = new(FindRuns);

    private readonly List<(int Low, int High)> _ranges = [];

    public void Add(int low, int high) => _ranges.Add((low, high));

    public void Add(CodePointSet other) => _ranges.AddRange(other._ranges);

    /// <summary>A general category by its one or two letters, or null for a name RFC 9485 does not know.</summary>
    public static CodePointSet? OfCategory(string name)
    {
        const string Known =
            "|L|Ll|Lm|Lo|Lt|Lu|M|Mc|Me|Mn|N|Nd|Nl|No|P|Pc|Pd|Pe|Pf|Pi|Po|Ps|Z|Zl|Zp|Zs|S|Sc|Sk|Sm|So|C|Cc|Cf|Cn|Co|";
        if (!Known.Contains($"|{name}|", StringComparison.Ordinal)) return null;
        var set = new CodePointSet();
        foreach (var (low, high, category) in Runs.Value)
            if (Letters(category).StartsWith(name, StringComparison.Ordinal))
                set.Add(low, high);

        return set;
    }

    public CodePointSet Complement()
    {
        var rest = new CodePointSet();
        var next = 0;
        foreach (var (low, high) in Merged())
        {
            if (low > next) rest.Add(next, low - 1);
            next = high + 1;
        }

        if (next <= 0x10FFFF) rest.Add(next, 0x10FFFF);
        return rest;
    }

    /// <returns>How many alternatives were written.</returns>
    public int AppendTo(StringBuilder output)
    {
        var basic = new StringBuilder();
        var pairs = Pairs();
        foreach (var (low, high) in Merged())
        {
            AppendRange(basic, low, Math.Min(high, 0xD7FF));
            AppendRange(basic, Math.Max(low, 0xE000), Math.Min(high, 0xFFFF));
        }

        var before = output.Append("(?:").Length;
        if (basic.Length > 0) output.Append('[').Append(basic).Append(']');
        foreach (var (trails, leads) in pairs)
        {
            if (output.Length > before) output.Append('|');
            output.Append('[').Append(leads).Append("][").Append(trails).Append(']');
        }

        // The empty set: a class that nothing is in.
        if (output.Length == before) output.Append(@"[^\u0000-\uffff]");
        output.Append(')');
        return 1 + (2 * pairs.Count);
    }

    public static void AppendLiteral(StringBuilder output, int codePoint)
    {
        if (codePoint <= 0xFFFF)
        {
            output.Append(CultureInfo.InvariantCulture, $"\\u{codePoint:x4}");
            return;
        }

        var pair = char.ConvertFromUtf32(codePoint);
        output.Append(CultureInfo.InvariantCulture, $"(?:\\u{(int)pair[0]:x4}\\u{(int)pair[1]:x4})");
    }

    /// <summary>Classes of trailing surrogates, each with the leading ones it goes with.</summary>
    private SortedDictionary<string, StringBuilder> Pairs()
    {
        var pairs = new SortedDictionary<string, StringBuilder>(StringComparer.Ordinal);
        // Most leading surrogates go with all trailing ones; they are taken by ranges. Only those at the ends of a range are looked at singly.
        var partial = new SortedDictionary<int, StringBuilder>();
        foreach (var (from, high) in Merged())
            for (var low = Math.Max(from, 0x10000); low <= high;)
            {
                var lead = 0xD800 + ((low - 0x10000) >> 10);
                var blocks = (low & 0x3FF) == 0 ? (high + 1 - low) >> 10 : 0;
                if (blocks > 0)
                {
                    AppendRange(Entry(pairs, @"\udc00-\udfff"), lead, lead + blocks - 1);
                    low += blocks << 10;
                    continue;
                }

                var last = Math.Min(high, low | 0x3FF);
                if (!partial.TryGetValue(lead, out var trails)) partial[lead] = trails = new StringBuilder();
                AppendRange(trails, 0xDC00 + (low & 0x3FF), 0xDC00 + (last & 0x3FF));
                low = last + 1;
            }

        foreach (var (lead, trails) in partial) AppendRange(Entry(pairs, trails.ToString()), lead, lead);
        return pairs;
    }

    private static StringBuilder Entry(SortedDictionary<string, StringBuilder> pairs, string trails)
    {
        if (!pairs.TryGetValue(trails, out var leads)) pairs[trails] = leads = new StringBuilder();
        return leads;
    }

    private static void AppendRange(StringBuilder output, int low, int high)
    {
        if (low > high) return;
        output.Append(CultureInfo.InvariantCulture, $"\\u{low:x4}");
        if (high > low) output.Append(CultureInfo.InvariantCulture, $"-\\u{high:x4}");
    }

    private List<(int Low, int High)> Merged()
    {
        var sorted = _ranges.OrderBy(range => range.Low).ToList();
        var merged = new List<(int Low, int High)>(sorted.Count);
        foreach (var range in sorted)
        {
            if (merged.Count > 0 && range.Low <= merged[^1].High + 1)
                merged[^1] = (merged[^1].Low, Math.Max(merged[^1].High, range.High));
            else
                merged.Add(range);
        }

        return merged;
    }

    private static (int, int, UnicodeCategory)[] FindRuns()
    {
        var runs = new List<(int, int, UnicodeCategory)>();
        var start = 0;
        var current = CharUnicodeInfo.GetUnicodeCategory(0);
        for (var point = 1; point <= 0x10FFFF; point++)
        {
            var category = CharUnicodeInfo.GetUnicodeCategory(point);
            if (category == current) continue;
            runs.Add((start, point - 1, current));
            (start, current) = (point, category);
        }

        runs.Add((start, 0x10FFFF, current));
        return [.. runs];
    }

    private static string Letters(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => "Lu",
        UnicodeCategory.LowercaseLetter => "Ll",
        UnicodeCategory.TitlecaseLetter => "Lt",
        UnicodeCategory.ModifierLetter => "Lm",
        UnicodeCategory.OtherLetter => "Lo",
        UnicodeCategory.NonSpacingMark => "Mn",
        UnicodeCategory.SpacingCombiningMark => "Mc",
        UnicodeCategory.EnclosingMark => "Me",
        UnicodeCategory.DecimalDigitNumber => "Nd",
        UnicodeCategory.LetterNumber => "Nl",
        UnicodeCategory.OtherNumber => "No",
        UnicodeCategory.SpaceSeparator => "Zs",
        UnicodeCategory.LineSeparator => "Zl",
        UnicodeCategory.ParagraphSeparator => "Zp",
        UnicodeCategory.Control => "Cc",
        UnicodeCategory.Format => "Cf",
        UnicodeCategory.Surrogate => "(surrogate)",
        UnicodeCategory.PrivateUse => "Co",
        UnicodeCategory.ConnectorPunctuation => "Pc",
        UnicodeCategory.DashPunctuation => "Pd",
        UnicodeCategory.OpenPunctuation => "Ps",
        UnicodeCategory.ClosePunctuation => "Pe",
        UnicodeCategory.InitialQuotePunctuation => "Pi",
        UnicodeCategory.FinalQuotePunctuation => "Pf",
        UnicodeCategory.OtherPunctuation => "Po",
        UnicodeCategory.MathSymbol => "Sm",
        UnicodeCategory.CurrencySymbol => "Sc",
        UnicodeCategory.ModifierSymbol => "Sk",
        UnicodeCategory.OtherSymbol => "So",
        _ => "Cn",
    };
}
