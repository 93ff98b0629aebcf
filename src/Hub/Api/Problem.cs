using System.Text.Json;

namespace IntegrationHub.Api;

/// <summary>One kind of problem the API answers with; its code never changes its meaning. See docs/contracts/api.md.</summary>
public sealed record ProblemKind(string Code, int Status, string Title)
{
    public static readonly ProblemKind ParameterUnknown = new("parameter_unknown", 400, "The address has a parameter that this resource does not know");
    public static readonly ProblemKind ParameterInvalid = new("parameter_invalid", 400, "A parameter has a value that cannot be used");
    public static readonly ProblemKind FieldUnknown = new("field_unknown", 400, "The entity has no such field");
    public static readonly ProblemKind FieldNotIndexed = new("field_not_indexed", 400, "The field cannot be filtered or sorted by");
    public static readonly ProblemKind OperatorUnknown = new("operator_unknown", 400, "The field cannot be compared in this way");
    public static readonly ProblemKind CursorInvalid = new("cursor_invalid", 400, "The cursor is damaged or belongs to another query");
    public static readonly ProblemKind BodyInvalid = new("body_invalid", 400, "The body cannot be used");
    public static readonly ProblemKind RequestInvalid = new("request_invalid", 400, "The request is malformed");
    public static readonly ProblemKind KeyMissing = new("key_missing", 401, "An API key is needed");
    public static readonly ProblemKind KeyInvalid = new("key_invalid", 401, "The API key is not known or was revoked");
    public static readonly ProblemKind KeyExpired = new("key_expired", 401, "The API key has expired");
    public static readonly ProblemKind ScopeMissing = new("scope_missing", 403, "The API key does not allow this");
    public static readonly ProblemKind RouteNotFound = new("route_not_found", 404, "There is nothing at this address");
    public static readonly ProblemKind NotFound = new("not_found", 404, "There is no such thing");
    public static readonly ProblemKind MethodNotAllowed = new("method_not_allowed", 405, "The resource does not know this method");
    public static readonly ProblemKind SequenceAhead = new("sequence_ahead", 409, "The change feed has not come that far");
    public static readonly ProblemKind ConnectionBusy = new("connection_busy", 409, "Another run has the connection in hand");
    public static readonly ProblemKind ConnectionUnusable = new("connection_unusable", 409, "The connection cannot be run as it is configured");
    public static readonly ProblemKind RetryImpossible = new("retry_impossible", 409, "This rejection cannot be retried");
    public static readonly ProblemKind SubscriptionConfigured = new("subscription_configured", 409, "The subscription stands in hub.yaml and is changed there");
    public static readonly ProblemKind IdempotencyKeyMissing = new("idempotency_key_missing", 400, "An Idempotency-Key is needed");
    public static readonly ProblemKind IdempotencyKeyReused = new("idempotency_key_reused", 422, "The Idempotency-Key stands for something else");
    public static readonly ProblemKind ActionUnderWay = new("action_under_way", 409, "An action with this key is under way");
    public static readonly ProblemKind ActionRefused = new("action_refused", 422, "The action cannot be carried out");
    public static readonly ProblemKind ActionUncertain = new("action_uncertain", 502, "The vendor's answer was lost; send the same request again to find out");
    public static readonly ProblemKind VendorUnavailable = new("vendor_unavailable", 503, "The vendor does not answer at the moment");
    public static readonly ProblemKind Deleted = new("deleted", 410, "The entity is gone");
    public static readonly ProblemKind BodyTooLarge = new("body_too_large", 413, "The body is larger than the hub accepts");
    public static readonly ProblemKind MediaTypeUnsupported = new("media_type_unsupported", 415, "The body must be application/json");
    public static readonly ProblemKind RateLimited = new("rate_limited", 429, "Too many requests");
    public static readonly ProblemKind TooManyStreams = new("too_many_streams", 429, "The key has as many streams open as it may");
    public static readonly ProblemKind Internal = new("internal", 500, "The hub has a fault");
    public static readonly ProblemKind StoreUnavailable = new("store_unavailable", 503, "The store cannot be used at the moment");

