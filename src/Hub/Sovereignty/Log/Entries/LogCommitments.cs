using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Sovereignty.Log.Tree;
using IntegrationHub.Storage;

namespace IntegrationHub.Sovereignty.Log.Entries;

/// <summary>
/// How entries name whom they may not name: the first 16 bytes of HMAC-SHA256. Every subject has a random key of its own, so that one can be disclosed
/// or destroyed without the others; whoever has the key and the id can find the subject's entries, nobody else can.
/// </summary>
public static class LogCommitments
{
    /// <summary>Bytes of a commitment.</summary>
    public const int Size = 16;

    private const int KeySize = 32;

    /// <summary>Characters of a commitment as written (base64url without padding).</summary>
    public const int Characters = 22;

    public static string Write(ReadOnlySpan<byte> commitment) => Base64Url.EncodeToString(commitment);

    /// <summary>Fresh keys for subjects.</summary>
    public static IReadOnlyList<SubjectKey> Create(IReadOnlyList<LogSubject> subjects)
    {
        var random = RandomNumberGenerator.GetBytes(subjects.Count * KeySize);
        var keys = new SubjectKey[subjects.Count];
        for (var i = 0; i < keys.Length; i++)
        {
            var key = random[(i * KeySize)..((i + 1) * KeySize)];
            keys[i] = new(subjects[i].Entity, subjects[i].Id, key, Of(key, subjects[i].Id));
        }

        return keys;
    }

    public static byte[] Of(ReadOnlySpan<byte> key, string text)
    {
        Span<byte> utf8 = stackalloc byte[Encoding.UTF8.GetMaxByteCount(text.Length) is <= 512 and var most ? most : throw new ArgumentException("too long to commit to", nameof(text))];
        Span<byte> mac = stackalloc byte[TreeHash.Size];
        Hmac(key, utf8[..Encoding.UTF8.GetBytes(text, utf8)], mac);
        return mac[..Size].ToArray();
    }

    /// <summary>HMAC-SHA256 (RFC 2104) for keys of up to 64 bytes and short messages, over the faster hash; see <see cref="TreeHash"/>.</summary>
    private static void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        const int Block = 64;
        Span<byte> inner = stackalloc byte[Block + message.Length];
        Span<byte> outer = stackalloc byte[Block + TreeHash.Size];
        inner[..Block].Fill(0x36);
        outer[..Block].Fill(0x5c);
        for (var i = 0; i < key.Length; i++)
        {
            inner[i] ^= key[i];
            outer[i] ^= key[i];
        }

        message.CopyTo(inner[Block..]);
        NSec.Cryptography.HashAlgorithm.Sha256.Hash(inner, outer[Block..]);
        NSec.Cryptography.HashAlgorithm.Sha256.Hash(outer, mac);
    }
}
