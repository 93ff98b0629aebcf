using System.Globalization;
using System.Text;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>Character classes of the grammar, and how a character is named in a message.</summary>
internal static class PathText
{
    public static bool IsBlank(char c) => c is ' ' or '\t' or '\n' or '\r';

    public static bool IsNameStart(Rune c) => c.Value >= 0x80 || char.IsAsciiLetter((char)c.Value) || c.Value == '_';

    public static bool IsNamePart(Rune c) => IsNameStart(c) || c.Value is >= '0' and <= '9';

    public static bool IsFunctionPart(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_';

    public static string Describe(string text, int at)
    {
        if (at >= text.Length) return "the end of the text";
        if (IsBlank(text[at])) return "a blank";
        if (!Rune.TryGetRuneAt(text, at, out var rune)) return "half of a surrogate pair";
        return Rune.IsControl(rune)
            ? string.Create(CultureInfo.InvariantCulture, $"the control character U+{rune.Value:X4}")
            : $"'{rune}'";
    }
}
