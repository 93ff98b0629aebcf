using System.Globalization;
using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;

namespace IntegrationHub.Connectors.Esign;

/// <summary>Calls e签宝 V3; every request is signed over exactly the bytes that are sent.</summary>
internal sealed class EsignClient : IDisposable
{
    private readonly VendorClient _calls;
    private readonly EsignOptions _options;
    private readonly TimeProvider _time;

    public EsignClient(ConnectionContext context, EsignOptions options)
    {
        _options = options;
        _time = context.Time;
        _calls = new(context, new()
        {
            BaseAddress = options.Url,
            Classify = EsignErrors.Classify,
            Budget = context.Budgets.For($"esign:{options.Url.Host}:{options.AppId}", new() { Calls = options.CallsPerMinute }),
            Authorize = (message, request, _) => Sign(message, request),
        });
    }

    public async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) =>
        Data(await _calls.SendAsync(VendorRequest.Get(path), cancellationToken).ConfigureAwait(false));

    public async Task<JsonElement> PostAsync(string path, object body, CancellationToken cancellationToken, bool writes = false) =>
        Data(await _calls.SendAsync(VendorRequest.Post(path, body) with { Writes = writes, ContentType = EsignSignature.ContentType }, cancellationToken).ConfigureAwait(false));

    public void Dispose() => _calls.Dispose();

    private static JsonElement Data(VendorAnswer answer) => answer.Json.TryGetProperty("data", out var data) ? data : default;

    private void Sign(HttpRequestMessage message, VendorRequest request)
    {
        var md5 = EsignSignature.ContentMd5(request.Body.Span);
        var text = EsignSignature.SignedText(request.Method.Method, request.Path, request.Query, md5);
        message.Headers.TryAddWithoutValidation("Accept", EsignSignature.Accept);
        message.Headers.Add("X-Tsign-Open-App-Id", _options.AppId);
        message.Headers.Add("X-Tsign-Open-Auth-Mode", "Signature");
        message.Headers.Add("X-Tsign-Open-Ca-Timestamp", _time.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture));
        message.Headers.Add("X-Tsign-Open-Ca-Signature", EsignSignature.Sign(_options.AppSecret, text));
        // Also of requests without a body: the gateway signs what it sees.
        message.Content ??= new ByteArrayContent([]);
        message.Content.Headers.Remove("Content-Type");
        message.Content.Headers.TryAddWithoutValidation("Content-Type", EsignSignature.ContentType);
        if (md5.Length > 0)
            message.Content.Headers.TryAddWithoutValidation("Content-MD5", md5);
    }
}
