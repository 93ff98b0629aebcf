using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace IntegrationHub.Sdk.Http;

/// <summary>Bounds of the HTTP clients that connectors get.</summary>
public sealed record ConnectorHttpOptions
{
    /// <summary>How often a failed read is tried again before the failure is told.</summary>
    /// <value>Default 3.</value>
    public int Retries { get; init; } = 3;

    /// <summary>The first pause between tries; it doubles, with jitter.</summary>
    /// <value>Default half a second.</value>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A server that asks for a longer pause is left to the run, which can commit and wait without holding a request open.</summary>
    /// <value>Default 5 seconds.</value>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the tries may take until the answer begins.</summary>
    /// <value>Default 100 seconds.</value>
    public TimeSpan AnswerBegins { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>How long a whole exchange may take.</summary>
    /// <value>Default 10 minutes.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Whether redirects are followed; otherwise they are the answer.</summary>
    /// <value>Default <c>true</c>.</value>
    public bool FollowRedirects { get; init; } = true;
}

/// <summary>
/// Makes the HTTP clients of connectors: retry with back-off and jitter on transient failures, honouring Retry-After, with bounded time. Used by the
/// hub and by the test kit, so that a connector meets the same client in both.
/// </summary>
public static class ConnectorHttp
{
    /// <summary>Set on a request that must not be sent twice: it changes something at the vendor.</summary>
    public static readonly HttpRequestOptionsKey<bool> SendOnce = new("IntegrationHub.SendOnce");

    /// <summary>Set on a request whose credentials are for its own host only: a redirect is its answer.</summary>
    public static readonly HttpRequestOptionsKey<bool> StayHere = new("IntegrationHub.StayHere");

    // One pair of handlers for all clients, so that connections are pooled; the lifetime keeps DNS changes seen.
    private static readonly HttpMessageHandler PlainTransport = CreateTransport(followRedirects: false);

    private static readonly HttpMessageHandler Transport = new ByRequest { InnerHandler = CreateTransport(followRedirects: true) };

    private static SocketsHttpHandler CreateTransport(bool followRedirects) => new()
    {
        AllowAutoRedirect = followRedirects,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        AutomaticDecompression = System.Net.DecompressionMethods.All,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        UseCookies = false,
    };

    /// <summary>A client over pooled connections; dispose it with the connection.</summary>
    /// <param name="options">Bounds; the defaults when left out.</param>
    /// <param name="around">A handler to put around the transport, such as one that records; its inner handler is set here.</param>
    public static HttpClient CreateClient(ConnectorHttpOptions? options = null, DelegatingHandler? around = null)
    {
        options ??= new();
        var pipeline = new ResiliencePipelineBuilder<HttpResponseMessage>()
            .AddTimeout(options.AnswerBegins)
            .AddRetry(new HttpRetryStrategyOptions
            {
                MaxRetryAttempts = Math.Max(1, options.Retries),
                Delay = options.Pause,
                ShouldHandle = args => ValueTask.FromResult(options.Retries > 0
                    && HttpClientResiliencePredicates.IsTransient(args.Outcome)
                    && !IsSentOnce(args.Context.GetRequestMessage())
                    && (args.Outcome.Result?.Headers.RetryAfter?.Delta ?? TimeSpan.Zero) <= options.LongestPause
                    && args.Outcome.Result?.StatusCode != System.Net.HttpStatusCode.TooManyRequests),
            })
            .Build();
        var transport = options.FollowRedirects ? Transport : PlainTransport;
        if (around is not null)
            around.InnerHandler = transport;
        return new(new ResilienceHandler(pipeline) { InnerHandler = around ?? transport }, disposeHandler: false) { Timeout = options.Timeout };
    }

    private static bool IsSentOnce(HttpRequestMessage? request) => request is not null && request.Options.TryGetValue(SendOnce, out var once) && once;

    private sealed class ByRequest : DelegatingHandler
    {
        private readonly HttpMessageInvoker _staying = new(PlainTransport, disposeHandler: false);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            request.Options.TryGetValue(StayHere, out var stays) && stays ? _staying.SendAsync(request, cancellationToken) : base.SendAsync(request, cancellationToken);
    }
}
