using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Model;
using IntegrationHub.Storage;

namespace IntegrationHub.Unify.Identity;

/// <summary>Something that cannot be decided; says why.</summary>
public sealed class DecisionException(string message) : Exception(message);

/// <summary>A decision with what it changed.</summary>
public sealed record Decided(DecisionRow Decision, IReadOnlyList<ChangeRow> Changes);

/// <summary>Who decides, and why. Both are kept with the decision.</summary>
public sealed record Steward(string By, string Reason);

/// <summary>
/// Decisions of people about who is who. They are appended and never changed; each names contributions by their source keys, so that it holds whatever
/// the entities are called later, and is undone by another decision.
/// </summary>
/// <param name="connectorOf">Connector ids by number of connection, for survivorship.</param>
/// <param name="tell">Is told of each decision and what it changed, before both are committed.</param>
public sealed class Stewardship(IHubStore store, Bindings bindings, Func<int, string> connectorOf, TimeProvider time, Action<IHubTransaction, DecisionRow, IReadOnlyList<ChangeRow>> tell)
{
    /// <summary>Name of the connection, the stream and the connector that pinned values come from.</summary>
    public const string Connection = GoldenFold.Steward;

    public const string Stream = "decisions";

    /// <summary>How many contributions one side of a decision may name.</summary>
    private const int MostNamed = 1000;

    private readonly int _connection = store.Catalog.Connection(Connection);
    private readonly int _stream = store.Catalog.Stream(Connection, Stream);

    /// <summary>Makes several entities one, whatever the evidence says.</summary>
    /// <exception cref="DecisionException">An entity is not there, or the types differ.</exception>
    public async ValueTask<Decided> MergeAsync(IReadOnlyList<long> entities, Steward steward, CancellationToken cancellationToken)
    {
        await using var transaction = await store.BeginAsync(cancellationToken);
        var binding = await TypeOfAsync(transaction, entities);
        var anchors = new List<string>();
        foreach (var entity in entities)
            anchors.Add((await SourceKeysAsync(transaction, entity))[0]);
        return await DecideAsync(transaction, Row(binding, "merge", steward, anchors, [], Named(binding, entities)), entities);
    }

    /// <summary>Takes contributions out of an entity; together they are one of their own.</summary>
    /// <param name="sourceKeys">Source keys of the contributions, as <see cref="EntityBinding.SourceKeyValue"/> writes them.</param>
    /// <exception cref="DecisionException">The entity is not there, has none of them, or nothing else.</exception>
    public async ValueTask<Decided> SplitAsync(long entity, IReadOnlyCollection<string> sourceKeys, Steward steward, CancellationToken cancellationToken)
    {
        await using var transaction = await store.BeginAsync(cancellationToken);
        var binding = await TypeOfAsync(transaction, [entity]);
        var all = await SourceKeysAsync(transaction, entity);
        var left = all.Where(sourceKeys.Contains).ToList();
        var right = all.Except(left, StringComparer.Ordinal).ToList();
        if (left.Count < sourceKeys.Distinct(StringComparer.Ordinal).Count())
            throw new DecisionException($"{EntityId.Format(binding.Type, entity)} does not have all of these contributions");
        if (right.Count == 0)
            throw new DecisionException($"{EntityId.Format(binding.Type, entity)} has nothing but these contributions, so there is nothing to split");
        return await DecideAsync(transaction, Row(binding, "split", steward, left, right, Named(binding, [entity])), [entity]);
    }

    /// <summary>Keeps two entities apart for ever, whatever evidence comes.</summary>
    /// <exception cref="DecisionException">An entity is not there, or the types differ.</exception>
    public async ValueTask<Decided> ForbidAsync(long one, long other, Steward steward, CancellationToken cancellationToken)
    {
        if (one == other)
            throw new DecisionException("an entity cannot be kept apart from itself; split it");
        await using var transaction = await store.BeginAsync(cancellationToken);
        var binding = await TypeOfAsync(transaction, [one, other]);
        var row = Row(binding, "forbid", steward, await SourceKeysAsync(transaction, one), await SourceKeysAsync(transaction, other), Named(binding, [one, other]));
        return await DecideAsync(transaction, row, [one, other]);
    }

    /// <summary>Sets a field whatever the sources say. The value is kept as a contribution of its own, so that it is explained and undone like any other.</summary>
    /// <param name="value">JSON.</param>
    /// <exception cref="DecisionException">There is no such entity or field, or the field does not take one value of this kind.</exception>
    public async ValueTask<Decided> PinAsync(long entity, string field, JsonNode value, Steward steward, CancellationToken cancellationToken)
    {
        await using var transaction = await store.BeginAsync(cancellationToken);
        var binding = await TypeOfAsync(transaction, [entity]);
        if (binding.Type.Field(field) is not { } type)
            throw new DecisionException($"{binding.Type} has no field '{field}'{Yaml.NearestName.Hint(field, binding.Type.Fields.Select(f => f.Name))}");
        if (PinnedValue.Fault(type, value) is { } fault)
            throw new DecisionException($"{field}: {fault}");
        var anchor = (await SourceKeysAsync(transaction, entity))[0];
        var evidence = Named(binding, [entity]);
        evidence["field"] = field;
        evidence["value"] = value.DeepClone();
        var decision = Row(binding, "pin", steward, [anchor], [], evidence);
        await transaction.Matches.AppendDecisionAsync(decision);
        var number = decision.Number.ToString(CultureInfo.InvariantCulture);
        var record = new RecordRow { Stream = _stream, SourceId = number, State = RecordState.Mapped, ObservedAt = decision.At };
        await transaction.WriteRecordsAsync([new(record, Encoding.UTF8.GetBytes(decision.Evidence), default)]);
        var body = new JsonObject
        {
            ["entity"] = binding.Type.Name,
            ["key"] = number,
            ["identity"] = new JsonObject { ["source"] = new JsonArray(anchor) },
            ["fields"] = new JsonObject { [field] = value.DeepClone() },
        };
        var contribution = new NewContribution(binding, number, decision.At, JsonSerializer.SerializeToUtf8Bytes(body, PinnedValue.Plain));
        var changes = await new UnifyBatch(transaction, bindings, connectorOf).ApplyAsync([new(record, _connection, [contribution]) { IsNew = true }], new(0, 0, decision.At));
        tell(transaction, decision, changes);
        await transaction.CommitAsync();
        return new(decision, changes);
    }

