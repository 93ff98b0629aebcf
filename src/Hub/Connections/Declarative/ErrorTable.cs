using System.Globalization;
using System.Net;
using IntegrationHub.Mapping.JsonPath;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;

namespace IntegrationHub.Connections.Declarative;

/// <summary>One line of the table: which answers, and what they mean.</summary>
internal sealed record ErrorRule
{
    /// <summary>HTTP statuses; empty for any.</summary>
    public IReadOnlyList<int> Statuses { get; init; } = [];

    /// <summary>The vendor's codes; empty for any.</summary>
    public IReadOnlyList<string> Codes { get; init; } = [];

    public required ErrorMeaning Meaning { get; init; }

    public string? Reason { get; init; }

    /// <summary>How long to wait, when the answer does not say.</summary>
    public TimeSpan? Wait { get; init; }

    /// <summary>Where the answer says until when to wait.</summary>
    public JsonPathQuery? Until { get; init; }

    /// <summary>A header that says so.</summary>
    public string? UntilHeader { get; init; }

    /// <summary>How it says it.</summary>
    public ValueFormat UntilFormat { get; init; } = new("iso");
}

/// <summary>What an answer means: the kinds of the SDK, and that a place in a list is no longer known.</summary>
internal enum ErrorMeaning
{
    Configuration,
    ReAuthenticate,
    RateLimited,
    Transient,
    Permanent,
    BadRecord,
    StartAgain,
}

/// <summary>The error table of a connector; statuses that it does not name mean what HTTP says.</summary>
internal sealed class ErrorTable(JsonPathQuery? code, IReadOnlyCollection<string> good, IReadOnlyList<ErrorRule> rules, TimeProvider time)
{
    /// <summary>The code of the error that says that a page token has run out.</summary>
    public const string StartAgain = "start-again";

    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    private readonly bool _readsBodies = code is not null || rules.Any(r => r.Until is not null);

    /// <param name="answer">Any answer, also a good one.</param>
    /// <param name="parse">Gives its body, or <c>null</c> when it is no JSON; not called by a table that looks at no bodies.</param>
    public VendorError? Classify(VendorAnswer answer, Func<VendorAnswer, Document?> parse)
    {
        var http = HttpErrors.FromStatus(answer.Status, answer.RetryAfter);
        var body = _readsBodies ? parse(answer) : null;
        var told = body?.Text(code);
        if (rules.FirstOrDefault(r => Meets(r, answer.Status, told)) is { } rule)
            return Meaning(rule, answer, body, http) with { Code = rule.Meaning == ErrorMeaning.StartAgain ? StartAgain : told };
        if (http is not null)
            return http with { Code = told };
        return told is null || good.Contains(told) ? null : new(ConnectorErrorKind.Permanent, "the system refused the request; its documentation explains the code") { Code = told };
    }

    private static bool Meets(ErrorRule rule, HttpStatusCode status, string? told) =>
        (rule.Statuses.Count == 0 || rule.Statuses.Contains((int)status)) && (rule.Codes.Count == 0 || (told is not null && rule.Codes.Contains(told)));

    private VendorError Meaning(ErrorRule rule, VendorAnswer answer, Document? body, VendorError? http)
    {
        var kind = rule.Meaning switch
        {
            ErrorMeaning.Configuration => ConnectorErrorKind.Configuration,
            ErrorMeaning.ReAuthenticate => ConnectorErrorKind.ReAuthenticate,
            ErrorMeaning.RateLimited => ConnectorErrorKind.RateLimited,
            ErrorMeaning.Permanent => ConnectorErrorKind.Permanent,
            ErrorMeaning.BadRecord => ConnectorErrorKind.BadRecord,
            _ => ConnectorErrorKind.Transient,
        };
        return new(kind, rule.Reason ?? http?.Reason ?? "the system refused the request") { RetryAfter = Pause(rule, answer, body) };
    }

    private TimeSpan? Pause(ErrorRule rule, VendorAnswer answer, Document? body)
    {
        var told = rule.UntilHeader is { } header && answer.Headers.TryGetValues(header, out var values) ? values.FirstOrDefault() : body?.Text(rule.Until);
        // A number that can be no time of this century is a number of seconds to wait.
        var pause = decimal.TryParse(told, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 31_536_000 ? TimeSpan.FromSeconds((double)seconds)
            : rule.UntilFormat.Time(told) is { } until ? until - time.GetUtcNow()
            : answer.RetryAfter ?? rule.Wait;
        return pause < TimeSpan.Zero ? TimeSpan.Zero : pause > LongestPause ? LongestPause : pause;
    }
}
