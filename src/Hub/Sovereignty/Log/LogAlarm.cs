using IntegrationHub.Storage;

namespace IntegrationHub.Sovereignty.Log;

/// <summary>Damage that was found stays in force for all hubs on the store until a full verification finds none.</summary>
public static class LogAlarm
{
    private const string Kind = "log";
    private const string Name = "alarm";

    public static ValueTask<string?> FindAsync(IHubReader reader, CancellationToken cancellationToken) => reader.DocumentAsync(Kind, Name, cancellationToken);

    /// <exception cref="LogDamageException">Damage was found before.</exception>
    public static async ValueTask ThrowIfRaisedAsync(IHubReader reader, CancellationToken cancellationToken)
    {
        if (await FindAsync(reader, cancellationToken) is { } found)
            throw new LogDamageException(found);
    }

    public static async ValueTask RaiseAsync(IHubStore store, string damage, CancellationToken cancellationToken)
    {
        if (await FindAsync(store.Reader, cancellationToken) is null)
            await SaveAsync(store, damage, cancellationToken);
    }

    public static async ValueTask ClearAsync(IHubStore store, CancellationToken cancellationToken)
    {
        if (await FindAsync(store.Reader, cancellationToken) is not null)
            await SaveAsync(store, null, cancellationToken);
    }

    private static async ValueTask SaveAsync(IHubStore store, string? damage, CancellationToken cancellationToken)
    {
        await using var transaction = await store.BeginAsync(cancellationToken);
        await transaction.SaveDocumentAsync(Kind, Name, damage);
        await transaction.CommitAsync();
    }
}
