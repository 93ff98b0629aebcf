using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Connections;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;
using IntegrationHub.Unify;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Api;

/// <summary>Proposals of who may be who, and the decisions of stewards.</summary>
internal static class IdentityRoutes
{
    public static void Map(ApiRoutes routes)
    {
        routes.Get("/v1/identity/proposals", new("list_proposals", "identity", "Entities that may be one, best first")
        {
            Scope = ApiScope.Admin,
            Description = "With what speaks for it and against it. Accept one by a decision 'merge', refuse it by 'forbid'; it is not proposed again.",
            Parameters =
            [
                new("entity", Schema.Text(), "A type such as customer, or one entity such as customer-12. Default: customer."),
                new("limit", Schema.Integer(1, routes.Workspace.Config.Api.PageSize, Math.Min(50, routes.Workspace.Config.Api.PageSize)), "How many."),
            ],
            Answer = Schema.Object(("data", Schema.List(Schema.Reference("Proposal")))),
            Problems = [ProblemKind.NotFound],
        }, ProposalsAsync);
        routes.Get("/v1/identity/decisions", new("list_decisions", "identity", "Decisions, newest first")
        {
            Parameters =
            [
                new("limit", Schema.Integer(1, routes.Workspace.Config.Api.PageSize, Math.Min(50, routes.Workspace.Config.Api.PageSize)), "Decisions per page."),
                new("cursor", Schema.Text(), "'next' of the page before."),
            ],
            Answer = Schema.Page(Schema.Reference("Decision")),
            Problems = [ProblemKind.CursorInvalid],
        }, DecisionsAsync);
        routes.Post("/v1/identity/decisions", new("decide", "identity", "Decide who is who")
        {
            Scope = ApiScope.Admin,
            Description = "merge: 'entities'. split: 'entities' with one, and 'contributions' to take out. forbid: 'entities' with two. pin: 'entities' with one, 'field' and 'value'. undo: 'decision'.",
            Body = Schema.Object(
                ("kind", Schema.OneOf(["merge", "split", "forbid", "pin", "undo"])),
                ("by", Schema.Text()),
                ("reason", Schema.Text()),
                ("entities?", Schema.List(Schema.Text())),
                ("contributions?", Schema.List(Schema.Text())),
                ("field?", Schema.Text()),
                ("value?", Schema.Any),
                ("decision?", Schema.Integer(1))),
            Answer = Schema.Reference("Decision"),
            Problems = [ProblemKind.BodyInvalid, ProblemKind.NotFound],
        }, DecideAsync);
    }

    internal static JsonObject ProposalSchema() => Schema.Object(
        ("a", Schema.Text()),
        ("b", Schema.Text()),
        ("score", Schema.Number),
        ("findings", Schema.List(Schema.Object(("kind", Schema.Text()), ("outcome", Schema.Text()), ("weight", Schema.Number), ("a", Schema.List(Schema.Text())), ("b", Schema.List(Schema.Text()))))));

    private static async Task ProposalsAsync(ApiRequest request)
    {
        var what = request.Text("entity") ?? "customer";
        var (binding, entity) = request.Workspace.Bindings.Find(what) is { } type ? (type, 0) : await EntityAsync(request.Workspace, what, request.Cancelled);
        var proposals = await new Proposals(request.Reader, binding).FindAsync(entity, request.Limit(), MostValues, request.Cancelled);
        if (proposals.Count > 0)
            await request.LogAsync([MovedFields.Of(binding.Type, [], binding.Type.Identity.Select(i => i.Name))], proposals.SelectMany(p => new[] { p.A, p.B }).Select(e => new LogSubject(e, EntityId.Format(binding.Type, e))));
        await request.JsonAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var proposal in proposals)
                JsonSerializer.Serialize(json, new { a = EntityId.Format(binding.Type, proposal.A), b = EntityId.Format(binding.Type, proposal.B), score = proposal.Score, findings = proposal.Findings }, JsonSerializerOptions.Web);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private const int MostValues = 100_000;

