using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Delivery.Rules;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;
using IntegrationHub.Yaml;

namespace IntegrationHub.Delivery;

/// <summary>The subscriptions of a workspace: those of <c>hub.yaml</c>, and those that were added while it runs. Everything that is asked of them goes through here.</summary>
public sealed class Subscriptions
{
    private const string Kind = "subscription";

    /// <summary>What secrets of added subscriptions begin with: whoever may add one reaches these and no others.</summary>
    private const string SecretPrefix = "delivery-";

    private readonly Workspace _workspace;

    private Subscriptions(Workspace workspace, DeliveryConfig config, IReadOnlyList<ActionRule> rules)
    {
        _workspace = workspace;
        Config = config;
        Rules = rules;
    }

    internal IReadOnlyList<ActionRule> Rules { get; }

    public DeliveryConfig Config { get; }

    private IHubReader Reader => _workspace.Store.Reader;

    /// <exception cref="InvalidFileException">Sections of <c>hub.yaml</c>, or rules, have faults.</exception>
    public static Subscriptions Open(Workspace workspace) => new(workspace, DeliveryConfig.Read(workspace.Config.Delivery, workspace.Model), RuleReader.ReadAll(workspace));

    /// <summary>In order of name; a rule is one, too: its destination are the actions it carries out.</summary>
    public async ValueTask<IReadOnlyList<Subscription>> AllAsync(CancellationToken cancellationToken)
    {
        var added = from document in await Reader.DocumentsAsync(Kind, cancellationToken)
                    where Config.Subscriptions.All(s => s.Name != document.Name)
                    let kept = Kept.Read(document.Json)
                    select Parse(document.Name, kept.Definition, new Diagnostics($"subscription {document.Name}")) is { } read ? kept.Of(read) : null;
        // One that was made for another model cannot be sent; it is listed again when it is put right.
        return [.. Config.Subscriptions.Concat(added.OfType<Subscription>()).Concat(Rules.Select(r => new RuleSinkOptions(_workspace, r).Subscription)).OrderBy(s => s.Name, StringComparer.Ordinal)];
    }

    public async ValueTask<Subscription?> FindAsync(string name, CancellationToken cancellationToken) => (await AllAsync(cancellationToken)).FirstOrDefault(s => s.Name == name);

