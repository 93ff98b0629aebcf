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
/// link (a list where the link has many), each with <c>connections</c>, the names of those it is known from, <c>keys</c>, what its mapping there goes by
/// (<c>{"chat":"zhangsan"}</c>, the first where there are several), and <c>linked</c> of its own, of links to one entity only and no further.
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
            document["linked"] = await LinkedAsync(current, isFar: false, cancellationToken);
        }

        return Encoding.UTF8.GetBytes(document.ToJsonString(Printed));
    }

    private static readonly JsonSerializerOptions Printed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="isFar">These are those of a linked entity, of which lists are left out.</param>
    private async ValueTask<JsonObject> LinkedAsync(JsonObject entity, bool isFar, CancellationToken cancellationToken)
    {
        var linked = new JsonObject();
        foreach (var (name, target) in entity["links"]?.AsObject() ?? [])
            if (target is not JsonArray many)
                linked[name] = await LinkedAsync(target!, isFar, cancellationToken);
            else if (!isFar)
                linked[name] = await ListAsync(many, cancellationToken);
        return linked;
    }

    private async ValueTask<JsonObject?> LinkedAsync(JsonNode id, bool isFar, CancellationToken cancellationToken)
    {
        var entity = await EntityAsync(id.GetValue<string>(), cancellationToken);
        if (entity is not null && !isFar)
            entity["linked"] = await LinkedAsync(entity, isFar: true, cancellationToken);
        return entity;
    }

    private async ValueTask<JsonArray> ListAsync(JsonArray ids, CancellationToken cancellationToken)
    {
        var list = new JsonArray();
        foreach (var id in ids)
            if (await LinkedAsync(id!, isFar: false, cancellationToken) is { } entity)
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
        var keys = new JsonObject();
        foreach (var contribution in (await Reader.ContributionsAsync(row.Id, cancellationToken)).OrderBy(c => c.Id))
            keys.TryAdd(workspace.Store.Catalog.Name(contribution.Connection), JsonValue.Create(contribution.Key));
        document["connections"] = new JsonArray([.. keys.Select(k => k.Key).Order(StringComparer.Ordinal).Select(c => JsonValue.Create(c))]);
        document["keys"] = keys;
        return document;
    }
}
