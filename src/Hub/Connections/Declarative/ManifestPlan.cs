using IntegrationHub.Mapping.JsonPath;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;

namespace IntegrationHub.Connections.Declarative;

/// <summary>A manifest file, compiled: immutable, shared by all connections.</summary>
internal sealed record ManifestPlan
{
    /// <summary>What the hub sees of it.</summary>
    public required ConnectorManifest Manifest { get; init; }

    /// <summary>The address that paths are put behind.</summary>
    public required Template Address { get; init; }

    /// <summary>Hosts that may be called besides those that settings name; <c>*.example.com</c> is every host below.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    public AuthPlan? Auth { get; init; }

    /// <summary>Turns answers into JSON.</summary>
    public string? AnswerCode { get; init; }

    public required CallBudgetOptions Budget { get; init; }

    /// <summary>What the vendor counts calls by; the address and the credentials when <c>null</c>.</summary>
    public Template? Account { get; init; }

    public JsonPathQuery? ErrorCode { get; init; }

    public IReadOnlyList<string> GoodCodes { get; init; } = [];

    public IReadOnlyList<ErrorRule> Errors { get; init; } = [];

    /// <summary>The request that tests a connection; the first page of the first stream when <c>null</c>.</summary>
    public RequestPlan? Check { get; init; }

    public required IReadOnlyList<StreamPlan> Streams { get; init; }

    public CallbackPlan? Callbacks { get; init; }

    public IReadOnlyList<ActionPlan> Actions { get; init; } = [];
}

/// <summary>How requests are authorised: by something that stands in every request, which may be a token got from the vendor, or by code.</summary>
internal sealed record AuthPlan
{
    public IReadOnlyList<KeyValuePair<string, Template>> Headers { get; init; } = [];

    public IReadOnlyList<KeyValuePair<string, Template>> Query { get; init; } = [];

    /// <summary>User and password, as HTTP Basic.</summary>
    public (Template User, Template Password)? Basic { get; init; }

    public TokenPlan? Token { get; init; }

    /// <summary>Signs every request.</summary>
    public string? Code { get; init; }
}

/// <summary>How a token is got.</summary>
internal sealed record TokenPlan
{
    public required RequestPlan Request { get; init; }

    /// <summary>Where the token stands in the answer.</summary>
    public required JsonPathQuery Value { get; init; }

    /// <summary>Where its life in seconds stands.</summary>
    public JsonPathQuery? Life { get; init; }

    /// <summary>Its life, when the answer does not say.</summary>
    public TimeSpan? LifeOtherwise { get; init; }

    /// <summary>Where the next refresh token stands.</summary>
    public JsonPathQuery? Refresh { get; init; }

    /// <summary>The first refresh token; the request then uses <c>{refreshToken}</c>.</summary>
    public Template? FirstRefresh { get; init; }
}

/// <summary>A stream.</summary>
internal sealed record StreamPlan
{
    public required string Name { get; init; }

    public required RequestPlan Request { get; init; }

    public PagingPlan Paging { get; init; } = new();

    /// <summary>The records of an answer.</summary>
    public required JsonPathQuery Records { get; init; }

    /// <summary>The list that must be there, so that an answer of another shape is not taken for an empty list; <c>null</c> where it may be missing.</summary>
    public JsonPathQuery? List { get; init; }

    /// <summary>Paths inside a record that together are its key.</summary>
    public required IReadOnlyList<JsonPathQuery> Key { get; init; }

    public JsonPathQuery? ObservedAt { get; init; }

    public ValueFormat ObservedFormat { get; init; } = new("iso");

    public SincePlan? Since { get; init; }

    public WindowPlan? Windows { get; init; }

    public string KeyOf(Document page, int record, out bool isWhole)
    {
        if (Key is [var only])
        {
            var key = page.Text(only, record) ?? "";
            isWhole = !string.IsNullOrWhiteSpace(key);
            return key;
        }

        var parts = Key.Select(k => page.Text(k, record)).ToList();
        isWhole = parts.TrueForAll(p => !string.IsNullOrWhiteSpace(p));
        return string.Join('/', parts);
    }
}

/// <summary>How the pages of a list follow each other.</summary>
internal enum PagingStyle
{
    /// <summary>One answer holds all.</summary>
    None,

    /// <summary>By number.</summary>
    Page,

    /// <summary>By the number of records to pass over.</summary>
    Offset,

    /// <summary>By a cursor or token that the answer names.</summary>
    Token,

    /// <summary>By an address that the answer names.</summary>
    Url,

    /// <summary>By the address of the Link header, RFC 8288.</summary>
    Link,
}

/// <summary>The paging of a stream.</summary>
internal sealed record PagingPlan
{
    public PagingStyle Style { get; init; }

    /// <summary>Records of a page; <c>{size}</c> in requests.</summary>
    public Template? Size { get; init; }

    /// <summary>The first page number or offset; <c>{page}</c> in requests.</summary>
    public long First { get; init; }

    /// <summary>Where the next token or address stands.</summary>
    public JsonPathQuery? Next { get; init; }

    /// <summary>Where the number of all records stands; saves the question for the page behind the last one.</summary>
    public JsonPathQuery? Total { get; init; }

    /// <summary><see cref="Total"/> is the number of different records, so that a list of which fewer were seen has changed while it was read, and is read again.</summary>
    public bool IsExact { get; init; }

    /// <summary>Says of an answer that it is the last page.</summary>
    public JsonPathCondition? Last { get; init; }

    /// <summary>A page without records is the last, although it names a next one.</summary>
    public bool EmptyEnds { get; init; }
}

/// <summary>Reads what changed, by a value that grows.</summary>
internal sealed record SincePlan
{
    public required JsonPathQuery Value { get; init; }

    public required ValueFormat Format { get; init; }

    /// <summary>How far a run reaches back before the greatest value of the run before: ticks of time, or numbers.</summary>
    public required decimal Overlap { get; init; }

    /// <summary>Where the first run begins, as <see cref="Format"/> or ISO; at the beginning when <c>null</c>.</summary>
    public Template? From { get; init; }

    /// <summary>The vendor returns the records in ascending order of the value.</summary>
    public bool IsAscending { get; init; }
}

/// <summary>Asks for one span of time after the other.</summary>
internal sealed record WindowPlan
{
    public required ValueFormat Format { get; init; }

    public required TimeSpan Length { get; init; }

    /// <summary>The step of the vendor's clock: the last moment of a window is one unit before the next.</summary>
    public required TimeSpan Unit { get; init; }

    public required TimeSpan Overlap { get; init; }

    /// <summary>How far behind now the last window ends, because the vendor's clock may be ahead.</summary>
    public required TimeSpan Ahead { get; init; }

    public required Template From { get; init; }
}
