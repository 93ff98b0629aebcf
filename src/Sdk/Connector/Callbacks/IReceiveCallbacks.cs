namespace IntegrationHub.Sdk.Callbacks;

/// <summary>
/// Receives what the vendor sends by itself. The hub calls <see cref="Receive"/> for every request to <c>/callbacks/CONNECTION</c>, keeps the events
/// durably, answers the vendor only then, and hands them to <see cref="ReadEventsAsync"/> afterwards. Events whose id was seen within the replay window are
/// answered and dropped, also after a restart.
/// </summary>
public interface IReceiveCallbacks : IConnection
{
    /// <summary>
    /// Verifies, decrypts and understands one request. Pure and quick: no calls to the vendor, no waiting; it may run many times at once.
    /// </summary>
    /// <returns>A handshake's answer, the events of a genuine request, or a refusal.</returns>
    CallbackAnswer Receive(CallbackRequest request);

    /// <summary>
    /// Turns kept events into records of their stream, usually by asking the vendor for the thing's present state. May be called again with the same events after a
    /// failure. Events of the same <see cref="CallbackEvent.Subject"/> may be answered once.
    /// </summary>
    /// <param name="stream">The stream of all these events.</param>
    /// <param name="events">In order of arrival.</param>
    /// <param name="cancellationToken">Ends the reading; the events stay kept.</param>
    /// <exception cref="ConnectorException">Transient and rate-limited failures are tried again later; events that fail otherwise are set aside and shown.</exception>
    IAsyncEnumerable<StreamItem> ReadEventsAsync(string stream, IReadOnlyList<CallbackEvent> events, CancellationToken cancellationToken);
}

/// <summary>One request from the vendor, as it came.</summary>
public sealed record CallbackRequest
{
    /// <summary>The method in capitals.</summary>
    public required string Method { get; init; }

    /// <summary>The parameters of the query, decoded once, in the order of the address.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Query { get; init; } = [];

    /// <summary>The headers; names ignore case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The raw body, bounded by the hub.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The first parameter of a name, or <c>null</c>.</summary>
    public string? Parameter(string name)
    {
        foreach (var (key, value) in Query)
            if (key == name)
                return value;
        return null;
    }

    /// <summary>A header, or <c>null</c>.</summary>
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

/// <summary>Something that happened at the vendor.</summary>
/// <param name="Id">What makes it this event: the same for every redelivery, different for every other event. At most 200 characters; hash longer ones.</param>
/// <param name="Stream">The stream whose records it concerns.</param>
/// <param name="Subject">What it concerns, such as the record's id.</param>
/// <param name="Body">What <see cref="IReceiveCallbacks.ReadEventsAsync"/> needs, UTF-8; kept until it is done with.</param>
public sealed record CallbackEvent(string Id, string Stream, string Subject, ReadOnlyMemory<byte> Body);

/// <summary>What to answer the vendor, and what to keep first.</summary>
public sealed record CallbackAnswer
{
    private CallbackAnswer()
    {
    }

    /// <summary>HTTP status.</summary>
    public int Status { get; private init; } = 200;

    /// <summary>Type of <see cref="Body"/>.</summary>
    public string ContentType { get; private init; } = "text/plain; charset=utf-8";

    /// <summary>The body to answer with.</summary>
    public ReadOnlyMemory<byte> Body { get; private init; }

    /// <summary>What to keep before answering; empty for a handshake and for events nobody needs.</summary>
    public IReadOnlyList<CallbackEvent> Events { get; private init; } = [];

    /// <summary>Why the request is not genuine, for the log; <c>null</c> when it is. Never holds values of the request.</summary>
    public string? Refusal { get; private init; }

    /// <summary>Answers the vendor's test of the address.</summary>
    public static CallbackAnswer Handshake(ReadOnlyMemory<byte> body, string contentType = "text/plain; charset=utf-8") => new() { Body = body, ContentType = contentType };

    /// <summary>Takes events; they are durable before the vendor sees the answer.</summary>
    public static CallbackAnswer Accept(IReadOnlyList<CallbackEvent> events, string body = "", string contentType = "text/plain; charset=utf-8") =>
        new() { Events = events, Body = System.Text.Encoding.UTF8.GetBytes(body), ContentType = contentType };

    /// <summary>Not from the vendor, or not understood.</summary>
    public static CallbackAnswer Refuse(string reason, int status = 401) => new() { Refusal = reason, Status = status };
}
