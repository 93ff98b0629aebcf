using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IntegrationHub.Api;

/// <summary>
/// Where a page ended. Encrypted, because the sort value may be somebody's name, and bound to its query, so that a cursor only goes on where it
/// came from.
/// </summary>
internal sealed class PageCursor(byte[] key)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    public string Seal<T>(string query, T position)
    {
        var plain = JsonSerializer.SerializeToUtf8Bytes(position);
        var sealedBytes = new byte[NonceBytes + TagBytes + plain.Length];
        RandomNumberGenerator.Fill(sealedBytes.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(sealedBytes.AsSpan(0, NonceBytes), plain, sealedBytes.AsSpan(NonceBytes + TagBytes), sealedBytes.AsSpan(NonceBytes, TagBytes), Encoding.UTF8.GetBytes(query));
        return Base64Url.EncodeToString(sealedBytes);
    }

    /// <exception cref="ProblemException">It was changed, or made by another query.</exception>
    public T Open<T>(string query, string cursor)
    {
        try
        {
            var bytes = Base64Url.DecodeFromChars(cursor);
            if (bytes.Length <= NonceBytes + TagBytes)
                throw Refused();
            var plain = new byte[bytes.Length - NonceBytes - TagBytes];
            using var aes = new AesGcm(key, TagBytes);
            aes.Decrypt(bytes.AsSpan(0, NonceBytes), bytes.AsSpan(NonceBytes + TagBytes), bytes.AsSpan(NonceBytes, TagBytes), plain, Encoding.UTF8.GetBytes(query));
            return JsonSerializer.Deserialize<T>(plain)!;
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            throw Refused();
        }
    }

    private static ProblemException Refused() =>
        new(ProblemKind.CursorInvalid, "use 'next' of the page before as it is, with the same filters, sort and search; or begin without a cursor");
}
