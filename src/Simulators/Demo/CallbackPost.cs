using System.Net.Http.Headers;
using System.Text;
using IntegrationHub.Simulators.Esign;
using IntegrationHub.Simulators.Wecom;

namespace IntegrationHub.Simulators.Demo;

/// <summary>Sends the vendors' callbacks to a hub: again when there is no good answer within five seconds, three times in all, as WeCom does.</summary>
public sealed class CallbackPost(Uri hub, TimeProvider time) : IDisposable
{
    private const int Attempts = 3;

    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(5) };

    /// <summary>Sends what WeCom would send.</summary>
    /// <param name="make">Makes the request anew for each attempt.</param>
    /// <returns>What became of it, in words.</returns>
    public Task<string> SendAsync(Func<WecomPush> make) => SendAsync("wecom-simulated", () =>
    {
        var push = make();
        return (push.Query, new StringContent(push.Body, Encoding.UTF8, "text/xml"), new Dictionary<string, string>());
    });

    /// <summary>Sends what e签宝 would send.</summary>
    /// <inheritdoc cref="SendAsync(Func{WecomPush})"/>
    public Task<string> SendAsync(Func<EsignPush> make) => SendAsync("esign-simulated", () =>
    {
        var push = make();
        return (push.Query, new StringContent(push.Body, Encoding.UTF8, "application/json"), push.Headers);
    });

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<string> SendAsync(string connection, Func<(IReadOnlyList<KeyValuePair<string, string>> Query, HttpContent Content, IReadOnlyDictionary<string, string> Headers)> make)
    {
        var reason = "";
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            if (attempt > 1)
                await Task.Delay(TimeSpan.FromSeconds(1), time).ConfigureAwait(false);
            var (query, content, headers) = make();
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(hub, $"/callbacks/{connection}?{string.Join('&', query.Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value)}"))}")) { Content = content };
            foreach (var (name, value) in headers)
                Add(request.Headers, name, value);
            try
            {
                using var answer = await _client.SendAsync(request).ConfigureAwait(false);
                if (answer.IsSuccessStatusCode)
                    return "the hub took the callback";
                reason = $"it answered {(int)answer.StatusCode}";
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                reason = e is TaskCanceledException ? "it did not answer" : "it is not there";
            }
        }

        return $"the hub did not take the callback ({reason}, {Attempts} attempts); its next sync reads the change";
    }

    private static void Add(HttpRequestHeaders headers, string name, string value) => headers.TryAddWithoutValidation(name, value);
}
