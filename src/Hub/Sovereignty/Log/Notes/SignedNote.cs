using System.Buffers.Binary;
using System.Text;

namespace IntegrationHub.Sovereignty.Log.Notes;

/// <summary>One signature of a note.</summary>
/// <param name="Name">Name of the key.</param>
/// <param name="KeyId">See <see cref="VerifierKey.Id"/>.</param>
/// <param name="Signature">What follows the id: 64 bytes of Ed25519, for cosignatures with 8 bytes of time before.</param>
public sealed record NoteSignature(string Name, uint KeyId, byte[] Signature)
{
    /// <summary>The line with its newline.</summary>
    public override string ToString()
    {
        var bytes = new byte[4 + Signature.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, KeyId);
        Signature.CopyTo(bytes, 4);
        return $"— {Name} {Convert.ToBase64String(bytes)}\n";
    }

    /// <exception cref="FormatException">It is no signature line.</exception>
    public static NoteSignature Parse(string line)
    {
        if (line.Split(' ') is not ["—", var name, var base64] || !VerifierKey.IsName(name))
            throw new FormatException("a signature line is '— name base64'");
        var bytes = Convert.FromBase64String(base64);
        // Convert skips white space and accepts what it would write differently; a signature line has one spelling.
        if (bytes.Length < 5 || Convert.ToBase64String(bytes) != base64)
            throw new FormatException("a signature line ends in the base64 of key id and signature");
        return new(name, BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes[4..]);
    }

    public bool IsBy(VerifierKey key) => Name == key.Name && KeyId == key.Id;
}

/// <summary>A text with signatures (c2sp.org/signed-note).</summary>
/// <param name="Text">With its last newline.</param>
public sealed record SignedNote(string Text, IReadOnlyList<NoteSignature> Signatures)
{
    private const int MostSignatures = 64;
    private const int MostCharacters = 64 * 1024;

    /// <summary>Signs a text that ends in a newline.</summary>
    public static SignedNote Sign(string text, params IEnumerable<NoteSigner> signers) =>
        new(text, [.. signers.Select(s => new NoteSignature(s.Verifier.Name, s.Verifier.Id, s.Sign(Encoding.UTF8.GetBytes(text))))]);

    /// <exception cref="FormatException">It is no signed note; says why.</exception>
    public static SignedNote Parse(string note)
    {
        if (note.Length > MostCharacters)
            throw new FormatException($"a note has at most {MostCharacters:N0} characters");
        if (note.Any(c => c < ' ' && c != '\n'))
            throw new FormatException("a note holds no control characters");
        var split = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0 || !note.EndsWith('\n'))
            throw new FormatException("a note is a text, an empty line and signatures");
        var lines = note[(split + 2)..].Split('\n')[..^1];
        if (lines.Length is 0 or > MostSignatures)
            throw new FormatException($"a note has 1 to {MostSignatures} signatures");
        return new(note[..(split + 1)], [.. lines.Select(NoteSignature.Parse)]);
    }

    /// <summary>
    /// Whether a key signed it. Signatures of other keys say nothing; one that claims to be of this key and is not makes the whole note worthless.
    /// </summary>
    public bool IsSignedBy(VerifierKey key)
    {
        var own = Signatures.Where(s => s.IsBy(key)).ToList();
        return own.Count > 0 && own.All(s => key.Algorithm == NoteAlgorithm.Cosignature
            ? Cosignature.Verify(Text, s, key)
            : key.Verify(Encoding.UTF8.GetBytes(Text), s.Signature));
    }

    public override string ToString() => Text + "\n" + string.Concat(Signatures);
}