    private static async Task DecisionsAsync(ApiRequest request)
    {
        var limit = request.Limit();
        var before = request.Text("cursor") is { } cursor ? request.Cursor.Open<long>("decisions", cursor) : long.MaxValue;
        var rows = await request.Reader.DecisionsAsync(before, limit + 1, request.Cancelled);
        var (data, subjects) = StewardLog.Shown(request.Workspace, rows.Take(limit));
        if (rows.Count > 0)
            await request.LogAsync(data, subjects, ("decisions", string.Create(CultureInfo.InvariantCulture, $"{rows[Math.Min(limit, rows.Count) - 1].Number} to {rows[0].Number}")));
        await request.JsonAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var row in rows.Take(limit))
                DecisionDocument.Of(row, request.Workspace.Store.Catalog).WriteTo(json);
            json.WriteEndArray();
            json.WriteString("next", rows.Count > limit ? request.Cursor.Seal("decisions", rows[limit - 1].Number) : null);
            json.WriteEndObject();
        });
    }

    private static async Task DecideAsync(ApiRequest request)
    {
        using var document = await request.BodyAsync() ?? throw new ProblemException(ProblemKind.BodyInvalid, "a decision needs a body");
        var body = JsonObject.Create(document.RootElement.Clone())!;
        if (body.Select(m => m.Key).FirstOrDefault(k => k is not ("kind" or "by" or "reason" or "entities" or "contributions" or "field" or "value" or "decision")) is not null)
            throw new ProblemException(ProblemKind.BodyInvalid, "the body has a member that is not known", ["kind", "by", "reason", "entities", "contributions", "field", "value", "decision"]);
        Decided decided;
        try
        {
            decided = await DecideAsync(request, body, new(Text(body, "by"), Text(body, "reason")));
        }
        catch (DecisionException e)
        {
            throw new ProblemException(ProblemKind.BodyInvalid, e.Message);
        }

        await request.JsonAsync(json => DecisionDocument.Of(decided.Decision, request.Workspace.Store.Catalog).WriteTo(json));
    }

    private static async ValueTask<Decided> DecideAsync(ApiRequest request, JsonObject body, Steward steward)
    {
        var stewardship = request.Workspace.Stewardship(ReadLog.Caller(request.Http, request.Workspace).Actor);
        var cancelled = request.Cancelled;
        if (Text(body, "kind") is "undo")
            return await stewardship.UndoAsync(body["decision"] is JsonValue number && number.TryGetValue<long>(out var undone) ? undone : throw new DecisionException("'decision' must be a number"), steward, cancelled);
        var entities = new List<long>();
        foreach (var id in Texts(body, "entities"))
            entities.Add((await EntityAsync(request.Workspace, id, cancelled)).Entity);
        return (Text(body, "kind"), entities) switch
        {
            ("merge", { Count: > 1 }) => await stewardship.MergeAsync(entities, steward, cancelled),
            ("forbid", [var one, var other]) => await stewardship.ForbidAsync(one, other, steward, cancelled),
            ("split", [var entity]) => await stewardship.SplitAsync(entity, [.. Texts(body, "contributions").Select(n => ContributionName.Read(request.Workspace.Store.Catalog, n) ?? throw new DecisionException("'contributions' must be names such as crm/4711"))], steward, cancelled),
            ("pin", [var entity]) when body["value"] is { } value => await stewardship.PinAsync(entity, Text(body, "field"), value, steward, cancelled),
            _ => throw new DecisionException("'kind' must be merge (two entities or more), split (one), forbid (two), pin (one, with 'field' and 'value') or undo"),
        };
    }

    private static async ValueTask<(EntityBinding Binding, long Entity)> EntityAsync(Workspace workspace, string id, CancellationToken cancelled) =>
        EntityId.TryParse(id, workspace.Model, out var type, out var number) && await workspace.Store.Reader.EntityAsync(number, cancelled) is { State: EntityState.Live } row && row.Type == workspace.Bindings.Of(type).Number
            ? (workspace.Bindings.Of(type), number)
            : throw ApiRequest.Missing("there is no such live entity");

    private static string Text(JsonObject body, string name) =>
        body[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : throw new ProblemException(ProblemKind.BodyInvalid, $"'{name}' must be a text");

    private static List<string> Texts(JsonObject body, string name) =>
        body[name] is JsonArray list && list.All(n => n is JsonValue v && v.GetValueKind() == JsonValueKind.String)
            ? [.. list.Select(n => n!.GetValue<string>())]
            : throw new ProblemException(ProblemKind.BodyInvalid, $"'{name}' must be a list of texts");
}
