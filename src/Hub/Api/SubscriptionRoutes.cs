using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Delivery;
using IntegrationHub.Delivery.Rules;
using IntegrationHub.Unify;
using IntegrationHub.Yaml;

namespace IntegrationHub.Api;

/// <summary>Subscriptions: who is told of changes, how far they have come, and what they could not deliver.</summary>
internal static class SubscriptionRoutes
{
    public static void Map(ApiRoutes routes)
    {
        var subscriptions = routes.Services.GetRequiredService<Subscriptions>();
        var name = new Parameter("name", Schema.Text(), "Name of the subscription.") { InPath = true };
        routes.Get("/v1/subscriptions", new("list_subscriptions", "subscriptions", "Subscriptions and how they stand")
        {
            Scope = ApiScope.Admin,
            Answer = Schema.Object(("data", Schema.List(Schema.Reference("Subscription")))),
        }, request => ListAsync(request, subscriptions));
        routes.Post("/v1/subscriptions", new("save_subscription", "subscriptions", "Add a subscription, or change one that was added here")
        {
            Scope = ApiScope.Admin,
            Description = "'name', and what stands below a name in 'subscriptions:' of hub.yaml. A webhook without 'secrets' gets one from the hub, which the answer shows this once.",
            Body = Schema.Object(
                ("name", Schema.Text()),
                ("entities?", Schema.List(Schema.Text())),
                ("kinds?", Schema.List(Schema.OneOf(["created", "updated", "merged", "split", "deleted", "erased"]))),
                ("changed?", Schema.List(Schema.Text())),
                ("when?", Schema.Text()),
                ("fields?", Schema.List(Schema.Text())),
                ("purpose?", Schema.Text()),
                ("legalBasis?", Schema.Text()),
                ("region?", Schema.Text()),
                ("start?", Schema.Any),
                ("sink", Schema.Any)),
            Answer = Schema.Object(("subscription", Schema.Reference("Subscription")), ("secret?", Schema.Text())),
            Problems = [ProblemKind.BodyInvalid, ProblemKind.SubscriptionConfigured],
        }, request => SaveAsync(request, subscriptions));
        routes.Get("/v1/subscriptions/{name}", new("get_subscription", "subscriptions", "One subscription")
        {
            Scope = ApiScope.Admin,
            Parameters = [name],
            Answer = Schema.Reference("Subscription"),
            Problems = [ProblemKind.NotFound],
        }, async request => await WriteAsync(request, subscriptions, await FindAsync(request, subscriptions)));
        routes.Delete("/v1/subscriptions/{name}", new("remove_subscription", "subscriptions", "Remove a subscription that was added here")
        {
            Scope = ApiScope.Admin,
            Description = "Its position and all that waits or is parked goes with it.",
            Parameters = [name],
            Answer = Schema.Object(("removed", Schema.Flag)),
            Problems = [ProblemKind.NotFound, ProblemKind.SubscriptionConfigured],
        }, request => RemoveAsync(request, subscriptions));
        routes.Post("/v1/subscriptions/{name}/pause", new("pause_subscription", "subscriptions", "Send nothing until it is resumed")
        {
            Scope = ApiScope.Admin,
            Description = "Nothing is lost: it goes on where it stopped.",
            Parameters = [name],
            Answer = Schema.Reference("Subscription"),
            Problems = [ProblemKind.NotFound],
        }, async request =>
        {
            var subscription = await FindAsync(request, subscriptions);
            await subscriptions.PauseAsync(subscription.Name, "paused by the API", Actor(request), request.Cancelled);
            await WriteAsync(request, subscriptions, subscription);
        });
        routes.Post("/v1/subscriptions/{name}/resume", new("resume_subscription", "subscriptions", "Go on after a pause, or after the destination said that it is gone")
        {
            Scope = ApiScope.Admin,
            Parameters = [name],
            Answer = Schema.Reference("Subscription"),
            Problems = [ProblemKind.NotFound],
        }, async request =>
        {
            var subscription = await FindAsync(request, subscriptions);
            await subscriptions.ResumeAsync(subscription.Name, Actor(request), request.Cancelled);
            await WriteAsync(request, subscriptions, subscription);
        });
        routes.Post("/v1/subscriptions/{name}/retry", new("retry_deliveries", "subscriptions", "Give parked events another turn")
        {
            Scope = ApiScope.Admin,
            Parameters = [name],
            Body = Schema.Object(("sequence?", Schema.Integer(1))),
            Answer = Schema.Object(("events", Schema.Integer(0))),
            Problems = [ProblemKind.NotFound, ProblemKind.BodyInvalid],
        }, request => RetryAsync(request, subscriptions));
        routes.Post("/v1/subscriptions/{name}/replay", new("replay_deliveries", "subscriptions", "Send events again, with the same ids")
        {
            Scope = ApiScope.Admin,
            Description = "Of the subscription's own events those behind 'after' (default 0) up to 'to' (default: where the subscription stands). With 'dryRun' nothing is sent and the answer says how many would be.",
            Parameters = [name],
            Body = Schema.Object(
                ("after?", Schema.Integer(0)),
                ("to?", Schema.Integer(0)),
                ("entity?", Schema.Text()),
                ("entities?", Schema.List(Schema.Text())),
                ("kinds?", Schema.List(Schema.Text())),
                ("dryRun?", Schema.Flag)),
            Answer = Schema.Object(("events", Schema.Integer(0)), ("replay?", Schema.Text())),
            Problems = [ProblemKind.NotFound, ProblemKind.BodyInvalid],
        }, request => ReplayAsync(request, subscriptions));
        routes.Get("/v1/subscriptions/{name}/deliveries", new("list_undelivered", "subscriptions", "Events that wait for another try or are parked")
        {
            Scope = ApiScope.Admin,
            Parameters =
            [
                name,
                new("state", Schema.OneOf(["waiting", "parked"]), "Only those."),
                new("limit", Schema.Integer(1, routes.Workspace.Config.Api.PageSize, Math.Min(50, routes.Workspace.Config.Api.PageSize)), "Events per page."),
                new("cursor", Schema.Text(), "'next' of the page before."),
            ],
            Answer = Schema.Page(Schema.Reference("Delivery")),
            Problems = [ProblemKind.NotFound, ProblemKind.CursorInvalid],
        }, request => DeliveriesAsync(request, subscriptions));
    }

