using System.Buffers;
using System.Net.Http.Headers;
using IntegrationHub.Sdk.Tokens;

namespace IntegrationHub.Sdk.Http;

/// <summary>What a <see cref="VendorClient"/> is made of.</summary>
public sealed record VendorClientOptions
{
    /// <summary>The address that paths are put behind.</summary>
    public required Uri BaseAddress { get; init; }

    /// <summary>The connector's error table: what an answer means, or <c>null</c> when it is good. It sees every answer, also good ones, because many vendors refuse under HTTP 200.</summary>
    /// <value>Default <see cref="HttpErrors.FromStatus"/>.</value>
    public Func<VendorAnswer, VendorError?> Classify { get; init; } = answer => HttpErrors.FromStatus(answer.Status, answer.RetryAfter);

    /// <summary>Gets tokens, when the vendor uses them.</summary>
    public TokenBroker? Tokens { get; init; }

    /// <summary>Adds token or signature to the message; called once for every attempt.</summary>
    public Action<HttpRequestMessage, VendorRequest, AccessToken?>? Authorize { get; init; }

    /// <summary>The account's calls.</summary>
    public CallBudget? Budget { get; init; }

    /// <summary>The largest answer to hold, in bytes after decompression.</summary>
    /// <value>Default 64 MiB.</value>
    public int MaxAnswerBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How long an answer may take from its first byte to its last.</summary>
    /// <value>Default 100 seconds.</value>
    public TimeSpan AnswerTime { get; init; } = TimeSpan.FromSeconds(100);
}

/// <summary>
/// Exchanges requests with one vendor: waits for the account's budget, adds the token, reads a bounded answer, asks the error table what it means, and
/// gets a new token once when the table says so. What comes out is a good answer or one <see cref="ConnectorException"/>.
/// </summary>
public sealed class VendorClient : IDisposable
{
    private const int FirstRoom = 64 * 1024;

    private readonly HttpClient _http;
    private readonly VendorClientOptions _options;

    /// <summary>Creates the client; it lives as long as the connection.</summary>
    public VendorClient(ConnectionContext context, VendorClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(options);
        _http = context.CreateHttpClient();
        _options = options;
    }

    /// <summary>Sends a request.</summary>
    /// <exception cref="ConnectorException">Says what should happen next. Names the path, never query, body or token.</exception>
    public async Task<VendorAnswer> SendAsync(VendorRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        for (var renewed = false; ; renewed = true)
        {
            var token = _options.Tokens is { } tokens ? await tokens.GetAsync(cancellationToken).ConfigureAwait(false) : null;
            var answer = await ExchangeAsync(request, token, cancellationToken).ConfigureAwait(false);
            if (Classify(request, answer) is not { } error)
                return answer;
            if (error.Kind == ConnectorErrorKind.ReAuthenticate && token is not null && !renewed)
            {
                await _options.Tokens!.RenewAsync(token, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (error.Kind == ConnectorErrorKind.RateLimited && error.RetryAfter is { } pause)
                _options.Budget?.PauseFor(pause);
            throw new ConnectorException(error.Kind, Describe(request, answer, error))
            {
                RetryAfter = error.RetryAfter,
                Code = error.Code,
                // A server that fails in the middle does not say how far it got.
                MayHaveHappened = request.Writes && error.Kind == ConnectorErrorKind.Transient,
            };
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static string Describe(VendorRequest request, VendorAnswer answer, VendorError error) =>
        $"{request.Path}: {error.Reason} ({(error.Code is { } code ? $"code {code}, " : "")}HTTP {(int)answer.Status})";

    private VendorError? Classify(VendorRequest request, VendorAnswer answer)
    {
        try
        {
            return _options.Classify(answer);
        }
        catch (ConnectorException e)
        {
            throw new ConnectorException(e.Kind, $"{request.Path}: {e.Message}", e) { RetryAfter = e.RetryAfter, MayHaveHappened = request.Writes };
        }
    }

    private async Task<VendorAnswer> ExchangeAsync(VendorRequest request, AccessToken? token, CancellationToken cancellationToken)
    {
        using var slot = _options.Budget is { } budget ? await budget.EnterAsync(cancellationToken).ConfigureAwait(false) : null;
        using var message = Message(request);
        _options.Authorize?.Invoke(message, request, token);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
            limit.CancelAfter(_options.AnswerTime < _http.Timeout ? _options.AnswerTime : _http.Timeout);
            var body = await BodyAsync(request, response, limit.Token).ConfigureAwait(false);
            return new(response.StatusCode, body, response.Headers) { RetryAfter = Pause(response.Headers) };
        }
        catch (Exception e) when (e is HttpRequestException or IOException or Polly.Timeout.TimeoutRejectedException || e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // Its message may quote the address with its query.
            var what = e is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } http ? http.HttpRequestError.ToString() : e is OperationCanceledException or Polly.Timeout.TimeoutRejectedException ? "timed out" : "the answer was cut off";
            throw new ConnectorException(ConnectorErrorKind.Transient, $"{request.Path}: no whole answer from {_options.BaseAddress.Host} ({what})") { MayHaveHappened = request.Writes };
        }
    }

    private HttpRequestMessage Message(VendorRequest request)
    {
        var query = string.Join('&', request.Query.Select(p => $"{Uri.EscapeDataString(p.Key)}={Uri.EscapeDataString(p.Value)}"));
        var message = new HttpRequestMessage(request.Method, new Uri(_options.BaseAddress, request.Path + (query.Length > 0 ? "?" + query : "")));
        if (!request.Body.IsEmpty)
        {
            message.Content = new ReadOnlyMemoryContent(request.Body);
            message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(request.ContentType);
        }

        foreach (var (name, value) in request.Headers)
            message.Headers.TryAddWithoutValidation(name, value);
        // Redirected requests would carry key or signature to wherever the answer says.
        message.Options.Set(ConnectorHttp.StayHere, true);
        if (request.Writes)
            message.Options.Set(ConnectorHttp.SendOnce, true);
        return message;
    }

    private async Task<ReadOnlyMemory<byte>> BodyAsync(VendorRequest request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = stream.ConfigureAwait(false);
        // Large answers that come page after page would otherwise be collected with everything else that is old.
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(response.Content.Headers.ContentLength + 1 ?? 0, FirstRoom, Math.Max(FirstRoom, _options.MaxAnswerBytes)));
        try
        {
            var length = 0;
            int count;
            while ((count = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false)) > 0)
            {
                length += count;
                if (length > _options.MaxAnswerBytes)
                    throw new ConnectorException(ConnectorErrorKind.Permanent, $"{request.Path}: the answer is larger than {_options.MaxAnswerBytes:N0} bytes; ask for smaller pages");
                if (length < buffer.Length)
                    continue;
                var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(length * 2L, Array.MaxLength));
                buffer.AsSpan(0, length).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
            }

            return buffer.AsMemory(0, length).ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static TimeSpan? Pause(HttpResponseHeaders headers) => headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        // Relative to the server's own clock, which may differ from ours.
        { Date: { } until } when headers.Date is { } now => until - now,
        _ => null,
    };
}
