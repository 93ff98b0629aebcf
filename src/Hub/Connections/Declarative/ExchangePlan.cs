using IntegrationHub.Mapping.JsonPath;
using IntegrationHub.Sdk.Actions;

namespace IntegrationHub.Connections.Declarative;

/// <summary>How callbacks are verified, answered and understood.</summary>
internal sealed record CallbackPlan
{
    public required SignaturePlan Signature { get; init; }

    public HandshakePlan? Handshake { get; init; }

    /// <summary>What the vendor is answered.</summary>
    public string Answer { get; init; } = "";

    public string AnswerType { get; init; } = "text/plain; charset=utf-8";

    public required IReadOnlyList<EventPlan> Events { get; init; }
}

/// <summary>How the vendor proves that a callback is its own.</summary>
internal enum SignatureStyle
{
    /// <summary>HMAC-SHA256 over a text made of body and time.</summary>
    HmacSha256,

    /// <summary>The headers of Standard Webhooks.</summary>
    StandardWebhooks,

    /// <summary>A secret that both know stands in the request.</summary>
    Token,
}

/// <summary>A part of a callback.</summary>
internal sealed record CallbackPart
{
    public string? Header { get; init; }

    public string? Query { get; init; }

    public JsonPathQuery? Path { get; init; }
}

/// <summary>The signature of callbacks.</summary>
internal sealed record SignaturePlan
{
    public required SignatureStyle Style { get; init; }

    public required Template Secret { get; init; }

    public CallbackPart Place { get; init; } = new();

    public bool IsBase64 { get; init; }

    /// <summary>What stands before the signature, such as <c>sha256=</c>.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>What is signed; <c>{body}</c> and <c>{timestamp}</c>.</summary>
    public Template? Over { get; init; }

    public CallbackPart? Timestamp { get; init; }

    public ValueFormat TimestampFormat { get; init; } = new("seconds");

    public TimeSpan Tolerance { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>How the vendor tests the address.</summary>
internal sealed record HandshakePlan
{
    /// <summary>Which requests are tests; those that have <see cref="Echo"/> when <c>null</c>.</summary>
    public JsonPathCondition? When { get; init; }

    /// <summary>What has to be sent back.</summary>
    public required CallbackPart Echo { get; init; }

    /// <summary>The name to send it back under, in a JSON object; as text when <c>null</c>.</summary>
    public string? Member { get; init; }

    /// <summary>The test carries the signature too.</summary>
    public bool IsSigned { get; init; } = true;
}

/// <summary>One kind of event.</summary>
internal sealed record EventPlan
{
    public JsonPathCondition? When { get; init; }

    public required string Stream { get; init; }

    public required CallbackPart Id { get; init; }

    public required JsonPathQuery Subject { get; init; }

    /// <summary>The record stands in the callback.</summary>
    public JsonPathQuery? Record { get; init; }

    /// <summary>The record is asked for; <c>{subject}</c> names it.</summary>
    public RequestPlan? Read { get; init; }

    /// <summary>Where the record stands in the answer.</summary>
    public JsonPathQuery? Answered { get; init; }

    /// <summary>The record is gone.</summary>
    public bool IsDeletion { get; init; }
}

/// <summary>An action: one request.</summary>
internal sealed record ActionPlan(ActionManifest Manifest, RequestPlan Request, IReadOnlyList<KeyValuePair<string, JsonPathQuery>> Output);
