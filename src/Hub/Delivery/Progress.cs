namespace IntegrationHub.Delivery;

/// <summary>How far a subscription has come: everything up to the position is delivered or kept for later. Pure; callers lock.</summary>
/// <param name="position">Sequence.</param>
/// <param name="previous">Sequence of the last event at or before the position.</param>
internal sealed class Progress(long position, long previous)
{
    private readonly Queue<PendingEvent> _order = [];

    /// <summary>The last change that was looked at.</summary>
    public long ReadTo { get; private set; } = position;

    /// <summary>The last event that was made of one.</summary>
    public long LastEvent { get; private set; } = previous;

    public long Previous { get; private set; } = previous;

    public long Position => _order.TryPeek(out var first) ? first.Event.Sequence - 1 : ReadTo;

    /// <summary>Events between the position and what was read.</summary>
    public int Count => _order.Count;

    public PendingEvent? First => _order.TryPeek(out var first) ? first : null;

    public void Add(PendingEvent pending)
    {
        _order.Enqueue(pending);
        LastEvent = pending.Event.Sequence;
    }

    public void Read(long to) => ReadTo = to;

    /// <summary>Passes what is done.</summary>
    public void Advance()
    {
        while (_order.TryPeek(out var first) && first.IsDone)
            Previous = _order.Dequeue().Event.Sequence;
    }
}
