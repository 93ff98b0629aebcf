namespace IntegrationHub.Storage;

/// <summary>
/// Notes that have to be durable now and in the store soon: whoever writes one does not wait for those who write into the store. Each note is moved there once, in order,
/// whatever ends in between.
/// </summary>
public interface IJournal
{
    /// <summary>Durable when it comes back.</summary>
    /// <exception cref="StoreException">It is not.</exception>
    Task AppendAsync(byte[] note);

    /// <summary>Moves the oldest notes into the store, in one transaction.</summary>
    /// <param name="write">Called once, with notes in order, when there are any.</param>
    /// <returns>How many.</returns>
    ValueTask<int> MoveAsync(int most, Action<IHubTransaction, IReadOnlyList<byte[]>> write, CancellationToken cancellationToken);
}