    /// <summary>Puts a decision out of force; what it caused goes back.</summary>
    /// <exception cref="DecisionException">There is no such decision, or it is out of force already.</exception>
    public async ValueTask<Decided> UndoAsync(long number, Steward steward, CancellationToken cancellationToken)
    {
        await using var transaction = await store.BeginAsync(cancellationToken);
        if (await transaction.Matches.DecisionAsync(number) is not { } undone)
            throw new DecisionException($"there is no decision {number}");
        if (undone.UndoneBy != 0)
            throw new DecisionException($"decision {number} was put out of force by {undone.UndoneBy}");
        if (undone.Kind == "undo" || bindings.Find(undone.Type) is not { } binding)
            throw new DecisionException($"decision {number} cannot be undone; decide anew");
        var entities = (await transaction.FindKeysAsync([.. undone.Left.Concat(undone.Right).Select(k => new IdentityKey(binding.SourceKey, k))])).Select(h => h.Entity).Distinct().ToList();
        var text = number.ToString(CultureInfo.InvariantCulture);
        var row = Row(binding, "undo", steward, [text], [], new JsonObject { ["undone"] = number });
        if (undone.Kind != "pin")
            return await DecideAsync(transaction, row, entities);
        await transaction.Matches.AppendDecisionAsync(row);
        var record = (await transaction.FindRecordsAsync(_stream, [text]))[0]!;
        record.State = RecordState.Deleted;
        await transaction.WriteRecordsAsync([new(record, null, default)]);
        var changes = await new UnifyBatch(transaction, bindings, connectorOf).ApplyAsync([new(record, _connection, [])], new(0, 0, row.At));
        tell(transaction, row, changes);
        await transaction.CommitAsync();
        return new(row, changes);
    }

    private async ValueTask<Decided> DecideAsync(IHubTransaction transaction, DecisionRow row, IReadOnlyCollection<long> entities)
    {
        await transaction.Matches.AppendDecisionAsync(row);
        var changes = await new UnifyBatch(transaction, bindings, connectorOf).ReassignAsync(entities, new(0, 0, row.At));
        tell(transaction, row, changes);
        await transaction.CommitAsync();
        return new(row, changes);
    }

    private DecisionRow Row(EntityBinding binding, string kind, Steward steward, List<string> left, List<string> right, JsonObject evidence)
    {
        if (steward.By.Length == 0 || steward.Reason.Length == 0)
            throw new DecisionException("a decision needs who decides and why");
        return left.Count > MostNamed || right.Count > MostNamed
            ? throw new DecisionException($"more than {MostNamed:N0} contributions on one side; decide about a part of them")
            : new()
            {
                Type = binding.Number,
                Kind = kind,
                At = time.GetUtcNow().ToUnixTimeMilliseconds(),
                By = steward.By,
                Reason = steward.Reason,
                Left = left,
                Right = right,
                Evidence = evidence.ToJsonString(PinnedValue.Plain),
            };
    }

    private static JsonObject Named(EntityBinding binding, IReadOnlyList<long> entities) =>
        new() { ["entities"] = new JsonArray([.. entities.Select(e => (JsonNode)EntityId.Format(binding.Type, e))]) };

    private async ValueTask<EntityBinding> TypeOfAsync(IHubTransaction transaction, IReadOnlyList<long> entities)
    {
        var rows = await transaction.EntitiesAsync([.. entities]);
        foreach (var entity in entities)
            if (!rows.TryGetValue(entity, out var row) || row.State != EntityState.Live)
                throw new DecisionException(row is { State: EntityState.Merged } ? $"entity {entity} is now part of {row.MergedInto}" : $"entity {entity} is not there");
        var types = rows.Values.Select(r => r.Type).Distinct().ToList();
        return types.Count == 1 && bindings.Find(types[0]) is { } binding ? binding : throw new DecisionException("the entities are of different types");
    }

    /// <summary>Source keys of an entity's contributions, its oldest first. Pins are not among them: they follow what they are pinned to.</summary>
    private async ValueTask<List<string>> SourceKeysAsync(IHubTransaction transaction, long entity)
    {
        List<string> keys = [.. (await transaction.ContributionsOfEntityAsync(entity)).Where(r => r.Connection != _connection).OrderBy(r => r.Home).ThenBy(r => r.Id)
            .Select(r => EntityBinding.SourceKeyValue(r.Connection, r.Key)).Distinct(StringComparer.Ordinal)];
        return keys.Count > 0 ? keys : throw new DecisionException($"entity {entity} has nothing but pinned values, and its source withdrew what they were pinned to; undo the pins");
    }
}
