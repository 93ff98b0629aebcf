using System.Text.Json;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections;

/// <summary>What a set of changes comes to: counts of all of them, and the first few whole. Its size does not grow with the set.</summary>
/// <param name="limit">How many changes to keep whole.</param>
public sealed class ChangeSummary(int limit)
{
    private readonly SortedDictionary<string, long> _kinds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _fields = new(StringComparer.Ordinal);
    private readonly List<ChangeRow> _first = [];

    public long Count { get; private set; }

    /// <summary>How many changes of each kind.</summary>
    public IReadOnlyDictionary<string, long> Kinds => _kinds;

    /// <summary>In how many updated entities each field or link differs.</summary>
    public IReadOnlyDictionary<string, long> Fields => _fields;

    public IReadOnlyList<ChangeRow> First => _first;

    public void Add(ChangeRow change)
    {
        Count++;
        _kinds[change.Kind] = _kinds.GetValueOrDefault(change.Kind) + 1;
        if (_first.Count < limit)
            _first.Add(change);
        if (change.Kind != "updated")
            return;
        using var body = JsonDocument.Parse(change.Body);
        foreach (var section in new[] { "fields", "links" })
            if (body.RootElement.TryGetProperty(section, out var members))
                foreach (var member in members.EnumerateObject())
                    _fields[member.Name] = _fields.GetValueOrDefault(member.Name) + 1;
    }
}