    public static IReadOnlyList<ProblemKind> All { get; } =
    [
        ParameterUnknown, ParameterInvalid, FieldUnknown, FieldNotIndexed, OperatorUnknown, CursorInvalid, BodyInvalid, RequestInvalid,
        KeyMissing, KeyInvalid, KeyExpired, ScopeMissing, RouteNotFound, NotFound, MethodNotAllowed, SequenceAhead, ConnectionBusy, ConnectionUnusable,
        RetryImpossible, SubscriptionConfigured, IdempotencyKeyMissing, IdempotencyKeyReused, ActionUnderWay, ActionRefused, ActionUncertain, VendorUnavailable, Deleted, BodyTooLarge, MediaTypeUnsupported, RateLimited, TooManyStreams, Internal, StoreUnavailable,
    ];

    /// <summary>What stands for a status that something below the API has set.</summary>
    public static ProblemKind OfStatus(int status) => status switch
    {
        404 => RouteNotFound,
        405 => MethodNotAllowed,
        413 => BodyTooLarge,
        415 => MediaTypeUnsupported,
        429 => RateLimited,
        503 => StoreUnavailable,
        >= 500 => Internal,
        _ => RequestInvalid,
    };
}

/// <summary>Ends a request with a problem. The detail is for the person who wrote the request and repeats no values of theirs.</summary>
/// <param name="possible">What would have been possible, when that is a closed list.</param>
public sealed class ProblemException(ProblemKind kind, string detail, IReadOnlyList<string>? possible = null) : Exception(detail)
{
    public ProblemKind Kind { get; } = kind;

    public IReadOnlyList<string>? Possible { get; } = possible;
}

/// <summary>Turns everything that goes wrong below it into RFC 9457 problem details.</summary>
internal static partial class ProblemAnswers
{
    public static void Use(IApplicationBuilder app, ILogger log) => app.Use(async (http, next) =>
    {
        try
        {
            await next(http);
            if (http.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
                await WriteAsync(http, ProblemKind.OfStatus(http.Response.StatusCode), null, null);
        }
        catch (Exception e) when (!http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            var (kind, detail, possible) = Explain(e);
            if (kind == ProblemKind.Internal)
                Fault(log, http.Request.Method, Template(http), e.GetType().Name, e.StackTrace ?? "");
            if (kind == ProblemKind.StoreUnavailable)
            {
                Store(log, Template(http), e.Message);
                http.Response.Headers.RetryAfter = "5";
            }

            await WriteAsync(http, kind, detail, possible);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be told.
        }
    });

    public static async Task WriteAsync(HttpContext http, ProblemKind kind, string? detail, IReadOnlyList<string>? possible)
    {
        http.Response.StatusCode = kind.Status;
        await Answer.WriteAsync(http, "application/problem+json", json =>
        {
            json.WriteStartObject();
            json.WriteString("type", "urn:integration-hub:problem:" + kind.Code);
            json.WriteString("title", kind.Title);
            json.WriteNumber("status", kind.Status);
            json.WriteString("code", kind.Code);
            if (detail is not null)
                json.WriteString("detail", detail);
            if (possible is not null)
            {
                json.WriteStartArray("possible");
                foreach (var one in possible)
                    json.WriteStringValue(one);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        });
    }

    private static (ProblemKind Kind, string? Detail, IReadOnlyList<string>? Possible) Explain(Exception e) => e switch
    {
        ProblemException problem => (problem.Kind, problem.Message, problem.Possible),
        BadHttpRequestException bad => (ProblemKind.OfStatus(bad.StatusCode), null, null),
        JsonException => (ProblemKind.BodyInvalid, "the body is not JSON", null),
        Storage.StoreException => (ProblemKind.StoreUnavailable, null, null),
        _ => (ProblemKind.Internal, "the fault is in the hub's log", null),
    };

    private static string Template(HttpContext http) => (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "(no route)";

    // Types and places only: the message of an exception may hold values of records.
    [LoggerMessage(21, LogLevel.Error, "{Method} {Route} met a fault of the hub: {Exception} {Stack}")]
    private static partial void Fault(ILogger log, string method, string route, string exception, string stack);

    [LoggerMessage(22, LogLevel.Error, "{Route}: {Reason}")]
    private static partial void Store(ILogger log, string route, string reason);
}
