using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using IntegrationHub.Connectors.Esign;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Callbacks;
using IntegrationHub.Sdk.Simulation;
using IntegrationHub.Sdk.Testing.Conformance;
using IntegrationHub.Simulators.Esign;

namespace IntegrationHub.Connectors.Tests.Esign;

public sealed class EsignConformance : ConnectorConformance
{
    protected override ConnectorUnderTest Create() => new EsignUnderTest();
}

internal sealed class EsignUnderTest : ConnectorUnderTest
{
    private readonly EsignSimulator _simulator = new(new JumpingClock(new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero)));
    private int _changes;

    public EsignUnderTest()
    {
        for (var i = 1; i <= 12; i++)
            _simulator.Put(Id(i), $"合同{i}", "买方有限公司", _simulator.Now.AddDays(-i * 8), i % 3 == 0 ? 2 : 1, $"SO-{i}");
    }

    public override IConnector Connector { get; } = new EsignConnector();

    public override VendorSimulator Simulator => _simulator;

    public override IReadOnlyList<string> Secrets => [_simulator.AppSecret];

    public override IReadOnlyList<BadSettings> BadSettings =>
    [
        new("no application", s => s.Remove("appId"), "appId"),
        new("an unknown application", s => s["appId"] = "5111000000", "appId"),
        new("a wrong secret", s => s["appSecret"] = "00000000000000000000000000000000", "appSecret"),
        new("too many days", s => s["days"] = 5000, "days"),
    ];

    public override IReadOnlyList<CallbackSample> Callbacks =>
    [
        Sample("finished flow", "SIGN_FLOW_COMPLETE", Id(3), new("orderNo", "SO-2026-0001"), new("tenant", "t1")),
        Sample("one signer done", "SIGN_MISSON_COMPLETE", Id(4)),
        Sample("opened", "OPERATOR_READ", Id(4)),
    ];

    public override IReadOnlyList<ActionSample> Actions =>
    [
        new("create_flow", new()
        {
            ["number"] = "NEW-{n}", ["title"] = "新合同", ["fileId"] = "9a8b7c",
            ["signers"] = new JsonArray(new JsonObject { ["organisation"] = "买方有限公司", ["person"] = "李四", ["account"] = "13900139000" }),
        }, () => _simulator.Flows.Values.Count(f => f["signers"]![0]!["signFields"]![0]!["customBizNum"]!.ToString().StartsWith("NEW-", StringComparison.Ordinal)), "title"),
        new("urge_flow", new() { ["flow"] = Id(1) }, () => _simulator.Reminders, "flow") { IsAtMostOnce = true },
        new("revoke_flow", new() { ["flow"] = Id(2), ["reason"] = "作废" }, () => _simulator.Flows[Id(2)]["signFlowStatus"]!.GetValue<int>() == 3 ? 1 : 0, "reason") { IsNaturallyIdempotent = true },
    ];

    public override JsonObject Settings() => new() { ["url"] = _simulator.Address.ToString(), ["appId"] = _simulator.AppId, ["appSecret"] = _simulator.AppSecret };

    public override IReadOnlyCollection<string> Expected(string stream) => [.. _simulator.Flows.Keys];

    public override void Change(string stream)
    {
        ((JumpingClock)_simulator.Time).Advance(TimeSpan.FromMinutes(1));
        _simulator.Put($"new{++_changes:D29}", "新合同", "买方有限公司", _simulator.Now, 1);
        var open = _simulator.Flows[Id(1 + (3 * (_changes % 4)))];
        (open["signFlowStatus"], open["signFlowFinishTime"]) = (2, _simulator.Now.ToUnixTimeMilliseconds());
        _simulator.Flows[Id(2)]["signers"]![0]!["signStatus"] = 2;
    }

    public override bool Arrange(string stream, Disturbance disturbance)
    {
        if (disturbance == Disturbance.Ties)
            for (var i = 0; i < 250; i++)
                _simulator.Put($"tie{i:D29}", "同时", "买方有限公司", _simulator.Now.AddDays(-1), 2);
        if (disturbance == Disturbance.HugeRecord)
            _simulator.Flows[Id(5)]["signFlowDescription"] = new string('长', 7_000_000);
        return disturbance != Disturbance.Duplicates;
    }

    private static string Id(int number) => number.ToString("x32", CultureInfo.InvariantCulture);

    private CallbackSample Sample(string what, string action, string flow, params IReadOnlyList<KeyValuePair<string, string>> query)
    {
        var at = _simulator.Now;
        return new(what, () =>
        {
            var push = _simulator.Push(action, flow, at, query);
            return new CallbackRequest { Method = "POST", Query = push.Query, Headers = push.Headers, Body = Encoding.UTF8.GetBytes(push.Body) };
        }, EsignConnector.SignFlows, [flow]);
    }
}