    /// <summary>Adds one, or changes one that was added.</summary>
    /// <param name="json">As below <c>subscriptions:</c> of <c>hub.yaml</c>.</param>
    /// <returns>The secret that the hub made for its signatures where none was named; it is shown this once.</returns>
    /// <exception cref="InvalidFileException">It has faults.</exception>
    public async ValueTask<(Subscription Subscription, string? Secret)> AddAsync(string name, string json, string actor, CancellationToken cancellationToken)
    {
        var diagnostics = new Diagnostics("subscription");
        var (completed, makes) = WithSecret(name, json);
        var subscription = Parse(name, completed, diagnostics);
        if (subscription is not null && Config.Subscriptions.Any(s => s.Name == name))
            diagnostics.Add(1, 1, $"subscription '{name}' stands in hub.yaml and is changed there");
        foreach (var (kind, secret) in SecretReferences.In(completed))
            if (kind != "secret" || !secret.StartsWith(SecretPrefix, StringComparison.Ordinal))
                diagnostics.Add(1, 1, $"${{{kind}:{secret}}}: a subscription that is not in hub.yaml may use secrets whose names begin with '{SecretPrefix}' only");
        diagnostics.ThrowIfAny();
        string? made = null;
        if (makes && await _workspace.Secrets.GetAsync(SecretPrefix + name, cancellationToken) is null)
        {
            made = "whsec_" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
            await _workspace.Secrets.SetAsync(SecretPrefix + name, made, cancellationToken);
        }

        var kept = await Reader.DocumentAsync(Kind, name, cancellationToken) is { } known
            ? Kept.Read(known) with { Definition = completed }
            : new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), await Reader.LastChangeAsync(cancellationToken), completed);
        await ChangeAsync(name, "saved", actor, transaction => transaction.SaveDocumentAsync(Kind, name, kept.Json), cancellationToken);
        return (kept.Of(subscription!), made);
    }

    /// <summary>Takes one away, with its position, everything that waits, and the secret of its name when no other signs with it.</summary>
    /// <returns>Whether there was one that is not in <c>hub.yaml</c>.</returns>
    public async ValueTask<bool> RemoveAsync(string name, string actor, CancellationToken cancellationToken)
    {
        if (Config.Subscriptions.Any(s => s.Name == name) || await Reader.DocumentAsync(Kind, name, cancellationToken) is null)
            return false;
        await ChangeAsync(name, "removed", actor, transaction => transaction.SaveDocumentAsync(Kind, name, null), cancellationToken);
        await ForgetAsync(name, "");
        if ((await AllAsync(cancellationToken)).All(s => !SecretReferences.In(s.Json).Contains(("secret", SecretPrefix + name))))
            await _workspace.Secrets.RemoveAsync(SecretPrefix + name, cancellationToken);
        return true;
    }

    /// <summary>Forgets what was kept of one that is gone, or was another of the same name; again by whoever was sending for it when it went.</summary>
    /// <param name="id">Of the one that went.</param>
    internal async ValueTask ForgetAsync(string name, string id)
    {
        // One that is there and cannot be read keeps its place until it can.
        if (await Reader.DocumentAsync(Kind, name, CancellationToken.None) is { } json && Kept.Read(json).Id == id)
            return;
        var replays = await Replay.OfAsync(Reader, name, CancellationToken.None);
        var number = _workspace.Store.Catalog.Subscription(name);
        await using var transaction = await _workspace.Store.BeginAsync(CancellationToken.None);
        await SubscriptionState.RemoveAsync(transaction, name);
        await Hold.LiftAsync(transaction, name);
        await transaction.ClearDeliveriesAsync(number, long.MaxValue, _workspace.Now);
        foreach (var replay in replays)
            await replay.RemoveAsync(transaction, name);
        await transaction.CommitAsync();
    }

    public ValueTask PauseAsync(string name, string reason, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(name, "paused", actor, transaction => new Hold(_workspace.Now, reason, IsGone: false).SaveAsync(transaction, name), cancellationToken);

    public ValueTask ResumeAsync(string name, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(name, "resumed", actor, transaction => Hold.LiftAsync(transaction, name), cancellationToken);

    public async ValueTask<SubscriptionStatus> StatusAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        var (waiting, parked) = await Reader.CountDeliveriesAsync(_workspace.Store.Catalog.Subscription(subscription.Name), cancellationToken);
        return new(
            await SubscriptionState.ReadAsync(Reader, subscription.Name, cancellationToken),
            await Hold.ReadAsync(Reader, subscription.Name, cancellationToken),
            await Reader.LastChangeAsync(cancellationToken), waiting, parked,
            await Replay.OfAsync(Reader, subscription.Name, cancellationToken));
    }

    /// <summary>Lets parked events have another turn.</summary>
    /// <param name="sequence">Only this one, or <c>null</c> for all.</param>
    /// <returns>How many.</returns>
    public async ValueTask<int> RetryAsync(string name, long? sequence, string actor, CancellationToken cancellationToken)
    {
        var count = 0;
        await ChangeAsync(name, "retried", actor, async transaction => count = await transaction.UnparkDeliveriesAsync(_workspace.Store.Catalog.Subscription(name), sequence, _workspace.Now), cancellationToken);
        return count;
    }

    /// <summary>A replay of events that the subscription has passed.</summary>
    /// <param name="to">The last sequence, or <c>null</c> for where the subscription stands.</param>
    /// <exception cref="InvalidFileException">There is no such entity or kind of change.</exception>
    public async ValueTask<Replay> PrepareReplayAsync(
        Subscription subscription, long after, long? to, long? entity, IReadOnlyList<string>? entities, IReadOnlyList<string>? kinds, CancellationToken cancellationToken)
    {
        var diagnostics = new Diagnostics("replay");
        SubscriptionReader.CheckNames("entities", entities, [.. _workspace.Model.Entities.Select(e => e.Name)], "entity", diagnostics);
        SubscriptionReader.CheckNames("kinds", kinds, SubscriptionReader.Kinds, "kind of change", diagnostics);
        diagnostics.ThrowIfAny();
        // What lies ahead is sent in its turn.
        var passed = (await SubscriptionState.ReadAsync(Reader, subscription.Name, cancellationToken))?.Position ?? 0;
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        return new(id, after, Math.Min(to ?? passed, passed), entity, entities, kinds, 0);
    }

    /// <summary>What a rule would have done about the last changes, newest first, without doing it.</summary>
    /// <param name="changes">How many changes to look at.</param>
    internal async ValueTask<IReadOnlyList<(OutboundEvent Change, IReadOnlyList<(RuleStep Step, byte[]? Input, string? Fault)> Steps)>> TryRuleAsync(ActionRule rule, int changes, CancellationToken cancellationToken)
    {
        var options = new RuleSinkOptions(_workspace, rule);
        await using var sink = new RuleSink(_workspace, rule);
        var writer = new EventWriter(_workspace, options.Subscription, "try");
        var found = new List<(OutboundEvent, IReadOnlyList<(RuleStep, byte[]?, string?)>)>();
        var last = await Reader.LastChangeAsync(cancellationToken);
        for (var after = Math.Max(0, last - changes); after < last;)
        {
            var rows = await Reader.ChangesAsync(new ChangeQuery(after, 500), cancellationToken);
            foreach (var (change, _) in await writer.WriteAsync(rows, rule.Filter, 0, isReplay: false, cancellationToken))
                if (await sink.TryAsync(change, cancellationToken) is { } steps)
                    found.Add((change, steps));
            after = rows.Count == 0 ? last : rows[^1].Sequence;
        }

        found.Reverse();
        return found;
    }

    /// <summary>Hands over to the rules what they waited for.</summary>
    internal async ValueTask FireTimersAsync(CancellationToken cancellationToken)
    {
        const int Together = 500;
        var due = await Reader.DueTimersAsync(_workspace.Now, Together, cancellationToken);
        if (due.Count == 0)
            return;
        var numbers = Rules.Select(r => _workspace.Store.Catalog.Subscription(ActionRule.Prefix + r.Name)).ToHashSet();
        await using var transaction = await _workspace.Store.BeginAsync(cancellationToken);
        await transaction.SaveDeliveriesAsync([.. due.Where(t => numbers.Contains(t.Rule)).Select(t => new DeliveryRow
        {
            Subscription = t.Rule,
            Sequence = t.Sequence,
            Entity = t.Entity,
            Previous = t.Previous,
            FirstAt = _workspace.Now,
            NextAt = _workspace.Now,
        })]);
        foreach (var timer in due)
            await transaction.RemoveTimerAsync(timer);
        await transaction.CommitAsync();
    }

    /// <summary>Forgets what rules kept of changes that have passed the retention.</summary>
    /// <returns>How many.</returns>
    internal ValueTask<int> ForgetInputsAsync(CancellationToken cancellationToken) =>
        KeptInputs.ForgetAsync(_workspace.Store, _workspace.Now - (long)Config.Limits.Retention.TotalMilliseconds, cancellationToken);

    /// <summary>How many events a replay would send.</summary>
    public async ValueTask<long> CountAsync(Subscription subscription, Replay replay, CancellationToken cancellationToken)
    {
        const int Page = 500;
        var writer = new EventWriter(_workspace, subscription, "");
        var filter = replay.Filter(subscription.Filter);
        var count = 0L;
        for (var after = replay.After; after < replay.To;)
        {
            var rows = await Reader.ChangesAsync(new ChangeQuery(after, Page) { Entity = replay.Entity }, cancellationToken);
            count += (await writer.WriteAsync([.. rows.Where(r => r.Sequence <= replay.To)], filter, 0, isReplay: true, cancellationToken)).Count;
            after = rows.Count == 0 ? replay.To : rows[^1].Sequence;
        }

        return count;
    }

    /// <summary>Has a running hub send events again that the subscription has passed already.</summary>
    public ValueTask ReplayAsync(string name, Replay replay, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(name, "replay", actor, transaction => replay.SaveAsync(transaction, name), cancellationToken);

    private Subscription? Parse(string name, string json, Diagnostics diagnostics)
    {
        // JSON is YAML.
        var node = YamlNode.Parse(json, diagnostics);
        return node is null ? null : SubscriptionReader.Read(name, node, isConfigured: false, _workspace.Model, diagnostics);
    }

    /// <summary>A webhook without secrets gets one from the hub.</summary>
    private static (string Json, bool Makes) WithSecret(string name, string json)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(json, documentOptions: new() { AllowDuplicateProperties = false });
        }
        catch (JsonException)
        {
            // YAML of a file; it is normalised below, or its faults are told.
            var diagnostics = new Diagnostics("subscription");
            var node = YamlNode.Parse(json, diagnostics);
            diagnostics.ThrowIfAny();
            root = node is null ? null : JsonNode.Parse(YamlJson.Write(node));
        }

        if (root is not JsonObject subscription || subscription["sink"] is not JsonObject sink || sink[Subscription.Webhook] is not JsonObject webhook)
            return (root?.ToJsonString() ?? "", false);
        var reference = $"${{secret:{SecretPrefix}{name}}}";
        if (webhook["secrets"] is null)
            webhook["secrets"] = new JsonArray(reference);
        return (root.ToJsonString(), webhook["secrets"] is JsonArray secrets && secrets.Any(s => s is JsonValue value && value.TryGetValue<string>(out var text) && text == reference));
    }

    /// <summary>As it is kept: <c>{"id","from","definition"}</c>.</summary>
    /// <param name="From">Sequence of the last change when it was added: what 'now' means, whenever it is first run.</param>
    private sealed record Kept(string Id, long From, string Definition)
    {
        public string Json => $$"""{"id":"{{Id}}","from":{{From}},"definition":{{Definition}}}""";

        public static Kept Read(string json)
        {
            using var document = JsonDocument.Parse(json);
            return new(document.RootElement.GetProperty("id").GetString()!, document.RootElement.GetProperty("from").GetInt64(), document.RootElement.GetProperty("definition").GetRawText());
        }

        public Subscription Of(Subscription read) => read with { Id = Id, Start = read.Start.Kind == StartKind.Now ? new(StartKind.Sequence, From) : read.Start };
    }

    private async ValueTask ChangeAsync(string name, string change, string actor, Func<IHubTransaction, ValueTask> write, CancellationToken cancellationToken)
    {
        _ = _workspace.Store.Catalog.Subscription(name);
        await using var transaction = await _workspace.Store.BeginAsync(cancellationToken);
        await write(transaction);
        _workspace.Log.Writer.Write(transaction, new LogEntry(LogAction.Configure, actor) { To = _workspace.Log.Writer.Here, About = [("subscription", name), ("change", change)] });
        await transaction.CommitAsync();
    }
}

/// <summary>How a subscription stands.</summary>
/// <param name="State"><c>null</c> before it was first run.</param>
/// <param name="Last">The last sequence of the feed.</param>
public sealed record SubscriptionStatus(SubscriptionState? State, Hold? Hold, long Last, long Waiting, long Parked, IReadOnlyList<Replay> Replays)
{
    /// <summary><c>new</c>, <c>active</c>, <c>failing</c>, <c>paused</c> or <c>gone</c>.</summary>
    public string Word => this switch
    {
        { Hold.IsGone: true } => "gone",
        { Hold: not null } => "paused",
        { State: null } => "new",
        { State.FailingSince: not 0 } => "failing",
        _ => "active",
    };

    /// <summary>Changes that were not looked at yet.</summary>
    public long Behind => State is null ? 0 : Last - State.Position;
}
