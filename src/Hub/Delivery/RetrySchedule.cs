namespace IntegrationHub.Delivery;

/// <summary>How long to wait before something is tried again. Pure; jitter comes from outside.</summary>
internal static class RetrySchedule
{
    // Together three days, the first ones short because most faults are.
    private static readonly TimeSpan[] Pauses =
    [
        TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2), TimeSpan.FromHours(5), TimeSpan.FromHours(10), TimeSpan.FromHours(14), TimeSpan.FromHours(20),
    ];

    /// <summary>Before the next attempt of one event.</summary>
    /// <param name="attempts">Those that failed, from 1.</param>
    /// <param name="jitter">0 to 1; spreads the pause by a fifth either way.</param>
    public static TimeSpan OfEvent(int attempts, double jitter) => Spread(Pauses[Math.Min(attempts, Pauses.Length) - 1], jitter);

    /// <summary>Before a destination that answers nothing is tried again: doubling from one second.</summary>
    /// <param name="failures">Tries since it stopped answering, from 1.</param>
    public static TimeSpan OfDestination(int failures, TimeSpan longest, double jitter) =>
        Spread(TimeSpan.FromSeconds(Math.Min(longest.TotalSeconds, Math.Pow(2, Math.Min(failures, 30) - 1))), jitter);

    private static TimeSpan Spread(TimeSpan pause, double jitter) => pause * (0.8 + 0.4 * jitter);
}
