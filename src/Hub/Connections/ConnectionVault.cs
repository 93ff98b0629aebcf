using System.Collections.Concurrent;
using System.Text;
using IntegrationHub.Sdk.Tokens;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections;

/// <summary>Tokens of one connection, encrypted in the store; one at a time over threads and processes.</summary>
internal sealed class ConnectionVault(IHubStore store, DocumentSeal seal, string connection, TimeProvider time) : IConnectionVault
{
    private const string Kind = "token";

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);

    /// <summary>A token that was sealed with another key is as good as none.</summary>
    public async ValueTask<string?> GetAsync(string name, CancellationToken cancellationToken) =>
        await store.Reader.DocumentAsync(Kind, Full(name), cancellationToken) is { } json && seal.Open(Full(name), json) is { } plain ? Encoding.UTF8.GetString(plain) : null;

    public async ValueTask SetAsync(string name, string value, CancellationToken cancellationToken)
    {
        await using var transaction = await store.BeginAsync(cancellationToken);
        await transaction.SaveDocumentAsync(Kind, Full(name), seal.Close(Full(name), Encoding.UTF8.GetBytes(value)));
        await transaction.CommitAsync();
    }

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
