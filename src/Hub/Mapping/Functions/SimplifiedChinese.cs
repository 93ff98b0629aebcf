using System.Collections.Frozen;

namespace IntegrationHub.Mapping.Functions;

/// <summary>Traditional characters as simplified ones, character by character: enough to compare names, not to translate.</summary>
internal static class SimplifiedChinese
{
    // Pairs of a traditional and a simplified character: the transform Hant-Hans of the Unicode CLDR (Unicode License V3), characters U+4E00 to U+9FFF.
    private static readonly Lazy<FrozenDictionary<char, char>> Pairs = new(Read);

    public static string Of(string text)
    {
        var pairs = Pairs.Value;
        var at = 0;
        while (at < text.Length && !pairs.ContainsKey(text[at]))
            at++;
        return at == text.Length ? text : string.Create(text.Length, text, (span, from) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = pairs.GetValueOrDefault(from[i], from[i]);
        });
    }

    private static FrozenDictionary<char, char> Read()
    {
        using var reader = new StreamReader(typeof(SimplifiedChinese).Assembly.GetManifestResourceStream("traditional-simplified.txt")!);
        var text = reader.ReadToEnd().ReplaceLineEndings("");
        return Enumerable.Range(0, text.Length / 2).ToFrozenDictionary(i => text[2 * i], i => text[(2 * i) + 1]);
    }
}
