using System.Collections.Concurrent;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Callbacks;

namespace IntegrationHub.Connections.Callbacks;

/// <summary>Receives callbacks for all connections whose connectors take them, and has their events read.</summary>
public sealed class CallbackDesk(Workspace workspace) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Open> _open = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly CallbackInbox _inbox = new(workspace);
    private readonly ILogger _log = workspace.Logs.CreateLogger("Callbacks");

    /// <summary>Opens the connections. One that cannot be opened is told in the log and answers 503, so that its vendor tries again.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        _inbox.Kept += Wake;
        foreach (var config in workspace.Config.Connections)
            try
            {
                var connection = await workspace.OpenAsync(config, cancellationToken);
                if (!connection.Connector.Manifest.Callbacks || connection.Connection is not IReceiveCallbacks receiver)
                {
                    await connection.DisposeAsync();
                    continue;
                }

                var readers = connection.Connector.Manifest.Streams.Select(s => new CallbackReader(workspace, config, connection, s)).ToList();
                _open[config.Name] = new(connection, receiver, readers, [.. readers.Select(r => Task.Run(() => r.RunAsync(_stop.Token), CancellationToken.None))]);
            }
            catch (ConnectorException e)
            {
                CallbackLog.Closed(_log, config.Name, e.Message);
            }
    }

    /// <summary>Answers one request; events are durable when it returns.</summary>
    /// <returns><c>null</c> when no such connection receives callbacks.</returns>
    /// <exception cref="Storage.StoreException">The events are not kept.</exception>
    public async Task<CallbackAnswer?> ReceiveAsync(string connection, CallbackRequest request, CancellationToken cancellationToken)
    {
        if (!_open.TryGetValue(connection, out var open))
            return null;
        CallbackAnswer answer;
        try
        {
            workspace.Supervisor.Admit(connection);
            // A hop to another thread is worth its time only where the code is not ours.
            answer = open.Connection.Supervised.IsThirdParty
                ? await workspace.Supervisor.CallAsync(open.Connection.Supervised, "receiving a callback", () => open.Receiver.Receive(request), cancellationToken)
                : open.Receiver.Receive(request);
        }
        catch (ConnectorException e) when (workspace.Supervisor.Blocked.ContainsKey(connection))
        {
            // The vendor tries again; perhaps the hub has started anew by then.
            answer = CallbackAnswer.Refuse(e.Message, 503);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever a stranger sends must not get further than this.
            answer = CallbackAnswer.Refuse($"the connector met {e.GetType().Name}", 400);
        }

        if (answer.Refusal is { } refusal)
            CallbackLog.Refused(_log, connection, refusal);
        if (answer.Events.Count > 0)
            await _inbox.KeepAsync(connection, answer.Events, cancellationToken);
        return answer;
    }

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _inbox.DisposeAsync();
        await _stop.CancelAsync();
        foreach (var open in _open.Values)
        {
            await Task.WhenAll(open.Reading);
            open.Readers.ForEach(r => r.Dispose());
            await open.Connection.DisposeAsync();
        }

        _stop.Dispose();
    }

    private void Wake(string connection)
    {
        if (_open.TryGetValue(connection, out var open))
            foreach (var reader in open.Readers)
                reader.Wake();
    }

    private sealed record Open(OpenConnection Connection, IReceiveCallbacks Receiver, List<CallbackReader> Readers, IReadOnlyList<Task> Reading);
}
