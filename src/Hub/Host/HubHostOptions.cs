namespace IntegrationHub.Host;

/// <summary>How a host runs; what it serves stands in <c>hub.yaml</c>.</summary>
public sealed class HubHostOptions
{
    /// <summary>Run the schedules of connections.</summary>
    /// <value>Default <c>true</c>.</value>
    public bool Schedules { get; init; } = true;

    /// <summary>How long a stop waits for runs to commit the batch in hand before it leaves them to be taken up again.</summary>
    /// <value>Default 30 seconds.</value>
    public TimeSpan StopLimit { get; init; } = TimeSpan.FromSeconds(30);
}
