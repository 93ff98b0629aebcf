using System.Text.Json.Nodes;

namespace IntegrationHub.Simulators.Wecom;

/// <summary>What a simulated corporation holds. Change it between requests; the simulator tells it as WeCom would.</summary>
public sealed class WecomData
{
    /// <summary>Departments by id.</summary>
    public SortedDictionary<int, JsonObject> Departments { get; } = [];

    /// <summary>Employees by user id.</summary>
    public SortedDictionary<string, JsonObject> Employees { get; } = new(StringComparer.Ordinal);

    /// <summary>External contacts by id, in the form of the detail: <c>external_contact</c> and <c>follow_user</c>.</summary>
    public SortedDictionary<string, JsonObject> Contacts { get; } = new(StringComparer.Ordinal);

    /// <summary>Groups of tags by id.</summary>
    public SortedDictionary<string, JsonObject> TagGroups { get; } = new(StringComparer.Ordinal);

    /// <summary>Customer groups by chat id.</summary>
    public SortedDictionary<string, JsonObject> Chats { get; } = new(StringComparer.Ordinal);

    /// <summary>Approvals by number.</summary>
    public SortedDictionary<string, JsonObject> Approvals { get; } = new(StringComparer.Ordinal);

    /// <summary>Messages that were sent.</summary>
    public List<string> Messages { get; } = [];

    /// <summary>Messages that robots have sent.</summary>
    public List<string> RobotMessages { get; } = [];

    /// <summary>Adds departments, employees, contacts, tags, groups and approvals; the same size gives the same data.</summary>
    public void Fill(int size, DateTimeOffset now)
    {
        for (var i = 1; i <= 3; i++)
            Departments[i] = new() { ["id"] = i, ["name"] = $"部门{i}", ["parentid"] = i == 1 ? 0 : 1, ["order"] = 100 - i };
        for (var i = 1; i <= size; i++)
        {
            PutEmployee($"user{i:D3}", $"员工{i}", 1 + i % 3);
            PutContact($"wm{i:D6}AAA", $"联系人{i}", $"user{1 + (i % Math.Max(1, size / 2)):D3}", now.AddDays(-i));
            TagGroups[$"etG{i:D3}"] = new() { ["group_id"] = $"etG{i:D3}", ["group_name"] = $"标签组{i}", ["create_time"] = now.AddDays(-i).ToUnixTimeSeconds(), ["order"] = i, ["tag"] = new JsonArray(new JsonObject { ["id"] = $"etT{i:D3}", ["name"] = $"标签{i}", ["create_time"] = now.AddDays(-i).ToUnixTimeSeconds(), ["order"] = 1 }) };
            PutChat($"wr{i:D6}", $"客户群{i}", now.AddDays(-i));
            PutApproval($"2026{i:D8}", now.AddDays(-i * 3), status: 1);
        }
    }

    /// <summary>Adds or replaces an employee.</summary>
    public void PutEmployee(string id, string name, int department) => Employees[id] = new()
    {
        ["userid"] = id,
        ["name"] = name,
        ["department"] = new JsonArray(department, 1),
        ["order"] = new JsonArray(1, 2),
        ["position"] = "销售",
        ["mobile"] = $"139{Math.Abs(id.GetHashCode(StringComparison.Ordinal)) % 100000000:D8}",
        ["gender"] = "1",
        ["email"] = $"{id}@example.com",
        ["main_department"] = department,
        ["status"] = 1,
    };

    /// <summary>Adds or replaces a contact of a WeChat user.</summary>
    public void PutContact(string id, string name, string follower, DateTimeOffset since, string? mobile = null, string? company = null)
    {
        var contact = new JsonObject { ["external_userid"] = id, ["name"] = name, ["type"] = company is null ? 1 : 2, ["gender"] = 1, ["avatar"] = "http://wx.qlogo.cn/mmhead/x/0" };
        if (company is null)
            contact["unionid"] = "ozynqsul" + id;
        else
            (contact["corp_name"], contact["corp_full_name"], contact["position"]) = (company, company, "采购经理");
        Contacts[id] = new()
        {
            ["external_contact"] = contact,
            ["follow_user"] = new JsonArray(new JsonObject
            {
                ["userid"] = follower,
                ["remark"] = name,
                ["description"] = "",
                ["createtime"] = since.ToUnixTimeSeconds(),
                ["tags"] = new JsonArray(new JsonObject { ["group_name"] = "标签组1", ["tag_name"] = "标签1", ["tag_id"] = "etT001", ["type"] = 1 }),
                ["remark_mobiles"] = mobile is null ? new JsonArray() : new JsonArray(mobile),
                ["oper_userid"] = follower,
                ["add_way"] = 1,
            }),
        };
    }

    /// <summary>Adds or replaces a customer group.</summary>
    public void PutChat(string id, string name, DateTimeOffset created) => Chats[id] = new()
    {
        ["chat_id"] = id,
        ["name"] = name,
        ["owner"] = "user001",
        ["create_time"] = created.ToUnixTimeSeconds(),
        ["member_list"] = new JsonArray(new JsonObject { ["userid"] = "user001", ["type"] = 1, ["join_time"] = created.ToUnixTimeSeconds(), ["join_scene"] = 1 }),
        ["admin_list"] = new JsonArray(),
    };

    /// <summary>Adds or replaces an approval.</summary>
    public void PutApproval(string number, DateTimeOffset applied, int status) => Approvals[number] = new()
    {
        ["sp_no"] = number,
        ["sp_name"] = "报销",
        ["sp_status"] = status,
        ["template_id"] = "Bs5KJ2NT4ncf4ZygaE8MB3779yUW8nsMaJd3mmE9v",
        ["apply_time"] = applied.ToUnixTimeSeconds(),
        ["applyer"] = new JsonObject { ["userid"] = "user001", ["partyid"] = "2" },
        ["sp_record"] = new JsonArray(new JsonObject { ["sp_status"] = status, ["approverattr"] = 1, ["details"] = new JsonArray(new JsonObject { ["approver"] = new JsonObject { ["userid"] = "user002" }, ["speech"] = "", ["sp_status"] = status, ["sptime"] = 0 }) }),
        ["apply_data"] = new JsonObject { ["contents"] = new JsonArray(new JsonObject { ["control"] = "Money", ["id"] = "Money-1", ["title"] = new JsonArray(new JsonObject { ["text"] = "金额", ["lang"] = "zh_CN" }), ["value"] = new JsonObject { ["new_money"] = "100.50" } }) },
        ["comments"] = new JsonArray(),
    };
}
