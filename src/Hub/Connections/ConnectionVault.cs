using System.Collections.Concurrent;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Sdk.Tokens;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections;

/// <summary>Tokens of one connection, encrypted in the store; one at a time over threads and processes.</summary>
internal sealed class ConnectionVault(IHubStore store, SecretStore secrets, string connection, TimeProvider time) : IConnectionVault
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);

    public ValueTask<string?> GetAsync(string name, CancellationToken cancellationToken) => secrets.GetAsync(Full(name), cancellationToken);

    public ValueTask SetAsync(string name, string value, CancellationToken cancellationToken) => secrets.SetAsync(Full(name), value, cancellationToken);

    public async ValueTask<IDisposable> LockAsync(string name, CancellationToken cancellationToken)
    {
        var turn = _turns.GetOrAdd(name, _ => new(1, 1));
        await turn.WaitAsync(cancellationToken);
        try
        {
            IDisposable? lease;
            while ((lease = store.TryLease("vault:" + Full(name))) is null)
                await Task.Delay(LookAgain, time, cancellationToken);
            return new Turn(lease, turn);
        }
        catch
        {
            turn.Release();
            throw;
        }
    }

    private string Full(string name) => $"{connection}/{name}";

    private sealed class Turn(IDisposable lease, SemaphoreSlim turn) : IDisposable
    {
        public void Dispose()
        {
            lease.Dispose();
            turn.Release();
        }
    }
}
