using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Actions;
using IntegrationHub.Sdk.Callbacks;

namespace IntegrationHub.Connections.Declarative;

/// <summary>A connector that is a manifest file and nothing else, or with code in one slot of it.</summary>
internal sealed class DeclarativeConnector(ManifestPlan plan, ManifestCodes codes) : IConnector
{
    public ConnectorManifest Manifest => plan.Manifest;

    public IConnection Open(ConnectionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var given = context.Bind(plan.Manifest.Settings);
        return (plan.Callbacks, plan.Actions.Count) switch
        {
            (null, 0) => new DeclarativeConnection(context, plan, given, codes),
            (null, _) => new ActingConnection(context, plan, given, codes),
            (_, 0) => new ReceivingConnection(context, plan, given, codes),
            _ => new ReceivingAndActingConnection(context, plan, given, codes),
        };
    }
}

/// <summary>One connection of a declarative connector. What it can do besides reading is in the classes below, because the hub looks for capabilities by type.</summary>
internal class DeclarativeConnection(ConnectionContext context, ManifestPlan plan, IReadOnlyDictionary<string, JsonElement> given, ManifestCodes codes) : IReadRecords, ICheckConnection
{
    private readonly DeclarativeClient _client = new(context, plan, given, codes);

    public IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, CancellationToken cancellationToken) =>
        new DeclarativeReader(_client, Stream(request.Stream), request, context.Time).ReadAsync(cancellationToken);

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (plan.Check is { } check)
        {
            await _client.SendAsync(check, _client.Settings, cancellationToken);
            return;
        }

        // Enough of the first stream to see that address, credentials and paths are right.
        await using var read = ReadAsync(new(plan.Streams[0].Name), cancellationToken).GetAsyncEnumerator(cancellationToken);
        await read.MoveNextAsync();
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    protected DeclarativeCallbacks Callbacks() => new(plan.Callbacks!, plan.Streams, _client, context.Time);

    protected async Task<ActionResult> ActAsync(ActionRequest request, CancellationToken cancellationToken)
    {
        var action = plan.Actions.FirstOrDefault(a => a.Manifest.Name == request.Action)
            ?? throw new ConnectorException(ConnectorErrorKind.Permanent, $"{plan.Manifest.Id} has no action '{request.Action}'");
        var values = new Values(_client.Settings).With("input", request.Bind(action.Manifest.Fields)).With("key", request.IdempotencyKey);
        var answer = await _client.WriteAsync(action.Request, values, cancellationToken);
        return ActionResult.Of(action.Output.ToDictionary(o => o.Key, o => answer.Body.Text(o.Value)));
    }

    private StreamPlan Stream(string name) => plan.Streams.FirstOrDefault(s => s.Name == name)
        ?? throw new ConnectorException(ConnectorErrorKind.Configuration, $"{plan.Manifest.Id} has no stream '{name}'; it has {string.Join(", ", plan.Streams.Select(s => s.Name))}");
}

/// <summary>With callbacks.</summary>
internal sealed class ReceivingConnection(ConnectionContext context, ManifestPlan plan, IReadOnlyDictionary<string, JsonElement> given, ManifestCodes codes)
    : DeclarativeConnection(context, plan, given, codes), IReceiveCallbacks
{
    public CallbackAnswer Receive(CallbackRequest request) => Callbacks().Receive(request);

    public IAsyncEnumerable<StreamItem> ReadEventsAsync(string stream, IReadOnlyList<CallbackEvent> events, CancellationToken cancellationToken) => Callbacks().ReadAsync(stream, events, cancellationToken);
}

/// <summary>With actions.</summary>
internal sealed class ActingConnection(ConnectionContext context, ManifestPlan plan, IReadOnlyDictionary<string, JsonElement> given, ManifestCodes codes)
    : DeclarativeConnection(context, plan, given, codes), IRunActions
{
    public Task<ActionResult> RunAsync(ActionRequest request, CancellationToken cancellationToken) => ActAsync(request, cancellationToken);
}

/// <summary>With both.</summary>
internal sealed class ReceivingAndActingConnection(ConnectionContext context, ManifestPlan plan, IReadOnlyDictionary<string, JsonElement> given, ManifestCodes codes)
    : DeclarativeConnection(context, plan, given, codes), IReceiveCallbacks, IRunActions
{
    public CallbackAnswer Receive(CallbackRequest request) => Callbacks().Receive(request);

    public IAsyncEnumerable<StreamItem> ReadEventsAsync(string stream, IReadOnlyList<CallbackEvent> events, CancellationToken cancellationToken) => Callbacks().ReadAsync(stream, events, cancellationToken);

    public Task<ActionResult> RunAsync(ActionRequest request, CancellationToken cancellationToken) => ActAsync(request, cancellationToken);
}
