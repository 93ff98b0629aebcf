using System.Net;
using System.Net.Sockets;

namespace IntegrationHub.Delivery.Webhooks;

/// <summary>
/// Posts events to one address. An answer counts by its status: its body is never read into the hub, only run dry within bounds so that the connection can be
/// used again. Redirects, cookies, proxies and compression are off; the guard decides where connections go.
/// </summary>
internal sealed class WebhookSink : ISink
{
    /// <summary>Of an answer's body, before the connection is given up instead.</summary>
    private const int MostDrained = 64 * 1024;

    private const int MostHeaderKilobytes = 16;
    private const int MostKept = 1024 * 1024;

    private readonly WebhookOptions _options;
    private readonly IReadOnlyList<KeyValuePair<string, string>> _headers;
    private readonly IReadOnlyList<WebhookSecret> _secrets;
    private readonly AddressGuard _guard;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _http;
    private readonly Lock _lock = new();
    private readonly Stack<WebhookMessage> _messages = new();

    /// <param name="headers">The options' headers with their values.</param>
    /// <param name="secrets">The options' secrets; the sink disposes of them.</param>
    public WebhookSink(WebhookOptions options, IReadOnlyList<KeyValuePair<string, string>> headers, IReadOnlyList<WebhookSecret> secrets, AddressGuard guard, TimeProvider time)
    {
        (_options, _headers, _secrets, _guard, _time) = (options, headers, secrets, guard, time);
        _http = new(new SocketsHttpHandler
        {
            ConnectCallback = ConnectAsync,
            ConnectTimeout = options.Timeout < TimeSpan.FromSeconds(10) ? options.Timeout : TimeSpan.FromSeconds(10),
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxConnectionsPerServer = options.Concurrency,
            MaxResponseHeadersLength = MostHeaderKilobytes,
            MaxResponseDrainSize = MostDrained,
            ResponseDrainTimeout = TimeSpan.FromSeconds(2),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            // The name is looked up and checked again from time to time.
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            // Destinations get no trace ids of the hub.
            ActivityHeadersPropagator = null,
        });
    }

    public int Concurrency => _options.Concurrency;

    public int BatchSize => _options.Batch;

    public async Task<SendResult> SendAsync(IReadOnlyList<OutboundEvent> events, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(events.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(events.Count, BatchSize);
        using var limit = new CancellationTokenSource(_options.Timeout, _time);
        await using var stop = cancellationToken.UnsafeRegister(static limit => ((CancellationTokenSource)limit!).Cancel(), limit);
        try
        {
            var message = Take();
            using var request = message.Write(_options.Mode, _options.Url, events, _time.GetUtcNow());
            request.Headers.TryAddWithoutValidation("User-Agent", "integration-hub");
            foreach (var (name, value) in _headers)
                request.Headers.TryAddWithoutValidation(name, value);
            using var answer = await _http.SendAsync(request, limit.Token);
            // Only now: after a failure something may still be reading from it.
            Keep(message);
            return WebhookAnswer.Judge(_options.Target, answer, _time.GetUtcNow());
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return WebhookAnswer.Late(_options.Target, _options.Timeout);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return WebhookAnswer.Explain(_options.Target, e);
        }
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        lock (_lock)
            while (_messages.TryPop(out var message))
                message.Dispose();
        foreach (var secret in _secrets)
            secret.Dispose();
        return ValueTask.CompletedTask;
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken) => new NetworkStream(
        await _guard.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, onlyInside: _options.Url.Scheme == Uri.UriSchemeHttp, cancellationToken), ownsSocket: true);

    private WebhookMessage Take()
    {
        lock (_lock)
            return _messages.TryPop(out var message) ? message : new(_secrets);
    }

    private void Keep(WebhookMessage message)
    {
        lock (_lock)
            if (message.Held <= MostKept && _messages.Count < Concurrency)
                _messages.Push(message);
    }
}
