using System.Text;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections.Declarative;

/// <summary>
/// A text with placeholders in braces, such as <c>Bearer {token}</c>; <c>{{</c> and <c>}}</c> are braces. Compiled once: a placeholder that does not exist at its place is a
/// fault of the file.
/// </summary>
internal sealed class Template
{
    private readonly (string Text, bool IsPlaceholder)[] _parts;

    private Template((string, bool)[] parts) => _parts = parts;

    /// <summary>The names it uses.</summary>
    public IEnumerable<string> Placeholders => _parts.Where(p => p.IsPlaceholder).Select(p => p.Text);

    /// <summary>The text up to the first placeholder.</summary>
    public string Opening => _parts is [{ IsPlaceholder: false } first, ..] ? first.Text : "";

    /// <summary>The one placeholder that is all of it, or <c>null</c>.</summary>
    public string? Whole => _parts is [{ IsPlaceholder: true } only] ? only.Text : null;

    /// <param name="node">A scalar.</param>
    /// <param name="known">Placeholders that exist here.</param>
    /// <param name="diagnostics">Where faults go.</param>
    public static Template Compile(YamlNode node, IReadOnlyCollection<string> known, Diagnostics diagnostics)
    {
        var parts = new List<(string, bool)>();
        var literal = new StringBuilder();
        var text = node.Text;
        for (var at = 0; at < text.Length; at++)
        {
            var twice = at + 1 < text.Length && text[at + 1] == text[at];
            if (text[at] is '{' or '}' && twice)
            {
                literal.Append(text[at++]);
            }
            else if (text[at] == '{')
            {
                var end = text.IndexOf('}', at);
                if (end < 0)
                {
                    diagnostics.Add(node, at, "'{' without '}'; write '{{' for a brace");
                    break;
                }

                var name = text[(at + 1)..end];
                if (!known.Contains(name))
                    diagnostics.Add(node, at + 1, $"unknown placeholder '{name}' here{NearestName.Hint(name, known)}");
                if (literal.Length > 0)
                    parts.Add((literal.ToString(), false));
                literal.Clear();
                parts.Add((name, true));
                at = end;
            }
            else if (text[at] == '}')
            {
                diagnostics.Add(node, at, "'}' without '{'; write '}}' for a brace");
            }
            else
            {
                literal.Append(text[at]);
            }
        }

        if (literal.Length > 0)
            parts.Add((literal.ToString(), false));
        return new([.. parts]);
    }

    /// <summary>A text that is what it is.</summary>
    public static Template Literal(string text) => new([(text, false)]);

    /// <summary>The text, or <c>null</c> when a placeholder stands for nothing.</summary>
    /// <param name="values">What placeholders stand for.</param>
    /// <param name="encode">How a placeholder's text is written; as it is when <c>null</c>.</param>
    public string? Fill(Values values, Func<string, string, string>? encode = null)
    {
        if (_parts is [{ IsPlaceholder: false } only])
            return only.Text;
        var text = new StringBuilder();
        foreach (var (part, isPlaceholder) in _parts)
        {
            if (!isPlaceholder)
            {
                text.Append(part);
                continue;
            }

            if (values.Get(part) is not { } filling)
                return null;
            text.Append(encode is null ? filling.Text : encode(part, filling.Text));
        }

        return text.ToString();
    }
}
