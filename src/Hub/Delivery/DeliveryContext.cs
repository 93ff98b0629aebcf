using IntegrationHub.Connections;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Sdk;
using IntegrationHub.Storage;

namespace IntegrationHub.Delivery;

/// <summary>What all subscriptions of a hub share.</summary>
internal sealed record DeliveryContext(Workspace Workspace, DeliveryLimits Limits, ChangeSignal Signal)
{
    /// <summary>Progress of different subscriptions is made durable together.</summary>
    public GroupCommit Commits { get; } = new(Workspace.Store);

    public IHubStore Store => Workspace.Store;

    public TimeProvider Time => Workspace.Time;

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
