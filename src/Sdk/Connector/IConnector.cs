namespace IntegrationHub.Sdk;

/// <summary>
/// One kind of external system the hub can talk to. The hub creates one instance per process, reads <see cref="Manifest"/>,
/// and calls <see cref="Open"/> once for every configured connection.
/// </summary>
public interface IConnector
{
    /// <summary>What this connector is and offers. Constant for the life of the process.</summary>
    ConnectorManifest Manifest { get; }

    /// <summary>
    /// Opens one configured connection. Does no I/O: it binds options with <see cref="ConnectionContext.Bind{TOptions}"/> and keeps the context.
    /// </summary>
    /// <returns>An object that implements <see cref="IReadRecords"/> and any of the optional capabilities.</returns>
    /// <exception cref="ConnectorException">Of kind <see cref="ConnectorErrorKind.Configuration"/>, listing every fault of the settings.</exception>
    IConnection Open(ConnectionContext context);
}

/// <summary>
/// One open connection. Capabilities are separate interfaces (<see cref="IReadRecords"/>, <see cref="ICheckConnection"/>,
/// <see cref="IAssembleRecords"/>, <see cref="Callbacks.IReceiveCallbacks"/>, <see cref="Actions.IRunActions"/>) that the hub looks for in one place. Disposed once, after the last call has returned.
/// </summary>
public interface IConnection : IAsyncDisposable;

/// <summary>Reads records from the source.</summary>
public interface IReadRecords : IConnection
{
    /// <summary>
    /// Reads a stream from the cursor of the request to its present end. The hub enumerates from one thread, one run per stream at a time.
    /// Order matters: a <see cref="Checkpoint"/> promises that every record that belongs before it has been returned, so that reading
    /// again from it loses nothing. Records that are returned again are harmless (the hub compares content hashes).
    /// Ending the enumeration without an exception says that the read was complete.
    /// </summary>
    /// <exception cref="ConnectorException">Says what should happen next; retry, back-off and re-scheduling are the hub's work.</exception>
    IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, CancellationToken cancellationToken);
}

/// <summary>Tests a configuration against the live system without moving data.</summary>
public interface ICheckConnection : IConnection
{
    /// <summary>Returns normally when the system is reachable and the settings work.</summary>
    /// <exception cref="ConnectorException">What is wrong, for the person who must mend it.</exception>
    Task CheckAsync(CancellationToken cancellationToken);
}

/// <summary>
/// Builds the document that mappings see out of several source records that describe one thing, such as the releases of one
/// contracting process. Used for streams whose manifest says <see cref="StreamManifest.Assembled"/>. Pure: no I/O, no clock; the same parts in
/// any order give the same bytes.
/// </summary>
public interface IAssembleRecords : IConnection
{
    /// <summary>Assembles all kept parts of one group.</summary>
    /// <param name="stream">The stream's name in the manifest.</param>
    /// <param name="group">The value of <see cref="SourceRecord.Group"/> that the parts share.</param>
    /// <param name="parts">Every kept record of the group, in order of record id (ordinal).</param>
    /// <returns>One JSON document, UTF-8.</returns>
    /// <exception cref="ConnectorException">Of kind <see cref="ConnectorErrorKind.BadRecord"/> when the parts cannot be combined; the group is set aside and can be retried.</exception>
    ReadOnlyMemory<byte> Assemble(string stream, string group, IReadOnlyList<KeptRecord> parts);
}

/// <summary>A stored source record, as handed to <see cref="IAssembleRecords"/>.</summary>
/// <param name="Id">The source's own id, as returned by the connector.</param>
/// <param name="Body">The record as the source said it, UTF-8 JSON.</param>
/// <param name="Metadata">What the connector put beside it, UTF-8 JSON, or empty.</param>
public readonly record struct KeptRecord(string Id, ReadOnlyMemory<byte> Body, ReadOnlyMemory<byte> Metadata);
