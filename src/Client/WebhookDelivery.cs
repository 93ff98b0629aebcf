namespace IntegrationHub.Client;

/// <summary>A genuine request.</summary>
/// <param name="Id">The same at every attempt: what was done for it once need not be done again.</param>
/// <param name="SentAt">When this attempt was made.</param>
/// <param name="Events">One, or several in order when the subscription sends batches.</param>
public sealed record WebhookDelivery(string Id, DateTimeOffset SentAt, IReadOnlyList<HubEvent> Events);
