using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections.Configuration;

/// <summary>The hub's own encrypted secrets. Every change is told by name in the sovereignty log.</summary>
public sealed class SecretStore(IHubStore store, DocumentSeal seal, LogWriter log)
{
    private const string Kind = "secret";

    public ValueTask SetAsync(string name, string value, CancellationToken cancellationToken)
    {
        var plain = Encoding.UTF8.GetBytes(value);
        var closed = seal.Close(name, plain);
        CryptographicOperations.ZeroMemory(plain);
        return SaveAsync(name, closed, cancellationToken);
    }

    public async ValueTask<string?> GetAsync(string name, CancellationToken cancellationToken)
    {
        if (await store.Reader.DocumentAsync(Kind, name, cancellationToken) is not { } json)
            return null;
        return seal.Open(name, json) is { } plain
            ? Encoding.UTF8.GetString(plain)
            : throw new StoreException($"secret '{name}' cannot be opened: secrets.key is not the key it was kept with; set it again with 'hub secrets set {name}'");
    }

    public async ValueTask<IReadOnlyList<string>> NamesAsync(CancellationToken cancellationToken) =>
        [.. (await store.Reader.DocumentsAsync(Kind, cancellationToken)).Select(d => d.Name)];

    public ValueTask RemoveAsync(string name, CancellationToken cancellationToken) => SaveAsync(name, null, cancellationToken);

    private async ValueTask SaveAsync(string name, string? json, CancellationToken cancellationToken)
    {
        await using var transaction = await store.BeginAsync(cancellationToken);
        await transaction.SaveDocumentAsync(Kind, name, json);
        log.Write(transaction, new LogEntry(LogAction.Secret, log.Operator) { About = [("secret", name), ("change", json is null ? "removed" : "set")] });
        await transaction.CommitAsync();
    }
}
