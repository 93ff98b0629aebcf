using System.Net;

namespace IntegrationHub.Sdk.Http;

/// <summary>What a vendor's refusal means: one entry of a connector's error table.</summary>
/// <param name="Kind">What should happen next.</param>
/// <param name="Reason">What is wrong and what to do, for the person who must act. No secrets, no personal values.</param>
public sealed record VendorError(ConnectorErrorKind Kind, string Reason)
{
    /// <summary>How long the vendor wants silence.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The vendor's own code, for its documentation.</summary>
    public string? Code { get; init; }
}

/// <summary>The meaning of HTTP statuses where a vendor's own table says nothing about them.</summary>
public static class HttpErrors
{
    /// <summary>Servers may ask for any pause; nobody waits longer than this.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    /// <summary>What a status means, or <c>null</c> when it is a success.</summary>
    /// <param name="status">The answer's status.</param>
    /// <param name="retryAfter">What its Retry-After asks for.</param>
    public static VendorError? FromStatus(HttpStatusCode status, TimeSpan? retryAfter) => (int)status switch
    {
        >= 200 and < 300 => null,
        >= 300 and < 400 => new(ConnectorErrorKind.Configuration, "the address has moved; put the new one into the settings"),
        401 => new(ConnectorErrorKind.ReAuthenticate, "the system does not accept the credentials"),
        403 => new(ConnectorErrorKind.Configuration, "access refused; check the account's rights and whether the system allows this machine's address"),
        404 or 410 => new(ConnectorErrorKind.Permanent, "not found; check the address"),
        408 or 425 => new(ConnectorErrorKind.Transient, "timed out"),
        429 => new(ConnectorErrorKind.RateLimited, "asked too often") { RetryAfter = Bounded(retryAfter) },
        503 when retryAfter is not null => new(ConnectorErrorKind.RateLimited, "the system is not available") { RetryAfter = Bounded(retryAfter) },
        501 or 505 => new(ConnectorErrorKind.Permanent, "the system does not know this kind of request"),
        >= 500 => new(ConnectorErrorKind.Transient, "the system's server failed"),
        _ => new(ConnectorErrorKind.Permanent, "the request was refused"),
    };

    private static TimeSpan? Bounded(TimeSpan? pause) => pause < TimeSpan.Zero ? TimeSpan.Zero : pause > LongestPause ? LongestPause : pause;
}
