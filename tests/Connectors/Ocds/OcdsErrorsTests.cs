using System.Net;
using IntegrationHub.Connectors.Ocds;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connectors.Tests.Ocds;

public class OcdsErrorsTests
{
    [Theory]
    [InlineData(400, OcdsStyle.Package, null, ConnectorErrorKind.Permanent, null)]
    [InlineData(401, OcdsStyle.Package, null, ConnectorErrorKind.Configuration, null)]
    [InlineData(403, OcdsStyle.FindATender, null, ConnectorErrorKind.Configuration, null)]
    [InlineData(403, OcdsStyle.ContractsFinder, null, ConnectorErrorKind.RateLimited, 300)]
    [InlineData(403, OcdsStyle.ContractsFinder, 20, ConnectorErrorKind.RateLimited, 20)]
    [InlineData(404, OcdsStyle.Package, null, ConnectorErrorKind.Configuration, null)]
    [InlineData(308, OcdsStyle.Package, null, ConnectorErrorKind.Configuration, null)]
    [InlineData(408, OcdsStyle.Package, null, ConnectorErrorKind.Transient, null)]
    [InlineData(429, OcdsStyle.Package, null, ConnectorErrorKind.RateLimited, 120)]
    [InlineData(429, OcdsStyle.Package, 10, ConnectorErrorKind.RateLimited, 10)]
    [InlineData(429, OcdsStyle.Package, -5, ConnectorErrorKind.RateLimited, 0)]
    [InlineData(429, OcdsStyle.Package, 99_999_999, ConnectorErrorKind.RateLimited, 86_400)]
    [InlineData(500, OcdsStyle.Package, null, ConnectorErrorKind.Transient, null)]
    [InlineData(503, OcdsStyle.Package, null, ConnectorErrorKind.Transient, null)]
    [InlineData(503, OcdsStyle.FindATender, 30, ConnectorErrorKind.RateLimited, 30)]
    public void Status_says_what_to_do_next(int status, OcdsStyle style, int? retryAfter, ConnectorErrorKind kind, int? wait)
    {
        TimeSpan? asked = retryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        var e = OcdsErrors.FromStatus((HttpStatusCode)status, style, asked, "http://p/", "");
        Assert.Equal((kind, wait), (e.Kind, (int?)e.RetryAfter?.TotalSeconds));
    }
}
