using System.Text;
using System.Text.Json.Nodes;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Callbacks;
using IntegrationHub.Sdk.Simulation;
using IntegrationHub.Sdk.Testing.Conformance;

namespace IntegrationHub.Connectors.Tests.Kit;

/// <summary>The suite passes a connector that does everything right.</summary>
public sealed class HonestConnectorConformance : ConnectorConformance
{
    protected override ConnectorUnderTest Create() => new AcmeUnderTest(Sin.None);
}

/// <summary>A mutation test of the suite: for each thing a connector can do wrong, at least one check fails, and it fails for that reason.</summary>
public sealed class HostileConnectorTests
{
    public static TheoryData<Sin> Sins => [.. Enum.GetValues<Sin>().Where(s => s != Sin.None)];

    [Theory]
    [MemberData(nameof(Sins))]
    public async Task Every_sin_is_caught(Sin sin)
    {
        var suite = new Suite(sin);
        Func<Task> check = sin switch
        {
            Sin.DeclaresNoRegion or Sin.DeclaresNoPersonalData or Sin.LeavesTheSecretUnmarked => () => Task.Run(suite.Manifest_says_what_the_hub_must_know),
            Sin.AcceptsUnknownSettings or Sin.ChecksNothing or Sin.BlamesTheVendorForBadSettings => suite.Bad_settings_are_refused_and_explained,
            Sin.AcceptsUnknownStreams => suite.Unknown_stream_is_refused,
            Sin.LosesTheLastPage or Sin.GivesRecordsTwice or Sin.NeverCheckpoints or Sin.StoresHugeCursors => suite.Full_read_is_complete,
            Sin.ChecksOffBeforeReturning => suite.Every_checkpoint_can_be_taken_up,
            Sin.ForgetsToReachBack => suite.Incremental_read_equals_full_read,
            Sin.SkipsTies => () => suite.Awkward_data_loses_nothing(Disturbance.Ties),
            Sin.HandsOverHugeRecords => () => suite.Awkward_data_loses_nothing(Disturbance.HugeRecord),
            Sin.EndsQuietlyOnFailure => () => suite.Faults_lose_nothing(Fault.TruncatedBody),
            Sin.TakesNoJsonForTheEnd => () => suite.Faults_lose_nothing(Fault.HtmlInsteadOfJson),
            Sin.GivesUpOnRateLimits => () => suite.Faults_lose_nothing(Fault.TooManyRequests),
            Sin.KeepsDeadTokens => () => suite.Faults_lose_nothing(Fault.TokensExpire),
            Sin.LogsTheSecret or Sin.LogsTheToken => suite.Full_read_is_complete,
            Sin.IgnoresCancellation => suite.Cancellation_is_prompt,
            Sin.AcceptsForgedCallbacks or Sin.AcceptsStaleCallbacks => suite.Forged_and_stale_callbacks_are_refused,
            Sin.ThrowsOnGarbage => suite.Garbage_is_refused,
            Sin.InventsEventIds => suite.Genuine_callbacks_lead_to_records,
            Sin.ReusesEventIds => suite.Events_are_told_apart,
            Sin.ActsTwice => () => suite.Actions_act_once(Fault.AnswerLost),
            Sin.ActsOnBadInput => suite.Bad_input_is_refused,
            _ => throw new ArgumentOutOfRangeException(nameof(sin)),
        };
        await Assert.ThrowsAnyAsync<Exception>(check);
    }

    private sealed class Suite(Sin sin) : ConnectorConformance
    {
        protected override TimeSpan Watchdog => TimeSpan.FromSeconds(3);

        protected override ConnectorUnderTest Create() => new AcmeUnderTest(sin);
    }
}

internal sealed class AcmeUnderTest : ConnectorUnderTest
{
    private readonly AcmeSimulator _simulator = new(new JumpingClock(new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero)));
    private int _changes;

    public AcmeUnderTest(Sin sin)
    {
        Connector = new HostileConnector(sin);
        for (var id = 1; id <= 23; id++)
            _simulator.Put(id, $"item {id}", _simulator.Now.AddHours(id - 30));
    }

    public override IConnector Connector { get; }

    public override VendorSimulator Simulator => _simulator;

    public override IReadOnlyList<string> Secrets => [AcmeSimulator.Secret];

    public override IReadOnlyList<BadSettings> BadSettings =>
    [
        new("no address", s => s.Remove("url"), "url"),
        new("a wrong secret", s => s["secret"] = "wrong", "secret"),
    ];

    public override IReadOnlyList<CallbackSample> Callbacks =>
    [
        new("challenge", () => Request(null, "c-17"), null, []) { Answer = "c-17" },
        new("changed", () => Request("""{"event":"e1","id":3}""", null), "items", ["3"]),
        new("changed again", () => Request("""{"event":"e2","id":3}""", null), "items", ["3"]),
    ];

    public override IReadOnlyList<ActionSample> Actions => [new("place_order", new() { ["number"] = "O-{n}" }, () => _simulator.Orders.Count, "number")];

    public override JsonObject Settings() => new() { ["url"] = _simulator.Address.ToString(), ["secret"] = AcmeSimulator.Secret };

    public override IReadOnlyCollection<string> Expected(string stream) => [.. _simulator.Items.Keys.Select(k => $"{k}")];

    public override void Change(string stream)
    {
        ((JumpingClock)_simulator.Time).Advance(TimeSpan.FromMinutes(1));
        _changes++;
        _simulator.Put(100 + _changes, "new", _simulator.Now);
        _simulator.Put(7, $"changed {_changes}", _simulator.Now);
        // Committed late: its time is before what has been read.
        _simulator.Put(200 + _changes, "late", _simulator.Now.AddMinutes(-2));
    }

    public override bool Arrange(string stream, Disturbance disturbance)
    {
        for (var id = 1; id <= 23 && disturbance == Disturbance.Ties; id++)
            _simulator.Put(id, "tie", _simulator.Now.AddHours(-1));
        if (disturbance == Disturbance.HugeRecord)
            _simulator.Put(11, new string('x', 20_000_000), _simulator.Now.AddHours(-19));
        return disturbance != Disturbance.Duplicates;
    }

    private CallbackRequest Request(string? body, string? challenge)
    {
        var time = _simulator.Now.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        List<KeyValuePair<string, string>> query = [new("time", time), new("signature", HostileConnection.Sign(AcmeSimulator.Secret, $"{time}.{challenge}.{body}"))];
        if (challenge is not null)
            query.Add(new("challenge", challenge));
        return new() { Method = body is null ? "GET" : "POST", Query = query, Body = Encoding.UTF8.GetBytes(body ?? "") };
    }
}
