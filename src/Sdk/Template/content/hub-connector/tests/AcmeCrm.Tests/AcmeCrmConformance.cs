using System.Text.Json.Nodes;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Simulation;
using IntegrationHub.Sdk.Testing.Conformance;

namespace AcmeCrm.Tests;

/// <summary>What the hub relies on, as tests; they all come from the suite.</summary>
public sealed class AcmeCrmConformance : ConnectorConformance
{
    protected override ConnectorUnderTest Create() => new AcmeCrmUnderTest();
}

internal sealed class AcmeCrmUnderTest : ConnectorUnderTest
{
    private readonly AcmeCrmSimulator _simulator = new(new JumpingClock(new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero)));
    private int _changes;

    public AcmeCrmUnderTest()
    {
        // Three pages.
        for (var i = 1; i <= 50; i++)
            _simulator.Put($"c{i:D4}", $"Customer {i}", _simulator.Now.AddHours(i - 60));
    }

    public override IConnector Connector { get; } = new AcmeCrmConnector();

    public override VendorSimulator Simulator => _simulator;

    public override IReadOnlyList<string> Secrets => [AcmeCrmSimulator.ApiKey];

    public override IReadOnlyList<BadSettings> BadSettings =>
    [
        new("no address", s => s.Remove("url"), "url"),
        new("no key", s => s.Remove("apiKey"), "apiKey"),
        new("a wrong key", s => s["apiKey"] = "wrong", "apiKey"),
    ];

    public override JsonObject Settings() => new() { ["url"] = _simulator.Address.ToString(), ["apiKey"] = AcmeCrmSimulator.ApiKey };

    public override IReadOnlyCollection<string> Expected(string stream) => [.. _simulator.Customers.Keys];

    public override void Change(string stream)
    {
        ((JumpingClock)_simulator.Time).Advance(TimeSpan.FromMinutes(1));
        _changes++;
        _simulator.Put($"new{_changes}", "new", _simulator.Now);
        _simulator.Put("c0007", $"changed {_changes}", _simulator.Now);
        // Committed late: its time is before what has been read.
        _simulator.Put($"late{_changes}", "late", _simulator.Now.AddMinutes(-2));
    }

    public override bool Arrange(string stream, Disturbance disturbance)
    {
        if (disturbance == Disturbance.Ties)
            for (var i = 1; i <= 50; i++)
                _simulator.Put($"c{i:D4}", "tie", _simulator.Now.AddHours(-1));
        if (disturbance == Disturbance.HugeRecord)
            _simulator.Put("c0011", new string('x', 20_000_000), _simulator.Now.AddHours(-49));
        return disturbance != Disturbance.Duplicates;
    }
}
