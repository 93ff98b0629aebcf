using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Sdk.Simulation;

namespace IntegrationHub.Simulators.Wecom;

/// <summary>A simulated WeCom server for one app: tokens, lists, details, messages. Everything comes under HTTP 200 with an errcode, as at the vendor.</summary>
public sealed class WecomSimulator : VendorSimulator
{
    private const int TokenSeconds = 7_200;
    private const int MostApprovalSeconds = 31 * 86_400;

    private readonly Dictionary<string, (string Token, DateTimeOffset Ends)> _tokens = new(StringComparer.Ordinal);
    private readonly HashSet<string> _sent = new(StringComparer.Ordinal);

    /// <summary>Starts an empty corporation.</summary>
    public WecomSimulator(TimeProvider time, WecomApp? app = null, int port = 0) : base(time, port)
    {
        App = app ?? new();
        Pushes = new(App, time);
    }

    /// <summary>The app.</summary>
    public WecomApp App { get; }

    /// <summary>The corporation's data.</summary>
    public WecomData Data { get; } = new();

    /// <summary>Makes the callbacks that WeCom would send.</summary>
    public WecomPushes Pushes { get; }

    /// <summary>How many rows the lists with cursors give at once; the vendor's limits hold besides.</summary>
    public int RowsAtOnce { get; set; } = 100;

    /// <inheritdoc/>
    protected override bool IsData(SimulatedRequest request) => request.Path != "/cgi-bin/gettoken";

    /// <inheritdoc/>
    protected override void ExpireTokens() => _tokens.Clear();

    /// <inheritdoc/>
    protected override SimulatedAnswer RateLimitAnswer() => Error(45009, "api freq out of limit");

