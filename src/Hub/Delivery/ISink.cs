namespace IntegrationHub.Delivery;

/// <summary>
/// The destination of one subscription. The dispatcher decides what is sent when, keeps the order of each entity, and tries again; a sink sends what it is
/// given and tells the truth about how it ended. Safe for concurrent sends; closed on dispose.
/// </summary>
public interface ISink : IAsyncDisposable
{
    /// <summary>Sends that may be under way at once.</summary>
    int Concurrency { get; }

    /// <summary>Events in one send, at most.</summary>
    int BatchSize { get; }

    /// <summary>
    /// Hands events over, in order, and comes back when the destination has taken responsibility for all of them, or it is clear that it did not. Reconnects by itself;
    /// every wait is bounded.
    /// </summary>
    /// <exception cref="OperationCanceledException">The hub stops; the outcome is unknown and the events will be sent again. Nothing else is thrown.</exception>
    Task<SendResult> SendAsync(IReadOnlyList<OutboundEvent> events, CancellationToken cancellationToken);
}

/// <summary>How a send ended.</summary>
public enum SendOutcome
{
    /// <summary>The destination has all events.</summary>
    Delivered,

    /// <summary>It may have some or none; to be tried again.</summary>
    Failed,

    /// <summary>The destination works, and will never take this event: it is parked.</summary>
    Refused,

    /// <summary>The destination is gone for good: nothing is sent until somebody says so.</summary>
    Gone,
}

/// <param name="Reason">For the operator: what failed and what to check. Never a secret, a value of an event, or text of the destination's answer.</param>
/// <param name="RetryAfter">Not before this, as the destination asked, or <c>null</c>.</param>
public readonly record struct SendResult(SendOutcome Outcome, string Reason = "", TimeSpan? RetryAfter = null)
{
    public static SendResult Delivered { get; } = new(SendOutcome.Delivered);

    public static SendResult Refused(string reason) => new(SendOutcome.Refused, reason);

    public static SendResult Failed(string reason, TimeSpan? retryAfter = null) => new(SendOutcome.Failed, reason, retryAfter);
}

/// <summary>What a subscription says about its destination, read and checked. Secrets stand in it as references.</summary>
public interface ISinkOptions
{
    /// <summary>As it is named in settings: <c>webhook</c>, <c>amqp</c>.</summary>
    string Kind { get; }

    /// <summary>Where it leads, for people and for the sovereignty log: host and path, without credentials and query.</summary>
    string Target { get; }

    /// <summary>It stays within the hub: no data leaves by handing events to it.</summary>
    bool IsInside => false;

    /// <summary>Makes the sink. Does not connect: an unreachable destination is the outcome of a send.</summary>
    /// <exception cref="SinkException">A secret is missing or unusable.</exception>
    ValueTask<ISink> OpenAsync(SinkContext context, CancellationToken cancellationToken);
}

/// <summary>What a sink is made with.</summary>
/// <param name="Resolve">Replaces references (<c>${env:X}</c>, <c>${file:X}</c>, <c>${secret:X}</c>) in a text; throws <see cref="SinkException"/> when one leads nowhere.</param>
public sealed record SinkContext(Func<string, CancellationToken, ValueTask<string>> Resolve, DeliveryLimits Limits, TimeProvider Time, ILogger Log);

/// <summary>A destination cannot be used as it is configured; the message says what to mend.</summary>
public sealed class SinkException(string message) : Exception(message);
