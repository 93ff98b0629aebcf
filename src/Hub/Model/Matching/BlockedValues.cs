using System.IO.Enumeration;
using System.Runtime.InteropServices;

namespace IntegrationHub.Model;

/// <summary>
/// Values that mean nothing, by patterns in which <c>*</c> stands for any characters. Asked for every value of every record: plain values, beginnings and
/// endings, which nearly all patterns are, are not matched character by character.
/// </summary>
internal sealed class BlockedValues
{
    private readonly HashSet<string> _values = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>By their first character in upper case.</summary>
    private readonly Dictionary<char, List<string>> _beginnings = [];

    private readonly List<string> _endings = [];
    private readonly List<string> _patterns = [];

    public BlockedValues(IEnumerable<string> patterns)
    {
        foreach (var pattern in patterns)
            if (IsPlain(pattern))
                _values.Add(pattern);
            else if (pattern.Length > 1 && pattern.EndsWith('*') && IsPlain(pattern.AsSpan(0, pattern.Length - 1)))
                (CollectionsMarshal.GetValueRefOrAddDefault(_beginnings, char.ToUpperInvariant(pattern[0]), out _) ??= []).Add(pattern[..^1]);
            else if (pattern.StartsWith('*') && IsPlain(pattern.AsSpan(1)))
                _endings.Add(pattern[1..]);
            else
                _patterns.Add(pattern);
    }

    public bool Contains(string value)
    {
        if (_values.Count > 0 && _values.Contains(value))
            return true;
        if (_beginnings.Count > 0 && value.Length > 0 && _beginnings.TryGetValue(char.ToUpperInvariant(value[0]), out var beginnings))
            foreach (var beginning in beginnings)
                if (value.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))
                    return true;
        foreach (var ending in _endings)
            if (value.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
                return true;
        foreach (var pattern in _patterns)
            if (FileSystemName.MatchesSimpleExpression(pattern, value, ignoreCase: true))
                return true;
        return false;
    }

    private static bool IsPlain(ReadOnlySpan<char> pattern) => pattern.IndexOfAny('*', '?', '\\') < 0;
}
