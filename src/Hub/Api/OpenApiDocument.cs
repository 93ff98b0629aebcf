using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Connections;
using IntegrationHub.Model;

namespace IntegrationHub.Api;

/// <summary>The OpenAPI 3.1 description, made of the routes that are mapped and the model in force, so that it cannot say anything else than they do.</summary>
internal static class OpenApiDocument
{
    private const string Security = "apiKey";

    private static readonly JsonSerializerOptions Writing = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Every closed route can answer with these.
    private static readonly ProblemKind[] Everywhere =
    [
        ProblemKind.ParameterUnknown, ProblemKind.ParameterInvalid, ProblemKind.RequestInvalid, ProblemKind.KeyMissing, ProblemKind.KeyInvalid, ProblemKind.KeyExpired,
        ProblemKind.ScopeMissing, ProblemKind.MethodNotAllowed, ProblemKind.RateLimited, ProblemKind.Internal, ProblemKind.StoreUnavailable,
    ];

    public static void Map(IEndpointRouteBuilder endpoints, Workspace workspace)
    {
        byte[]? document = null;
        endpoints.MapMethods("/openapi/v1.json", ["GET"], http =>
            Answer.TaggedAsync(http, document ??= Encoding.UTF8.GetBytes(Build(http.RequestServices.GetRequiredService<EndpointDataSource>(), workspace).ToJsonString(Writing))))
            .WithMetadata(OpenRoute.Instance);
    }

    /// <summary>customer becomes Customer, stock_level becomes StockLevel.</summary>
    public static string SchemaName(EntityType type) => string.Concat(type.Name.Split('_').Select(p => p.Length == 0 ? "" : char.ToUpperInvariant(p[0]) + p[1..]));

    private static JsonObject Build(EndpointDataSource endpoints, Workspace workspace)
    {
        var paths = new JsonObject();
        var tags = new List<string>();
        foreach (var endpoint in endpoints.Endpoints.OfType<RouteEndpoint>().OrderBy(e => e.RoutePattern.RawText, StringComparer.Ordinal))
            if (endpoint.Metadata.GetMetadata<Operation>() is { } operation)
            {
                var path = "/" + endpoint.RoutePattern.RawText!.TrimStart('/');
                if (paths[path] is not JsonObject item)
                    paths[path] = item = [];
                foreach (var method in endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods)
                    item[method.ToLowerInvariant()] = Describe(operation);
                if (!tags.Contains(operation.Tag))
                    tags.Add(operation.Tag);
            }

        return new()
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = "Integration Hub",
                ["version"] = "1",
                ["description"] = "The unified customer-360 data of one workspace: golden entities, where their values come from, and every change in order.",
                ["license"] = new JsonObject { ["name"] = "Apache-2.0", ["identifier"] = "Apache-2.0" },
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["security"] = new JsonArray(new JsonObject { [Security] = new JsonArray() }),
            ["tags"] = new JsonArray([.. tags.Order(StringComparer.Ordinal).Select(t => new JsonObject { ["name"] = t })]),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject
                {
                    [Security] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["description"] = "A key made with 'hub keys create'. Scopes: read; sync (starts runs); admin (everything)." },
                },
                ["schemas"] = Schemas(workspace.Model),
                ["responses"] = Responses(),
            },
        };
    }

    private static JsonObject Schemas(EntityModel model)
    {
        var schemas = new JsonObject
        {
            ["Problem"] = new JsonObject
            {
                ["type"] = "object",
                ["description"] = "RFC 9457 problem details. 'code' never changes its meaning.",
                ["required"] = new JsonArray("type", "title", "status", "code"),
                ["properties"] = new JsonObject
                {
                    ["type"] = Schema.Text("uri"),
                    ["title"] = Schema.Text(),
                    ["status"] = Schema.Integer(),
                    ["code"] = Schema.OneOf(ProblemKind.All.Select(p => p.Code)),
                    ["detail"] = Schema.Text(),
                    ["possible"] = Schema.List(Schema.Text()),
                },
            },
            ["Change"] = ChangeRoutes.SchemaOf(),
            ["Explanation"] = Explanation.SchemaOf(),
            ["TimelineEntry"] = TimelineRoutes.SchemaOf(),
            ["Run"] = RunRoutes.SchemaOf(),
            ["Rejected"] = RejectedRoutes.SchemaOf(),
            ["ModelField"] = ModelRoutes.SchemaOf(),
            ["Proposal"] = IdentityRoutes.ProposalSchema(),
            ["Subscription"] = SubscriptionRoutes.SchemaOf(),
            ["Delivery"] = SubscriptionRoutes.DeliverySchema(),
            ["Decision"] = DecisionDocument.Schema(),
        };
        foreach (var type in model.Entities)
            schemas[SchemaName(type)] = EntityRoutes.SchemaOf(type);
        return schemas;
    }

    private static JsonObject Responses()
    {
        var responses = new JsonObject();
        foreach (var kinds in ProblemKind.All.GroupBy(p => p.Status))
            responses[$"Problem{kinds.Key}"] = Problem(kinds);
        return responses;
    }

    private static JsonObject Problem(IEnumerable<ProblemKind> kinds)
    {
        var response = new JsonObject
        {
            ["description"] = string.Join("; ", kinds.Select(k => $"{k.Code}: {k.Title}")),
            ["content"] = new JsonObject { ["application/problem+json"] = new JsonObject { ["schema"] = Schema.Reference("Problem") } },
        };
        if (kinds.First().Status is 429 or 503)
            response["headers"] = new JsonObject { ["Retry-After"] = new JsonObject { ["description"] = "Seconds to wait.", ["schema"] = Schema.Integer(1) } };
        return response;
    }

    private static JsonObject Describe(Operation operation)
    {
        var described = new JsonObject { ["operationId"] = operation.Id, ["tags"] = new JsonArray(operation.Tag), ["summary"] = operation.Summary };
        var text = $"{operation.Description} Needs the scope '{KeyGate.Name(operation.Scope)}'.".TrimStart();
        described["description"] = text;
        if (operation.Parameters.Count > 0)
            described["parameters"] = new JsonArray([.. operation.Parameters.Select(p => new JsonObject
            {
                ["name"] = p.Name,
                ["in"] = p.InPath ? "path" : p.InHeader ? "header" : "query",
                ["required"] = p.InPath,
                ["description"] = p.Description,
                ["schema"] = p.Schema.DeepClone(),
            })]);
        if (operation.Body is not null)
            described["requestBody"] = new JsonObject { ["required"] = false, ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = operation.Body.DeepClone() } } };

        var responses = new JsonObject
        {
            [operation.Status.ToString(System.Globalization.CultureInfo.InvariantCulture)] = new JsonObject
            {
                ["description"] = "The answer.",
                ["content"] = new JsonObject { [operation.AnswerType] = new JsonObject { ["schema"] = operation.Answer.DeepClone() } },
            },
        };
        foreach (var (status, description) in operation.Others)
            responses[status.ToString(System.Globalization.CultureInfo.InvariantCulture)] = new JsonObject { ["description"] = description };
        foreach (var status in Everywhere.Concat(operation.Problems).Select(p => p.Status).Distinct().Order())
            responses[status.ToString(System.Globalization.CultureInfo.InvariantCulture)] = new JsonObject { ["$ref"] = $"#/components/responses/Problem{status}" };
        described["responses"] = responses;
        return described;
    }
}
