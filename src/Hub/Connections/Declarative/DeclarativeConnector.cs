using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Actions;

namespace IntegrationHub.Connections.Declarative;

/// <summary>A connector that is a manifest file and nothing else, or with code in a slot of it.</summary>
internal sealed class DeclarativeConnector(ManifestPlan plan, ManifestCodes codes) : IConnector
{
    public ConnectorManifest Manifest => plan.Manifest;

    public IConnection Open(ConnectionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var client = new DeclarativeClient(context, plan, context.Bind(plan.Manifest.Settings), codes);
        var callbacks = plan.Callbacks is null ? null : new DeclarativeCallbacks(plan.Callbacks, plan.Streams, client, context.Time);
        return new ConnectionParts
        {
            Read = Read,
            Check = CheckAsync,
            Receive = callbacks is null ? null : callbacks.Receive,
            ReadEvents = callbacks is null ? null : callbacks.ReadAsync,
            Act = plan.Actions.Count == 0 ? null : (request, cancel) => ActAsync(client, request, cancel),
            Client = client,
        }.Connect(plan.Manifest);

        IAsyncEnumerable<StreamItem> Read(ReadRequest request, CancellationToken cancel) =>
            new DeclarativeReader(client, plan.Streams.First(s => s.Name == request.Stream), request, context.Time).ReadAsync(cancel);

        async Task CheckAsync(CancellationToken cancel)
        {
            if (plan.Check is { } check)
            {
                await client.SendAsync(check, client.Settings, cancel);
                return;
            }

            // Enough of the first stream to see that address, credentials and paths are right.
            await using var read = Read(new(plan.Streams[0].Name), cancel).GetAsyncEnumerator(cancel);
            await read.MoveNextAsync();
        }
    }

    private async Task<ActionResult> ActAsync(DeclarativeClient client, ActionRequest request, CancellationToken cancellationToken)
    {
        var action = plan.Actions.First(a => a.Manifest.Name == request.Action);
        var values = new Values(client.Settings).With("input", request.Bind(action.Manifest.Fields)).With("key", request.IdempotencyKey);
        var answer = await client.WriteAsync(action.Request, values, cancellationToken);
        return ActionResult.Of(action.Output.ToDictionary(o => o.Key, o => answer.Body.Text(o.Value)));
    }
}
