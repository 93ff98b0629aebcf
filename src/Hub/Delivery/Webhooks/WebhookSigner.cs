using NSec.Cryptography;
using IncrementalHash = System.Security.Cryptography.IncrementalHash;

namespace IntegrationHub.Delivery.Webhooks;

/// <summary>Signs with one secret, one content after the other: setting up a HMAC costs as much as its use, so it is kept.</summary>
internal sealed class WebhookSigner : IDisposable
{
    private readonly IncrementalHash? _hmac;
    private readonly Key? _ed25519;

    public WebhookSigner(IncrementalHash hmac) => _hmac = hmac;

    public WebhookSigner(Key ed25519) => _ed25519 = ed25519;

    /// <summary>Characters of a signature, its version included.</summary>
    public int Length => _hmac is not null ? 3 + 44 : 4 + 88;

    /// <summary>Writes <c>v1,base64</c> or <c>v1a,base64</c> of <c>id.timestamp.body</c>.</summary>
    public void Sign(ReadOnlySpan<byte> content, Span<char> signature)
    {
        Span<byte> bytes = stackalloc byte[64];
        if (_hmac is not null)
        {
            _hmac.AppendData(content);
            bytes = bytes[.._hmac.GetHashAndReset(bytes)];
            "v1,".CopyTo(signature);
            Convert.TryToBase64Chars(bytes, signature[3..], out _);
        }
        else
        {
            SignatureAlgorithm.Ed25519.Sign(_ed25519!, content, bytes);
            "v1a,".CopyTo(signature);
            Convert.TryToBase64Chars(bytes, signature[4..], out _);
        }
    }

    public void Dispose() => _hmac?.Dispose();
}
