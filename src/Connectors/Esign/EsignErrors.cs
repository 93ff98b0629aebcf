using System.Globalization;
using System.Net;
using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;

namespace IntegrationHub.Connectors.Esign;

/// <summary>What a code means. Business failures come under HTTP 200, the gateway's under 401 and 403; none of those is mended by asking again.</summary>
internal static class EsignErrors
{
    /// <summary>There is no such flow (any more).</summary>
    public const string NotFound = "1437113";

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    public static VendorError? Classify(VendorAnswer answer)
    {
        if (answer.Status == HttpStatusCode.Unauthorized)
            return FromGateway(answer.Json.TryGetProperty("message", out var message) ? message.ToString() : "");
        if (HttpErrors.FromStatus(answer.Status, answer.RetryAfter) is { } http)
            return http.Kind == ConnectorErrorKind.RateLimited ? http with { RetryAfter = http.RetryAfter ?? Pause } : http;
        if (answer.Json.ValueKind != JsonValueKind.Object || !answer.Json.TryGetProperty("code", out var code))
            throw new ConnectorException(ConnectorErrorKind.Transient, "the answer is not e签宝's; a proxy may have answered instead");
        return code.TryGetInt32(out var number) && number == 0 ? null : FromCode(number) with { Code = number.ToString(CultureInfo.InvariantCulture) };
    }

    private static VendorError FromGateway(string message) => message switch
    {
        "无效的应用" => new(ConnectorErrorKind.Configuration, "e签宝 does not know 'appId' here; sandbox and production have their own"),
        "INVALID_SIGNATURE" => new(ConnectorErrorKind.Configuration, "e签宝 does not accept the signature; check 'appSecret'"),
        "INVALID_TIMESTAMP" => new(ConnectorErrorKind.Configuration, "this machine's clock is more than 15 minutes off"),
        _ => new(ConnectorErrorKind.Configuration, "e签宝's gateway refused the request; check 'appId' and 'appSecret'"),
    };

    private static VendorError FromCode(int code) => code switch
    {
        1435012 or 1430012 => new(ConnectorErrorKind.Transient, "e签宝's service failed"),
        1437513 => new(ConnectorErrorKind.Transient, "the file is not converted yet") { RetryAfter = TimeSpan.FromSeconds(5) },
        1435404 or 1435405 => new(ConnectorErrorKind.RateLimited, "the quota or package is used up") { RetryAfter = TimeSpan.FromHours(1) },
        1437137 or 1437138 => new(ConnectorErrorKind.RateLimited, "urged too soon: 30 minutes after the start, then every 10") { RetryAfter = TimeSpan.FromMinutes(10) },
        1436116 => new(ConnectorErrorKind.Configuration, "the organisation has not authorised this application"),
        72000032 => new(ConnectorErrorKind.Configuration, "e签宝 does not accept 'appId' and 'appSecret'"),
        1437113 => new(ConnectorErrorKind.Permanent, "there is no such flow"),
        1437518 => new(ConnectorErrorKind.Permanent, "the flow is not finished; its documents cannot be had yet"),
        1437168 or 1437203 => new(ConnectorErrorKind.Permanent, "the flow cannot be revoked in its state"),
        1437169 => new(ConnectorErrorKind.Permanent, "the flow has expired"),
        1435002 or 1435011 or 1435203 => new(ConnectorErrorKind.Permanent, "the parameters or the flow's state do not allow it"),
        _ => new(ConnectorErrorKind.Permanent, "e签宝 refused it"),
    };
}
