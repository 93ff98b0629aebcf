namespace IntegrationHub.Yaml;

/// <summary>Finds what a person probably meant.</summary>
internal static class NearestName
{
    /// <summary>A clause such as <c>; did you mean 'name'?</c>, or the list of what is known when nothing is near.</summary>
    public static string Hint(string written, IEnumerable<string> known)
    {
        var names = known.Order(StringComparer.Ordinal).ToList();
        if (names.Count == 0)
            return "";
        var (best, distance) = names.Select(n => (n, Distance(written, n))).MinBy(x => x.Item2);
        return distance <= Math.Max(2, written.Length / 3)
            ? $"; did you mean '{best}'?"
            : $"; known are {string.Join(", ", names.Count > 40 ? [.. names.Take(40), "..."] : names)}";
    }

    private static int Distance(string a, string b)
    {
        a = a.ToUpperInvariant();
        b = b.ToUpperInvariant();
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }

        return row[b.Length];
    }
}
