using System.Text;
using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Sovereignty.Log.Tree;

namespace IntegrationHub.Tests.Sovereignty.Log.Notes;

public sealed class SignedNoteTests
{
    private const string Text = "log.example/acme\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";

    /// <summary>The public key of Go's checksum database, whose id its own tools compute.</summary>
    [Fact]
    public void Key_id_is_that_of_a_well_known_key()
    {
        const string vkey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
        var key = VerifierKey.Parse(vkey);
        Assert.Equal(("sum.golang.org", NoteAlgorithm.Ed25519, 0x033de0aeu), (key.Name, key.Algorithm, key.Id));
        Assert.Equal(vkey, key.ToString());
    }

    /// <summary>The note of the specification of Go's x/mod/sumdb/note.</summary>
    [Fact]
    public void A_note_signed_by_another_implementation_verifies_and_changed_does_not()
    {
        var key = VerifierKey.Parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
        const string signed = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
            + "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        Assert.True(SignedNote.Parse(signed).IsSignedBy(key));
        Assert.False(SignedNote.Parse(signed.Replace("answer", "Answer", StringComparison.Ordinal)).IsSignedBy(key));
        Assert.Equal(signed, SignedNote.Parse(signed).ToString());
    }

    [Fact]
    public void Signatures_of_unknown_keys_say_nothing_and_a_false_one_of_a_known_key_spoils_the_note()
    {
        using var log = NoteSigner.Generate("log.example/acme", NoteAlgorithm.Ed25519);
        using var stranger = NoteSigner.Generate("log.example/acme", NoteAlgorithm.Ed25519);
        var note = SignedNote.Sign(Text, stranger, log);
        Assert.True(SignedNote.Parse(note.ToString()).IsSignedBy(log.Verifier));
        Assert.False(SignedNote.Sign(Text, stranger).IsSignedBy(log.Verifier));
        var forged = note with { Signatures = [.. note.Signatures, note.Signatures[1] with { Signature = note.Signatures[0].Signature }] };
        Assert.False(forged.IsSignedBy(log.Verifier));
    }

    [Fact]
    public void A_cosignature_covers_text_and_time()
    {
        using var witness = NoteSigner.Generate("witness.example/w1", NoteAlgorithm.Cosignature);
        var signature = Cosignature.Sign(Text, witness, 1_679_315_147);
        var note = new SignedNote(Text, [NoteSignature.Parse(signature.ToString().TrimEnd('\n'))]);
        Assert.True(note.IsSignedBy(witness.Verifier));
        Assert.Equal(1_679_315_147, Cosignature.Time(note.Signatures[0]));
        note.Signatures[0].Signature[7] ^= 1;
        Assert.False(note.IsSignedBy(witness.Verifier));
    }

    [Theory]
    [InlineData("")]
    [InlineData("text\n")]
    [InlineData("text\n\n")]
    [InlineData("text\n\nno signature\n")]
    [InlineData("text\n\n— name AAAAAA==")]
    [InlineData("text\n\n— na+me AAAAAAAA\n")]
    [InlineData("text\n\n— name AAAA AAAA\n")]
    [InlineData("te\txt\n\n— name AAAAAAAA\n")]
    [InlineData("te\r\nxt\n\n— name AAAAAAAA\n")]
    public void What_is_no_note_is_refused(string note) => Assert.Throws<FormatException>(() => SignedNote.Parse(note));

    [Theory]
    [InlineData("o\n1\n")]
    [InlineData("\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("o\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("o\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("o\n1\n47DEQpj8HBSa\n")]
    [InlineData("o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    public void What_is_no_checkpoint_is_refused(string text) => Assert.Throws<FormatException>(() => Checkpoint.Parse(text));

    [Fact]
    public void Proof_file_reads_back_and_proves_its_entry_only()
    {
        var rig = new Tree.TreeRig().GrowTo(300);
        using var log = NoteSigner.Generate("log.example/acme", NoteAlgorithm.Ed25519);
        var head = new Checkpoint("log.example/acme", 300, rig.Tree().Root());
        var file = new InclusionProof(257, rig.Tree().Inclusion(257), SignedNote.Sign(head.Text, log), Tree.TreeRig.Leaf(257)).ToString();
        Assert.StartsWith("c2sp.org/tlog-proof@v1\nextra bGVhZiAyNTc=\nindex 257\n", file, StringComparison.Ordinal);
        var read = InclusionProof.Parse(file);
        Assert.Equal(file, read.ToString());
        Assert.True(read.Checkpoint.IsSignedBy(log.Verifier));
        Assert.True(read.Proves(read.Extra));
        Assert.False(read.Proves(Encoding.UTF8.GetBytes("leaf 258")));
        Assert.False((read with { Index = 256 }).Proves(read.Extra));
    }

    [Fact]
    public void An_empty_tree_has_the_hash_of_nothing() => Assert.Equal("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", Convert.ToBase64String(TreeHash.Empty));
}
