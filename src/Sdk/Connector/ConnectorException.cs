namespace IntegrationHub.Sdk;

/// <summary>What should happen next after a failure; decided where the vendor's answer is understood.</summary>
public enum ConnectorErrorKind
{
    /// <summary>Try again with back-off: network trouble, 5xx, time-outs.</summary>
    Transient,

    /// <summary>Try again after <see cref="ConnectorException.RetryAfter"/>.</summary>
    RateLimited,

    /// <summary>Get a new token, then try once more.</summary>
    ReAuthenticate,

    /// <summary>The settings are wrong; a person must mend them.</summary>
    Configuration,

    /// <summary>This request will never work.</summary>
    Permanent,

    /// <summary>One record is unusable; set it aside and go on.</summary>
    BadRecord,
}

/// <summary>The one exception a connector throws. The message is for the person who must act and never holds a secret or a personal value.</summary>
public sealed class ConnectorException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="kind">What should happen next.</param>
    /// <param name="message">What failed, where, and what to do.</param>
    /// <param name="inner">The cause, if another exception was.</param>
    public ConnectorException(ConnectorErrorKind kind, string message, Exception? inner = null)
        : base(message, inner) => Kind = kind;

    /// <summary>What should happen next.</summary>
    public ConnectorErrorKind Kind { get; }

    /// <summary>How long the vendor asks to wait; only with <see cref="ConnectorErrorKind.RateLimited"/> and <see cref="ConnectorErrorKind.Transient"/>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The vendor's own code, for its documentation.</summary>
    public string? Code { get; init; }

    /// <summary>The failure does not say whether the vendor carried the request out: its answer was lost.</summary>
    public bool MayHaveHappened { get; init; }
}
