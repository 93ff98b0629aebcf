using System.Globalization;
using System.Text;
using IntegrationHub.Json;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>The one canonical path of a node, RFC 9535, 2.7. For messages and tests: it searches the way down from the root.</summary>
public static class NormalizedPath
{
    public static string Of(JsonTape tape, int node, int root = 0)
    {
        var path = new StringBuilder("$");
        var at = root;
        while (at != node)
        {
            var children = tape.Children(at);
            var index = 0;
            while (children.MoveNext() && tape[children.Current].End <= node) index++;
            if (children.Current < 0 || children.Current > node || tape[children.Current].End <= node)
                throw new ArgumentOutOfRangeException(nameof(node), "The node is not a value inside the root.");
            if (children.Name < 0) path.Append(CultureInfo.InvariantCulture, $"[{index}]");
            else AppendName(path, tape.GetText(children.Name));
            at = children.Current;
        }

        return path.ToString();
    }

    private static void AppendName(StringBuilder path, string name)
    {
        path.Append("['");
        foreach (var c in name)
        {
            _ = c switch
            {
                '\'' => path.Append("\\'"),
                '\\' => path.Append("\\\\"),
                '\b' => path.Append("\\b"),
                '\f' => path.Append("\\f"),
                '\n' => path.Append("\\n"),
                '\r' => path.Append("\\r"),
                '\t' => path.Append("\\t"),
                < ' ' => path.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => path.Append(c),
            };
        }

        path.Append("']");
    }
}
