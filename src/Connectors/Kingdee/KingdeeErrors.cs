using System.Text.Json;
using System.Text.RegularExpressions;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;

namespace IntegrationHub.Connectors.Kingdee;

/// <summary>
/// What a site's answers mean. Nearly everything comes under HTTP 200, in four shapes; messages are Chinese text without stable codes, so both code and text decide. The
/// text itself is not passed on: it quotes values.
/// </summary>
internal static partial class KingdeeErrors
{
    private static readonly TimeSpan QuotaPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LockPause = TimeSpan.FromSeconds(5);

    public static VendorError? Classify(VendorAnswer answer)
    {
        if (answer.Status == System.Net.HttpStatusCode.NotFound)
            return new(ConnectorErrorKind.Configuration, "there is no WebAPI at this address; check 'url', upper and lower case included");
        if (HttpErrors.FromStatus(answer.Status, answer.RetryAfter) is { } http)
            return http.Kind == ConnectorErrorKind.RateLimited && http.RetryAfter is null ? http with { RetryAfter = QuotaPause } : http;
        if (answer.Body.Span.StartsWith("response_error:"u8))
            return new(ConnectorErrorKind.Transient, "the site's server met a fault of its own");
        return Failure(answer.Json) is var (code, text, fields) ? FromCode(code, text, fields) : null;
    }

    private static VendorError FromCode(int code, string text, string fields) => (code, text) switch
    {
        (1, _) or (_, "lost") => Error(ConnectorErrorKind.ReAuthenticate, "the session is lost"),
        (2 or 7 or 15, _) => Error(ConnectorErrorKind.Configuration, "the integration user lacks the permission or the licence"),
        (9, "unknown field") => Error(ConnectorErrorKind.Configuration, $"the site has no field {fields}; name it in 'withoutFields'"),
        (13, _) => Error(ConnectorErrorKind.RateLimited, "the document is locked by somebody else", LockPause),
        (14, _) => Error(ConnectorErrorKind.RateLimited, "the site's quota of calls is used up", QuotaPause),
        (4 or 6, _) => Error(ConnectorErrorKind.Transient, "the site's server or database failed"),
        (10, _) => Error(ConnectorErrorKind.Permanent, "there is no such document"),
        (_, "exists") => Error(ConnectorErrorKind.Permanent, $"a document of that number exists{On(fields)}"),
        (_, "required") => Error(ConnectorErrorKind.Permanent, $"a required field is empty{On(fields)}"),
        (_, "audited") => Error(ConnectorErrorKind.Permanent, "the document is approved already; un-approve it first"),
        (_, "concurrent") => Error(ConnectorErrorKind.Transient, "somebody else has changed the document"),
        _ => Error(ConnectorErrorKind.Permanent, $"the site refused it{On(fields)}; its log has the reason"),
    } with
    { Code = $"MsgCode {code}" };

    private static VendorError Error(ConnectorErrorKind kind, string reason, TimeSpan? pause = null) => new(kind, reason) { RetryAfter = pause };

    private static string On(string fields) => fields.Length > 0 ? $" ({fields})" : "";

    /// <summary>The failure an answer tells of, whatever its shape: code, what its text is about, and the fields it names.</summary>
    private static (int Code, string Text, string Fields)? Failure(JsonElement answer)
    {
        var inner = answer;
        while (inner.ValueKind == JsonValueKind.Array && inner.GetArrayLength() > 0)
            inner = inner[0];
        if (inner.ValueKind != JsonValueKind.Object)
            return null;
        if (inner.TryGetProperty("Result", out var result) && result.ValueKind == JsonValueKind.Object && result.TryGetProperty("ResponseStatus", out var status))
            return status.TryGetProperty("IsSuccess", out var success) && success.ValueKind == JsonValueKind.False
                ? Describe(status.TryGetProperty("MsgCode", out var code) && code.TryGetInt32(out var number) ? number : 0, status.TryGetProperty("Errors", out var errors) ? errors : default)
                : null;
        return inner.TryGetProperty("Message", out _) && inner.TryGetProperty("DIndex", out _) ? Describe(0, answer) : null;
    }

    private static (int, string, string) Describe(int code, JsonElement errors)
    {
        var list = errors.ValueKind == JsonValueKind.Array ? errors.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.Object).ToList() : [];
        var text = string.Join('\n', list.Select(e => e.TryGetProperty("Message", out var m) ? m.ToString() : ""));
        var unknown = UnknownField().Match(text);
        var fields = unknown.Success ? unknown.Groups[1].Value
            : string.Join(", ", list.Select(e => e.TryGetProperty("FieldName", out var f) ? f.ToString() : "").Where(f => FieldName().IsMatch(f)).Distinct());
        return (unknown.Success ? 9 : code, unknown.Success ? "unknown field"
            : text.Contains("会话信息已丢失", StringComparison.Ordinal) ? "lost"
            : text.Contains("已存在", StringComparison.Ordinal) ? "exists"
            : text.Contains("不能为空", StringComparison.Ordinal) ? "required"
            : text.Contains("已审核", StringComparison.Ordinal) ? "audited"
            : text.Contains("已被其他用户修改", StringComparison.Ordinal) ? "concurrent"
            : "", fields);
    }

    [GeneratedRegex("标识为([A-Za-z0-9_.]{1,60})的字段不存在")]
    private static partial Regex UnknownField();

    [GeneratedRegex(@"\A[A-Za-z0-9_.]{1,60}\z")]
    private static partial Regex FieldName();
}
