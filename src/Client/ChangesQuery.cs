namespace IntegrationHub.Client;

/// <summary>How changes come.</summary>
public enum ChangesTransport
{
    /// <summary>One request after the other; a request waits at the hub until there is something. Passes every proxy.</summary>
    Poll,

    /// <summary>Server-sent events: one answer that goes on. The least delay.</summary>
    Stream,
}

/// <summary>Which changes.</summary>
public sealed record ChangesQuery
{
    /// <summary>Sequence to go on behind: what was kept of the last run, 0 for the beginning.</summary>
    public long After { get; init; }

    /// <summary>Only changes of this type, such as <c>customer</c>; all when <c>null</c>.</summary>
    public string? Entity { get; init; }

    /// <summary>Go on with what is committed later, whatever happens to the connection. Otherwise it ends where the feed ends now, and faults of the network are yours.</summary>
    /// <value>Default <c>true</c>.</value>
    public bool Follow { get; init; } = true;

    /// <summary>How changes come while they are followed; without <see cref="Follow"/> they are polled.</summary>
    /// <value>Default <see cref="ChangesTransport.Poll"/>.</value>
    public ChangesTransport Transport { get; init; }

    /// <summary>Changes in one request.</summary>
    /// <value>Default 200.</value>
    public int PageSize { get; init; } = 200;

    /// <summary>How long a request waits at the hub when there is nothing new, at most 60 seconds.</summary>
    /// <value>Default 30 seconds.</value>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Told when the feed was cut off (with what, or <c>null</c> when the hub ended it) and when it is asked again.</summary>
    public Action<Exception?, TimeSpan>? OnInterrupted { get; init; }
}
