using System.Text.Json;
using IntegrationHub.Storage;

namespace IntegrationHub.Delivery;

/// <summary>What is kept of a subscription's progress. Written in the transactions of its dispatcher; others only read it.</summary>
public sealed record SubscriptionState
{
    private const string Kind = "delivery";

    /// <summary>Changes up to here are delivered, wait or are parked.</summary>
    public long Position { get; init; }

    /// <summary>Sequence of the last event at or before the position.</summary>
    public long Previous { get; init; }

    /// <summary>Up to here the sovereignty log knows that data goes out.</summary>
    public long Claimed { get; init; }

    /// <summary>Whose it is: of two subscriptions of one name, one after the other, the second begins anew.</summary>
    public string Id { get; init; } = "";

    /// <summary>What <see cref="Claimed"/> was said for: a changed subscription sends other data.</summary>
    public string Definition { get; init; } = "";

    /// <summary>Events that the destination took.</summary>
    public long Delivered { get; init; }

    /// <summary>Events that grew older than the retention before they could be delivered.</summary>
    public long PassedOver { get; init; }

    /// <summary>Unix milliseconds, 0 when the last send was taken.</summary>
    public long FailingSince { get; init; }

    /// <summary>Why the last send was not.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Unix milliseconds of the next try of a destination that is out, or 0.</summary>
    public long NextTry { get; init; }

    public static async ValueTask<SubscriptionState?> ReadAsync(IHubReader reader, string subscription, CancellationToken cancellationToken) =>
        await reader.DocumentAsync(Kind, subscription, cancellationToken) is { } json ? JsonSerializer.Deserialize<SubscriptionState>(json) : null;

    public ValueTask SaveAsync(IHubTransaction transaction, string subscription) => transaction.SaveDocumentAsync(Kind, subscription, JsonSerializer.Serialize(this));

    public static ValueTask RemoveAsync(IHubTransaction transaction, string subscription) => transaction.SaveDocumentAsync(Kind, subscription, null);
}
