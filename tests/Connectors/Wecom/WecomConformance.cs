using System.Text;
using System.Text.Json.Nodes;
using IntegrationHub.Connectors.Wecom;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Callbacks;
using IntegrationHub.Sdk.Simulation;
using IntegrationHub.Sdk.Testing.Conformance;
using IntegrationHub.Simulators.Wecom;

namespace IntegrationHub.Connectors.Tests.Wecom;

public sealed class WecomConformance : ConnectorConformance
{
    protected override ConnectorUnderTest Create() => new WecomUnderTest();
}

internal sealed class WecomUnderTest : ConnectorUnderTest
{
    private readonly WecomSimulator _simulator = new(new JumpingClock(new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero))) { RowsAtOnce = 4 };
    private int _changes;

    public WecomUnderTest() => Data.Fill(14, _simulator.Now);

    public override IConnector Connector { get; } = new WecomConnector();

    public override VendorSimulator Simulator => _simulator;

    public override IReadOnlyList<string> Secrets => [_simulator.App.CorpSecret, _simulator.App.CallbackToken, _simulator.App.EncodingAesKey, _simulator.App.RobotKey];

    public override IReadOnlyCollection<string> WithoutPersonalData => ["departments", "tags"];

    public override IReadOnlyCollection<string> ReadAtOnce => ["departments", "tags"];

    public override IReadOnlyList<BadSettings> BadSettings =>
    [
        new("no corporation", s => s.Remove("corpId"), "corpId"),
        new("an unknown corporation", s => s["corpId"] = "ww0000000000000000", "corpId"),
        new("a wrong secret", s => s["corpSecret"] = "wrong-corp-secret", "corpSecret"),
        new("half of the callback settings", s => s.Remove("encodingAesKey"), "encodingAesKey"),
        new("a short key", s => s["encodingAesKey"] = "short", "encodingAesKey"),
    ];

    public override IReadOnlyList<CallbackSample> Callbacks =>
    [
        new("test of the address", () => Request(_simulator.Pushes.Verification("1616140317555161061")), null, []) { Answer = "1616140317555161061" },
        Sample("edited contact", "external_contacts", "wm000003AAA", "change_external_contact", "edit_external_contact", new("UserID", "user004"), new("ExternalUserID", "wm000003AAA")),
        Sample("gone contact", "external_contacts", "wmGONE", "change_external_contact", "del_external_contact", new("UserID", "user004"), new("ExternalUserID", "wmGONE")),
        Sample("changed group", "customer_groups", "wr000002", "change_external_chat", "update", new("ChatId", "wr000002"), new("UpdateDetail", "change_name")),
        Sample("changed employee", "employees", "user005", "change_contact", "update_user", new KeyValuePair<string, string>("UserID", "user005")),
        Sample("approval", "approvals", "202600000002", "sys_approval_change", null, new KeyValuePair<string, string>("ApprovalInfo", "<SpNo>202600000002</SpNo>")),
    ];

    public override IReadOnlyList<ActionSample> Actions =>
    [
        new("send_message", new() { ["users"] = new JsonArray("user001", "user002"), ["text"] = "你好 {n}" }, () => Data.Messages.Count, "text"),
        new("send_robot_message", new() { ["markdown"] = "**{n}**" }, () => Data.RobotMessages.Count, "markdown") { IsAtMostOnce = true },
        new("mark_tags", new() { ["user"] = "user004", ["externalContact"] = "wm000003AAA", ["add"] = new JsonArray("etX{n}") }, () => Data.Contacts["wm000003AAA"]["follow_user"]![0]!["tags"]!.AsArray().Count, "externalContact") { IsNaturallyIdempotent = true },
    ];

    private WecomData Data => _simulator.Data;

    public override JsonObject Settings() => new()
    {
        ["url"] = _simulator.Address.ToString(),
        ["corpId"] = _simulator.App.CorpId,
        ["corpSecret"] = _simulator.App.CorpSecret,
        ["agentId"] = _simulator.App.AgentId,
        ["callbackToken"] = _simulator.App.CallbackToken,
        ["encodingAesKey"] = _simulator.App.EncodingAesKey,
        ["robotKey"] = _simulator.App.RobotKey,
    };

    public override IReadOnlyCollection<string> Expected(string stream) => stream switch
    {
        "departments" => [.. Data.Departments.Keys.Select(k => $"{k}")],
        "employees" => [.. Data.Employees.Keys],
        "external_contacts" => [.. Data.Contacts.Keys],
        "tags" => [.. Data.TagGroups.Keys],
        "customer_groups" => [.. Data.Chats.Keys],
        _ => [.. Data.Approvals.Keys],
    };

    public override void Change(string stream)
    {
        ((JumpingClock)_simulator.Time).Advance(TimeSpan.FromMinutes(1));
        var number = ++_changes;
        switch (stream)
        {
            case "departments":
                Data.Departments[100 + number] = new() { ["id"] = 100 + number, ["name"] = "新部门", ["parentid"] = 1, ["order"] = 1 };
                Data.Departments[2]["name"] = $"改名{number}";
                break;
            case "employees":
                Data.PutEmployee($"newuser{number:D3}", "新员工", 2);
                Data.PutEmployee("user002", $"改名{number}", 2);
                break;
            case "external_contacts":
                Data.PutContact($"wn{number:D6}", "新联系人", "user003", _simulator.Now);
                Data.Contacts["wm000004AAA"]["external_contact"]!["name"] = $"改名{number}";
                break;
            case "tags":
                Data.TagGroups["etG001"]["group_name"] = $"改名{number}";
                break;
            case "customer_groups":
                Data.PutChat($"wx{number:D6}", "新群", _simulator.Now);
                Data.Chats["wr000003"]["name"] = $"改名{number}";
                break;
            default:
                Data.PutApproval($"2027{number:D8}", _simulator.Now, 1);
                Data.Approvals["202600000001"]["sp_status"] = 2;
                break;
        }
    }

    public override bool Arrange(string stream, Disturbance disturbance)
    {
        if (stream != "external_contacts" || disturbance != Disturbance.HugeRecord)
            return false;
        Data.Contacts["wm000005AAA"]["follow_user"]![0]!["description"] = new string('长', 7_000_000);
        return true;
    }

    private static CallbackRequest Request(WecomPush push) => new() { Method = push.Method, Query = push.Query, Body = Encoding.UTF8.GetBytes(push.Body) };

    private CallbackSample Sample(string what, string stream, string id, string @event, string? change, params IReadOnlyList<KeyValuePair<string, string>> fields)
    {
        var at = _simulator.Now;
        return new(what, () => Request(_simulator.Pushes.Event(@event, change, at, fields)), stream, [id]);
    }
}
