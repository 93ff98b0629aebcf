using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Sdk.Actions;
using IntegrationHub.Sdk.Callbacks;
using IntegrationHub.Sdk.Simulation;
using Xunit;

namespace IntegrationHub.Sdk.Testing.Conformance;

public abstract partial class ConnectorConformance
{
    private static readonly string[] Garbage =
        ["", "{", "<xml>", "\0\u0001", "null", "[[[[", "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><xml>&a;</xml>", new('[', 100_000)];

    /// <summary>Genuine callbacks are understood, their records can be read, and a redelivery is known to be one.</summary>
    [Fact]
    public Task Genuine_callbacks_lead_to_records() => EachCallbackAsync(async (subject, connection, sample) =>
    {
        var answer = connection.Receive(sample.Send());
        Assert.True(answer.Refusal is null, $"{sample.What}: refused: {answer.Refusal}");
        Assert.InRange(answer.Status, 200, 299);
        if (sample.Stream is null)
        {
            Assert.Equal(sample.Answer, Encoding.UTF8.GetString(answer.Body.Span));
            return;
        }

        var events = answer.Events.Where(e => e.Stream == sample.Stream).ToList();
        Assert.NotEmpty(events);
        Assert.All(answer.Events, e => Assert.InRange(e.Id.Length, 1, 200));
        subject.Simulator.Skew += TimeSpan.FromSeconds(2);
        Assert.Equal(answer.Events.Select(e => e.Id), connection.Receive(sample.Send()).Events.Select(e => e.Id));

        var ids = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var item in connection.ReadEventsAsync(sample.Stream, events, Cancelled))
            ids.Add(item switch { SourceRecord r => r.Id, DeletedRecord d => d.Id, _ => "" });
        ids.Remove("");
        Same(sample.Ids, ids, sample.What);
    });

    /// <summary>Different events have different ids.</summary>
    [Fact]
    public async Task Events_are_told_apart()
    {
        using var subject = Create();
        using var run = new ConnectorRun(subject);
        if (!subject.Connector.Manifest.Callbacks)
            return;
        await using var connection = (IReceiveCallbacks)run.Open();
        var ids = subject.Callbacks.Where(c => c.Stream is not null).Select(c => string.Join(',', connection.Receive(c.Send()).Events.Select(e => e.Id))).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    /// <summary>A request that was changed on its way, or is old, is refused, and gives no events.</summary>
    [Fact]
    public Task Forged_and_stale_callbacks_are_refused() => EachCallbackAsync((subject, connection, sample) =>
    {
        var genuine = sample.Send();
        foreach (var (what, forged) in Forgeries(genuine, sample.Unsigned))
        {
            var answer = connection.Receive(forged);
            Assert.True(answer.Refusal is not null && answer.Events.Count == 0 && answer.Status >= 400, $"{sample.What}: accepted although {what}");
        }

        ((JumpingClock)subject.Simulator.Time).Advance(TimeSpan.FromDays(2));
        Assert.True(connection.Receive(genuine).Refusal is not null || sample.Stream is null, $"{sample.What}: accepted although it is two days old");
        return Task.CompletedTask;
    });

    /// <summary>Whatever strangers send is refused without an exception.</summary>
    [Fact]
    public Task Garbage_is_refused() => EachCallbackAsync((subject, connection, sample) =>
    {
        foreach (var body in Garbage)
            foreach (var method in (ReadOnlySpan<string>)["GET", "POST"])
                Assert.NotNull(connection.Receive(new() { Method = method, Body = Encoding.UTF8.GetBytes(body) }).Refusal);
        return Task.CompletedTask;
    });

    /// <summary>An action acts once for its key, also when it is called again, and when the vendor's answer was lost.</summary>
    [Theory]
    [InlineData(Fault.None)]
    [InlineData(Fault.AnswerLost)]
    [InlineData(Fault.TruncatedBody)]
    [InlineData(Fault.TokensExpire)]
    [InlineData(Fault.ServerError)]
    public Task Actions_act_once(Fault fault) => EachActionAsync(async (subject, run, sample) =>
    {
        var before = sample.Effects();
        var calls = await CallsAsync(sample.Action);
        foreach (var at in Enumerable.Range(1, calls))
        {
            var effects = sample.Effects();
            var steps = new MemorySteps();
            var key = $"key-{fault}-{at}";
            var input = JsonSerializer.SerializeToElement(Vary(sample.Input, at));
            subject.Simulator.Heal();
            subject.Simulator.Inject(at, fault);
            await TryAsync(run, new(sample.Action, key, input) { Steps = steps });
            subject.Simulator.Heal();
            await ActAsync(run, new(sample.Action, key, input) { Steps = steps, IsRepeat = true });
            Assert.True(sample.Effects() - effects == 1 || ((sample.IsNaturallyIdempotent || (sample.IsAtMostOnce && fault != Fault.None)) && sample.Effects() - effects is 0 or 1), $"{sample.Action}: {fault} at call {at} of {calls}: acted {sample.Effects() - effects} times");
        }

        Assert.True(fault != Fault.None || sample.Effects() > before, $"{sample.Action}: did nothing");

        async Task<int> CallsAsync(string action)
        {
            using var other = Create();
            using var trial = new ConnectorRun(other);
            await ActAsync(trial, new(action, "key-trial", JsonSerializer.SerializeToElement(Vary(other.Actions.First(a => a.Action == action).Input, 0))) { Steps = new MemorySteps() });
            return other.Simulator.DataCalls;
        }
    });

    /// <summary>Input without a required field is refused, naming the field, before anything is done.</summary>
    [Fact]
    public Task Bad_input_is_refused() => EachActionAsync(async (subject, run, sample) =>
    {
        var input = (JsonObject)sample.Input.DeepClone();
        input.Remove(sample.Missing);
        var refusal = await Assert.ThrowsAsync<ConnectorException>(() => ActAsync(run, new(sample.Action, "key-bad", JsonSerializer.SerializeToElement(input)) { Steps = new MemorySteps() }));
        Assert.Equal(ConnectorErrorKind.Permanent, refusal.Kind);
        Assert.False(refusal.MayHaveHappened);
        Assert.Contains(sample.Missing, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(0, subject.Simulator.DataCalls);
    });

    /// <summary>Every declared action is graded.</summary>
    [Fact]
    public void Every_action_has_a_sample()
    {
        using var subject = Create();
        Assert.Equal(subject.Connector.Manifest.Actions.Select(a => a.Name).Order(StringComparer.Ordinal), subject.Actions.Select(a => a.Action).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(subject.Connector.Manifest.Callbacks, subject.Callbacks.Count > 0);
    }

    /// <summary>Texts may hold <c>{n}</c> where each action needs input of its own.</summary>
    private static JsonNode Vary(JsonObject input, int number) => JsonNode.Parse(input.ToJsonString().Replace("{n}", number.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal))!;

    private static async Task<ActionResult> ActAsync(ConnectorRun run, ActionRequest request)
    {
        await using var connection = run.Open();
        return await ((IRunActions)connection).RunAsync(request, Cancelled);
    }

    private static async Task TryAsync(ConnectorRun run, ActionRequest request)
    {
        try
        {
            await ActAsync(run, request);
        }
        catch (ConnectorException)
        {
            // That is what the fault was for.
        }
    }

    private static IEnumerable<(string What, CallbackRequest Forged)> Forgeries(CallbackRequest genuine, IReadOnlyCollection<string> unsigned)
    {
        if (!genuine.Body.IsEmpty && !unsigned.Contains("body"))
        {
            var middle = genuine.Body.ToArray();
            middle[middle.Length / 2] ^= 1;
            yield return ("its body was changed", genuine with { Body = middle });
        }

        foreach (var (name, value) in genuine.Query.Where(p => !unsigned.Contains(p.Key)))
        {
            yield return ($"parameter '{name}' was changed", genuine with { Query = [.. genuine.Query.Select(p => p.Key == name ? KeyValuePair.Create(name, Other(value)) : p)] });
            yield return ($"parameter '{name}' was removed", genuine with { Query = [.. genuine.Query.Where(p => p.Key != name)] });
        }

        foreach (var (name, value) in genuine.Headers.Where(h => !unsigned.Contains(h.Key)))
        {
            yield return ($"header '{name}' was changed", genuine with { Headers = genuine.Headers.ToDictionary(h => h.Key, h => h.Key == name ? Other(value) : h.Value, StringComparer.OrdinalIgnoreCase) });
            yield return ($"header '{name}' was removed", genuine with { Headers = genuine.Headers.Where(h => h.Key != name).ToDictionary(StringComparer.OrdinalIgnoreCase) });
        }
    }

    private static string Other(string value)
    {
        if (value.Length == 0)
            return "x";
        var last = value[value.Length / 2] == '1' ? '2' : '1';
        return string.Concat(value.AsSpan(0, value.Length / 2), [last], value.AsSpan((value.Length / 2) + 1));
    }

    private async Task EachCallbackAsync(Func<ConnectorUnderTest, IReceiveCallbacks, CallbackSample, Task> check)
    {
        var count = Create().Using(s => s.Callbacks.Count);
        for (var i = 0; i < count; i++)
        {
            using var subject = Create();
            using var run = new ConnectorRun(subject);
            await using var connection = (IReceiveCallbacks)run.Open();
            await check(subject, connection, subject.Callbacks[i]);
            AssertSilent(subject, run.Said);
        }
    }

    private async Task EachActionAsync(Func<ConnectorUnderTest, ConnectorRun, ActionSample, Task> check)
    {
        var count = Create().Using(s => s.Actions.Count);
        for (var i = 0; i < count; i++)
        {
            using var subject = Create();
            using var run = new ConnectorRun(subject);
            await check(subject, run, subject.Actions[i]);
            AssertSilent(subject, run.Said);
        }
    }

    private sealed class MemorySteps : IActionSteps
    {
        private readonly ConcurrentDictionary<string, string> _steps = new(StringComparer.Ordinal);

        public string? Get(string name) => _steps.GetValueOrDefault(name);

        public ValueTask SetAsync(string name, string value, CancellationToken cancellationToken)
        {
            _steps[name] = value;
            return ValueTask.CompletedTask;
        }
    }
}
