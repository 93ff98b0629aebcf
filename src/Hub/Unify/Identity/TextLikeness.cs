using IntegrationHub.Model;

namespace IntegrationHub.Unify.Identity;

/// <summary>How alike two texts are, from 0 to 1.</summary>
internal static class TextLikeness
{
    private const int LongestText = 128;
    private const int LongestPrefix = 4;
    private const double PrefixWeight = 0.1;

    /// <param name="least">Below this the answer may be 0.</param>
    public static double Of(Likeness how, string a, string b, double least) => how == Likeness.Jaro ? JaroWinkler(a, b) : Edit(a, b, least);

    /// <summary>Optimal string alignment over the length of the longer text; texts are compared in their first 128 characters.</summary>
    public static double Edit(ReadOnlySpan<char> a, ReadOnlySpan<char> b, double least)
    {
        a = a[..Math.Min(a.Length, LongestText)];
        b = b[..Math.Min(b.Length, LongestText)];
        var longer = Math.Max(a.Length, b.Length);
        if (longer == 0)
            return 1;
        if (Math.Abs(a.Length - b.Length) > (1 - least) * longer)
            return 0;
        Span<int> before = stackalloc int[b.Length + 1];
        Span<int> row = stackalloc int[b.Length + 1];
        Span<int> next = stackalloc int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            row[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            next[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                next[j] = Math.Min(Math.Min(row[j] + 1, next[j - 1] + 1), row[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    next[j] = Math.Min(next[j], before[j - 2] + 1);
            }

            var free = before;
            before = row;
            row = next;
            next = free;
        }

        return 1 - ((double)row[b.Length] / longer);
    }

    /// <summary>Winkler (1990), with the usual prefix of 4 and weight of 0.1.</summary>
    public static double JaroWinkler(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        a = a[..Math.Min(a.Length, LongestText)];
        b = b[..Math.Min(b.Length, LongestText)];
        if (a.IsEmpty || b.IsEmpty)
            return a.IsEmpty && b.IsEmpty ? 1 : 0;
        var window = Math.Max(0, (Math.Max(a.Length, b.Length) / 2) - 1);
        Span<bool> usedA = stackalloc bool[a.Length];
        Span<bool> usedB = stackalloc bool[b.Length];
        usedA.Clear();
        usedB.Clear();
        var common = 0;
        for (var i = 0; i < a.Length; i++)
            for (var j = Math.Max(0, i - window); j < Math.Min(b.Length, i + window + 1); j++)
                if (!usedB[j] && a[i] == b[j])
                {
                    usedA[i] = usedB[j] = true;
                    common++;
                    break;
                }

        if (common == 0)
            return 0;
        var (swapped, k) = (0, 0);
        for (var i = 0; i < a.Length; i++)
        {
            if (!usedA[i])
                continue;
            while (!usedB[k])
                k++;
            if (a[i] != b[k++])
                swapped++;
        }

        var jaro = (((double)common / a.Length) + ((double)common / b.Length) + ((common - (swapped / 2.0)) / common)) / 3;
        var prefix = 0;
        while (prefix < Math.Min(LongestPrefix, Math.Min(a.Length, b.Length)) && a[prefix] == b[prefix])
            prefix++;
        return jaro + (prefix * PrefixWeight * (1 - jaro));
    }
}
