using System.Globalization;
using System.Text;
using System.Text.Json;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Actions;
using IntegrationHub.Json;
using IntegrationHub.Mapping;
using IntegrationHub.Sdk;
using IntegrationHub.Storage;
using IntegrationHub.Unify;

namespace IntegrationHub.Delivery.Rules;

/// <summary>A rule as the destination of a subscription: what could not be carried out is retried, parked and listed like any delivery.</summary>
internal sealed record RuleSinkOptions(Workspace Workspace, ActionRule Rule) : ISinkOptions
{
    public string Kind => "rule";

    public string Target => string.Join(", ", Rule.Steps.Select(s => $"{s.Connection}/{s.Action}"));

    public bool IsInside => true;

    /// <summary>As the dispatcher sees it.</summary>
    public Subscription Subscription => new()
    {
        Name = ActionRule.Prefix + Rule.Name,
        IsConfigured = true,
        Filter = Rule.Filter,
        Start = Rule.Start,
        Sink = this,
        Json = JsonSerializer.Serialize(new { file = Rule.File, text = Rule.Text }),
    };

    public ValueTask<ISink> OpenAsync(SinkContext context, CancellationToken cancellationToken) => new(new RuleSink(Workspace, Rule));
}

/// <summary>
/// Carries out the actions of one rule, each at most once for each change: the key of an action is made of the rule, the change and the step. One at a time,
/// so that what an action touched is known before the change it causes is looked at.
/// </summary>
internal sealed class RuleSink(Workspace workspace, ActionRule rule) : ISink
{
    /// <summary>Texts of an action's answer that may name a record.</summary>
    private const int MostEffects = 16;

    /// <summary>How long a change is known as caused by an action.</summary>
    private static readonly TimeSpan EffectMemory = TimeSpan.FromDays(1);

    /// <summary>How long changes that a vendor tells of an entity are known as caused by an action upon it.</summary>
    private static readonly TimeSpan EchoMemory = TimeSpan.FromMinutes(10);

    private readonly RuleDocument _documents = new(workspace);
    private readonly ActionRunner _actions = new(workspace);
    private readonly JsonTape _tape = new();
    private readonly int _number = workspace.Store.Catalog.Subscription(ActionRule.Prefix + rule.Name);

    public int Concurrency => 1;

    public int BatchSize => 1;

    public async Task<SendResult> SendAsync(IReadOnlyList<OutboundEvent> events, CancellationToken cancellationToken)
    {
        try
        {
            return await ActAsync(events[0], cancellationToken);
        }
        catch (StoreException e)
        {
            return SendResult.Failed(e.Message);
        }
    }

