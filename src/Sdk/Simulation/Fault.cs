namespace IntegrationHub.Sdk.Simulation;

/// <summary>What can go wrong with one answer of a vendor.</summary>
public enum Fault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>HTTP 429 with Retry-After.</summary>
    TooManyRequests,

    /// <summary>HTTP 429 that does not say for how long.</summary>
    TooManyRequestsSilent,

    /// <summary>The vendor's own code for "asked too often", usually under HTTP 200.</summary>
    VendorRateLimit,

    /// <summary>HTTP 500 with a short text.</summary>
    ServerError,

    /// <summary>HTTP 503 with Retry-After.</summary>
    ServiceUnavailable,

    /// <summary>All tokens end at this moment, before the vendor looks at the request.</summary>
    TokensExpire,

    /// <summary>A page of HTML under HTTP 200, as proxies and maintenance pages answer.</summary>
    HtmlInsteadOfJson,

    /// <summary>Half of the answer, then the connection is cut.</summary>
    TruncatedBody,

    /// <summary>The vendor does its work, then the connection is cut without an answer.</summary>
    AnswerLost,

    /// <summary>Half of the answer, then silence.</summary>
    StalledBody,

    /// <summary>An answer without a body.</summary>
    EmptyBody,
}
