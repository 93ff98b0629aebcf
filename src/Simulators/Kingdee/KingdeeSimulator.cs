using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Sdk.Simulation;

namespace IntegrationHub.Simulators.Kingdee;

/// <summary>
/// A simulated site of Kingdee K/3 Cloud: login sessions and signed headers, ExecuteBillQuery with its arrays of arrays, Save, Submit and Audit. Business errors come
/// under HTTP 200 in the vendor's shapes; one unknown field fails a whole query; no page has more than 2,000 rows.
/// </summary>
public sealed class KingdeeSimulator : VendorSimulator
{
    private const string Prefix = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.";
    private const string Suffix = ".common.kdsvc";
    private const int MostRows = 2_000;

    private readonly KingdeeGate _gate;
    private readonly Dictionary<string, KingdeeTable> _tables = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Starts an empty site.</summary>
    public KingdeeSimulator(TimeProvider time, KingdeeAccount? account = null, int port = 0) : base(time, port)
    {
        Account = account ?? new();
        _gate = new(Account);
        foreach (var table in KingdeeTables.Create())
            _tables[table.Id] = table;
    }

    /// <summary>Who is let in.</summary>
    public KingdeeAccount Account { get; }

    /// <summary>The site's address as customers write it.</summary>
    public Uri Site => new(Address, "k3cloud/");

    /// <summary>Logins that were asked for.</summary>
    public int Logins { get; private set; }

    /// <summary>Rows are given again at the beginning of the next page, as when pages shift.</summary>
    public bool RepeatsRows { get; set; }

    /// <summary>A form with its documents.</summary>
    public KingdeeTable Table(string form) => _tables[form];

    /// <inheritdoc/>
    protected override bool IsData(SimulatedRequest request) => !request.Path.Contains("AuthService", StringComparison.Ordinal);

    /// <inheritdoc/>
    protected override void ExpireTokens() => _gate.EndSessions();

    /// <inheritdoc/>
    protected override SimulatedAnswer RateLimitAnswer() => Failure(14, "调用次数超过限制");

    /// <inheritdoc/>
    protected override SimulatedAnswer Answer(SimulatedRequest request)
    {
        if (request.Method != "POST" || !request.Path.StartsWith(Prefix, StringComparison.Ordinal) || !request.Path.EndsWith(Suffix, StringComparison.Ordinal))
            return new(404, []) { ContentType = "text/html" };
        var service = request.Path[Prefix.Length..^Suffix.Length];
        if (Parameters(request) is not { } parameters)
            return SimulatedAnswer.Json("response_error:{\"Message\":\"参数格式错误\"}");
        if (service.StartsWith("AuthService.", StringComparison.Ordinal))
        {
            Logins++;
            return _gate.Login(service["AuthService.".Length..], parameters, Now, Issued.Add);
        }

        if (!_gate.Admits(request, Now))
            return SessionLost();
        return (service, parameters) switch
        {
            ("DynamicFormService.ExecuteBillQuery", [var query]) => Query(Inner(query)),
            ("DynamicFormService.Save", [var form, var data]) => Save(form.ToString(), Inner(data)),
            ("DynamicFormService.Submit", [var form, var data]) => Move(form.ToString(), Inner(data), "B", ["A", "D"], "只有创建或重新审核状态的单据才能提交"),
            ("DynamicFormService.Audit", [var form, var data]) => Move(form.ToString(), Inner(data), "C", ["B"], "只有审核中的单据才能审核"),
            _ => Failure(8, "参数错误"),
        };
    }