    internal static JsonObject SchemaOf() => Schema.Object(
        ("name", Schema.Text()),
        ("configured", Schema.Flag),
        ("state", Schema.OneOf(["new", "active", "failing", "paused", "gone"])),
        ("sink", Schema.Object(("kind", Schema.Text()), ("target", Schema.Text()))),
        ("position", Schema.Integer(0)),
        ("behind", Schema.Integer(0)),
        ("delivered", Schema.Integer(0)),
        ("waiting", Schema.Integer(0)),
        ("parked", Schema.Integer(0)),
        ("passedOver", Schema.Integer(0)),
        ("reason?", Schema.Text()),
        ("since?", Schema.Time),
        ("nextTry?", Schema.Time),
        ("replays?", Schema.List(Schema.Object(("id", Schema.Text()), ("after", Schema.Integer(0)), ("to", Schema.Integer(0)), ("sent", Schema.Integer(0))))),
        ("definition", Schema.Any));

    internal static JsonObject DeliverySchema() => Schema.Object(
        ("subscription", Schema.Text()),
        ("sequence", Schema.Integer(1)),
        ("state", Schema.OneOf(["waiting", "parked"])),
        ("attempts", Schema.Integer(0)),
        ("reason", Schema.Text()),
        ("firstAt?", Schema.Time),
        ("nextTry?", Schema.Time));

    private static string Actor(ApiRequest request) => ReadLog.Caller(request.Http, request.Workspace).Actor;

    private static async Task<Subscription> FindAsync(ApiRequest request, Subscriptions subscriptions) =>
        await subscriptions.FindAsync(request.Path("name"), request.Cancelled) ?? throw ApiRequest.Missing("there is no such subscription");

    private static async Task WriteAsync(ApiRequest request, Subscriptions subscriptions, Subscription subscription)
    {
        var document = SubscriptionDocument.Of(subscription, await subscriptions.StatusAsync(subscription, request.Cancelled));
        await request.JsonAsync(json => document.WriteTo(json));
    }

    private static async Task ListAsync(ApiRequest request, Subscriptions subscriptions)
    {
        var documents = new List<JsonObject>();
        foreach (var subscription in await subscriptions.AllAsync(request.Cancelled))
            documents.Add(SubscriptionDocument.Of(subscription, await subscriptions.StatusAsync(subscription, request.Cancelled)));
        await request.JsonAsync(json => new JsonObject { ["data"] = new JsonArray([.. documents]) }.WriteTo(json));
    }

    private static async Task SaveAsync(ApiRequest request, Subscriptions subscriptions)
    {
        var body = await BodyAsync(request);
        var name = body["name"] is JsonValue text && text.TryGetValue<string>(out var known) ? known : throw new ProblemException(ProblemKind.BodyInvalid, "'name' must be a text");
        body.Remove("name");
        if (await subscriptions.FindAsync(name, request.Cancelled) is { IsConfigured: true })
            throw new ProblemException(ProblemKind.SubscriptionConfigured, "change it in hub.yaml");
        try
        {
            var (subscription, secret) = await subscriptions.AddAsync(name, body.ToJsonString(), Actor(request), request.Cancelled);
            var answer = new JsonObject { ["subscription"] = SubscriptionDocument.Of(subscription, await subscriptions.StatusAsync(subscription, request.Cancelled)) };
            if (secret is not null)
                answer["secret"] = secret;
            await request.JsonAsync(json => answer.WriteTo(json));
        }
        catch (InvalidFileException e)
        {
            throw Faulty(e);
        }
    }

    private static ProblemException Faulty(InvalidFileException e) => new(ProblemKind.BodyInvalid, string.Join("; ", e.Faults.Select(f => f.Message)));

