using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;

namespace AcmeCrm;

/// <summary>What the vendor's answers mean: its own codes first, then those of HTTP.</summary>
internal static class AcmeCrmErrors
{
    /// <summary>The vendor asks for silence and does not say for how long.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    public static VendorError? Classify(VendorAnswer answer) => (Code(answer), (int)answer.Status) switch
    {
        ("bad_key", _) => new(ConnectorErrorKind.Configuration, "'apiKey' is not accepted; take it anew from the vendor's console"),
        ("slow_down", _) => new(ConnectorErrorKind.RateLimited, "asked too often") { RetryAfter = Pause, Code = "slow_down" },
        ({ } code, _) => new(ConnectorErrorKind.Permanent, "the request was refused") { Code = code },
        _ => HttpErrors.FromStatus(answer.Status, answer.RetryAfter),
    };

    private static string? Code(VendorAnswer answer)
    {
        // A failing server's page need not be JSON; its status is enough.
        if ((int)answer.Status is 429 or >= 500)
            return null;
        return answer.Json.ValueKind == JsonValueKind.Object && answer.Json.TryGetProperty("error", out var code) ? code.ToString() : null;
    }
}
