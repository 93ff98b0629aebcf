namespace IntegrationHub.Delivery;

/// <summary>Bounds of deliveries (<c>delivery:</c> in hub.yaml).</summary>
public sealed record DeliveryLimits
{
    /// <summary>Changes of one subscription that are in memory at once.</summary>
    /// <value>Default 1,000.</value>
    public int Window { get; init; } = 1_000;

    /// <summary>How long one event is tried before it is parked, when its destination takes others.</summary>
    /// <value>Default 3 days.</value>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromDays(3);

    /// <summary>The longest pause before a destination that does not answer is tried again.</summary>
    /// <value>Default 5 minutes.</value>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How old an undelivered change may become, and how long one that was tried is kept; what is older is passed over, counted and told.</summary>
    /// <value>Default 30 days.</value>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Events a second of one replay.</summary>
    /// <value>Default 200.</value>
    public int ReplayPerSecond { get; init; } = 200;

    /// <summary>Hosts and networks inside that destinations may lead to: <c>host</c>, <c>host:port</c>, <c>10.1.0.0/16</c>, <c>[fd00::]/8</c>. Everything that is not public is refused otherwise.</summary>
    /// <value>Default none.</value>
    public IReadOnlyList<string> AllowInside { get; init; } = [];
}
