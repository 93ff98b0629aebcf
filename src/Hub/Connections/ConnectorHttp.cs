using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace IntegrationHub.Connections;

/// <summary>HTTP clients for connectors: retry with back-off and jitter on transient failures, honouring Retry-After, with bounded time.</summary>
internal static class ConnectorHttp
{
    // One handler for all clients, so that connections are pooled; the lifetime keeps DNS changes seen.
    private static readonly SocketsHttpHandler Transport = new()
    {
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        AutomaticDecompression = System.Net.DecompressionMethods.All,
        ConnectTimeout = TimeSpan.FromSeconds(15),
    };

    public static HttpClient CreateClient()
    {
        var pipeline = new ResiliencePipelineBuilder<HttpResponseMessage>()
            .AddRetry(new HttpRetryStrategyOptions
            {
                MaxRetryAttempts = 3,
                Delay = TimeSpan.FromMilliseconds(500),
                // A server that asks for a long pause is left to the run, which can commit and wait without holding a request open.
                ShouldHandle = args => ValueTask.FromResult(HttpClientResiliencePredicates.IsTransient(args.Outcome)
                    && (args.Outcome.Result?.Headers.RetryAfter?.Delta ?? TimeSpan.Zero) <= TimeSpan.FromSeconds(5)
                    && args.Outcome.Result?.StatusCode != System.Net.HttpStatusCode.TooManyRequests),
            })
            .AddTimeout(TimeSpan.FromSeconds(100))
            .Build();
        return new(new ResilienceHandler(pipeline) { InnerHandler = Transport }, disposeHandler: false) { Timeout = TimeSpan.FromMinutes(10) };
    }
}
