using Scalar.AspNetCore;

namespace IntegrationHub.Api;

/// <summary>The reference for people at <c>/docs</c>. Everything it needs comes from the hub; nothing is asked of other servers.</summary>
internal static class DocsPage
{
    private const string Policy =
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'none'";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapScalarApiReference("/docs", (options, http) =>
        {
            http.Response.Headers.ContentSecurityPolicy = Policy;
            options.WithTitle("Integration Hub API")
                .WithOpenApiRoutePattern("/openapi/v1.json")
                .DisableDefaultFonts()
                .DisableTelemetry()
                .DisableAgent()
                .DisableMcp();
        }).WithMetadata(OpenRoute.Instance);
    }
}
