namespace IntegrationHub.Delivery;

/// <summary>Where a subscription begins.</summary>
public enum StartKind
{
    Now,
    Beginning,
    Sequence,
    Time,
}

/// <param name="Value">A sequence to begin behind, or unix milliseconds.</param>
public readonly record struct SubscriptionStart(StartKind Kind, long Value);

/// <summary>What one destination is to be told: which changes, how much of each, what for. Checked against the model.</summary>
public sealed record Subscription
{
    public const string Webhook = "webhook";
    public const string Amqp = "amqp";

    public required string Name { get; init; }

    /// <summary>Of one that was added: another one when it is removed and added again.</summary>
    public string Id { get; init; } = "";

    /// <summary>It stands in hub.yaml, and is changed there only.</summary>
    public bool IsConfigured { get; init; }

    public required ChangeFilter Filter { get; init; }

    /// <summary>What the data is for, as the sovereignty log names it.</summary>
    public string? Purpose { get; init; }

    public string? LegalBasis { get; init; }

    /// <summary>Where the destination stands, ISO 3166 code.</summary>
    public string? Region { get; init; }

    public SubscriptionStart Start { get; init; }

    public required ISinkOptions Sink { get; init; }

    /// <summary>The definition as JSON, secrets as references.</summary>
    public required string Json { get; init; }
}
