using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using NSec.Cryptography;

namespace IntegrationHub.Sovereignty.Log.Notes;

/// <summary>What a key signs (c2sp.org/signed-note, signature types).</summary>
public enum NoteAlgorithm : byte
{
    /// <summary>The text of a note.</summary>
    Ed25519 = 1,

    /// <summary>A witness's statement about a checkpoint, with its time (c2sp.org/tlog-cosignature).</summary>
    Cosignature = 4,
}

/// <summary>A public key with its name, written <c>name+hex id+base64(type, key)</c>.</summary>
public sealed record VerifierKey
{
    private VerifierKey(string name, NoteAlgorithm algorithm, byte[] publicKey)
    {
        Name = name;
        Algorithm = algorithm;
        PublicKey = publicKey;
        Id = BinaryPrimitives.ReadUInt32BigEndian(HashAlgorithm.Sha256.Hash([.. Encoding.UTF8.GetBytes(name), (byte)'\n', (byte)algorithm, .. publicKey]));
    }

    public string Name { get; }

    public NoteAlgorithm Algorithm { get; }

    /// <summary>32 bytes (RFC 8032).</summary>
    public byte[] PublicKey { get; }

    /// <summary>First 4 bytes of SHA-256(name, 0x0A, type, key), big-endian.</summary>
    public uint Id { get; }

    /// <exception cref="FormatException">The name or key cannot be used.</exception>
    public static VerifierKey Create(string name, NoteAlgorithm algorithm, byte[] publicKey)
    {
        if (!IsName(name))
            throw new FormatException($"'{name}' cannot name a key: it must not be empty nor hold spaces, '+' or control characters");
        return publicKey.Length == 32 ? new(name, algorithm, publicKey) : throw new FormatException("an Ed25519 key has 32 bytes");
    }

    /// <exception cref="FormatException">It is no vkey; says why.</exception>
    public static VerifierKey Parse(string vkey)
    {
        var parts = vkey.Trim().Split('+', 3);
        if (parts.Length != 3)
            throw new FormatException("expected name+id+key");
        var material = Convert.FromBase64String(parts[2]);
        if (material.Length != 33 || !Enum.IsDefined((NoteAlgorithm)material[0]))
            throw new FormatException("only Ed25519 keys (types 1 and 4) are known");
        var key = Create(parts[0], (NoteAlgorithm)material[0], material[1..]);
        return uint.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id) && id == key.Id && parts[1].Length == 8
            ? key
            : throw new FormatException("the id does not belong to the name and key");
    }

    public static bool IsName(string name) => name.Length > 0 && !name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '+');

    public bool Equals(VerifierKey? other) => other is not null && other.ToString() == ToString();

    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    public override string ToString() => $"{Name}+{Id:x8}+{Convert.ToBase64String([(byte)Algorithm, .. PublicKey])}";

    internal bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        NSec.Cryptography.PublicKey.TryImport(SignatureAlgorithm.Ed25519, PublicKey, KeyBlobFormat.RawPublicKey, out var key) && SignatureAlgorithm.Ed25519.Verify(key!, message, signature);
}
