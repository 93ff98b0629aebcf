namespace IntegrationHub.Delivery;

/// <summary>What is logged about deliveries; never a value of one.</summary>
internal static partial class DeliveryLog
{
    [LoggerMessage(71, LogLevel.Error, "subscription {Subscription} is interrupted: {Reason}")]
    public static partial void Interrupted(ILogger log, string subscription, string reason);

    [LoggerMessage(72, LogLevel.Warning, "subscription {Subscription} cannot deliver: {Reason}; nothing is lost, it is tried again")]
    public static partial void Failing(ILogger log, string subscription, string reason);

    [LoggerMessage(73, LogLevel.Information, "subscription {Subscription} delivers again")]
    public static partial void Recovered(ILogger log, string subscription);

    [LoggerMessage(74, LogLevel.Error, "event {Sequence} of subscription {Subscription} is parked after {Attempts} attempts: {Reason}")]
    public static partial void Parked(ILogger log, string subscription, long sequence, int attempts, string reason);

    [LoggerMessage(75, LogLevel.Error, "subscription {Subscription} is held: {Reason}. 'hub subscriptions resume {Name}' goes on where it stopped")]
    public static partial void Held(ILogger log, string subscription, string reason, string name);

    [LoggerMessage(76, LogLevel.Error, "subscription {Subscription}: {Count} events were not delivered before they were older than the retention and are passed over")]
    public static partial void PassedOver(ILogger log, string subscription, long count);
}
