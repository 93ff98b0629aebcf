using IntegrationHub.Connections;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Sdk;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;

namespace IntegrationHub.Delivery;

/// <summary>What all subscriptions of a hub share.</summary>
internal sealed record DeliveryContext(Workspace Workspace, DeliveryLimits Limits, ChangeSignal Signal)
{
    /// <summary>Progress of different subscriptions is made durable together.</summary>
    public GroupCommit Commits { get; } = new(Workspace.Store);

    public IHubStore Store => Workspace.Store;

    public TimeProvider Time => Workspace.Time;

    /// <summary>Tells the sovereignty log what goes out, before it does; what stays inside needs no entry.</summary>
    public async ValueTask TellAsync(Subscription subscription, LogEntry entry)
    {
        if (!subscription.Sink.IsInside)
            await Commits.WriteAsync(transaction =>
            {
                Workspace.Log.Writer.Write(transaction, entry);
                return ValueTask.CompletedTask;
            });
    }

    /// <inheritdoc cref="SinkContext.Resolve"/>
    public async ValueTask<string> ResolveAsync(string text, CancellationToken cancellationToken)
    {
        try
        {
            return await SecretReferences.ResolveAsync(text, Workspace.Config.Root, Workspace.Secrets, cancellationToken);
        }
        catch (ConnectorException e)
        {
            throw new SinkException(e.Message);
        }
    }
}
