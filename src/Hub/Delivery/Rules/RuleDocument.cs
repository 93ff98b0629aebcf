using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Connections;
using IntegrationHub.Documents;
using IntegrationHub.Storage;
using IntegrationHub.Unify;

namespace IntegrationHub.Delivery.Rules;

/// <summary>
/// What a rule looks at: the change as the feed shows it, and besides <c>current</c>, the entity as it is now, and <c>linked</c>, the entities it links to by name of the
/// link (a list where the link has many), each with <c>connections</c>, the names of those it is known from.
/// </summary>
internal sealed class RuleDocument(Workspace workspace)
{
    private readonly EntityDocument _entities = new(workspace.Store.Reader, workspace.Bindings);

    private IHubReader Reader => workspace.Store.Reader;

    public async ValueTask<byte[]> WriteAsync(OutboundEvent change, CancellationToken cancellationToken)
    {
        var document = JsonNode.Parse(change.Data.Span)!.AsObject();
        if (await EntityAsync(change.Subject, cancellationToken) is { } current)
        {
            document["current"] = current;
            var linked = new JsonObject();
            foreach (var (name, target) in current["links"]?.AsObject() ?? [])
                linked[name] = target is JsonArray many ? await ListAsync(many, cancellationToken) : await EntityAsync(target!.GetValue<string>(), cancellationToken);
            document["linked"] = linked;
        }

        return Encoding.UTF8.GetBytes(document.ToJsonString(Printed));
    }

    private static readonly JsonSerializerOptions Printed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private async ValueTask<JsonArray> ListAsync(JsonArray ids, CancellationToken cancellationToken)
    {
        var list = new JsonArray();
        foreach (var id in ids)
            if (await EntityAsync(id!.GetValue<string>(), cancellationToken) is { } entity)
                list.Add((JsonNode)entity);
        return list;
    }

    private async ValueTask<JsonObject?> EntityAsync(string id, CancellationToken cancellationToken)
    {
        if (!EntityId.TryParse(id, workspace.Model, out _, out var number))
            return null;
        var row = await Reader.EntityAsync(number, cancellationToken);
        // What was taken in since is looked for in who took it in.
        for (var hops = 0; row is { State: EntityState.Merged } && hops < 16; hops++)
            row = await Reader.EntityAsync(row.MergedInto, cancellationToken);
        if (row is not { State: EntityState.Live })
            return null;
        var document = JsonNode.Parse((await _entities.WriteAsync([row], null, cancellationToken))[0])!.AsObject();
        var connections = (await Reader.ContributionsAsync(row.Id, cancellationToken)).Select(c => workspace.Store.Catalog.Name(c.Connection)).Distinct().Order(StringComparer.Ordinal);
        document["connections"] = new JsonArray([.. connections.Select(c => JsonValue.Create(c))]);
        return document;
    }
}
