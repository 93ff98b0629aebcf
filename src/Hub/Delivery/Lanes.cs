using System.Diagnostics.CodeAnalysis;

namespace IntegrationHub.Delivery;

/// <summary>
/// Keeps the order of each entity while different entities overtake each other: one lane for each entity, of which nothing is handed out while something
/// of it is under way or waits for another try. Pure; callers lock.
/// </summary>
internal sealed class Lanes
{
    private readonly Dictionary<long, Lane> _lanes = [];
    private readonly Queue<Lane> _ready = [];
    private readonly PriorityQueue<Lane, long> _later = new();

    /// <summary>Events that are held, those under way included.</summary>
    public int Count { get; private set; }

    /// <summary>When the next lane that waits has its turn (unix milliseconds), or <c>null</c>.</summary>
    public long? NextAt => _later.TryPeek(out _, out var at) ? at : null;

    /// <summary>Whether some lane need not wait.</summary>
    public bool HasReady => _ready.Count > 0;

    public void Add(PendingEvent pending)
    {
        if (!_lanes.TryGetValue(pending.Entity, out var lane))
            _lanes.Add(pending.Entity, lane = new());
        lane.Events.Enqueue(pending);
        Count++;
        if (lane.State == LaneState.Idle)
            Ready(lane);
    }

    /// <summary>Hands out events whose turn it is.</summary>
    /// <param name="most">At most this many together.</param>
    /// <param name="now">Unix milliseconds.</param>
    public bool TryTake(int most, long now, [NotNullWhen(true)] out List<PendingEvent>? batch)
    {
        while (_later.TryPeek(out var due, out var at) && at <= now)
        {
            _later.Dequeue();
            if (due.State == LaneState.Later)
                Ready(due);
        }

        batch = null;
        while ((batch is null || batch.Count < most) && _ready.TryPeek(out var lane))
        {
            if (lane.State != LaneState.Ready)
            {
                // It was emptied while it waited here.
                _ready.Dequeue();
                continue;
            }

            var alone = lane.Events.Peek().IsAlone;
            if (alone && batch is not null)
                break;
            _ready.Dequeue();
            lane.State = LaneState.Busy;
            batch ??= [];
            foreach (var pending in lane.Events.Take(alone ? 1 : most - batch.Count).TakeWhile(p => alone || !p.IsAlone))
            {
                batch.Add(pending);
                lane.Taken++;
            }

            if (alone)
                break;
        }

        return batch is not null;
    }

    /// <summary>They are done with: what follows them has its turn.</summary>
    public void Release(List<PendingEvent> batch)
    {
        foreach (var pending in batch)
        {
            var lane = _lanes[pending.Entity];
            lane.Events.Dequeue();
            Count--;
            if (--lane.Taken > 0)
                continue;
            if (lane.Events.Count > 0)
                Ready(lane);
            else
                Remove(pending.Entity, lane);
        }
    }

    /// <summary>They go out again, and nothing of their entities before.</summary>
    /// <param name="at">When, in unix milliseconds.</param>
    public void Return(List<PendingEvent> batch, Func<PendingEvent, long> at)
    {
        foreach (var pending in batch)
        {
            var lane = _lanes[pending.Entity];
            if (--lane.Taken > 0)
                continue;
            lane.State = LaneState.Later;
            _later.Enqueue(lane, at(lane.Events.Peek()));
        }
    }

    /// <summary>Everything that waits has its turn now.</summary>
    public void Hurry()
    {
        while (_later.TryDequeue(out var lane, out _))
            if (lane.State == LaneState.Later)
                Ready(lane);
    }

    /// <summary>Takes all events of an entity out, of which nothing is under way.</summary>
    public IReadOnlyList<PendingEvent> TakeOut(long entity)
    {
        if (!_lanes.TryGetValue(entity, out var lane) || lane.State == LaneState.Busy)
            return [];
        Count -= lane.Events.Count;
        Remove(entity, lane);
        return [.. lane.Events];
    }

    /// <summary>The first event of an entity that is held, or <c>null</c>.</summary>
    public PendingEvent? First(long entity) => _lanes.TryGetValue(entity, out var lane) ? lane.Events.Peek() : null;

    /// <summary>Entities of which something is held and nothing is under way.</summary>
    public IReadOnlyList<long> Waiting() => [.. _lanes.Where(l => l.Value.State != LaneState.Busy).Select(l => l.Key)];

    private void Ready(Lane lane)
    {
        lane.State = LaneState.Ready;
        _ready.Enqueue(lane);
    }

    private void Remove(long entity, Lane lane)
    {
        lane.State = LaneState.Gone;
        _lanes.Remove(entity);
    }

    private enum LaneState
    {
        Idle,
        Ready,
        Busy,
        Later,
        Gone,
    }

    private sealed class Lane
    {
        public Queue<PendingEvent> Events { get; } = [];

        /// <summary>How many at the head are under way.</summary>
        public int Taken { get; set; }

        public LaneState State { get; set; }
    }
}
