using System.Text;
using IntegrationHub.Connections;
using IntegrationHub.Json;
using IntegrationHub.Model;
using IntegrationHub.Storage;

namespace IntegrationHub.Api;

/// <summary>An entity that links to another.</summary>
/// <param name="Linked">Its place in the order.</param>
/// <param name="Type">What it is.</param>
/// <param name="Label">Its label, or <c>null</c>.</param>
/// <param name="At">Its first indexed time as it stands there, or <c>null</c>.</param>
/// <param name="Link">By which link.</param>
internal sealed record TimelineEntry(LinkedEntity Linked, EntityType Type, string? Label, string? At, string Link);

/// <summary>What links to an entity, newest first: a customer's tenders, orders and conversations in one list.</summary>
internal sealed class Timeline(Workspace workspace)
{
    /// <summary>Stands in the order for entities without a time, behind all others.</summary>
    private const double Undated = -1e15;

    private readonly List<(int Type, FieldType Time)> _times =
        [.. workspace.Model.Entities.Select(e => (workspace.Bindings.Of(e).Number, Time: MainTime(e))).Where(t => t.Time is not null).Select(t => (t.Number, t.Time!))];

    /// <summary>Entities are placed by it.</summary>
    public static FieldType? MainTime(EntityType type) => type.Fields.FirstOrDefault(f => f is { Indexed: true, Many: false, Kind: FieldKind.Time or FieldKind.Date });

    /// <summary>One page.</summary>
    /// <param name="entity">Number of the entity that is linked to.</param>
    /// <param name="limit">Entries, at most.</param>
    /// <param name="after">The last entry of the page before, or <c>null</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The entries, and the last one looked at when there are more.</returns>
    public async ValueTask<(IReadOnlyList<TimelineEntry> Entries, LinkedEntity? Next)> ReadAsync(long entity, int limit, LinkedEntity? after, CancellationToken cancellationToken)
    {
        var found = await workspace.Store.Reader.TimelineAsync(new(entity, limit + 1, _times, after), cancellationToken);
        var entries = new List<TimelineEntry>();
        foreach (var linked in found.Take(limit))
            if (await workspace.Store.Reader.EntityAsync(linked.Id, cancellationToken) is { State: EntityState.Live } row && workspace.Bindings.Find(row.Type) is { Type: var type })
            {
                var tape = new JsonTape();
                tape.Parse(row.Body, new() { MaxDepth = JsonLimits.HighestDepth });
                // Links are catalogued as type.link.
                entries.Add(new(linked, type, Text(tape, type.Label), linked.At <= Undated ? null : Text(tape, MainTime(type)?.Name), workspace.Store.Catalog.Name(linked.Link)[(type.Name.Length + 1)..]));
            }

        return (entries, found.Count > limit ? found[limit - 1] : null);
    }

    private static string? Text(JsonTape tape, string? field)
    {
        var node = field is null ? -1 : tape.Find(0, Encoding.UTF8.GetBytes(field));
        return node >= 0 && tape[node].Kind == JsonKind.String ? tape.GetText(node) : null;
    }
}
