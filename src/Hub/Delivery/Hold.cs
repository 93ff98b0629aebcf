using System.Text.Json;
using IntegrationHub.Storage;

namespace IntegrationHub.Delivery;

/// <summary>A subscription that sends nothing until somebody lifts it; nothing is lost meanwhile.</summary>
/// <param name="At">Unix milliseconds.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="IsGone">The destination itself said that it is gone for good.</param>
public sealed record Hold(long At, string Reason, bool IsGone)
{
    private const string Kind = "delivery-hold";

    public static async ValueTask<Hold?> ReadAsync(IHubReader reader, string subscription, CancellationToken cancellationToken) =>
        await reader.DocumentAsync(Kind, subscription, cancellationToken) is { } json ? JsonSerializer.Deserialize<Hold>(json) : null;

    public ValueTask SaveAsync(IHubTransaction transaction, string subscription) => transaction.SaveDocumentAsync(Kind, subscription, JsonSerializer.Serialize(this));

    public static ValueTask LiftAsync(IHubTransaction transaction, string subscription) => transaction.SaveDocumentAsync(Kind, subscription, null);
}
