using System.Collections.Concurrent;

namespace IntegrationHub.Sdk.Tokens;

/// <summary>
/// Small secrets of one connection that outlive the process and are shared by all nodes, such as tokens. The hub keeps them encrypted. Connectors use
/// it through <see cref="TokenBroker"/>.
/// </summary>
public interface IConnectionVault
{
    /// <summary>The kept value, or <c>null</c>.</summary>
    ValueTask<string?> GetAsync(string name, CancellationToken cancellationToken);

    /// <summary>Keeps a value; returns when it is durable.</summary>
    ValueTask SetAsync(string name, string value, CancellationToken cancellationToken);

    /// <summary>Waits for the right to be the only one, on all nodes, to change a value; dispose to give it back.</summary>
    ValueTask<IDisposable> LockAsync(string name, CancellationToken cancellationToken);
}

/// <summary>A vault that forgets with the process; for tests and for running a connector alone.</summary>
public sealed class MemoryVault : IConnectionVault
{
    private readonly ConcurrentDictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _locks = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public ValueTask<string?> GetAsync(string name, CancellationToken cancellationToken) => new(_values.GetValueOrDefault(name));

    /// <inheritdoc/>
    public ValueTask SetAsync(string name, string value, CancellationToken cancellationToken)
    {
        _values[name] = value;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask<IDisposable> LockAsync(string name, CancellationToken cancellationToken)
    {
        var turn = _locks.GetOrAdd(name, _ => new(1, 1));
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Turn(turn);
    }

    private sealed class Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
