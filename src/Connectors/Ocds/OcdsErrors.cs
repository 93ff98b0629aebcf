using System.Net;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connectors.Ocds;

/// <summary>What a publisher's refusal means: the one table from HTTP status to the next step.</summary>
internal static class OcdsErrors
{
    /// <summary>Contracts Finder answers 403 when asked too often, and wants five minutes of silence.</summary>
    private static readonly TimeSpan ContractsFinderPause = TimeSpan.FromMinutes(5);

    /// <summary>For publishers that limit without saying for how long; Find a Tender counts in windows of two minutes.</summary>
    private static readonly TimeSpan UsualPause = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    /// <param name="status">The answer's status.</param>
    /// <param name="style">The publisher, whose habits differ.</param>
    /// <param name="retryAfter">What the answer's Retry-After asks for.</param>
    /// <param name="page">The address that was asked.</param>
    /// <param name="explanation">The publisher's own words, short, or empty.</param>
    public static ConnectorException FromStatus(HttpStatusCode status, OcdsStyle style, TimeSpan? retryAfter, string page, string explanation)
    {
        (ConnectorErrorKind Kind, string What, TimeSpan? Wait) next = (style, (int)status) switch
        {
            (OcdsStyle.ContractsFinder, 403) => (ConnectorErrorKind.RateLimited, "asked too often", retryAfter ?? ContractsFinderPause),
            (_, 429) => (ConnectorErrorKind.RateLimited, "asked too often", retryAfter ?? UsualPause),
            (_, 503) when retryAfter is not null => (ConnectorErrorKind.RateLimited, "the publisher is not available", retryAfter),
            (_, 401 or 403) => (ConnectorErrorKind.Configuration, "access refused; check the url and whether the publisher asks for registration", null),
            (_, 404 or 410) => (ConnectorErrorKind.Configuration, "not found; check the url", null),
            (_, >= 300 and < 400) => (ConnectorErrorKind.Configuration, "moved; put the new address into the url", null),
            (_, 408 or 425) => (ConnectorErrorKind.Transient, "timed out", null),
            (_, >= 500) => (ConnectorErrorKind.Transient, "the publisher's server failed", null),
            _ => (ConnectorErrorKind.Permanent, "the question was refused", null),
        };

        var words = explanation.Length > 0 ? $" (it says: {explanation})" : "";
        return new ConnectorException(next.Kind, $"{page}: HTTP {(int)status}, {next.What}{words}") { RetryAfter = Clamp(next.Wait) };
    }

    private static TimeSpan? Clamp(TimeSpan? wait)
    {
        if (wait < TimeSpan.Zero)
            return TimeSpan.Zero;
        return wait > LongestPause ? LongestPause : wait;
    }
}
