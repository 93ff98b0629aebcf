using IntegrationHub.Storage;

namespace IntegrationHub.Delivery;

/// <summary>Why an event is sent.</summary>
internal enum PendingOrigin
{
    /// <summary>Its turn in the change feed has come.</summary>
    Feed,

    /// <summary>It could not be delivered then, and its next try is due.</summary>
    Retry,

    /// <summary>Somebody asked for it again.</summary>
    Replay,
}

/// <summary>An event in memory on its way to a destination, with what has become of it.</summary>
internal sealed class PendingEvent(OutboundEvent @event, long entity, PendingOrigin origin)
{
    public OutboundEvent Event { get; } = @event;

    public long Entity { get; } = entity;

    public PendingOrigin Origin { get; } = origin;

    public int Attempts { get; set; }

    /// <summary>Unix milliseconds of the first attempt, 0 before it.</summary>
    public long FirstAt { get; set; }

    public string Reason { get; set; } = "";

    /// <summary>The destination took it.</summary>
    public bool IsDelivered { get; set; }

    /// <summary>It was delivered, or is kept for later: the subscription's position may pass it.</summary>
    public bool IsDone { get; set; }

    /// <summary>It is sent without others: one bad event does not hold up those sent with it.</summary>
    public bool IsAlone => Attempts > 0 || Origin == PendingOrigin.Retry;

    /// <summary>As it is kept while it waits.</summary>
    public DeliveryRow Row(int subscription, long nextAt) => new()
    {
        Subscription = subscription,
        Sequence = Event.Sequence,
        Entity = Entity,
        Previous = Event.Previous,
        Attempts = Attempts,
        FirstAt = FirstAt,
        NextAt = nextAt,
        Reason = Reason,
    };
}
