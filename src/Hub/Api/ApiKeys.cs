using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using IntegrationHub.Connections;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;

namespace IntegrationHub.Api;

/// <summary>What a key allows.</summary>
public enum ApiScope
{
    /// <summary>Reading everything but the bodies of rejected records.</summary>
    Read,

    /// <summary>Reading, starting syncs and retrying rejected records.</summary>
    Sync,

    /// <summary>The same, and carrying out actions at vendors.</summary>
    Act,

    /// <summary>Everything.</summary>
    Admin,
}

/// <summary>A key as it is kept: its secret's hash, never the secret.</summary>
/// <param name="Id">The public part of the token.</param>
/// <param name="Name">What the operator calls it.</param>
/// <param name="Hash">SHA-256 of the secret.</param>
/// <param name="Scope">What it allows.</param>
/// <param name="Created">Unix milliseconds.</param>
/// <param name="Expires">Unix milliseconds, or 0 for never.</param>
/// <param name="LastUsed">Unix milliseconds, right to the hour; 0 when it was never used.</param>
public sealed record ApiKey(string Id, string Name, byte[] Hash, [property: JsonConverter(typeof(JsonStringEnumConverter<ApiScope>))] ApiScope Scope, long Created, long Expires, long LastUsed)
{
    /// <summary>Where its user stands, as ISO 3166-1 alpha-2 code; what is read with it goes there.</summary>
    public string? Region { get; init; }

    /// <summary>What its user reads data for.</summary>
    public string? Purpose { get; init; }

    public bool Allows(ApiScope scope) => Scope >= scope;
}

/// <summary>The keys of the API: documents of kind <c>apikey</c> in the store. A token is <c>hub_(id)_(secret)</c>.</summary>
public sealed class ApiKeys(Workspace workspace)
{
    private readonly IHubStore _store = workspace.Store;
    private readonly TimeProvider _time = workspace.Time;

    private const string Kind = "apikey";

    private static readonly TimeSpan Coarse = TimeSpan.FromHours(1);

    /// <summary>Makes a key.</summary>
    /// <param name="region">See <see cref="ApiKey.Region"/>.</param>
    /// <param name="purpose">See <see cref="ApiKey.Purpose"/>.</param>
    /// <returns>The key and its token, which can never be shown again.</returns>
    public async ValueTask<(ApiKey Key, string Token)> CreateAsync(string name, ApiScope scope, TimeSpan? lifetime, string? region, string? purpose, CancellationToken cancellationToken)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var now = _time.GetUtcNow();
        var key = new ApiKey(id, name, Hash(secret), scope, now.ToUnixTimeMilliseconds(), lifetime is { } span ? (now + span).ToUnixTimeMilliseconds() : 0, 0) { Region = region, Purpose = purpose };
        await SaveAsync(id, key, cancellationToken);
        return (key, $"hub_{id}_{secret}");
    }

    public async ValueTask<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await _store.Reader.DocumentsAsync(Kind, cancellationToken)).Select(d => JsonSerializer.Deserialize<ApiKey>(d.Json)!).OrderBy(k => k.Created)];

    /// <summary>Takes a key out of force at once, for all processes.</summary>
    /// <returns>False when there is no key of that id.</returns>
    public async ValueTask<bool> RevokeAsync(string id, CancellationToken cancellationToken)
    {
        if (await _store.Reader.DocumentAsync(Kind, id, cancellationToken) is null)
            return false;
        await SaveAsync(id, null, cancellationToken);
        return true;
    }

    /// <summary>The key that a token stands for, expired or not; <c>null</c> when there is none.</summary>
    public async ValueTask<ApiKey?> FindAsync(string token, CancellationToken cancellationToken)
    {
        var parts = token.Split('_', 3);
        if (parts is not ["hub", { Length: 12 } id, { Length: > 0 and < 200 } secret])
            return null;
        if (await _store.Reader.DocumentAsync(Kind, id, cancellationToken) is not { } json)
            return null;
        var key = JsonSerializer.Deserialize<ApiKey>(json)!;
        return CryptographicOperations.FixedTimeEquals(Hash(secret), key.Hash) ? key : null;
    }

    /// <summary>Whether a key that was let in is still one: neither revoked nor expired.</summary>
    public async ValueTask<bool> IsInForceAsync(ApiKey key, CancellationToken cancellationToken) =>
        !IsExpired(key) && await _store.Reader.DocumentAsync(Kind, key.Id, cancellationToken) is not null;

    public bool IsExpired(ApiKey key) => key.Expires != 0 && _time.GetUtcNow().ToUnixTimeMilliseconds() >= key.Expires;

    public bool IsUseWorthNoting(ApiKey key) => _time.GetUtcNow().ToUnixTimeMilliseconds() - key.LastUsed >= Coarse.TotalMilliseconds;

    /// <summary>Notes that a key was used, at most once an hour.</summary>
    public async ValueTask NoteUseAsync(string id, CancellationToken cancellationToken)
    {
        await using var transaction = await _store.BeginAsync(cancellationToken);
        if (await transaction.DocumentAsync(Kind, id) is not { } json || JsonSerializer.Deserialize<ApiKey>(json) is not { } key || !IsUseWorthNoting(key))
            return;
        await transaction.SaveDocumentAsync(Kind, id, JsonSerializer.Serialize(key with { LastUsed = _time.GetUtcNow().ToUnixTimeMilliseconds() }));
        await transaction.CommitAsync();
    }

    private async ValueTask SaveAsync(string id, ApiKey? key, CancellationToken cancellationToken)
    {
        await using var transaction = await _store.BeginAsync(cancellationToken);
        await transaction.SaveDocumentAsync(Kind, id, key is null ? null : JsonSerializer.Serialize(key));
        var log = workspace.Log.Writer;
        log.Write(transaction, new LogEntry(LogAction.Key, log.Operator)
        {
            To = key?.Region is { } region ? new($"key:{id}", region) : null,
            Purpose = key?.Purpose,
            About = key is null ? [("key", id), ("change", "revoked")] : [("key", id), ("change", "created"), ("scope", KeyGate.Name(key.Scope))],
        });
        await transaction.CommitAsync();
    }

    private static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
