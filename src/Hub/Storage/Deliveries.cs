namespace IntegrationHub.Storage;

/// <summary>An event that a subscription could not deliver when its turn came. It waits for another try, or is parked until somebody decides.</summary>
public sealed record DeliveryRow
{
    /// <summary>Number of the subscription (<see cref="Catalog.Subscription"/>).</summary>
    public required int Subscription { get; init; }

    /// <summary>The change.</summary>
    public required long Sequence { get; init; }

    public required long Entity { get; init; }

    /// <summary>Sequence of the event before it in the subscription.</summary>
    public required long Previous { get; init; }

    public bool IsParked { get; init; }

    public int Attempts { get; init; }

    /// <summary>Unix milliseconds of the first attempt, or of when it began to wait behind another.</summary>
    public required long FirstAt { get; init; }

    /// <summary>Unix milliseconds of the next attempt; <see cref="BehindAnother"/> while an earlier event of the entity waits.</summary>
    public required long NextAt { get; init; }

    /// <summary>Why the last attempt failed; empty when there was none.</summary>
    public string Reason { get; init; } = "";

    public const long BehindAnother = long.MaxValue;
}

/// <summary>A page of events that wait or are parked, in order of (subscription, sequence).</summary>
/// <param name="After">The last row of the page before.</param>
public sealed record DeliveryQuery(int Limit, (int Subscription, long Sequence) After = default)
{
    public int? Subscription { get; init; }

    public bool? IsParked { get; init; }
}

/// <summary>A rule waits to see whether something stays as it is.</summary>
/// <param name="Rule">Number of the rule's subscription.</param>
/// <param name="Entity">A later change of the same entity takes its place.</param>
/// <param name="Sequence">The change.</param>
/// <param name="Previous">Sequence of the event before it.</param>
/// <param name="DueAt">Unix milliseconds.</param>
public sealed record TimerRow(int Rule, long Entity, long Sequence, long Previous, long DueAt);

/// <summary>Deliveries within a write transaction.</summary>
public interface IDeliveryTransaction
{
    /// <summary>Inserts or replaces.</summary>
    ValueTask SaveDeliveriesAsync(IReadOnlyList<DeliveryRow> rows);

    ValueTask RemoveDeliveriesAsync(int subscription, IReadOnlyList<long> sequences);

    ValueTask<DeliveryRow?> DeliveryAsync(int subscription, long sequence);

    /// <summary>Lets the first waiting events of an entity be tried at a time (unix milliseconds), in their order, unless one of them waits for a later time.</summary>
    ValueTask ReleaseDeliveriesAsync(int subscription, long entity, long at);

    /// <summary>Lets the waiting events of an entity behind a sequence wait until they are released.</summary>
    ValueTask HoldDeliveriesAsync(int subscription, long entity, long after);

    /// <summary>Parked ones become waiting ones, to be tried at once, with their attempts counted from the start.</summary>
    /// <param name="sequence">Only this one, or <c>null</c> for all.</param>
    /// <returns>How many.</returns>
    ValueTask<int> UnparkDeliveriesAsync(int subscription, long? sequence, long at);

    /// <summary>Forgets what was first tried before a time (unix milliseconds), and lets what waited behind it be tried.</summary>
    /// <returns>How many.</returns>
    ValueTask<int> ClearDeliveriesAsync(int subscription, long firstBefore, long now);

    /// <summary>Sets the timer of an entity, in place of the one it has.</summary>
    ValueTask SaveTimerAsync(TimerRow timer);

    /// <summary>Does nothing when another change has taken the timer's place.</summary>
    ValueTask RemoveTimerAsync(TimerRow timer);

    /// <summary>Remembers what an action of a rule touched (names of records at a connection, ids of entities), so that the change it causes is known.</summary>
    ValueTask SaveEffectsAsync(int rule, int connection, IReadOnlyList<string> effects, long at);

    /// <summary>Forgets effects before a time (unix milliseconds).</summary>
    ValueTask ForgetEffectsAsync(long before);
}

/// <summary>Reads of deliveries.</summary>
public interface IDeliveryReader
{
    ValueTask<IReadOnlyList<DeliveryRow>> DeliveriesAsync(DeliveryQuery query, CancellationToken cancellationToken);

    /// <summary>Waiting ones whose time has come, those that wait longest first.</summary>
    ValueTask<IReadOnlyList<DeliveryRow>> DueDeliveriesAsync(int subscription, long now, int limit, CancellationToken cancellationToken);

    /// <summary>Entities of which something waits, so that what follows waits behind it, each with the sequence of the first.</summary>
    ValueTask<IReadOnlyDictionary<long, long>> WaitingEntitiesAsync(int subscription, CancellationToken cancellationToken);

    /// <summary>Sequences behind the given one that have a row.</summary>
    ValueTask<IReadOnlyList<long>> DeliverySequencesAsync(int subscription, long after, CancellationToken cancellationToken);

    /// <summary>When the oldest was first tried (unix milliseconds), or <c>null</c> when there is none.</summary>
    ValueTask<long?> OldestDeliveryAsync(int subscription, CancellationToken cancellationToken);

    ValueTask<(long Waiting, long Parked)> CountDeliveriesAsync(int subscription, CancellationToken cancellationToken);

    /// <summary>Sequence of the last change at or before a time (unix milliseconds), 0 when there is none.</summary>
    ValueTask<long> LastChangeAtAsync(long at, CancellationToken cancellationToken);

    /// <summary>Timers that are due, of any rule.</summary>
    ValueTask<IReadOnlyList<TimerRow>> DueTimersAsync(long now, int limit, CancellationToken cancellationToken);

    /// <summary>Whether a rule's action touched something at a connection between two times (unix milliseconds, inclusive).</summary>
    ValueTask<bool> HasEffectAsync(int rule, int connection, string effect, long since, long until, CancellationToken cancellationToken);

    /// <summary>Changes by sequence, in the order asked for; those that are not there are left out.</summary>
    ValueTask<IReadOnlyList<ChangeRow>> ChangesAsync(IReadOnlyList<long> sequences, CancellationToken cancellationToken);
}
