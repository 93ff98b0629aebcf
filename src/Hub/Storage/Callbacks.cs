namespace IntegrationHub.Storage;

/// <summary>An event of a vendor that is kept until its records are.</summary>
public sealed class CallbackRow
{
    public long Id { get; set; }

    /// <summary>Number of the connection.</summary>
    public required int Connection { get; init; }

    public required string Stream { get; init; }

    /// <summary>What makes it this event (see the SDK's <c>CallbackEvent.Id</c>).</summary>
    public required string Event { get; init; }

    public required string Subject { get; init; }

    public byte[] Body { get; init; } = [];

    /// <summary>Unix milliseconds.</summary>
    public required long ReceivedAt { get; init; }

    /// <summary>Why it was set aside, or <c>null</c> while it waits for its turn.</summary>
    public string? Error { get; set; }
}

/// <summary>Callbacks and actions within a write transaction.</summary>
public interface IExchangeTransaction
{
    /// <summary>Keeps events whose id the connection has not seen, and remembers the ids.</summary>
    /// <returns>How many were new.</returns>
    ValueTask<int> KeepCallbacksAsync(IReadOnlyList<CallbackRow> rows);

    /// <summary>Sets <see cref="CallbackRow.Error"/>.</summary>
    ValueTask UpdateCallbackAsync(CallbackRow row);

    /// <summary>Done with; their ids stay remembered.</summary>
    ValueTask RemoveCallbacksAsync(IReadOnlyList<long> ids);

    /// <summary>Forgets ids seen before a time (unix milliseconds) and action keys last used before another.</summary>
    ValueTask ForgetExchangesAsync(long callbacksBefore, long actionsBefore);

    /// <summary>What is kept of an action, as JSON.</summary>
    ValueTask<string?> ActionAsync(int connection, string key);

    /// <summary><c>null</c> removes.</summary>
    ValueTask SaveActionAsync(int connection, string key, string? json, long at);
}

/// <summary>Reads of callbacks.</summary>
public interface IExchangeReader
{
    /// <summary>Events in order of arrival.</summary>
    /// <param name="stream">Only of this stream of the connection, or <c>null</c> for all.</param>
    /// <param name="setAside">Those set aside, or those that wait.</param>
    ValueTask<IReadOnlyList<CallbackRow>> CallbacksAsync(int connection, string? stream, bool setAside, long afterId, int limit, CancellationToken cancellationToken);
}
