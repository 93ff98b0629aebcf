using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntegrationHub.Connectors.Ocds.Compiling;

/// <summary>
/// The merging routine of the Open Contracting Data Standard: releases in order of date, walked one after the other into a compiled
/// release. Values are moved, not converted, so a number keeps the text it was written with.
/// </summary>
internal sealed class ReleaseMerge
{
    private readonly JsonObject _compiled;
    private bool _isVersion10;

    private ReleaseMerge(JsonObject compiled) => _compiled = compiled;

    /// <summary>Merges releases that are already in order. They are taken apart: do not use them afterwards.</summary>
    public static JsonObject Merge(string ocid, IReadOnlyList<Release> ordered)
    {
        var date = ordered[^1].Date;
        var compiled = new JsonObject { ["ocid"] = ocid, ["id"] = date is null ? ocid : $"{ocid}-{date}" };
        if (date is not null)
            compiled["date"] = date;
        compiled["tag"] = new JsonArray("compiled");

        var merge = new ReleaseMerge(compiled);
        foreach (var release in ordered)
            merge.Add(release);
        return compiled;
    }

    private void Add(Release release)
    {
        _isVersion10 = release.IsVersion10;
        foreach (var (name, value) in TakeAll(release.Body))
            if (!MergeRules.IsOfTheReleaseAlone(name))
                MergeField(_compiled, name, value, name);
    }

    private void MergeField(JsonObject into, string name, JsonNode? value, string path)
    {
        switch (value)
        {
            // The standard's text: null removes the field, whatever it holds. (The reference implementation leaves the children of
            // an object or array in place.)
            case null:
                into.Remove(name);
                break;
            case JsonObject fields:
                if (!MergeRules.HasLeaf(fields, path, _isVersion10))
                    break;
                if (into[name] is not JsonObject child)
                    into[name] = child = [];
                MergeObject(child, fields, path);
                break;
            case JsonArray items when MergeRules.MergesById(items, path, _isVersion10):
                if (!MergeRules.HasLeaf(items, path, _isVersion10))
                    break;
                if (into[name] is not JsonArray list || list.Any(item => item is not JsonObject))
                    into[name] = list = [];
                MergeById(list, items, path);
                break;
            default:
                into[name] = value;
                break;
        }
    }

    private void MergeObject(JsonObject into, JsonObject from, string path)
    {
        foreach (var (name, value) in TakeAll(from))
            MergeField(into, name, value, $"{path}/{name}");
    }

    private void MergeById(JsonArray into, JsonArray from, string path)
    {
        var known = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var item in into.OfType<JsonObject>())
            if (IdText(item) is { } id)
                known.TryAdd(id, item);

        var items = from.ToArray();
        from.Clear(); // gives the items free for another parent
        foreach (var item in items.OfType<JsonObject>())
        {
            if (!MergeRules.HasLeaf(item, path, _isVersion10))
                continue;

            if (IdText(item) is { } id && known.TryGetValue(id, out var match))
            {
                item.Remove("id"); // the first spelling of the id stays
                MergeObject(match, item, path);
                continue;
            }

            var added = new JsonObject();
            into.Add(added);
            if (IdText(item) is { } newId)
                known.Add(newId, added);
            MergeObject(added, item, path);
        }
    }

    /// <summary>The id as text, so that 1 and "1" are the same object; null when there is none that can be compared.</summary>
    internal static string? IdText(JsonObject item) => item["id"] is JsonValue value
        ? value.GetValueKind() switch
        {
            JsonValueKind.String => value.GetValue<string>(),
            JsonValueKind.Number => value.ToJsonString(),
            _ => null,
        }
        : null;

    /// <summary>Empties an object, which gives its values free for another parent.</summary>
    private static KeyValuePair<string, JsonNode?>[] TakeAll(JsonObject from)
    {
        var fields = from.ToArray();
        from.Clear();
        return fields;
    }
}
