namespace IntegrationHub.Yaml;

/// <summary>
/// Reads the members of a YAML map by name and, when finished, reports every member nobody asked for: nothing in a file is silently ignored.
/// </summary>
internal sealed class YamlSection(YamlNode node, string what, Diagnostics diagnostics)
{
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    public YamlNode Node { get; } = node;

    public YamlNode? Get(string name)
    {
        _asked.Add(name);
        return Node[name];
    }

    public YamlNode? Require(string name)
    {
        var value = Get(name);
        if (value is null)
            diagnostics.Add(Node, $"{what} needs '{name}:'");
        return value;
    }

    public string? Text(string name, bool required = false)
    {
        var value = required ? Require(name) : Get(name);
        if (value is null)
            return null;
        if (value.Kind == YamlKind.Scalar)
            return value.Text;
        diagnostics.Add(value, $"'{name}': expected a text, found {value}");
        return null;
    }

    public bool Flag(string name)
    {
        var value = Get(name);
        if (value is null)
            return false;
        if (value.AsBoolean is { } flag)
            return flag;
        diagnostics.Add(value, $"'{name}': expected true or false, found {value}");
        return false;
    }

    /// <summary>One of the names of an enum, written in lower case.</summary>
    public T Choice<T>(string name, T fallback) where T : struct, Enum
    {
        var value = Get(name);
        if (value is null)
            return fallback;
        // Not the generic methods of Enum: each enum would have them compiled anew while a command starts.
        if (value.Kind == YamlKind.Scalar && !value.Text.Any(char.IsUpper) && Enum.TryParse(typeof(T), value.Text, ignoreCase: true, out var choice) && Enum.IsDefined(typeof(T), choice))
            return (T)choice;
        var known = Enum.GetNames<T>().Select(n => n.ToLowerInvariant());
        diagnostics.Add(value, $"'{name}': {value} is not one of {string.Join(", ", known)}{(value.Kind == YamlKind.Scalar ? NearestName.Hint(value.Text, known) : "")}");
        return fallback;
    }

    public IReadOnlyList<KeyValuePair<YamlNode, YamlNode>> Map(string name)
    {
        var value = Get(name);
        if (value is null || value.IsNull)
            return [];
        if (value.Kind == YamlKind.Map)
            return value.Members;
        diagnostics.Add(value, $"'{name}': expected a map of names to values, found {value}");
        return [];
    }

    public IReadOnlyList<YamlNode> List(string name)
    {
        var value = Get(name);
        if (value is null || value.IsNull)
            return [];
        if (value.Kind == YamlKind.List)
            return value.Items;
        diagnostics.Add(value, $"'{name}': expected a list, found {value}");
        return [];
    }

    public IReadOnlyList<string> Texts(string name)
    {
        var items = List(name);
        foreach (var item in items.Where(n => n.Kind != YamlKind.Scalar))
            diagnostics.Add(item, $"'{name}': expected a text, found {item}");
        return [.. items.Where(n => n.Kind == YamlKind.Scalar).Select(n => n.Text)];
    }

    /// <summary>Reports members that were never asked for.</summary>
    public void Finish()
    {
        foreach (var (key, _) in Node.Members)
            if (!_asked.Contains(key.Text))
                diagnostics.Add(key, $"unknown '{key.Text}' in {what}{NearestName.Hint(key.Text, _asked)}");
    }

    /// <summary>A section over a node that should be a map; reports and returns <c>null</c> otherwise.</summary>
    public static YamlSection? Over(YamlNode? node, string what, Diagnostics diagnostics)
    {
        if (node is null)
            return null;
        if (node.Kind == YamlKind.Map)
            return new(node, what, diagnostics);
        diagnostics.Add(node, $"{what}: expected a map, found {node}");
        return null;
    }
}