    /// <inheritdoc/>
    protected override SimulatedAnswer Answer(SimulatedRequest request)
    {
        if (request.Path == "/cgi-bin/gettoken")
            return Token(request);
        if (request.Path == "/cgi-bin/webhook/send")
            return RobotMessage(request);
        if (request.Parameter("access_token") is not { Length: > 0 } token)
            return Error(41001, "access_token missing");
        if (!_tokens.Values.Any(t => t.Token == token && t.Ends > Now))
            return Error(_tokens.Values.Any(t => t.Token == token) ? 42001 : 40014, "invalid access_token");
        try
        {
            return request.Path["/cgi-bin/".Length..] switch
            {
                "department/simplelist" => Ok("department_id", Data.Departments.Values.Select(d => Pick(d, "id", "parentid", "order"))),
                "department/list" => Ok("department", Data.Departments.Values.Select(d => d.DeepClone())),
                "user/list" => Ok("userlist", Data.Employees.Values.Where(e => e["department"]!.AsArray().Any(d => d!.GetValue<int>() == Number(request, "department_id"))).Select(e => e.DeepClone())),
                "user/get" => Data.Employees.TryGetValue(request.Parameter("userid") ?? "", out var employee) ? Ok(employee) : Error(60111, "userid not found"),
                "externalcontact/get_follow_user_list" => Ok("follow_user", Data.Employees.Keys.Select(k => (JsonNode)k)),
                "externalcontact/get" => Data.Contacts.TryGetValue(request.Parameter("external_userid") ?? "", out var contact) ? Ok(contact) : Error(84061, "not external contact"),
                "externalcontact/batch/get_by_user" => ContactsOf(request.Json),
                "externalcontact/get_corp_tag_list" => Ok("tag_group", Data.TagGroups.Values.Select(g => g.DeepClone())),
                "externalcontact/groupchat/list" => Chats(request.Json),
                "externalcontact/groupchat/get" => Data.Chats.TryGetValue(request.Json.GetProperty("chat_id").GetString()!, out var chat) ? Ok(new() { ["group_chat"] = chat.DeepClone() }) : Error(40050, "chat_id invalid"),
                "externalcontact/mark_tag" => MarkTag(request.Json),
                "oa/getapprovalinfo" => Approvals(request.Json),
                "oa/getapprovaldetail" => Data.Approvals.TryGetValue(request.Json.GetProperty("sp_no").GetString()!, out var approval) ? Ok(new() { ["info"] = approval.DeepClone() }) : Error(301025, "sp_no invalid"),
                "message/send" => Message(request),
                _ => Error(40066, "invalid url"),
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return Error(40035, "Warning: wrong json format. ");
        }
    }

    private static JsonObject Pick(JsonObject from, params string[] names) => new(names.Select(n => KeyValuePair.Create(n, from[n]?.DeepClone())));

    private static int Number(SimulatedRequest request, string name) => int.Parse(request.Parameter(name) ?? "", CultureInfo.InvariantCulture);

    private static SimulatedAnswer Ok(string list, IEnumerable<JsonNode> items) => Ok(new() { [list] = new JsonArray([.. items]) });

    private static SimulatedAnswer Ok(JsonObject content)
    {
        var answer = new JsonObject { ["errcode"] = 0, ["errmsg"] = "ok" };
        foreach (var (name, value) in content)
            answer[name] = value?.DeepClone();
        return SimulatedAnswer.Of(answer);
    }

    private static SimulatedAnswer Error(int code, string text) =>
        SimulatedAnswer.Of(new { errcode = code, errmsg = $"{text}, hint: [1650021866_12_abc], from ip: 127.0.0.1, more info at https://open.work.weixin.qq.com/devtool/query?e={code}" });

    private SimulatedAnswer Token(SimulatedRequest request)
    {
        if (request.Parameter("corpid") != App.CorpId)
            return Error(40013, "invalid corpid");
        if (request.Parameter("corpsecret") != App.CorpSecret)
            return Error(40001, "invalid credential");
        // Within its life the same token is given again.
        if (!_tokens.TryGetValue(App.CorpSecret, out var kept) || kept.Ends <= Now)
            _tokens[App.CorpSecret] = kept = ($"accesstoken-{Guid.NewGuid():N}", Now.AddSeconds(TokenSeconds));
        Issued.Add(kept.Token);
        return Ok(new() { ["access_token"] = kept.Token, ["expires_in"] = (int)(kept.Ends - Now).TotalSeconds });
    }

    private SimulatedAnswer ContactsOf(JsonElement body)
    {
        var users = body.GetProperty("userid_list").EnumerateArray().Select(u => u.GetString()!).ToHashSet(StringComparer.Ordinal);
        if (users.Count is 0 or > 100)
            return Error(40058, "userid_list invalid");
        var rows = from contact in Data.Contacts
                   from follow in contact.Value["follow_user"]!.AsArray()
                   where users.Contains(follow!["userid"]!.GetValue<string>())
                   let info = follow.DeepClone().AsObject()
                   select (contact.Key, Row: Row(contact.Value["external_contact"]!, info));
        var list = rows.ToList();
        if (list.Count == 0)
            return Error(84061, "not external contact");
        return Page(list, body, 100, "external_contact_list", "next_cursor");

        static JsonNode Row(JsonNode contact, JsonObject info)
        {
            info["tag_id"] = new JsonArray([.. info["tags"]!.AsArray().Where(t => t!["tag_id"] is not null).Select(t => t!["tag_id"]!.DeepClone())]);
            info.Remove("tags");
            return new JsonObject { ["external_contact"] = contact.DeepClone(), ["follow_info"] = info };
        }
    }

    private SimulatedAnswer Chats(JsonElement body)
    {
        var limit = body.GetProperty("limit").GetInt32();
        return limit is < 1 or > 1000 ? Error(40058, "limit invalid")
            : Page(Data.Chats.Select(c => (c.Key, (JsonNode)new JsonObject { ["chat_id"] = c.Key, ["status"] = 0 })).ToList(), body, 1000, "group_chat_list", "next_cursor");
    }

    private SimulatedAnswer Approvals(JsonElement body)
    {
        var (from, to) = (long.Parse(body.GetProperty("starttime").GetString()!, CultureInfo.InvariantCulture), long.Parse(body.GetProperty("endtime").GetString()!, CultureInfo.InvariantCulture));
        if (to - from is < 0 or > MostApprovalSeconds || body.GetProperty("size").GetInt32() is < 1 or > 100)
            return Error(301025, "param invalid");
        return Page(Data.Approvals.Where(a => a.Value["apply_time"]!.GetValue<long>() is var at && at >= from && at <= to).Select(a => (a.Key, (JsonNode)a.Key)).ToList(), body, 100, "sp_no_list", "new_next_cursor", "new_cursor");
    }

    /// <summary>Cursors name the last row, veiled; a damaged one is refused.</summary>
    private SimulatedAnswer Page(List<(string Key, JsonNode Row)> rows, JsonElement body, int most, string list, string next, string cursor = "cursor")
    {
        var after = body.TryGetProperty(cursor, out var given) && given.GetString() is { Length: > 0 } text ? text["c_".Length..] : "";
        var limit = Math.Min(Math.Min(most, RowsAtOnce), body.TryGetProperty("limit", out var asked) ? asked.GetInt32() : most);
        var behind = rows.Where(r => string.CompareOrdinal(r.Key, after) > 0).OrderBy(r => r.Key, StringComparer.Ordinal).ToList();
        var answer = new JsonObject { [list] = new JsonArray([.. behind.Take(limit).Select(r => r.Row)]) };
        if (behind.Count > limit)
            answer[next] = "c_" + behind[limit - 1].Key;
        else if (next == "next_cursor")
            answer[next] = "";
        return Ok(answer);
    }

    private SimulatedAnswer MarkTag(JsonElement body)
    {
        var (user, id) = (body.GetProperty("userid").GetString()!, body.GetProperty("external_userid").GetString()!);
        if (!Data.Contacts.TryGetValue(id, out var contact) || contact["follow_user"]!.AsArray().FirstOrDefault(f => f!["userid"]!.GetValue<string>() == user) is not { } follow)
            return Error(84061, "not external contact");
        var tags = follow["tags"]!.AsArray();
        var (add, remove) = (Ids("add_tag"), Ids("remove_tag"));
        if (add.Count + remove.Count == 0)
            return Error(40058, "add_tag and remove_tag empty");
        if (add.Any(t => !t.StartsWith("et", StringComparison.Ordinal)))
            return Error(40068, "invalid tagid");
        foreach (var gone in tags.Where(t => remove.Contains(t!["tag_id"]!.GetValue<string>())).ToList())
            tags.Remove(gone);
        foreach (var tag in add.Where(t => tags.All(k => k!["tag_id"]!.GetValue<string>() != t)))
            tags.Add((JsonNode)new JsonObject { ["group_name"] = "标签组1", ["tag_name"] = tag, ["tag_id"] = tag, ["type"] = 1 });
        return Ok(new());

        List<string> Ids(string name) => body.TryGetProperty(name, out var list) ? [.. list.EnumerateArray().Select(t => t.GetString()!)] : [];
    }

    private SimulatedAnswer Message(SimulatedRequest request)
    {
        var body = request.Json;
        if (body.GetProperty("agentid").GetInt32() != App.AgentId)
            return Error(301002, "agentid mismatch");
        var users = body.GetProperty("touser").GetString()!.Split('|');
        var unknown = users.Where(u => !Data.Employees.ContainsKey(u)).ToList();
        if (unknown.Count == users.Length)
            return Error(81013, "user & party & tag all invalid");
        // The same body within the interval is dropped without a word.
        if (body.TryGetProperty("enable_duplicate_check", out var check) && check.GetInt32() == 1 ? _sent.Add(request.Text) : true)
            Data.Messages.Add(body.GetProperty("text").GetProperty("content").GetString()!);
        return Ok(new() { ["invaliduser"] = string.Join('|', unknown), ["invalidparty"] = "", ["invalidtag"] = "", ["msgid"] = "msg" + Data.Messages.Count });
    }

    private SimulatedAnswer RobotMessage(SimulatedRequest request)
    {
        if (request.Parameter("key") != App.RobotKey)
            return Error(93000, "invalid webhook url");
        Data.RobotMessages.Add(request.Json.GetProperty("markdown").GetProperty("content").GetString()!);
        return Ok(new());
    }
}
