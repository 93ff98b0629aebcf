namespace IntegrationHub.Delivery;

/// <summary>
/// Tells a destination that takes nothing from an event that is not taken. While the destination is out, one send at a time finds out whether it is back.
/// Pure; times are unix milliseconds, callers lock.
/// </summary>
internal sealed class Circuit(TimeSpan longestPause)
{
    /// <summary>Failures in a row, of more than one entity, that open it.</summary>
    public const int Threshold = 5;

    private int _failed;
    private long _failedEntity;
    private bool _several;
    private int _openings;

    /// <summary>No send begins before this; 0 while it is closed.</summary>
    public long OpenUntil { get; private set; }

    public bool IsOpen => OpenUntil != 0;

    /// <summary>A send is under way that finds out.</summary>
    public bool IsProbing { get; private set; }

    /// <summary>Since when nothing was taken, 0 when the last send was.</summary>
    public long FailingSince { get; private set; }

    public long LastSuccess { get; private set; }

    public string Reason { get; private set; } = "";

    /// <summary>Whether a send may begin.</summary>
    public bool MayEnter(long now) => !IsOpen || (!IsProbing && now >= OpenUntil);

    public void Enter() => IsProbing = IsOpen;

    /// <returns>Whether the destination was out until now.</returns>
    public bool Succeeded(long now)
    {
        var wasOpen = IsOpen;
        (_failed, _openings, _several, IsProbing, OpenUntil, FailingSince, Reason) = (0, 0, false, false, 0, 0, "");
        LastSuccess = now;
        return wasOpen;
    }

    /// <param name="retryAfter">As the destination asked for.</param>
    /// <param name="jitter">0 to 1.</param>
    public void Failed(long now, long entity, string reason, TimeSpan? retryAfter, double jitter)
    {
        _several |= _failed > 0 && entity != _failedEntity;
        _failedEntity = entity;
        _failed++;
        if (FailingSince == 0)
            FailingSince = now;
        Reason = reason;
        // What was under way when it opened says nothing new.
        if ((IsOpen && IsProbing) || (!IsOpen && _several && _failed >= Threshold))
            OpenUntil = now + (long)RetrySchedule.OfDestination(++_openings, longestPause, jitter).TotalMilliseconds;
        if (retryAfter is { } asked)
            OpenUntil = Math.Max(OpenUntil, now + (long)asked.TotalMilliseconds);
        IsProbing = false;
    }
}
