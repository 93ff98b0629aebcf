using System.Security.Cryptography;
using System.Text.Json;
using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Storage;

namespace IntegrationHub.Sovereignty.Log;

/// <summary>One key the log signs or signed with.</summary>
/// <param name="Vkey">Its public half.</param>
/// <param name="Seed">Its private half, sealed; <c>null</c> once another took over.</param>
/// <param name="Handover">The first checkpoint signed by this key, signed by the one before as well; <c>null</c> for the first key.</param>
public sealed record LogKey(string Vkey, string? Seed, string? Handover)
{
    public VerifierKey Verifier => VerifierKey.Parse(Vkey);
}

/// <summary>
/// The log's name and keys. They stay for the life of the log: another name, or a key that no handover leads to, is somebody else's log. Private keys
/// are kept in the store, encrypted with a key that is not.
/// </summary>
public sealed record LogIdentity(string Origin, IReadOnlyList<LogKey> Keys)
{
    private const string Kind = "log";
    private const string Name = "identity";

    /// <summary>The key that signs now.</summary>
    public VerifierKey Current => Keys[^1].Verifier;

    public static async ValueTask<LogIdentity?> FindAsync(IHubReader reader, CancellationToken cancellationToken) =>
        await reader.DocumentAsync(Kind, Name, cancellationToken) is { } json ? JsonSerializer.Deserialize<LogIdentity>(json) : null;

    /// <summary>The identity of the log, made when there is none yet.</summary>
    /// <param name="origin">The name asked for, or <c>null</c> for one that nobody else has.</param>
    /// <param name="workspace">Part of a name that is made up.</param>
    /// <exception cref="LogDamageException">The log has another name.</exception>
    public static async ValueTask<LogIdentity> OpenAsync(IHubStore store, DocumentSeal seal, string? origin, string workspace, CancellationToken cancellationToken)
    {
        var identity = await FindAsync(store.Reader, cancellationToken) ?? await CreateAsync(store, seal, origin, workspace, cancellationToken);
        if (origin is not null && origin != identity.Origin)
            throw new LogDamageException($"hub.yaml calls the log '{origin}', but it was begun as '{identity.Origin}'; a log keeps its name, so set 'log: {{ origin: {identity.Origin} }}'");
        return identity;
    }

    /// <exception cref="LogDamageException">The key cannot be opened.</exception>
    public NoteSigner Signer(DocumentSeal seal)
    {
        var key = Keys[^1];
        var seed = key.Seed is null ? null : seal.Open(key.Vkey, key.Seed);
        return seed is null
            ? throw new LogDamageException("the key that signs the log cannot be opened: secrets.key is not the key it was kept with; restore secrets.key from your backup")
            : NoteSigner.Import(Origin, NoteAlgorithm.Ed25519, seed);
    }

    /// <summary>This identity with a new key that takes over from the present one.</summary>
    /// <param name="handover">A checkpoint that both signed.</param>
    public LogIdentity HandOver(NoteSigner next, SignedNote handover, DocumentSeal seal) =>
        this with { Keys = [.. Keys.Select(k => k with { Seed = null }), Kept(next, seal, handover.ToString())] };

    public ValueTask SaveAsync(IHubTransaction transaction) => transaction.SaveDocumentAsync(Kind, Name, JsonSerializer.Serialize(this));

    private static async ValueTask<LogIdentity> CreateAsync(IHubStore store, DocumentSeal seal, string? origin, string workspace, CancellationToken cancellationToken)
    {
        var name = string.Concat(workspace.Select(c => char.IsAsciiLetterOrDigit(c) || c == '-' ? char.ToLowerInvariant(c) : '-'));
        origin ??= $"{name}.hub.internal/{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
        using var signer = NoteSigner.Generate(origin, NoteAlgorithm.Ed25519);
        var created = new LogIdentity(origin, [Kept(signer, seal, null)]);
        await using var transaction = await store.BeginAsync(cancellationToken);
        // Another process may have been faster.
        if (await transaction.DocumentAsync(Kind, Name) is { } json)
            return JsonSerializer.Deserialize<LogIdentity>(json)!;
        if (transaction.Log.Head() is not null)
            throw new LogDamageException("the log has checkpoints but its key is gone; restore the database from your backup");
        await created.SaveAsync(transaction);
        await transaction.CommitAsync();
        return created;
    }

    private static LogKey Kept(NoteSigner signer, DocumentSeal seal, string? handover)
    {
        var vkey = signer.Verifier.ToString();
        var seed = signer.Seed();
        var kept = new LogKey(vkey, seal.Close(vkey, seed), handover);
        CryptographicOperations.ZeroMemory(seed);
        return kept;
    }
}
