using System.Text.Json.Nodes;
using IntegrationHub.Connections;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Simulation;
using IntegrationHub.Sdk.Testing.Conformance;
using IntegrationHub.Simulators.SamGov;

namespace IntegrationHub.Connectors.Tests.Declarative;

public sealed class SamGovConformance : ConnectorConformance
{
    protected override ConnectorUnderTest Create() => new SamGovUnderTest();
}

internal sealed class SamGovUnderTest : ConnectorUnderTest
{
    private static readonly DateOnly Today = new(2026, 2, 20);

    private readonly SamGovSimulator _simulator = new(new JumpingClock(new(2026, 2, 20, 16, 0, 0, TimeSpan.Zero)));
    private int _next = 100;

    public SamGovUnderTest()
    {
        // Fifty days: two windows, the first with several pages.
        for (var i = 0; i < 25; i++)
            _simulator.Post(i + 1, Today.AddDays(-i * 2));
    }

    public override IConnector Connector { get; } = ConnectorRegistry.Open(Path.GetTempPath()).Get("sam-gov");

    public override VendorSimulator Simulator => _simulator;

    public override IReadOnlyList<string> Secrets => [_simulator.Key];

    public override IReadOnlyList<BadSettings> BadSettings =>
    [
        new("no key", s => s.Remove("apiKey"), "apiKey"),
        new("a wrong key", s => s["apiKey"] = "SAM-wrong", "apiKey"),
        new("no first day", s => s.Remove("from"), "from"),
        new("another kind of date", s => s["from"] = "01/01/2026", "from"),
        new("an unknown kind of notice", s => s["types"] = new JsonArray("x"), "types"),
        new("too large a page", s => s["pageSize"] = 1001, "pageSize"),
    ];

    public override JsonObject Settings() => new() { ["url"] = _simulator.Address.AbsoluteUri, ["apiKey"] = _simulator.Key, ["from"] = "2026-01-01", ["pageSize"] = 5 };

    public override IReadOnlyCollection<string> Expected(string stream) => _simulator.Notices.Keys;

    public override void Change(string stream)
    {
        ((JumpingClock)_simulator.Time).Advance(TimeSpan.FromMinutes(5));
        _simulator.Post(_next++, Today);
        // Yesterday's, posted late, and one that was amended.
        _simulator.Post(_next++, Today.AddDays(-1));
        _simulator.Notices.Values.First(n => (string?)n["postedDate"] == "2026-02-20")["archiveDate"] = $"2026-04-{_next % 20 + 10}";
    }

    public override bool Arrange(string stream, Disturbance disturbance)
    {
        if (disturbance == Disturbance.HugeRecord)
            _simulator.Notices.First().Value["title"] = new string('x', 20 * 1024 * 1024);
        else if (disturbance == Disturbance.Ties)
            foreach (var notice in _simulator.Notices.Values.Take(12))
                notice["postedDate"] = "2026-02-18";
        return disturbance != Disturbance.Duplicates;
    }
}
