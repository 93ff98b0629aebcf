using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Tests.Storage;

namespace IntegrationHub.Tests.Delivery;

/// <summary>A store that stops answering in the middle of things, as that of a process that was killed: after so many commits, before or after the last of them is on disk.</summary>
internal sealed class MortalStore(IHubStore inner, int commits) : IHubStore
{
    private int _left = commits;
    private volatile bool _dead;

    public event Action? ChangesCommitted
    {
        add => inner.ChangesCommitted += value;
        remove => inner.ChangesCommitted -= value;
    }

    public bool IsDead => _dead;

    public Catalog Catalog => inner.Catalog;

    public IHubReader Reader => inner.Reader;

    public IJournal Journal => inner.Journal;

    public void Kill() => _dead = true;

    public async ValueTask<IHubTransaction> BeginAsync(CancellationToken cancellationToken)
    {
        Check();
        return new MortalTransaction(this, await inner.BeginAsync(cancellationToken));
    }

    public IDisposable? TryLease(string name) => inner.TryLease(name);

    public ValueTask PrepareModelAsync(EntityModel model, CancellationToken cancellationToken) => inner.PrepareModelAsync(model, cancellationToken);

    public ValueTask<IHubStore> CopyAsync(CancellationToken cancellationToken) => inner.CopyAsync(cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Check()
    {
        if (_dead)
            throw new StoreException("the process was killed");
    }

    private sealed class MortalTransaction(MortalStore store, IHubTransaction inner) : DelegatingTransaction(inner)
    {
        public override async ValueTask CommitAsync()
        {
            store.Check();
            var isLast = Interlocked.Decrement(ref store._left) <= 0;
            if (isLast && store._left % 2 == 0)
            {
                store.Kill();
                store.Check();
            }

            await base.CommitAsync();
            if (!isLast)
                return;
            // It is on disk, and nobody heard of it.
            store.Kill();
            store.Check();
        }
    }
}
