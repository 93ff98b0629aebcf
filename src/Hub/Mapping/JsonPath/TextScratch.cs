using System.Text;
using System.Text.RegularExpressions;
using IntegrationHub.Json;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>Reused memory for texts that have to be decoded, and the patterns that came from documents.</summary>
internal sealed class TextScratch
{
    private const int KeptPatterns = 32;

    private readonly Dictionary<(string Pattern, bool Whole), Regex?> _patterns = [];
    private readonly byte[][] _bytes = [[], []];
    private char[] _chars = [];

    /// <summary>The text of a string value without escapes; valid until the same slot is used again.</summary>
    /// <param name="raw">The source of the string.</param>
    /// <param name="hasEscapes">Whether the source is not yet the text.</param>
    /// <param name="slot">0 or 1: a comparison holds two texts.</param>
    public ReadOnlySpan<byte> Decoded(ReadOnlySpan<byte> raw, bool hasEscapes, int slot)
    {
        if (!hasEscapes) return raw;
        if (_bytes[slot].Length < raw.Length) _bytes[slot] = new byte[Math.Max(raw.Length, 256)];
        return _bytes[slot].AsSpan(0, JsonString.Decode(raw, _bytes[slot]));
    }

    public ReadOnlySpan<char> Chars(ReadOnlySpan<byte> text)
    {
        if (_chars.Length < text.Length) _chars = new char[Math.Max(text.Length, 256)];
        return _chars.AsSpan(0, Encoding.UTF8.GetChars(text, _chars));
    }

    /// <summary>A pattern that was data before; null when it is not an I-Regexp.</summary>
    public bool TryGetPattern(string pattern, bool whole, out Regex? regex) => _patterns.TryGetValue((pattern, whole), out regex);

    public Regex? AddPattern(string pattern, bool whole)
    {
        if (_patterns.Count >= KeptPatterns) _patterns.Clear();
        var regex = IRegexp.TryCompile(pattern, whole, out _);
        _patterns.Add((pattern, whole), regex);
        return regex;
    }
}