    /// <summary>What the rule would do about a change, without doing it or waiting for anything: a rule that waits looks at what came in its time.</summary>
    /// <returns>For each step the input, or why there is none; <c>null</c> when the rule does not act.</returns>
    public async ValueTask<IReadOnlyList<(RuleStep Step, byte[]? Input, string? Fault)>?> TryAsync(OutboundEvent change, CancellationToken cancellationToken)
    {
        EntityId.TryParse(change.Subject, workspace.Model, out _, out var entity);
        if (rule.UnchangedFor is { } span && (change.Time + span > workspace.Time.GetUtcNow() || await IsOvertakenAsync(change, entity, change.Time + span, cancellationToken)))
            return null;
        if (await IsEchoAsync(change, entity, cancellationToken))
            return null;
        var document = await _documents.WriteAsync(change, cancellationToken);
        return Holds(document) ? Build(document, 0) : null;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<SendResult> ActAsync(OutboundEvent change, CancellationToken cancellationToken)
    {
        EntityId.TryParse(change.Subject, workspace.Model, out _, out var entity);
        var key = KeptInputs.Key(ActionRule.Prefix + rule.Name, change.Id);
        var kept = await KeptInputs.ReadAsync(workspace.Store.Reader, key, cancellationToken);
        if (kept is null && (await IsNotYetAsync(change, entity, cancellationToken) || await IsEchoAsync(change, entity, cancellationToken)))
            return SendResult.Delivered;
        if (kept is null || kept.Inputs.Count < rule.Steps.Count)
        {
            var document = await _documents.WriteAsync(change, cancellationToken);
            if (kept is null && (!Holds(document) || await IsDoneAsync(key, cancellationToken)))
                return SendResult.Delivered;
            kept ??= new(workspace.Now, []);
            var built = Build(document, kept.Inputs.Count);
            if (built.FirstOrDefault(t => t.Input is null) is { Step: { } step, Fault: var fault })
                return SendResult.Refused($"the input of {step.Connection}/{step.Action} cannot be built: {fault}");
            kept = kept with { Inputs = [.. kept.Inputs, .. built.Select(t => Encoding.UTF8.GetString(t.Input!))] };
            await WriteAsync(async t =>
            {
                await kept.SaveAsync(t, key);
                foreach (var connection in rule.Steps.Select(s => s.Connection).Distinct())
                    await t.SaveEffectsAsync(_number, NumberOf(connection), [Touched(entity)], workspace.Now);
                await t.ForgetEffectsAsync(workspace.Now - (long)EffectMemory.TotalMilliseconds);
            });
        }

        for (var i = 0; i < rule.Steps.Count; i++)
            if (await StepAsync(rule.Steps[i], StepKey(key, i), kept, i, cancellationToken) is { Outcome: not SendOutcome.Delivered } failed)
            {
                if (failed.Outcome == SendOutcome.Refused)
                    await LetGoAsync(key, i, kept);
                return failed;
            }

        await WriteAsync(t => KeptInputs.RemoveAsync(t, key));
        return SendResult.Delivered;
    }

    private static string StepKey(string key, int step) => string.Create(CultureInfo.InvariantCulture, $"{key}:{step}");

    private List<(RuleStep Step, byte[]? Input, string? Fault)> Build(byte[] document, int from) =>
        [.. rule.Steps.Skip(from).Select(s => (s, s.Input.Build(document, MappingLimits.Default, out var fault), fault))];

    /// <summary>Whether all was done before: a change comes again after a crash and in a replay, and the entity may have changed meanwhile.</summary>
    private async ValueTask<bool> IsDoneAsync(string key, CancellationToken cancellationToken)
    {
        var last = rule.Steps.Count - 1;
        await using var transaction = await workspace.Store.BeginAsync(cancellationToken);
        return ActionJournal.HasEnded(await transaction.ActionAsync(NumberOf(rule.Steps[last].Connection), StepKey(key, last)));
    }

    /// <summary>A step that was refused did nothing: a retry that somebody asks for builds its input and those behind it anew, unless its key stands for this one.</summary>
    private ValueTask LetGoAsync(string key, int step, KeptInputs kept) => WriteAsync(async t =>
    {
        if (await t.ActionAsync(NumberOf(rule.Steps[step].Connection), StepKey(key, step)) is not null)
            return;
        if (step == 0)
            await KeptInputs.RemoveAsync(t, key);
        else
            await (kept with { Inputs = [.. kept.Inputs.Take(step)] }).SaveAsync(t, key);
    });

    private bool Holds(byte[] document) =>
        rule.When is null || (_tape.Parse(document, MappingLimits.Default.Json).IsOk && rule.When.Evaluate(_tape, 0, 0, out _));

    private async ValueTask<SendResult> StepAsync(RuleStep step, string key, KeptInputs kept, int number, CancellationToken cancellationToken)
    {
        var began = workspace.Now;
        try
        {
            using var input = JsonDocument.Parse(kept.Inputs[number]);
            var outcome = await _actions.RunAsync(step.Connection, step.Action, key, input.RootElement, new(ActionRule.Prefix + rule.Name, null), cancellationToken);
            string[] made = [.. Texts(outcome.Output).Distinct().Take(MostEffects)];
            await WriteAsync(async t =>
            {
                // A vendor may tell of what an action made before it answers; and the answer that counts may have come in an earlier attempt.
                await t.SaveEffectsAsync(_number, NumberOf(step.Connection), made, began);
                await t.SaveEffectsAsync(_number, NumberOf(step.Connection), made, kept.At);
            });
            return SendResult.Delivered;
        }
        catch (ActionConflictException e)
        {
            return e.IsUnderWay ? SendResult.Failed(e.Message) : SendResult.Refused(e.Message);
        }
        catch (ConnectorException e) when (!e.MayHaveHappened && e.Kind is ConnectorErrorKind.Permanent or ConnectorErrorKind.BadRecord)
        {
            return SendResult.Refused($"{step.Connection}/{step.Action}: {e.Message}");
        }
        catch (ConnectorException e)
        {
            return SendResult.Failed($"{step.Connection}/{step.Action}: {e.Message}", e.RetryAfter);
        }
    }

    /// <summary>For rules that wait: whether it is too early, in which case a timer is set, or a later change has taken the place of this one.</summary>
    private async ValueTask<bool> IsNotYetAsync(OutboundEvent change, long entity, CancellationToken cancellationToken)
    {
        if (rule.UnchangedFor is not { } span)
            return false;
        if (change.Time + span <= workspace.Time.GetUtcNow())
            return await IsOvertakenAsync(change, entity, DateTimeOffset.MaxValue, cancellationToken);
        await WriteAsync(t => t.SaveTimerAsync(new(_number, entity, change.Sequence, change.Previous, (change.Time + span).ToUnixTimeMilliseconds())));
        return true;
    }

    /// <summary>Whether a later change of the entity, before a time, takes the place of this one.</summary>
    private async ValueTask<bool> IsOvertakenAsync(OutboundEvent change, long entity, DateTimeOffset before, CancellationToken cancellationToken)
    {
        for (var after = change.Sequence; ;)
        {
            var later = await workspace.Store.Reader.ChangesAsync(new ChangeQuery(after, 100) { Entity = entity }, cancellationToken);
            if (later.Any(c => c.At < before.ToUnixTimeMilliseconds() && (rule.Filter.Admits(c, workspace.Bindings, _tape) || c.Kind is "deleted" or "erased" or "merged")))
                return true;
            if (later.Count == 0)
                return false;
            after = later[^1].Sequence;
        }
    }

    /// <summary>Whether all records that caused the change are known to have been touched by an action of this rule before.</summary>
    private async ValueTask<bool> IsEchoAsync(OutboundEvent change, long entity, CancellationToken cancellationToken)
    {
        using var document = JsonDocument.Parse(change.Data);
        var records = document.RootElement.GetProperty("cause").GetProperty("records").EnumerateArray().Select(r => (Connection: r.GetProperty("connection").GetString()!, Id: r.GetProperty("id").GetString()!)).ToList();
        // Not at the same time: what an action was asked for is no echo of it.
        var before = change.Time - TimeSpan.FromMilliseconds(1);
        foreach (var (connection, record) in records)
            if (workspace.Config.Connection(connection) is null
                || (!await IsKnownAsync(connection, record, change.Time - EffectMemory, change.Time, cancellationToken)
                    && !await IsKnownAsync(connection, Touched(entity), change.Time - EchoMemory, before, cancellationToken)))
                return false;
        return records.Count > 0;
    }

    private async ValueTask<bool> IsKnownAsync(string connection, string effect, DateTimeOffset since, DateTimeOffset until, CancellationToken cancellationToken) =>
        await workspace.Store.Reader.HasEffectAsync(_number, NumberOf(connection), effect, since.ToUnixTimeMilliseconds(), until.ToUnixTimeMilliseconds(), cancellationToken);

    private int NumberOf(string connection) => workspace.NumberOf(workspace.Connection(connection));

    private static string Touched(long entity) => string.Create(CultureInfo.InvariantCulture, $"entity:{entity}");

    private static IEnumerable<string> Texts(JsonElement output) => output.ValueKind switch
    {
        JsonValueKind.Object => output.EnumerateObject().SelectMany(m => Texts(m.Value)),
        JsonValueKind.Array => output.EnumerateArray().SelectMany(Texts),
        JsonValueKind.String when output.GetString() is { Length: > 0 and <= 200 } text => [text],
        JsonValueKind.Number => [output.GetRawText()],
        _ => [],
    };

    private async ValueTask WriteAsync(Func<IHubTransaction, ValueTask> write)
    {
        await using var transaction = await workspace.Store.BeginAsync(CancellationToken.None);
        await write(transaction);
        await transaction.CommitAsync();
    }
}
