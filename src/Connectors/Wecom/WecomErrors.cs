using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;

namespace IntegrationHub.Connectors.Wecom;

/// <summary>What an <c>errcode</c> means. Errors come under HTTP 200; the text beside the code carries addresses and is not passed on.</summary>
internal static class WecomErrors
{
    /// <summary>"Not that employee's customer"; for an employee's list it means that there are none.</summary>
    public const string NoCustomer = "84061";

    private static readonly TimeSpan MinuteRule = TimeSpan.FromMinutes(1);

    public static VendorError? Classify(VendorAnswer answer)
    {
        if (HttpErrors.FromStatus(answer.Status, answer.RetryAfter) is { } http)
            return http.Kind == ConnectorErrorKind.RateLimited ? http with { RetryAfter = http.RetryAfter ?? MinuteRule } : http;
        var code = answer.Json.ValueKind == JsonValueKind.Object && answer.Json.TryGetProperty("errcode", out var found) && found.TryGetInt32(out var number) ? number : 0;
        return code == 0 ? null : FromCode(code) with { Code = code.ToString(System.Globalization.CultureInfo.InvariantCulture) };
    }

    private static VendorError FromCode(int code) => code switch
    {
        -1 or 301022 or 301057 or 301070 => new(ConnectorErrorKind.Transient, "WeCom is busy"),
        40014 or 42001 => new(ConnectorErrorKind.ReAuthenticate, "the access token has ended"),
        40001 or 40091 => new(ConnectorErrorKind.Configuration, "WeCom does not accept 'corpSecret'"),
        40013 => new(ConnectorErrorKind.Configuration, "WeCom does not know 'corpId'"),
        40056 or 301002 or 50003 => new(ConnectorErrorKind.Configuration, "'agentId' is not the app that 'corpSecret' belongs to, or the app is disabled"),
        48002 => new(ConnectorErrorKind.Configuration, "the app may not call this; add it under 客户联系 → 可调用接口的应用"),
        60020 => new(ConnectorErrorKind.Configuration, "WeCom does not allow this machine's address; add it to the app's trusted addresses"),
        93000 => new(ConnectorErrorKind.Configuration, "WeCom does not know 'robotKey'"),
        45009 => new(ConnectorErrorKind.RateLimited, "asked too often") { RetryAfter = MinuteRule },
        45033 => new(ConnectorErrorKind.RateLimited, "too many calls at once") { RetryAfter = TimeSpan.FromSeconds(2) },
        45035 => new(ConnectorErrorKind.Transient, "the same thing is being changed by another call"),
        84061 => new(ConnectorErrorKind.Permanent, "not a customer of that employee"),
        81013 => new(ConnectorErrorKind.Permanent, "none of the receivers exists"),
        40003 or 60111 => new(ConnectorErrorKind.Permanent, "there is no such employee"),
        40096 => new(ConnectorErrorKind.Permanent, "there is no such external contact"),
        40068 => new(ConnectorErrorKind.Permanent, "there is no such tag"),
        50002 or 60011 => new(ConnectorErrorKind.Permanent, "outside of what the app may see"),
        701008 => new(ConnectorErrorKind.Configuration, "no employee has a licence for this interface"),
        _ => new(ConnectorErrorKind.Permanent, "WeCom refused it"),
    };
}
