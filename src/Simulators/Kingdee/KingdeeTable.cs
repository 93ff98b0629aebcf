using System.Globalization;
using System.Text.Json.Nodes;

namespace IntegrationHub.Simulators.Kingdee;

/// <summary>One form of the simulated data centre with its documents.</summary>
/// <param name="id">Id of the form.</param>
/// <param name="key">Its unique field.</param>
/// <param name="fields">All header fields.</param>
/// <param name="entity">The entity of its lines, or empty.</param>
/// <param name="lineKey">Unique field of a line.</param>
/// <param name="lineFields">All fields of a line.</param>
public sealed class KingdeeTable(string id, string key, IReadOnlyList<string> fields, string entity = "", string lineKey = "", IReadOnlyList<string>? lineFields = null)
{
    private readonly SortedDictionary<long, KingdeeDocument> _documents = [];
    private readonly Dictionary<string, List<KingdeeDocument>> _sorted = new(StringComparer.Ordinal);
    private readonly HashSet<string> _fields = new([key, .. fields], StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _lineFields = new([lineKey, .. lineFields ?? []], StringComparer.OrdinalIgnoreCase);
    private long _lastKey = 100_000;
    private long _lastLine = 200_000;

    /// <summary>Id of the form.</summary>
    public string Id => id;

    /// <summary>The unique field.</summary>
    public string Key => key;

    /// <summary>Field of the business number.</summary>
    public string Number => _fields.Contains("FBillNo") ? "FBillNo" : "FNumber";

    /// <summary>Entity of the lines.</summary>
    public string Entity => entity;

    /// <summary>Whether the form keeps a time of change.</summary>
    public bool HasChanged => _fields.Contains("FModifyDate");

    /// <summary>All documents by key.</summary>
    public IReadOnlyCollection<KingdeeDocument> Documents => _documents.Values;

    /// <summary>Adds a document; its key and its lines' keys are given here.</summary>
    public KingdeeDocument Add(JsonObject header, params IEnumerable<JsonObject> lines)
    {
        header[key] = ++_lastKey;
        var document = new KingdeeDocument(_lastKey, header, [.. lines.Select(Keyed)]);
        _documents[_lastKey] = document;
        _sorted.Clear();
        return document;
    }

    /// <summary>To be called after documents were changed.</summary>
    public void Changed() => _sorted.Clear();

    /// <summary>Removes a document.</summary>
    public void Remove(KingdeeDocument document)
    {
        _documents.Remove(document.Key);
        _sorted.Clear();
    }

    internal JsonObject Keyed(JsonObject line)
    {
        if (lineKey.Length > 0 && line[lineKey] is null)
            line[lineKey] = ++_lastLine;
        return line;
    }

    internal bool Knows(string field) => _fields.Contains(field) || (lineKey.Length > 0 && _lineFields.Contains(field));

    internal bool IsOfLine(string field) => lineKey.Length > 0 && _lineFields.Contains(field) && !_fields.Contains(field);

    /// <summary>Documents in the order of an OrderString such as <c>FModifyDate ASC,FID ASC</c>.</summary>
    internal List<KingdeeDocument> InOrder(string order)
    {
        if (_sorted.TryGetValue(order, out var known))
            return known;
        var by = order.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(o => o.Split(' ')[0]).Where(f => !IsOfLine(f)).ToList();
        var list = _documents.Values.Select(d => (Document: d, Values: by.Select(d.Text).ToArray())).ToList();
        list.Sort((a, b) =>
        {
            for (var i = 0; i < by.Count; i++)
                if ((a.Values[i], b.Values[i]) is var (x, y) && (x is null || y is null ? (x is null ? 0 : 1) - (y is null ? 0 : 1) : KingdeeFilter.Compare(x, y)) is var order and not 0)
                    return order;
            return a.Document.Key.CompareTo(b.Document.Key);
        });
        return _sorted[order] = [.. list.Select(l => l.Document)];
    }
}

/// <summary>A document.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Header">Header fields by name.</param>
/// <param name="Lines">Its lines.</param>
public sealed record KingdeeDocument(long Key, JsonObject Header, List<JsonObject> Lines)
{
    /// <summary>A header field as text, or <c>null</c>.</summary>
    public string? Text(string field) => Header[field] is { } value ? Plain(value) : null;

    internal static string Plain(JsonNode value) =>
        value.GetValueKind() == System.Text.Json.JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();

    internal static string Time(DateTimeOffset at) => at.ToOffset(TimeSpan.FromHours(8)).ToString("yyyy-MM-dd'T'HH:mm:ss.fff", CultureInfo.InvariantCulture);
}
