using IntegrationHub.Connections;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;
using IntegrationHub.Unify;

namespace IntegrationHub.Api;

/// <summary>What links to an entity, newest first: a customer's tenders, orders and conversations in one list.</summary>
internal static class TimelineRoutes
{
    public static void Map(ApiRoutes routes)
    {
        var bindings = routes.Workspace.Bindings;
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
            }, request => ListAsync(request, binding));
        }
    }

    internal static System.Text.Json.Nodes.JsonObject SchemaOf() => Schema.Object(
        ("entity", Schema.Text()), ("id", Schema.Text()), ("label", Schema.Optional(Schema.Text())), ("at", Schema.Optional(Schema.Text())), ("link", Schema.Text()));

    private static async Task ListAsync(ApiRequest request, EntityBinding binding)
    {
        var limit = request.Limit();
        var signature = $"timeline:{request.Path("id")}";
        var after = request.Text("cursor") is { } cursor ? request.Cursor.Open<LinkedEntity>(signature, cursor) : null;
        if (await EntityRoutes.FindLiveAsync(request, binding) is not { } row)
            return;
        var (entries, next) = await new Timeline(request.Workspace).ReadAsync(row.Id, limit, after, request.Cancelled);
        if (entries.Count > 0)
            await request.LogAsync(
                [.. entries.Select(e => e.Type).Distinct().Select(t => MovedFields.Of(t, t.Fields.Where(f => f.Name == t.Label || f == Timeline.MainTime(t)), []))],
                entries.Select(e => new LogSubject(e.Linked.Id, EntityId.Format(e.Type, e.Linked.Id))).Append(new(row.Id, EntityId.Format(binding.Type, row.Id))));
        await request.JsonAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var entry in entries)
            {
                json.WriteStartObject();
                json.WriteString("entity", entry.Type.Name);
                json.WriteString("id", EntityId.Format(entry.Type, entry.Linked.Id));
                json.WriteString("label", entry.Label);
                json.WriteString("at", entry.At);
                json.WriteString("link", entry.Link);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("next", next is null ? null : request.Cursor.Seal(signature, next));
            json.WriteEndObject();
        });
    }
}