    private static async Task RemoveAsync(ApiRequest request, Subscriptions subscriptions)
    {
        var subscription = await FindAsync(request, subscriptions);
        if (!await subscriptions.RemoveAsync(subscription.Name, Actor(request), request.Cancelled))
            throw new ProblemException(ProblemKind.SubscriptionConfigured, subscription.Sink is RuleSinkOptions rule ? $"it is a rule; take {rule.Rule.File} away" : "take it out of hub.yaml");
        await request.JsonAsync(json => new JsonObject { ["removed"] = true }.WriteTo(json));
    }

    private static async Task RetryAsync(ApiRequest request, Subscriptions subscriptions)
    {
        var subscription = await FindAsync(request, subscriptions);
        var body = await BodyAsync(request, "sequence");
        var count = await subscriptions.RetryAsync(subscription.Name, Number(body, "sequence"), Actor(request), request.Cancelled);
        await request.JsonAsync(json => new JsonObject { ["events"] = count }.WriteTo(json));
    }

    private static async Task ReplayAsync(ApiRequest request, Subscriptions subscriptions)
    {
        var subscription = await FindAsync(request, subscriptions);
        var body = await BodyAsync(request, "after", "to", "entity", "entities", "kinds", "dryRun");
        long? entity = null;
        if (body["entity"] is { } id)
            entity = id is JsonValue value && value.TryGetValue<string>(out var text) && EntityId.TryParse(text, request.Workspace.Model, out _, out var number)
                ? number
                : throw new ProblemException(ProblemKind.BodyInvalid, "'entity' must be an id such as customer-12");
        var isDry = body["dryRun"]?.GetValueKind() switch
        {
            null or JsonValueKind.False => false,
            JsonValueKind.True => true,
            _ => throw new ProblemException(ProblemKind.BodyInvalid, "'dryRun' must be true or false"),
        };
        Replay replay;
        try
        {
            replay = await subscriptions.PrepareReplayAsync(subscription, Number(body, "after") ?? 0, Number(body, "to"), entity, Texts(body, "entities"), Texts(body, "kinds"), request.Cancelled);
        }
        catch (InvalidFileException e)
        {
            throw Faulty(e);
        }

        var count = await subscriptions.CountAsync(subscription, replay, request.Cancelled);
        var answer = new JsonObject { ["events"] = count };
        if (count > 0 && !isDry)
        {
            await subscriptions.ReplayAsync(subscription.Name, replay, Actor(request), request.Cancelled);
            answer["replay"] = replay.Id;
        }

        await request.JsonAsync(json => answer.WriteTo(json));
    }

    private static async Task DeliveriesAsync(ApiRequest request, Subscriptions subscriptions)
    {
        var limit = request.Limit();
        var catalog = request.Workspace.Store.Catalog;
        var subscription = catalog.Subscription((await FindAsync(request, subscriptions)).Name);
        bool? parked = request.Text("state") switch
        {
            null => null,
            "parked" => true,
            "waiting" => false,
            _ => throw new ProblemException(ProblemKind.ParameterInvalid, "'state' must be waiting or parked", ["waiting", "parked"]),
        };
        var signature = $"deliveries:{subscription}:{parked}";
        var after = request.Text("cursor") is { } cursor ? request.Cursor.Open<long>(signature, cursor) : 0;
        var rows = await request.Reader.DeliveriesAsync(new(limit + 1, (subscription, after)) { Subscription = subscription, IsParked = parked }, request.Cancelled);
        await request.JsonAsync(json => new JsonObject
        {
            ["data"] = new JsonArray([.. rows.Take(limit).Select(r => SubscriptionDocument.Of(r, catalog))]),
            ["next"] = rows.Count > limit ? request.Cursor.Seal(signature, rows[limit - 1].Sequence) : null,
        }.WriteTo(json));
    }

    /// <param name="known">Members it may have, or none to leave that to whoever reads it.</param>
    private static async Task<JsonObject> BodyAsync(ApiRequest request, params string[] known)
    {
        using var document = await request.BodyAsync();
        var body = document is null ? [] : JsonObject.Create(document.RootElement.Clone())!;
        if (known.Length > 0 && body.Any(m => !known.Contains(m.Key)))
            throw new ProblemException(ProblemKind.BodyInvalid, "the body has a member that is not known", known);
        return body;
    }

    private static long? Number(JsonObject body, string name) => body[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue<long>(out var number) && number >= 0 => number,
        _ => throw new ProblemException(ProblemKind.BodyInvalid, $"'{name}' must be a whole number"),
    };

    private static List<string>? Texts(JsonObject body, string name) => body[name] switch
    {
        null => null,
        JsonArray list when list.All(n => n?.GetValueKind() == JsonValueKind.String) => [.. list.Select(n => n!.GetValue<string>())],
        _ => throw new ProblemException(ProblemKind.BodyInvalid, $"'{name}' must be a list of texts"),
    };
}
