namespace IntegrationHub.Client;

/// <summary>How a <see cref="HubClient"/> asks.</summary>
public sealed record HubClientOptions
{
    /// <summary>The API key, <c>hub_…</c>, or <c>null</c> when the <see cref="HttpClient"/> sends it by itself.</summary>
    public string? Key { get; init; }

    /// <summary>How often a request is sent when the hub says that it has too much to do (429, 503).</summary>
    /// <value>Default 5.</value>
    public int Attempts { get; init; } = 5;

    /// <summary>The longest pause that is waited for when the hub asks for one; a longer one ends the request.</summary>
    /// <value>Default 1 minute.</value>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A stream of changes that says nothing for so long, not even that it is alive, is asked for anew.</summary>
    /// <value>Default 45 seconds; the hub speaks every 15.</value>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>The clock.</summary>
    /// <value>Default the system's.</value>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Shows no key.</summary>
    public override string ToString() => nameof(HubClientOptions);
}
