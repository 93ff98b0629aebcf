using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;
using IntegrationHub.Sdk.Tokens;

namespace IntegrationHub.Connectors.Wecom;

/// <summary>Calls WeCom as one app. The token goes into the query, so no address with a query is ever shown.</summary>
internal sealed class WecomClient : IDisposable
{
    /// <summary>WeCom throttles batch reads at more than two or three at a time, far below the general limit.</summary>
    public const int AtOnce = 3;

    private readonly VendorClient _logins;
    private readonly VendorClient _calls;

    public WecomClient(ConnectionContext context, WecomOptions options)
    {
        var shared = new VendorClientOptions
        {
            BaseAddress = options.Url,
            Classify = WecomErrors.Classify,
            Budget = context.Budgets.For($"wecom:{options.Url.Host}:{options.CorpId}", new() { Calls = options.CallsPerMinute, Concurrency = AtOnce, Burst = 200 }),
        };
        _logins = new(context, shared);
        _calls = new(context, shared with
        {
            Tokens = new(context, new()
            {
                Identity = $"{options.Url}|{options.CorpId}|{options.CorpSecret}",
                Renew = async (_, cancel) =>
                {
                    var answer = await _logins.SendAsync(VendorRequest.Get("/cgi-bin/gettoken", new("corpid", options.CorpId), new("corpsecret", options.CorpSecret)), cancel).ConfigureAwait(false);
                    return new(answer.Json.GetProperty("access_token").GetString()!, context.Time.GetUtcNow().AddSeconds(answer.Json.GetProperty("expires_in").GetInt32()));
                },
            }),
            Authorize = (message, _, token) => message.RequestUri = WithToken(message.RequestUri!, token!),
        });
    }

    public async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken, params KeyValuePair<string, string>[] query) =>
        (await _calls.SendAsync(VendorRequest.Get("/cgi-bin/" + path, query), cancellationToken).ConfigureAwait(false)).Json;

    public async Task<JsonElement> PostAsync(string path, object body, CancellationToken cancellationToken, bool writes = false) =>
        (await _calls.SendAsync(VendorRequest.Post("/cgi-bin/" + path, body) with { Writes = writes }, cancellationToken).ConfigureAwait(false)).Json;

    /// <summary>A group robot's message; the key is its only credential.</summary>
    public async Task PostToRobotAsync(string key, object body, CancellationToken cancellationToken) =>
        await _logins.SendAsync(VendorRequest.Post("/cgi-bin/webhook/send", body) with { Query = [new("key", key)], Writes = true }, cancellationToken).ConfigureAwait(false);

    public void Dispose()
    {
        _calls.Dispose();
        _logins.Dispose();
    }

    private static Uri WithToken(Uri address, AccessToken token) =>
        new(address.AbsoluteUri + (address.Query.Length > 0 ? "&" : "?") + "access_token=" + Uri.EscapeDataString(token.Value));
}
