namespace IntegrationHub.Storage;

/// <summary>
/// Writes of many that need the same thing, durability before they go on: whatever comes while one commit is under way goes into the next one together,
/// so that the disk is synced once for all of them.
/// </summary>
public sealed class GroupCommit
{
    private readonly Grouped<Func<IHubTransaction, ValueTask>> _writes;

    public GroupCommit(IHubStore store) => _writes = new(async writes =>
    {
        await using var transaction = await store.BeginAsync(CancellationToken.None);
        foreach (var write in writes)
            await write(transaction);
        await transaction.CommitAsync();
    });

    /// <summary>Comes back when what was written is durable.</summary>
    /// <param name="write">Called once, in turn with the others; what it throws is thrown to all of the same commit.</param>
    /// <exception cref="StoreException">Nothing was written.</exception>
    public Task WriteAsync(Func<IHubTransaction, ValueTask> write) => _writes.AddAsync(write);
}