    /// <summary>The body in its positional, named or old form; <c>null</c> when it is none of them.</summary>
    private static List<JsonElement>? Parameters(SimulatedRequest request)
    {
        try
        {
            var body = request.Json;
            if (body.TryGetProperty("parameters", out var parameters))
                return [.. (parameters.ValueKind == JsonValueKind.String ? JsonDocument.Parse(parameters.GetString()!).RootElement : parameters).EnumerateArray()];
            if (body.TryGetProperty("formid", out var form))
                return [form, body.GetProperty("data")];
            return body.TryGetProperty("data", out var data) ? [data] : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static JsonElement Inner(JsonElement data) => data.ValueKind == JsonValueKind.String ? JsonDocument.Parse(data.GetString()!).RootElement : data;

    private SimulatedAnswer Query(JsonElement query)
    {
        if (!_tables.TryGetValue(query.GetProperty("FormId").ToString(), out var table))
            return Failure(5, "FormId不存在");
        var fields = query.GetProperty("FieldKeys").ToString().Split(',', StringSplitOptions.TrimEntries);
        var order = query.TryGetProperty("OrderString", out var by) ? by.ToString() : "";
        (Func<Func<string, string?>, bool> Condition, IReadOnlyCollection<string> Fields) filter;
        try
        {
            filter = KingdeeFilter.Parse(query.TryGetProperty("FilterString", out var text) ? text.ToString() : "");
        }
        catch (FormatException)
        {
            return Failure(6, "SQL语法错误");
        }

        var ordered = order.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(o => o.Split(' ')[0]);
        if (fields.Concat(filter.Fields).Concat(ordered).FirstOrDefault(f => !table.Knows(f)) is { } unknown)
            return Failure(9, $"元数据中标识为{unknown}的字段不存在");
        var start = query.TryGetProperty("StartRow", out var from) ? from.GetInt32() : 0;
        var limit = Math.Min(query.TryGetProperty("Limit", out var most) ? most.GetInt32() : MostRows, MostRows);

        var withLines = fields.Any(table.IsOfLine);
        var rows = table.InOrder(order).Where(d => filter.Condition(d.Text)).SelectMany(d => withLines ? d.Lines.Select(l => Row(fields, d, l)) : [Row(fields, d, null)]);
        var page = rows.Skip(start).Take(limit).ToList();
        if (RepeatsRows && page.Count > 1)
            page.Insert(1, page[0].DeepClone().AsArray());
        return SimulatedAnswer.Of(new JsonArray([.. page]));
    }

    private static JsonArray Row(string[] fields, KingdeeDocument document, JsonObject? line) =>
        new([.. fields.Select(f => (line is not null && line.ContainsKey(f) ? line[f] : document.Header[f])?.DeepClone())]);

    private SimulatedAnswer Save(string form, JsonElement data)
    {
        if (!_tables.TryGetValue(form, out var table))
            return Failure(5, "FormId不存在", wrapped: false);
        var model = (JsonObject)JsonNode.Parse(data.GetProperty("Model").GetRawText())!;
        var header = new JsonObject();
        foreach (var (name, value) in model)
            if (value is JsonObject reference && Reference(reference) is { } number)
                header[name + ".FNumber"] = number;
            else if (name != table.Entity && name != table.Key && value is JsonValue)
                header[name] = value.DeepClone();
        foreach (var required in KingdeeTables.Required(form))
            if (!header.ContainsKey(required) && !header.ContainsKey(required + ".FNumber"))
                return Failure(11, $"字段“{required}”不能为空", required, wrapped: false);
        foreach (var (name, other) in KingdeeTables.References(form))
            if (header[name]?.ToString() is { } number && _tables[other].Documents.All(d => d.Text("FNumber") != number))
                return Failure(11, $"字段“{name}”的值在系统中不存在", name.Split('.')[0], wrapped: false);

        var key = model[table.Key]?.GetValue<long>() ?? 0;
        var existing = table.Documents.FirstOrDefault(d => key > 0 ? d.Key == key : d.Text(table.Number) == header[table.Number]?.ToString());
        if (key == 0 && existing is not null)
            return Failure(11, $"编码{header[table.Number]}已存在", table.Number, wrapped: false);
        if (existing is not null && existing.Text("FDocumentStatus") is "B" or "C")
            return Failure(12, "单据已审核，不能修改", wrapped: false);
        if (key > 0 && existing is null)
            return Failure(10, "单据不存在", wrapped: false);
        header["FDocumentStatus"] = "A";
        if (table.HasChanged)
            header["FModifyDate"] = KingdeeDocument.Time(Now);
        var lines = model[table.Entity] is JsonArray entries ? entries.OfType<JsonObject>().Select(Flat).ToList() : [];
        var document = existing ?? table.Add(header, lines);
        foreach (var (name, value) in existing is null ? [] : header)
            document.Header[name] = value?.DeepClone();
        table.Changed();
        return Success(document, table, withId: true);
    }

    private static JsonObject Flat(JsonObject line)
    {
        var flat = new JsonObject();
        foreach (var (name, value) in line)
            flat[value is JsonObject reference && Reference(reference) is not null ? name + ".FNumber" : name] = value is JsonObject r ? Reference(r) : value?.DeepClone();
        return flat;
    }

    private static string? Reference(JsonObject reference) => (reference["FNumber"] ?? reference["FNUMBER"])?.ToString();

    private SimulatedAnswer Move(string form, JsonElement data, string to, string[] from, string refusal)
    {
        if (!_tables.TryGetValue(form, out var table))
            return Failure(5, "FormId不存在", wrapped: false);
        var numbers = data.GetProperty("Numbers").EnumerateArray().Select(n => n.ToString()).ToHashSet();
        var documents = table.Documents.Where(d => numbers.Contains(d.Text(table.Number) ?? "")).ToList();
        if (documents.Count != numbers.Count)
            return Failure(10, "单据不存在", wrapped: false);
        if (documents.Any(d => !from.Contains(d.Text("FDocumentStatus"))))
            return Failure(12, refusal, wrapped: false);
        foreach (var document in documents)
        {
            document.Header["FDocumentStatus"] = to;
            document.Header["FModifyDate"] = KingdeeDocument.Time(Now);
        }

        table.Changed();
        return Success(documents[0], table, withId: false);
    }

    private static SimulatedAnswer Success(KingdeeDocument document, KingdeeTable table, bool withId)
    {
        var number = document.Text(table.Number);
        var result = new JsonObject
        {
            ["ResponseStatus"] = new JsonObject
            {
                ["IsSuccess"] = true,
                ["Errors"] = new JsonArray(),
                ["SuccessEntitys"] = new JsonArray(new JsonObject { ["Id"] = document.Key, ["Number"] = number, ["DIndex"] = 0 }),
                ["SuccessMessages"] = new JsonArray(),
                ["MsgCode"] = 0,
            },
        };
        if (withId)
        {
            result["Id"] = document.Key;
            result["Number"] = number;
        }

        return SimulatedAnswer.Of(new JsonObject { ["Result"] = result });
    }

    private static SimulatedAnswer SessionLost() => Failure(1, "会话信息已丢失，请重新登录");

    private static SimulatedAnswer Failure(int code, string message, string? field = null, bool wrapped = true)
    {
        var result = new JsonObject
        {
            ["Result"] = new JsonObject
            {
                ["ResponseStatus"] = new JsonObject
                {
                    ["ErrorCode"] = 500,
                    ["IsSuccess"] = false,
                    ["Errors"] = new JsonArray(new JsonObject { ["FieldName"] = field, ["Message"] = message, ["DIndex"] = 0 }),
                    ["SuccessEntitys"] = new JsonArray(),
                    ["SuccessMessages"] = new JsonArray(),
                    ["MsgCode"] = code,
                },
            },
        };
        return SimulatedAnswer.Of(wrapped ? new JsonArray(new JsonArray(result)) : result);
    }
}
