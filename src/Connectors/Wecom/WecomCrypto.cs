using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Connectors.Wecom;

/// <summary>
/// Signature and encryption of callbacks: SHA-1 over four sorted texts; AES-256-CBC over 16 random bytes, the length, the message and the receiver, padded to blocks of 32
/// bytes. .NET's own padding refuses pads above 16 and is not used.
/// </summary>
internal sealed class WecomCrypto
{
    private const int Block = 32;
    private const int Prefix = 16 + sizeof(uint);

    private readonly byte[] _key;
    private readonly string _token;
    private readonly string _receiver;

    /// <param name="token">Token of the callback settings.</param>
    /// <param name="encodingAesKey">43 characters; the last one may carry bits beyond the key.</param>
    /// <param name="receiver">Whom messages must be for: the corporation.</param>
    public WecomCrypto(string token, string encodingAesKey, string receiver)
    {
        _key = Convert.FromBase64String(encodingAesKey + "=");
        _token = token;
        _receiver = receiver;
    }

    public static bool IsKey(string key) => key.Length == 43 && key.All(char.IsAsciiLetterOrDigit);

    public string Sign(string timestamp, string nonce, string encrypted)
    {
        string[] parts = [_token, timestamp, nonce, encrypted];
        Array.Sort(parts, StringComparer.Ordinal);
#pragma warning disable CA5350 // the vendor's algorithm
        return Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(string.Concat(parts))));
#pragma warning restore CA5350
    }

    /// <summary>The message, or <c>null</c> when it is damaged or for somebody else.</summary>
    public byte[]? Decrypt(string encrypted)
    {
        var cipher = new byte[encrypted.Length];
        if (!Convert.TryFromBase64String(encrypted, cipher, out var length) || length == 0 || length % 16 != 0)
            return null;
        var plain = Transform(cipher.AsSpan(0, length), decrypt: true);
        var pad = plain[^1];
        if (pad is < 1 or > Block || pad > plain.Length - Prefix || plain.AsSpan(plain.Length - pad).ContainsAnyExcept(pad))
            return null;
        var content = plain.AsSpan(16, plain.Length - 16 - pad);
        var count = BinaryPrimitives.ReadUInt32BigEndian(content);
        if (count > content.Length - sizeof(uint))
            return null;
        var message = content.Slice(sizeof(uint), (int)count);
        return Encoding.UTF8.GetString(content[(sizeof(uint) + (int)count)..]) == _receiver ? message.ToArray() : null;
    }

    /// <param name="message">UTF-8.</param>
    /// <param name="random">16 bytes that nobody can guess.</param>
    public string Encrypt(ReadOnlySpan<byte> message, ReadOnlySpan<byte> random)
    {
        var receiver = Encoding.UTF8.GetBytes(_receiver);
        var length = Prefix + message.Length + receiver.Length;
        var pad = Block - length % Block;
        var plain = new byte[length + pad];
        random.CopyTo(plain);
        BinaryPrimitives.WriteUInt32BigEndian(plain.AsSpan(16), (uint)message.Length);
        message.CopyTo(plain.AsSpan(Prefix));
        receiver.CopyTo(plain.AsSpan(Prefix + message.Length));
        plain.AsSpan(length).Fill((byte)pad);
        return Convert.ToBase64String(Transform(plain, decrypt: false));
    }

    private byte[] Transform(ReadOnlySpan<byte> bytes, bool decrypt)
    {
        using var aes = Aes.Create();
        aes.Key = _key;
        return decrypt ? aes.DecryptCbc(bytes, _key.AsSpan(0, 16), PaddingMode.None) : aes.EncryptCbc(bytes, _key.AsSpan(0, 16), PaddingMode.None);
    }
}
