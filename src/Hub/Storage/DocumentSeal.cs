using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IntegrationHub.Storage;

/// <summary>Encrypts what is kept as a document: AES-256-GCM. The name is authenticated with the value, so that values cannot be swapped.</summary>
/// <param name="key">32 bytes.</param>
public sealed class DocumentSeal(byte[] key)
{
    private const int TagSize = 16;

    /// <summary>The JSON to keep.</summary>
    public string Close(string name, ReadOnlySpan<byte> plain)
    {
        var nonce = RandomNumberGenerator.GetBytes(AesGcm.NonceByteSizes.MaxSize);
        var cipher = new byte[plain.Length];
        var tag = new byte[TagSize];
        using var aes = new AesGcm(key, TagSize);
        aes.Encrypt(nonce, plain, cipher, tag, Encoding.UTF8.GetBytes(name));
        return JsonSerializer.Serialize(new Closed(nonce, cipher, tag));
    }

    /// <summary>What was kept; <c>null</c> when the key is not the one it was kept with, or the name not its name.</summary>
    public byte[]? Open(string name, string json)
    {
        var kept = JsonSerializer.Deserialize<Closed>(json)!;
        var plain = new byte[kept.Cipher.Length];
        try
        {
            using var aes = new AesGcm(key, kept.Tag.Length);
            aes.Decrypt(kept.Nonce, kept.Cipher, kept.Tag, plain, Encoding.UTF8.GetBytes(name));
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private sealed record Closed(byte[] Nonce, byte[] Cipher, byte[] Tag);
}
