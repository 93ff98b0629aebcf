using System.Text.Json.Nodes;

namespace IntegrationHub.Api;

/// <summary>What one route is: the only place that says which parameters, scope and answers it has. The OpenAPI document is made of it.</summary>
internal sealed record Operation(string Id, string Tag, string Summary)
{
    /// <summary>The scope a key needs.</summary>
    public ApiScope Scope { get; init; } = ApiScope.Read;

    public string Description { get; init; } = "";

    public IReadOnlyList<Parameter> Parameters { get; init; } = [];

    /// <summary>Schema of the body, or <c>null</c> when none is taken.</summary>
    public JsonNode? Body { get; init; }

    /// <summary>Schema of the answer.</summary>
    public required JsonNode Answer { get; init; }

    public string AnswerType { get; init; } = "application/json";

    public int Status { get; init; } = 200;

    /// <summary>The entity type whose fields are parameters, for the lists of entities.</summary>
    public Model.EntityType? Entity { get; init; }

    /// <summary>Problems besides those that every route has.</summary>
    public IReadOnlyList<ProblemKind> Problems { get; init; } = [];

    /// <summary>Further answers, by status.</summary>
    public IReadOnlyDictionary<int, string> Others { get; init; } = new Dictionary<int, string>();
}

/// <summary>One parameter: of the query unless something else is said.</summary>
internal sealed record Parameter(string Name, JsonNode Schema, string Description)
{
    public bool InPath { get; init; }

    public bool InHeader { get; init; }

    public bool InQuery => !InPath && !InHeader;
}

/// <summary>A route that answers without a key.</summary>
internal sealed class OpenRoute
{
    public static readonly OpenRoute Instance = new();
}

/// <summary>The scope of a route that is not part of the described API.</summary>
internal sealed record NeedsScope(ApiScope Scope);

/// <summary>Shorthands for JSON schemas.</summary>
internal static class Schema
{
    public static JsonObject Text(string? format = null) => format is null ? new() { ["type"] = "string" } : new() { ["type"] = "string", ["format"] = format };

    public static JsonObject Time => Text("date-time");

    public static JsonObject Integer(long? least = null, long? most = null, long? fallback = null)
    {
        var schema = new JsonObject { ["type"] = "integer" };
        if (least is not null)
            schema["minimum"] = least;
        if (most is not null)
            schema["maximum"] = most;
        if (fallback is not null)
            schema["default"] = fallback;
        return schema;
    }

    public static JsonObject Number => new() { ["type"] = "number" };

    public static JsonObject Flag => new() { ["type"] = "boolean" };

    public static JsonObject Any => [];

    public static JsonObject Reference(string name) => new() { ["$ref"] = "#/components/schemas/" + name };

    public static JsonObject List(JsonNode of) => new() { ["type"] = "array", ["items"] = of };

    public static JsonObject OneOf(IEnumerable<string> values) => new() { ["type"] = "string", ["enum"] = new JsonArray([.. values.Select(v => JsonValue.Create(v))]) };

    public static JsonObject Optional(JsonObject schema)
    {
        if (schema["type"] is JsonValue type)
            schema["type"] = new JsonArray(type.DeepClone(), "null");
        if (schema["enum"] is JsonArray values)
            values.Add((JsonNode?)null);
        return schema;
    }

    /// <summary>An object of exactly these properties; a name that ends in <c>?</c> may be missing.</summary>
    public static JsonObject Object(params (string Name, JsonNode Schema)[] properties)
    {
        var schema = new JsonObject { ["type"] = "object", ["additionalProperties"] = false };
        var all = new JsonObject();
        var required = new JsonArray();
        foreach (var (name, property) in properties)
        {
            all[name.TrimEnd('?')] = property;
            if (!name.EndsWith('?'))
                required.Add(name);
        }

        schema["properties"] = all;
        if (required.Count > 0)
            schema["required"] = required;
        return schema;
    }

    /// <summary>An object with any names.</summary>
    public static JsonObject Map(JsonNode of) => new() { ["type"] = "object", ["additionalProperties"] = of };

    public static JsonObject Page(JsonNode of) => Object(("data", List(of)), ("next", Optional(Text())));
}
