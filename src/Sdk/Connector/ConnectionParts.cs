using IntegrationHub.Sdk.Actions;
using IntegrationHub.Sdk.Callbacks;

namespace IntegrationHub.Sdk;

/// <summary>
/// What an open connection is made of. A connector's <see cref="IConnector.Open"/> makes its reader, callbacks and actions and hands them over; the connection that comes out has the
/// capabilities that are given, and refuses streams and actions that the manifest does not have.
/// </summary>
public sealed record ConnectionParts
{
    /// <summary>Reads a stream of the manifest.</summary>
    public required Func<ReadRequest, CancellationToken, IAsyncEnumerable<StreamItem>> Read { get; init; }

    /// <summary>Tests the settings against the system.</summary>
    public required Func<CancellationToken, Task> Check { get; init; }

    /// <summary>Understands a callback; with <see cref="ReadEvents"/>.</summary>
    public Func<CallbackRequest, CallbackAnswer>? Receive { get; init; }

    /// <summary>Turns events into records; with <see cref="Receive"/>.</summary>
    public Func<string, IReadOnlyList<CallbackEvent>, CancellationToken, IAsyncEnumerable<StreamItem>>? ReadEvents { get; init; }

    /// <summary>Carries out an action of the manifest.</summary>
    public Func<ActionRequest, CancellationToken, Task<ActionResult>>? Act { get; init; }

    /// <summary>What is disposed with the connection, usually the client.</summary>
    public IDisposable? Client { get; init; }

    /// <summary>The connection.</summary>
    /// <exception cref="ArgumentException">One of <see cref="Receive"/> and <see cref="ReadEvents"/> is missing.</exception>
    public IConnection Connect(ConnectorManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        if (Receive is null != ReadEvents is null)
            throw new ArgumentException($"{manifest.Id}: callbacks need {nameof(Receive)} and {nameof(ReadEvents)}");
        return (Receive, Act) switch
        {
            (null, null) => new Reading(manifest, this),
            (null, _) => new Acting(manifest, this),
            (_, null) => new Receiving(manifest, this),
            _ => new ReceivingAndActing(manifest, this),
        };
    }

    private class Reading(ConnectorManifest manifest, ConnectionParts parts) : IReadRecords, ICheckConnection
    {
        public IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, CancellationToken cancellationToken)
        {
            ArgumentNullException.ThrowIfNull(request);
            return manifest.Streams.Any(s => s.Name == request.Stream) ? parts.Read(request, cancellationToken) : throw new ConnectorException(
                ConnectorErrorKind.Configuration, $"{manifest.Id} has no stream '{request.Stream}'; it has {string.Join(", ", manifest.Streams.Select(s => s.Name))}");
        }

        public Task CheckAsync(CancellationToken cancellationToken) => parts.Check(cancellationToken);

        public ValueTask DisposeAsync()
        {
            parts.Client?.Dispose();
            return ValueTask.CompletedTask;
        }

        protected CallbackAnswer Receive(CallbackRequest request) => parts.Receive!(request);

        protected IAsyncEnumerable<StreamItem> ReadEvents(string stream, IReadOnlyList<CallbackEvent> events, CancellationToken cancellationToken) => parts.ReadEvents!(stream, events, cancellationToken);

        protected Task<ActionResult> Act(ActionRequest request, CancellationToken cancellationToken)
        {
            ArgumentNullException.ThrowIfNull(request);
            return manifest.Actions.Any(a => a.Name == request.Action) ? parts.Act!(request, cancellationToken) : throw new ConnectorException(
                ConnectorErrorKind.Permanent, $"{manifest.Id} has no action '{request.Action}'; it has {string.Join(", ", manifest.Actions.Select(a => a.Name))}");
        }
    }

    private sealed class Acting(ConnectorManifest manifest, ConnectionParts parts) : Reading(manifest, parts), IRunActions
    {
        public Task<ActionResult> RunAsync(ActionRequest request, CancellationToken cancellationToken) => Act(request, cancellationToken);
    }

    private sealed class Receiving(ConnectorManifest manifest, ConnectionParts parts) : Reading(manifest, parts), IReceiveCallbacks
    {
        CallbackAnswer IReceiveCallbacks.Receive(CallbackRequest request) => Receive(request);

        public IAsyncEnumerable<StreamItem> ReadEventsAsync(string stream, IReadOnlyList<CallbackEvent> events, CancellationToken cancellationToken) => ReadEvents(stream, events, cancellationToken);
    }

    private sealed class ReceivingAndActing(ConnectorManifest manifest, ConnectionParts parts) : Reading(manifest, parts), IReceiveCallbacks, IRunActions
    {
        CallbackAnswer IReceiveCallbacks.Receive(CallbackRequest request) => Receive(request);

        public IAsyncEnumerable<StreamItem> ReadEventsAsync(string stream, IReadOnlyList<CallbackEvent> events, CancellationToken cancellationToken) => ReadEvents(stream, events, cancellationToken);

        public Task<ActionResult> RunAsync(ActionRequest request, CancellationToken cancellationToken) => Act(request, cancellationToken);
    }
}
