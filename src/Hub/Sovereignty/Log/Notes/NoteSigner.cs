using NSec.Cryptography;

namespace IntegrationHub.Sovereignty.Log.Notes;

/// <summary>A private key with its name.</summary>
public sealed class NoteSigner : IDisposable
{
    private readonly Key _key;

    private NoteSigner(string name, NoteAlgorithm algorithm, Key key)
    {
        _key = key;
        Verifier = VerifierKey.Create(name, algorithm, key.PublicKey.Export(KeyBlobFormat.RawPublicKey));
    }

    public VerifierKey Verifier { get; }

    public static NoteSigner Generate(string name, NoteAlgorithm algorithm) => new(name, algorithm,
        Key.Create(SignatureAlgorithm.Ed25519, new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport }));

    /// <param name="seed">The 32 bytes of RFC 8032's private key.</param>
    public static NoteSigner Import(string name, NoteAlgorithm algorithm, ReadOnlySpan<byte> seed) => new(name, algorithm,
        Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey, new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport }));

    /// <summary>The 32 bytes to keep secret.</summary>
    public byte[] Seed() => _key.Export(KeyBlobFormat.RawPrivateKey);

    internal byte[] Sign(ReadOnlySpan<byte> message) => SignatureAlgorithm.Ed25519.Sign(_key, message);

    public void Dispose() => _key.Dispose();
}
