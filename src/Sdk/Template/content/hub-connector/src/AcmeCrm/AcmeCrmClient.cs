using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;

namespace AcmeCrm;

/// <summary>Calls the vendor. Tokens that run out belong to a <see cref="IntegrationHub.Sdk.Tokens.TokenBroker"/>; a key needs none.</summary>
internal sealed class AcmeCrmClient(ConnectionContext context, AcmeCrmOptions options) : IDisposable
{
    private readonly VendorClient _calls = new(context, new()
    {
        BaseAddress = options.Url!,
        Classify = AcmeCrmErrors.Classify,
        Budget = context.Budgets.For($"acmecrm:{options.Url!.Host}", new() { Calls = options.CallsPerMinute }),
        Authorize = (message, _, _) => message.Headers.Add("Authorization", "Bearer " + options.ApiKey),
    });

    public async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken, params IReadOnlyList<KeyValuePair<string, string>> query) =>
        (await _calls.SendAsync(VendorRequest.Get(path, query), cancellationToken).ConfigureAwait(false)).Json;

    public void Dispose() => _calls.Dispose();
}
