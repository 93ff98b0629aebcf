using System.Text.Json.Nodes;
using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Unify;

namespace IntegrationHub.Api;

/// <summary>The golden entities: <c>/v1/{plural}</c> and <c>/v1/{plural}/{id}</c> for every type of the model.</summary>
internal static class EntityRoutes
{
    private const int MostHops = 100;

    public static void Map(ApiRoutes routes)
    {
        foreach (var type in routes.Workspace.Model.Entities)
        {
            var binding = routes.Workspace.Bindings.Of(type);
            var name = OpenApiDocument.SchemaName(type);
            routes.Get($"/v1/{type.Plural}", new($"list_{type.Plural}", type.Plural, $"List {type.Plural}")
            {
                Description = type.Description,
                Entity = type,
                Parameters = EntityFilters.Parameters(type, routes.Workspace.Config.Api.PageSize),
                Answer = Schema.Page(Schema.Reference(name)),
                Problems = [ProblemKind.FieldUnknown, ProblemKind.FieldNotIndexed, ProblemKind.OperatorUnknown, ProblemKind.CursorInvalid],
            }, request => ListAsync(request, binding));
            routes.Get($"/v1/{type.Plural}/{{id}}", new($"get_{type.Name}", type.Plural, $"One {type.Name}")
            {
                Description = "Answers with an entity tag; send it as If-None-Match to be told 304 when nothing has changed.",
                Parameters =
                [
                    IdParameter(type),
                    new("fields", Schema.Text(), "Names of fields and links to answer with, separated by commas."),
                    new("explain", Schema.Text(), "A field, several separated by commas, or '*': adds where the values come from."),
                ],
                Answer = Schema.Reference(name),
                Problems = [ProblemKind.FieldUnknown, ProblemKind.NotFound, ProblemKind.Deleted],
                Others = new Dictionary<int, string> { [304] = "Nothing has changed.", [308] = "Another entity took this one in; Location names it." },
            }, request => GetAsync(request, binding));
        }
    }

    public static Parameter IdParameter(EntityType type) => new("id", Schema.Text(), $"Id, such as {type.Name}-1.") { InPath = true };

