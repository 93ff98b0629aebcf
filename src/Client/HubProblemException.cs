namespace IntegrationHub.Client;

/// <summary>The hub did not do what it was asked (RFC 9457 problem details). Decide by <see cref="Code"/>, which never changes its meaning.</summary>
public sealed class HubProblemException : Exception
{
    internal HubProblemException(int status, string code, string? title, string? detail, IReadOnlyList<string> possible, TimeSpan? retryAfter)
        : base($"the hub answered {status}{(code.Length > 0 ? $" {code}" : "")}: {title ?? "no problem details, so that it may not be the hub that answered"}{(detail is null ? "" : $" ({detail})")}")
    {
        Status = status;
        Code = code;
        Detail = detail;
        Possible = possible;
        RetryAfter = retryAfter;
    }

    /// <summary>The status of the answer.</summary>
    public int Status { get; }

    /// <summary>Such as <c>not_found</c> or <c>sequence_ahead</c>; empty when something between answered instead of the hub.</summary>
    public string Code { get; }

    /// <summary>For the person who wrote the request.</summary>
    public string? Detail { get; }

    /// <summary>What would have been possible, where that is a closed list.</summary>
    public IReadOnlyList<string> Possible { get; }

    /// <summary>How long the hub asks to be left alone.</summary>
    public TimeSpan? RetryAfter { get; }
}
