using System.Text;
using IntegrationHub.Connections;
using IntegrationHub.Json;
using IntegrationHub.Model;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;
using IntegrationHub.Unify;

namespace IntegrationHub.Api;

/// <summary>What links to an entity, newest first: a customer's tenders, orders and conversations in one list.</summary>
internal static class TimelineRoutes
{
    /// <summary>Stands in the order for entities without a time, behind all others.</summary>
    private const double Undated = -1e15;

    public static void Map(ApiRoutes routes)
    {
        var bindings = routes.Workspace.Bindings;
        var times = routes.Workspace.Model.Entities.Select(e => (bindings.Of(e).Number, Time: MainTime(e))).Where(t => t.Time is not null).Select(t => (t.Number, t.Time!)).ToList();
        foreach (var type in routes.Workspace.Model.Entities)
        {
            var binding = bindings.Of(type);
            routes.Get($"/v1/{type.Plural}/{{id}}/timeline", new($"timeline_{type.Name}", type.Plural, $"What links to one {type.Name}, newest first")
            {
                Description = "Every entity is placed by its first indexed time; those without one come last.",
                Parameters =
                [
                    EntityRoutes.IdParameter(type),
                    new("limit", Schema.Integer(1, routes.Workspace.Config.Api.PageSize, Math.Min(50, routes.Workspace.Config.Api.PageSize)), "Entries per page."),
                    new("cursor", Schema.Text(), "'next' of the page before."),
                ],
                Answer = Schema.Page(Schema.Reference("TimelineEntry")),
                Problems = [ProblemKind.NotFound, ProblemKind.Deleted, ProblemKind.CursorInvalid],
                Others = new Dictionary<int, string> { [308] = "Another entity took this one in; Location names it." },
            }, request => ListAsync(request, binding, times));
        }
    }

    internal static System.Text.Json.Nodes.JsonObject SchemaOf() => Schema.Object(
        ("entity", Schema.Text()), ("id", Schema.Text()), ("label", Schema.Optional(Schema.Text())), ("at", Schema.Optional(Schema.Text())), ("link", Schema.Text()));

    private static FieldType? MainTime(EntityType type) => type.Fields.FirstOrDefault(f => f is { Indexed: true, Many: false, Kind: FieldKind.Time or FieldKind.Date });

    private static async Task ListAsync(ApiRequest request, EntityBinding binding, List<(int Type, FieldType Time)> times)
    {
        var limit = request.Limit();
        var signature = $"timeline:{request.Path("id")}";
        var after = request.Text("cursor") is { } cursor ? request.Cursor.Open<LinkedEntity>(signature, cursor) : null;
        if (await EntityRoutes.FindLiveAsync(request, binding) is not { } row)
            return;
        var found = await request.Reader.TimelineAsync(new(row.Id, limit + 1, times, after), request.Cancelled);
        var entries = new List<(LinkedEntity Linked, EntityRow Row)>();
        foreach (var linked in found.Take(limit))
            if (await request.Reader.EntityAsync(linked.Id, request.Cancelled) is { State: EntityState.Live } entity && request.Workspace.Bindings.Find(entity.Type) is not null)
                entries.Add((linked, entity));
        if (entries.Count > 0)
            await request.LogAsync(
                [.. entries.Select(e => request.Workspace.Bindings.Find(e.Row.Type)!.Type).Distinct().Select(t => MovedFields.Of(t, t.Fields.Where(f => f.Name == t.Label || f == MainTime(t)), []))],
                entries.Select(e => new LogSubject(e.Row.Id, EntityId.Format(request.Workspace.Bindings.Find(e.Row.Type)!.Type, e.Row.Id))).Append(new(row.Id, EntityId.Format(binding.Type, row.Id))));
        await request.JsonAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var (linked, entity) in entries)
            {
                var type = request.Workspace.Bindings.Find(entity.Type)!.Type;
                var tape = new JsonTape();
                tape.Parse(entity.Body, new() { MaxDepth = JsonLimits.HighestDepth });
                json.WriteStartObject();
                json.WriteString("entity", type.Name);
                json.WriteString("id", EntityId.Format(type, entity.Id));
                json.WriteString("label", Text(tape, type.Label));
                json.WriteString("at", linked.At <= Undated ? null : Text(tape, MainTime(type)?.Name));
                // Links are catalogued as type.link.
                json.WriteString("link", request.Workspace.Store.Catalog.Name(linked.Link)[(type.Name.Length + 1)..]);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("next", found.Count > limit ? request.Cursor.Seal(signature, found[limit - 1]) : null);
            json.WriteEndObject();
        });
    }

    private static string? Text(JsonTape tape, string? field)
    {
        var node = field is null ? -1 : tape.Find(0, Encoding.UTF8.GetBytes(field));
        return node >= 0 && tape[node].Kind == JsonKind.String ? tape.GetText(node) : null;
    }
}