    private static async Task ListAsync(ApiRequest request, EntityBinding binding)
    {
        var (query, signature) = await EntityFilters.ReadAsync(request, binding);
        var fields = EntityFilters.Selected(request, binding.Type);
        if (request.Text("cursor") is { } cursor)
        {
            var position = request.Cursor.Open<Position>(signature, cursor);
            query = query with { After = (position.Value, position.Id) };
        }

        var rows = await request.Reader.EntitiesAsync(query with { Limit = query.Limit + 1 }, request.Cancelled);
        var page = rows.Count > query.Limit ? rows.Take(query.Limit).ToList() : rows;
        var documents = await request.Documents.WriteAsync(page, fields, request.Cancelled);
        if (page.Count > 0)
            await request.LogAsync(binding.Type, page.Select(r => r.Id), fields);
        await request.JsonAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var document in documents)
                json.WriteRawValue(document, skipInputValidation: true);
            json.WriteEndArray();
            json.WriteString("next", rows.Count > query.Limit
                ? request.Cursor.Seal(signature, new Position(query.Sort is null ? null : EntityFilters.SortValue(page[^1], query.Sort), page[^1].Id))
                : null);
            json.WriteEndObject();
        });
    }

    private static async Task GetAsync(ApiRequest request, EntityBinding binding)
    {
        var fields = EntityFilters.Selected(request, binding.Type);
        var explained = Explained(request, binding.Type);
        if (await FindLiveAsync(request, binding) is not { } row)
            return;
        var document = (await request.Documents.WriteAsync([row], fields, request.Cancelled))[0];
        if (explained.Count > 0)
        {
            var explanation = await new Explanation(request.Workspace).OfAsync(row, binding, explained, request.Cancelled);
            document = [.. document.AsSpan(0, document.Length - 1), .. ",\"explain\":"u8, .. explanation, (byte)'}'];
        }

        await request.LogAsync(binding.Type, [row.Id], explained.Count > 0 && fields is not null ? [.. fields, .. explained.Select(f => f.Name)] : fields);
        await Answer.TaggedAsync(request.Http, document);
    }

    /// <summary>The live entity of the path; <c>null</c> when the request has been answered with a redirect.</summary>
    /// <exception cref="ProblemException">There is none, or no more.</exception>
    public static async ValueTask<EntityRow?> FindLiveAsync(ApiRequest request, EntityBinding binding)
    {
        var row = await FindAsync(request, binding);
        if (row.State == EntityState.Live)
            return row;
        var survivor = row;
        for (var hops = 0; survivor is { State: EntityState.Merged } && hops < MostHops; hops++)
            survivor = await request.Reader.EntityAsync(survivor.MergedInto, request.Cancelled);
        if (survivor is not { State: EntityState.Live })
            throw new ProblemException(ProblemKind.Deleted, "nothing contributes to this entity any more; its history stays");
        var id = EntityId.Format(binding.Type, survivor.Id);
        request.Http.Response.StatusCode = StatusCodes.Status308PermanentRedirect;
        var route = ((RouteEndpoint)request.Http.GetEndpoint()!).RoutePattern.RawText!.Replace("{id}", id, StringComparison.Ordinal);
        request.Http.Response.Headers.Location = route + request.Http.Request.QueryString;
        await request.JsonAsync(json =>
        {
            json.WriteStartObject();
            json.WriteString("id", EntityId.Format(binding.Type, row.Id));
            json.WriteString("mergedInto", id);
            json.WriteEndObject();
        });
        return null;
    }

    public static async ValueTask<EntityRow> FindAsync(ApiRequest request, EntityBinding binding) =>
        EntityId.TryParse(request.Path("id"), request.Workspace.Model, out var type, out var number) && type == binding.Type
            && await request.Reader.EntityAsync(number, request.Cancelled) is { } row && row.Type == binding.Number
            ? row
            : throw ApiRequest.Missing($"there is no such {binding.Type.Name}");

    private static List<FieldType> Explained(ApiRequest request, EntityType type)
    {
        if (request.Text("explain") is not { } text)
            return [];
        if (text == "*")
            return [.. type.Fields];
        var names = type.Fields.Select(f => f.Name).ToList();
        return [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(n => type.Field(n)
            ?? throw new ProblemException(ProblemKind.FieldUnknown, "'explain' names a field that the entity does not have", names))];
    }

    /// <summary>Where a page ended.</summary>
    private sealed record Position(string? Value, long Id);

    /// <summary>The schema of a type's golden entities.</summary>
    public static JsonObject SchemaOf(EntityType type)
    {
        var properties = new JsonObject
        {
            ["id"] = new JsonObject { ["type"] = "string", ["pattern"] = $"^{type.Name}-[0-9]+$" },
            ["entity"] = new JsonObject { ["type"] = "string", ["const"] = type.Name },
        };
        foreach (var field in type.Fields)
            properties[field.Name] = SchemaOf(field);
        var links = new JsonObject();
        foreach (var link in type.Links)
        {
            var id = new JsonObject { ["type"] = "string", ["pattern"] = $"^{link.Entity}-[0-9]+$" };
            var target = link.Many ? Schema.List(id) : id;
            target["description"] = link.Description;
            links[link.Name] = target;
        }

        properties["links"] = new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = links };
        properties["explain"] = new JsonObject
        {
            ["type"] = "object",
            ["description"] = "Where values come from; only when asked for.",
            ["additionalProperties"] = Schema.Reference("Explanation"),
        };
        return new()
        {
            ["type"] = "object",
            ["description"] = type.Description,
            ["required"] = new JsonArray("id", "entity"),
            ["additionalProperties"] = false,
            ["properties"] = properties,
        };
    }

    private static JsonObject SchemaOf(FieldType field)
    {
        var one = field.Kind switch
        {
            FieldKind.Number => Schema.Number,
            FieldKind.Integer => Schema.Integer(),
            FieldKind.Boolean => Schema.Flag,
            FieldKind.Time => Schema.Time,
            FieldKind.Date => Schema.Text("date"),
            FieldKind.Money => Schema.Object(("amount", Schema.Number), ("currency", Schema.Text())),
            FieldKind.Object => Schema.Object([.. field.Fields.Select(f => (f.Name + "?", (JsonNode)SchemaOf(f)))]),
            FieldKind.Json => Schema.Any,
            _ => field.Values.Count > 0 ? Schema.OneOf(field.Values) : Schema.Text(),
        };
        var schema = Schema.Optional(field.Many ? Schema.List(one) : one);
        if (field.Description.Length > 0)
            schema["description"] = field.Description;
        if (field.Class is Classification.Personal or Classification.Sensitive)
            schema["x-class"] = field.Class.ToString().ToLowerInvariant();
        return schema;
    }
}
