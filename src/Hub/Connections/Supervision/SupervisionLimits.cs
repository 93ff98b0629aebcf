namespace IntegrationHub.Connections.Supervision;

/// <summary>What a connector may take before the hub stops it. For all connectors; growth is judged for third-party connectors only.</summary>
public sealed record SupervisionLimits
{
    /// <summary>How long a read may give neither record nor checkpoint.</summary>
    /// <value>Default 20 minutes: longer than an HTTP exchange and the longest wait for a rate limit together.</value>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>How long a call may take: a check, an action; opening and closing a connection, receiving a callback and assembling a document have a tenth of it.</summary>
    /// <value>Default 10 minutes.</value>
    public TimeSpan Call { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a connector that was told to end may take to do so before it is left behind.</summary>
    /// <value>Default 30 seconds.</value>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Records without a checkpoint, or checkpoints without a record.</summary>
    /// <value>Default 200,000.</value>
    public int Unchecked { get; init; } = 200_000;

    /// <summary>Bytes of records without a checkpoint.</summary>
    /// <value>Default 1 GiB.</value>
    public long UncheckedBytes { get; init; } = 1L << 30;

    /// <summary>How much the hub's memory may grow while a third-party connector reads.</summary>
    /// <value>Default 1 GiB.</value>
    public long GrowthBytes { get; init; } = 1L << 30;

    /// <summary>How many more handles (files, sockets) the hub may hold while a third-party connector reads.</summary>
    /// <value>Default 2,000.</value>
    public int GrowthHandles { get; init; } = 2_000;

    /// <summary>For calls that are promised to be quick.</summary>
    internal TimeSpan QuickCall { get => field == default ? Call / 10 : field; init; }
}
