using System.Runtime.CompilerServices;
using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Callbacks;

namespace IntegrationHub.Connectors.Esign;

/// <summary>Receives notices about flows; whatever happened, the flow is read from e签宝 afterwards.</summary>
internal sealed class EsignCallbacks(EsignOptions options, EsignReader reader, TimeProvider time)
{
    private const string Answer = """{"code":"200","msg":"success"}""";

    /// <summary>The header's time is of the attempt; redeliveries have one of their own.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(15);

    public CallbackAnswer Receive(CallbackRequest request)
    {
        var timestamp = request.Header("X-Tsign-Open-TIMESTAMP") ?? "";
        if (request.Header("X-Tsign-Open-App-Id") != options.AppId)
            return CallbackAnswer.Refuse("it is for another application than 'appId'");
        if (request.Header("X-Tsign-Open-SIGNATURE-ALGORITHM") != "hmac-sha256"
            || !CallbackChecks.Matches(EsignSignature.SignCallback(options.AppSecret, timestamp, request.Query, request.Body.Span), request.Header("X-Tsign-Open-SIGNATURE"), ignoreCase: true))
            return CallbackAnswer.Refuse("the signature does not match");
        if (!CallbackChecks.IsRecent(timestamp, inMilliseconds: true, time.GetUtcNow(), Tolerance))
            return CallbackAnswer.Refuse("the request is not of this time");
        try
        {
            using var body = JsonDocument.Parse(request.Body);
            string? Field(string name) => body.RootElement.TryGetProperty(name, out var value) ? value.ToString() : null;
            if (Field("signFlowId") is not { Length: > 0 } flow)
                return CallbackAnswer.Accept([], Answer, "application/json");
            var signer = body.RootElement.TryGetProperty("operator", out var person) && person.ValueKind == JsonValueKind.Object && person.TryGetProperty("psnId", out var id) ? id.ToString() : "";
            var number = CallbackChecks.EventId(Field("action"), flow, signer, Field("timestamp"), Field("signOrder"));
            return CallbackAnswer.Accept([new(number, EsignConnector.SignFlows, flow, default)], Answer, "application/json");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return CallbackAnswer.Refuse("the body is no event", 400);
        }
    }

    public async IAsyncEnumerable<StreamItem> ReadAsync(string stream, IReadOnlyList<CallbackEvent> events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var flow in events.Select(e => e.Subject).Distinct(StringComparer.Ordinal))
            yield return await reader.FlowAsync(new(stream), flow, cancellationToken).ConfigureAwait(false);
    }
}
