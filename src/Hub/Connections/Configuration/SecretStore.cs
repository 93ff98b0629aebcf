using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections.Configuration;

/// <summary>
/// The hub's own encrypted secrets: AES-256-GCM with a key that stands in a file of mode 0600 beside the store, so that a copy of the database
/// alone tells nothing. The name is authenticated with the value, so that values cannot be swapped.
/// </summary>
public sealed class SecretStore
{
    private readonly IHubStore _store;
    private readonly byte[] _key;
    private readonly string _kind;

    private SecretStore(IHubStore store, byte[] key, string kind)
    {
        _store = store;
        _key = key;
        _kind = kind;
    }

    /// <summary>Reads the key, making one when there is none.</summary>
    public static SecretStore Open(IHubStore store, string dataFolder) => new(store, KeyFile(Path.Combine(dataFolder, "secrets.key")), "secret");

    /// <summary>Secrets that the hub keeps for itself, apart from those a person has set.</summary>
    public SecretStore For(string kind) => new(_store, _key, kind);

    /// <summary>A key for one purpose, derived from the workspace's key.</summary>
    public byte[] DeriveKey(string purpose) => HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, 32, info: Encoding.UTF8.GetBytes(purpose));

    public async ValueTask SetAsync(string name, string value, CancellationToken cancellationToken)
    {
        var nonce = RandomNumberGenerator.GetBytes(AesGcm.NonceByteSizes.MaxSize);
        var plain = Encoding.UTF8.GetBytes(value);
        var cipher = new byte[plain.Length];
        var tag = new byte[16];
        using (var aes = new AesGcm(_key, tag.Length))
            aes.Encrypt(nonce, plain, cipher, tag, Encoding.UTF8.GetBytes(name));
        CryptographicOperations.ZeroMemory(plain);
        await using var transaction = await _store.BeginAsync(cancellationToken);
        await transaction.SaveDocumentAsync(_kind, name, JsonSerializer.Serialize(new Sealed(nonce, cipher, tag)));
        await transaction.CommitAsync();
    }

    public async ValueTask<string?> GetAsync(string name, CancellationToken cancellationToken)
    {
        if (await _store.Reader.DocumentAsync(_kind, name, cancellationToken) is not { } json)
            return null;
        var kept = JsonSerializer.Deserialize<Sealed>(json)!;
        var plain = new byte[kept.Cipher.Length];
        try
        {
            using var aes = new AesGcm(_key, kept.Tag.Length);
            aes.Decrypt(kept.Nonce, kept.Cipher, kept.Tag, plain, Encoding.UTF8.GetBytes(name));
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new StoreException($"secret '{name}' cannot be opened: secrets.key is not the key it was kept with; set it again with 'hub secrets set {name}'");
        }

        return Encoding.UTF8.GetString(plain);
    }

    public async ValueTask<IReadOnlyList<string>> NamesAsync(CancellationToken cancellationToken) =>
        [.. (await _store.Reader.DocumentsAsync(_kind, cancellationToken)).Select(d => d.Name)];

    public async ValueTask RemoveAsync(string name, CancellationToken cancellationToken)
    {
        await using var transaction = await _store.BeginAsync(cancellationToken);
        await transaction.SaveDocumentAsync(_kind, name, null);
        await transaction.CommitAsync();
    }

    private static byte[] KeyFile(string path)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            var key = RandomNumberGenerator.GetBytes(32);
            using var file = new FileStream(path, options);
            file.Write(key);
            return key;
        }
        catch (IOException) when (File.Exists(path))
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
                throw new StoreException($"{path} can be read by others; run 'chmod 600 {path}'");
            var key = File.ReadAllBytes(path);
            return key.Length == 32 ? key : throw new StoreException($"{path} holds {key.Length} bytes, expected a key of 32; restore it from your backup");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{path} cannot be written: {e.Message}");
        }
    }

    private sealed record Sealed(byte[] Nonce, byte[] Cipher, byte[] Tag);
}
