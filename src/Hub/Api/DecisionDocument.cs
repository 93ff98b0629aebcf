using System.Globalization;
using System.Text.Json.Nodes;
using IntegrationHub.Storage;
using IntegrationHub.Unify;

namespace IntegrationHub.Api;

/// <summary>A decision as the outside sees it.</summary>
internal static class DecisionDocument
{
    public static JsonObject Of(DecisionRow decision, Catalog catalog) => new()
    {
        ["number"] = decision.Number,
        ["entity"] = catalog.Name(decision.Type),
        ["kind"] = decision.Kind,
        ["at"] = DateTimeOffset.FromUnixTimeMilliseconds(decision.At).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        ["by"] = decision.By,
        ["reason"] = decision.Reason,
        ["evidence"] = JsonNode.Parse(decision.Evidence),
        ["contributions"] = new JsonArray([.. decision.Left.Select(k => Name(decision, k, catalog))]),
        ["others"] = new JsonArray([.. decision.Right.Select(k => Name(decision, k, catalog))]),
        ["undoneBy"] = decision.UndoneBy == 0 ? null : decision.UndoneBy,
    };

    public static JsonObject Schema() => Api.Schema.Object(
        ("number", Api.Schema.Integer(1)),
        ("entity", Api.Schema.Text()),
        ("kind", Api.Schema.OneOf(["merge", "split", "forbid", "pin", "undo"])),
        ("at", Api.Schema.Time),
        ("by", Api.Schema.Text()),
        ("reason", Api.Schema.Text()),
        ("evidence", Api.Schema.Any),
        ("contributions", Api.Schema.List(Api.Schema.Text())),
        ("others", Api.Schema.List(Api.Schema.Text())),
        ("undoneBy", Api.Schema.Optional(Api.Schema.Integer(1))));

    private static JsonNode Name(DecisionRow decision, string sourceKey, Catalog catalog) => decision.Kind == "undo" ? sourceKey : ContributionName.OfSourceKey(catalog, sourceKey);
}
