using System.Text.Json.Nodes;

namespace IntegrationHub.Connectors.Tests.Ocds.Compiling;

/// <summary>
/// The merging rules a second time, in the flat form of the reference: each release becomes a list of (path, value) with array positions
/// replaced by ids, later values overwrite earlier ones, and the list is folded back. Slow and independent of the connector's code.
/// </summary>
internal static class NaiveMerge
{
    private static readonly string[] WholeNames = ["additionalIdentifiers", "additionalClassifications", "changes", "roles", "submissionMethod", "additionalProcurementCategories", "relationship"];

    public static JsonObject Compile(IEnumerable<(string Id, JsonObject Body)> releases)
    {
        var ordered = releases.OrderBy(r => (string?)r.Body["date"], StringComparer.Ordinal).ThenBy(r => r.Id, StringComparer.Ordinal).ToList();
        var flat = new List<(string[] Path, JsonNode? Value)>();
        var unnamed = 0;
        foreach (var (_, body) in ordered)
        {
            var leaves = new List<(string[] Path, JsonNode? Value)>();
            foreach (var (name, value) in body)
                if (name is not ("id" or "date" or "tag"))
                    Flatten([name], value, leaves, ref unnamed);
            foreach (var leaf in leaves)
            {
                var at = flat.FindIndex(known => known.Path.SequenceEqual(leaf.Path));
                if (at >= 0)
                    flat[at] = leaf;
                else
                    flat.Add(leaf);
                if (leaf.Value is null)
                    flat.RemoveAll(known => known.Path.Length > leaf.Path.Length && known.Path.Take(leaf.Path.Length).SequenceEqual(leaf.Path));
            }
        }

        var compiled = new JsonObject();
        foreach (var (path, value) in flat)
            Put(compiled, path, 0, value);
        RemoveMarks(compiled);
        var last = (string?)ordered[^1].Body["date"];
        compiled["id"] = $"{compiled["ocid"]}-{last}";
        compiled["date"] = last;
        compiled["tag"] = new JsonArray("compiled");
        return compiled;
    }

    private static void Flatten(string[] path, JsonNode? value, List<(string[], JsonNode?)> into, ref int unnamed)
    {
        if (value is JsonObject fields)
        {
            foreach (var (name, child) in fields)
                Flatten([.. path, name], child, into, ref unnamed);
        }
        else if (value is JsonArray list && list.All(i => i is JsonObject) && !WholeNames.Contains(path[^1]))
        {
            foreach (var item in list)
            {
                string[] itemPath = [.. path, item!["id"] is { } id ? $"[{(id.GetValueKind() == System.Text.Json.JsonValueKind.String ? (string?)id : id.ToJsonString())}]" : $"[#{unnamed++}]"];
                foreach (var (name, child) in item.AsObject())
                    Flatten([.. itemPath, name], child, into, ref unnamed);
            }
        }
        else
        {
            into.Add((path, value));
        }
    }

    private static void Put(JsonObject into, string[] path, int at, JsonNode? value)
    {
        if (at == path.Length - 1)
        {
            if (value is not null)
                into[path[at]] = value.DeepClone();
            else
                into.Remove(path[at]);
            return;
        }

        if (!path[at + 1].StartsWith('['))
        {
            Put((JsonObject)(into[path[at]] ??= new JsonObject()), path, at + 1, value);
            return;
        }

        var list = (JsonArray)(into[path[at]] ??= new JsonArray());
        var item = list.FirstOrDefault(i => (string?)i!["\0"] == path[at + 1]) as JsonObject;
        if (item is null)
            list.Add(item = new JsonObject { ["\0"] = path[at + 1] });
        Put(item, path, at + 2, value);
    }

    /// <summary>Removes the marks that tell list items apart while folding.</summary>
    private static void RemoveMarks(JsonNode? node)
    {
        if (node is JsonObject fields)
        {
            fields.Remove("\0");
            foreach (var (_, child) in fields)
                RemoveMarks(child);
        }
        else if (node is JsonArray list)
        {
            foreach (var item in list)
                RemoveMarks(item);
        }
    }
}
