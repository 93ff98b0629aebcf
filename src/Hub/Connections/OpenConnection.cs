using IntegrationHub.Connections.Supervision;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connections;

/// <summary>An open connection with who answers for it. Disposing closes the connection, whatever its code does.</summary>
public sealed class OpenConnection(IConnector connector, IConnection connection, Supervised supervised, Supervisor supervisor) : IAsyncDisposable
{
    public IConnector Connector => connector;

    public IConnection Connection => connection;

    public Supervised Supervised => supervised;

    /// <summary>Never throws: what is done is done, and what could not be closed is told in the log.</summary>
    public async ValueTask DisposeAsync()
    {
        if (supervisor.Blocked.ContainsKey(supervised.Connection))
            return;
        try
        {
            await supervisor.CloseAsync(supervised, async () =>
            {
                await connection.DisposeAsync();
            });
        }
        catch (ConnectorException e)
        {
            supervisor.NotClosed(supervised, e.Message);
        }
    }
}
