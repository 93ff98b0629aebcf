using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Sdk.Simulation;

namespace IntegrationHub.Simulators.Esign;

/// <summary>A notice as e签宝 sends it.</summary>
/// <param name="Query">Parameters of the address, not encoded.</param>
/// <param name="Headers">Headers.</param>
/// <param name="Body">The JSON.</param>
public sealed record EsignPush(IReadOnlyList<KeyValuePair<string, string>> Query, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>
/// A simulated e签宝 V3 for one application: the gateway checks application, time, MD5 and signature before it looks at the path; flows can be listed by time of start and
/// finish, created, urged and revoked.
/// </summary>
public sealed class EsignSimulator : VendorSimulator
{
    private const long FifteenMinutes = 15 * 60 * 1000;
    private const long Year = 366L * 86_400_000;

    /// <summary>Starts an application without flows.</summary>
    public EsignSimulator(TimeProvider time, int port = 0) : base(time, port)
    {
    }

    /// <summary>Id of the application.</summary>
    public string AppId { get; } = "7438000001";

    /// <summary>Secret of the application.</summary>
    public string AppSecret { get; } = "f3b1d5c7e9a24b6c8d0e2f4a6b8c0d1e";

    /// <summary>Details of flows by id; <c>signFlowStartTime</c> and <c>signFlowFinishTime</c> decide where they are listed.</summary>
    public SortedDictionary<string, JsonObject> Flows { get; } = new(StringComparer.Ordinal);

    /// <summary>Reminders that were sent.</summary>
    public int Reminders { get; private set; }

    /// <summary>The most flows on a page, at most the vendor's 100.</summary>
    public int RowsAtOnce { get; set; } = 100;

    /// <summary>Adds or replaces a flow.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="title">Its title.</param>
    /// <param name="company">The organisation that signs.</param>
    /// <param name="started">When it was started.</param>
    /// <param name="status">0 draft, 1 signing, 2 done, 3 revoked, 5 expired, 7 refused.</param>
    /// <param name="number">The business number in its sign field.</param>
    public JsonObject Put(string id, string title, string company, DateTimeOffset started, int status, string number = "")
    {
        var at = started.ToUnixTimeMilliseconds();
        return Flows[id] = new()
        {
            ["signFlowStatus"] = status,
            ["signFlowDescription"] = status == 2 ? "完成" : "签署中",
            ["rescissionStatus"] = 0,
            ["revokeReason"] = null,
            ["signFlowCreateTime"] = at - 1000,
            ["signFlowStartTime"] = at,
            ["signFlowFinishTime"] = status >= 2 ? Now.ToUnixTimeMilliseconds() : null,
            ["signFlowInitiator"] = new JsonObject { ["orgInitiator"] = new JsonObject { ["orgId"] = "a1b2c3", ["orgName"] = "示例科技有限公司", ["transactor"] = Person("d4e5f6", "张三", "13800138000") }, ["psnInitiator"] = null },
            ["signFlowConfig"] = new JsonObject { ["signFlowTitle"] = title, ["signFlowExpireTime"] = at + 90L * 86_400_000, ["autoFinish"] = true, ["notifyUrl"] = null },
            ["docs"] = new JsonArray(new JsonObject { ["fileId"] = "9a8b7c", ["fileName"] = title + ".pdf" }),
            ["attachments"] = new JsonArray(),
            ["signers"] = new JsonArray(new JsonObject
            {
                ["signerType"] = 1,
                ["signOrder"] = 1,
                ["signStatus"] = status == 2 ? 2 : 1,
                ["orgSigner"] = new JsonObject { ["orgId"] = "f6e5d4", ["orgName"] = company, ["orgAuthStatus"] = 1, ["transactor"] = Person("b7c8d9", "李四", "13900139000") },
                ["psnSigner"] = null,
                ["signFields"] = new JsonArray(new JsonObject { ["signFieldId"] = "5f6a7b", ["signFieldStatus"] = "5", ["customBizNum"] = number, ["fileId"] = "9a8b7c", ["signFieldSealType"] = 1 }),
            }),
        };
    }

    /// <summary>A notice about a flow, signed for this moment; its own time stays that of the event.</summary>
    public EsignPush Push(string action, string flow, DateTimeOffset at, params IReadOnlyList<KeyValuePair<string, string>> query)
    {
        var body = new JsonObject { ["action"] = action, ["timestamp"] = at.ToUnixTimeMilliseconds(), ["signFlowId"] = flow, ["signFlowTitle"] = "采购合同", ["signFlowStatus"] = "2", ["statusDescription"] = "完成" }
            .ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        var time = Now.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        var text = time + string.Concat(query.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Value)) + body;
        return new(query, new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["X-Tsign-Open-App-Id"] = AppId,
            ["X-Tsign-Open-TIMESTAMP"] = time,
            ["X-Tsign-Open-SIGNATURE-ALGORITHM"] = "hmac-sha256",
            ["X-Tsign-Open-SIGNATURE"] = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(AppSecret), Encoding.UTF8.GetBytes(text))),
        }, body);
    }

    /// <inheritdoc/>
    protected override bool IsData(SimulatedRequest request) => true;

    /// <inheritdoc/>
    protected override SimulatedAnswer RateLimitAnswer() => Failure(1435404, "接口调用次数超限");

    /// <inheritdoc/>
    protected override SimulatedAnswer Answer(SimulatedRequest request)
    {
        // Before the path is looked at.
        if (Refusal(request) is { } refusal)
            return SimulatedAnswer.Of(new { success = false, code = 401, message = refusal }, (int)HttpStatusCode.Unauthorized);
        var parts = request.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        try
        {
            return (request.Method, parts) switch
            {
                ("POST", ["v3", "organizations", "sign-flow-list"]) => List(request.Json),
                ("GET", ["v3", "sign-flow", var id, "detail"]) => Flows.TryGetValue(id, out var flow) ? Ok(flow.DeepClone()) : Failure(1437113, "流程不存在"),
                ("POST", ["v3", "sign-flow", "create-by-file"]) => Create(request.Json),
                ("POST", ["v3", "sign-flow", var id, "urge"]) => Change(id, _ => Reminders++),
                ("POST", ["v3", "sign-flow", var id, "revoke"]) => Change(id, f => (f["signFlowStatus"], f["revokeReason"]) = (3, request.Json.GetProperty("revokeReason").GetString())),
                _ => Failure(1435002, "参数错误"),
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return Failure(1435002, "参数错误");
        }
    }

    private static JsonObject Person(string id, string name, string mobile) =>
        new() { ["psnId"] = id, ["psnName"] = name, ["psnAccount"] = new JsonObject { ["accountMobile"] = mobile, ["accountEmail"] = null } };

    private static SimulatedAnswer Ok(JsonNode data) => SimulatedAnswer.Of(new JsonObject { ["code"] = 0, ["message"] = "成功", ["data"] = data });

    private static SimulatedAnswer Failure(int code, string message) => SimulatedAnswer.Of(new JsonObject { ["code"] = code, ["message"] = message, ["data"] = null });

    private string? Refusal(SimulatedRequest request)
    {
        if (request.Header("X-Tsign-Open-App-Id") is not { Length: > 0 } app)
            return "缺少参数";
        if (app != AppId)
            return "无效的应用";
        if (request.Header("X-Tsign-Open-Auth-Mode") != "Signature")
            return "TOKEN_CANT_BE_NULL";
        if (!long.TryParse(request.Header("X-Tsign-Open-Ca-Timestamp"), NumberStyles.None, CultureInfo.InvariantCulture, out var time) || Math.Abs(time - Now.ToUnixTimeMilliseconds()) > FifteenMinutes)
            return "INVALID_TIMESTAMP";
        var md5 = request.Header("Content-MD5") ?? "";
#pragma warning disable CA5351 // the vendor's algorithm
        if (md5 != (request.Body.Length == 0 ? "" : Convert.ToBase64String(MD5.HashData(request.Body))))
            return "INVALID_SIGNATURE";
#pragma warning restore CA5351
        var names = request.Query.GroupBy(p => p.Key).Select(g => g.First()).OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Value == "" ? p.Key : p.Key + "=" + p.Value).ToList();
        var text = string.Join('\n', request.Method, request.Header("Accept"), md5, request.Header("Content-Type"), "", request.Path + (names.Count > 0 ? "?" + string.Join('&', names) : ""));
        using var hmac = new HMACSHA256(Encoding.UTF8.GetBytes(AppSecret));
        return request.Header("X-Tsign-Open-Ca-Signature") == Convert.ToBase64String(hmac.ComputeHash(Encoding.UTF8.GetBytes(text))) ? null : "INVALID_SIGNATURE";
    }

    private SimulatedAnswer List(JsonElement body)
    {
        var (number, size) = (body.GetProperty("pageNum").GetInt32(), body.GetProperty("pageSize").GetInt32());
        if (number < 1 || size is < 1 or > 100)
            return Failure(1435002, "参数错误");
        var found = Flows.AsEnumerable();
        foreach (var which in (ReadOnlySpan<string>)["Start", "Finish"])
            if (body.TryGetProperty($"signFlow{which}TimeFrom", out var from) && body.TryGetProperty($"signFlow{which}TimeTo", out var to))
            {
                if (to.GetInt64() - from.GetInt64() is < 0 or > Year)
                    return Failure(1435002, "时间范围错误");
                var (least, most, name) = (from.GetInt64(), to.GetInt64(), $"signFlow{which}Time");
                found = found.Where(f => f.Value[name] is JsonValue at && at.GetValue<long>() >= least && at.GetValue<long>() <= most);
            }

        var all = found.OrderBy(f => f.Value["signFlowStartTime"]!.GetValue<long>()).ThenBy(f => f.Key, StringComparer.Ordinal).ToList();
        var page = all.Skip((number - 1) * size).Take(size).Select(f => (JsonNode)new JsonObject
        {
            ["signFlowId"] = f.Key,
            ["signFlowTitle"] = f.Value["signFlowConfig"]!["signFlowTitle"]!.DeepClone(),
            ["signFlowStatus"] = f.Value["signFlowStatus"]!.DeepClone(),
            ["signFlowStartTime"] = f.Value["signFlowStartTime"]!.DeepClone(),
        });
        return Ok(new JsonObject { ["total"] = all.Count, ["signFlowInfos"] = new JsonArray([.. page]) });
    }

    private SimulatedAnswer Create(JsonElement body)
    {
        var signers = body.GetProperty("signers").EnumerateArray().ToList();
        if (signers.Count is 0 or > 10 || body.GetProperty("docs").GetArrayLength() is 0 or > 50)
            return Failure(1435002, "参数错误");
        var first = signers[0];
        var company = first.TryGetProperty("orgSignerInfo", out var organisation) ? organisation.GetProperty("orgName").GetString()! : "";
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        Put(id, body.GetProperty("signFlowConfig").GetProperty("signFlowTitle").GetString()!, company, Now, 1, first.GetProperty("signFields")[0].GetProperty("customBizNum").GetString()!);
        return Ok(new JsonObject { ["signFlowId"] = id });
    }

    private SimulatedAnswer Change(string id, Action<JsonObject> change)
    {
        if (!Flows.TryGetValue(id, out var flow))
            return Failure(1437113, "流程不存在");
        if (flow["signFlowStatus"]!.GetValue<int>() != 1)
            return Failure(1437168, "流程状态不允许");
        change(flow);
        return Ok(new JsonObject());
    }
}
