using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections.Configuration;

/// <summary>The key of a workspace. It stands in a file of mode 0600 beside the store, so that a copy of the database alone tells no secret.</summary>
public sealed class WorkspaceKey
{
    private readonly byte[] _key;

    private WorkspaceKey(byte[] key) => _key = key;

    /// <summary>Seals the secrets of connections.</summary>
    public DocumentSeal Secrets => new(_key);

    /// <summary>Reads the key, making one when there is none.</summary>
    public static WorkspaceKey Open(string dataFolder) => new(KeyFile(Path.Combine(dataFolder, "secrets.key")));

    /// <summary>A key of 32 bytes for one purpose.</summary>
    public byte[] Derive(string purpose) => HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, 32, info: Encoding.UTF8.GetBytes(purpose));

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
}
