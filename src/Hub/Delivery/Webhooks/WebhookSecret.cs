using System.Security.Cryptography;
using NSec.Cryptography;
using IncrementalHash = System.Security.Cryptography.IncrementalHash;

namespace IntegrationHub.Delivery.Webhooks;

/// <summary>
/// One signing secret of Standard Webhooks: <c>whsec_</c> and base64 of 24 to 64 bytes (HMAC-SHA256, signatures <c>v1</c>), or <c>whsk_</c> and base64 of an
/// Ed25519 seed (signatures <c>v1a</c>).
/// </summary>
internal sealed class WebhookSecret : IDisposable
{
    private const string Symmetric = "whsec_";
    private const string Asymmetric = "whsk_";
    private const int Seed = 32;

    private readonly byte[]? _hmac;
    private readonly Key? _ed25519;

    private WebhookSecret(byte[] hmac) => _hmac = hmac;

    private WebhookSecret(Key ed25519) => _ed25519 = ed25519;

    /// <summary>To sign with, in one thread at a time; ends before the secret does.</summary>
    public WebhookSigner Signer() => _hmac is not null ? new(IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _hmac)) : new(_ed25519!);

    /// <returns><c>null</c> when the text is no such secret.</returns>
    public static WebhookSecret? Parse(string text)
    {
        var symmetric = text.StartsWith(Symmetric, StringComparison.Ordinal);
        if (!symmetric && !text.StartsWith(Asymmetric, StringComparison.Ordinal))
            return null;
        var bytes = new byte[128];
        if (!Convert.TryFromBase64String(text[(symmetric ? Symmetric : Asymmetric).Length..], bytes, out var length))
            return null;
        try
        {
            if (symmetric)
                return length is >= 24 and <= 64 ? new(bytes[..length]) : null;
            // Some tools write the seed with the public key behind it.
            if (length is not (Seed or 2 * Seed))
                return null;
            var key = Key.Import(SignatureAlgorithm.Ed25519, bytes.AsSpan(0, Seed), KeyBlobFormat.RawPrivateKey);
            if (length == Seed || key.PublicKey.Export(KeyBlobFormat.RawPublicKey).AsSpan().SequenceEqual(bytes.AsSpan(Seed, Seed)))
                return new(key);
            key.Dispose();
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_hmac);
        _ed25519?.Dispose();
    }
}
