using System.Buffers.Binary;
using System.Diagnostics;
using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Sovereignty.Log.Tree;

namespace IntegrationHub.Tests.Sovereignty.Log;

/// <summary>Verifiers that share no code with the hub accept what it exports: Go's library for its checksum database, and samples/audit/verify_log.py.</summary>
public sealed class ForeignVerifierTests(ExportedLogs logs) : IClassFixture<ExportedLogs>
{
    [Fact]
    public void Python_accepts_checkpoints_tiles_and_proofs_of_every_shape_of_tree()
    {
        if (!CanRunPython())
            Requirement.Missing("python3 is not installed");
        ExportedLog? earlier = null;
        foreach (var log in logs.All)
        {
            PythonAccepts(earlier is null ? [log.Folder, log.Key] : [log.Folder, log.Key, "--from", earlier.Checkpoint]);
            Assert.All(log.Proofs, proof => PythonAccepts("-", log.Key, "--proof", proof));
            earlier = log;
        }
    }

    [Fact]
    public void Go_accepts_checkpoints_tiles_and_proofs_of_every_shape_of_tree()
    {
        GoVerifier.Require();
        foreach (var log in logs.All)
        {
            GoVerifier.Accepts(log.Folder, log.Key);
            Assert.All(log.Proofs, proof => GoVerifier.Accepts("-", log.Key, "-proof", proof));
            foreach (var earlier in logs.All.TakeWhile(l => l != log))
                GoVerifier.Accepts(log.Folder, log.Key, "-from", earlier.Checkpoint, "-by", log.Consistency(earlier));
        }
    }

    [Fact]
    public void Go_accepts_a_checkpoint_that_witnesses_unknown_to_it_cosigned()
    {
        GoVerifier.Require();
        var log = logs.All.Single(l => l.Size == 255);
        using var witness = NoteSigner.Generate("witness.test/w1", NoteAlgorithm.Cosignature);
        var note = SignedNote.Parse(File.ReadAllText(log.Checkpoint));
        var copy = logs.Copy(log);
        File.WriteAllText(Path.Combine(copy, "checkpoint"), (note with { Signatures = [Cosignature.Sign(note.Text, witness, 1_700_000_000), .. note.Signatures] }).ToString());
        GoVerifier.Accepts(copy, log.Key);
    }

    [Theory]
    [InlineData("tile/0/000", "tile/0/000 does not have the hashes of the entries")]
    [InlineData("tile/0/001.p/1", "tile/0/001.p/1 does not have the hashes of the entries")]
    [InlineData("tile/1/000.p/1", "tile/1/000.p/1 does not have the hashes of the entries")]
    [InlineData("tile/entries/000", "the entries have the root")]
    [InlineData("checkpoint", "invalid signature")]
    public void Go_refuses_a_changed_byte_of_any_file(string file, string reason)
    {
        GoVerifier.Require();
        var copy = logs.Copy(logs.All.Single(l => l.Size == 257));
        // Not the first bytes, which are the name of the log or the length of an entry.
        Change(Path.Combine(copy, file), bytes => bytes[file == "checkpoint" ? bytes.AsSpan().IndexOf("\n257\n"u8) + 3 : 30] ^= 1);
        GoVerifier.Refuses(reason, copy, logs.Key);
    }

    [Fact]
    public void Go_refuses_entries_that_changed_places_whatever_their_tile_says()
    {
        GoVerifier.Require();
        var copy = logs.Copy(logs.All.Single(l => l.Size == 256));
        Change(Path.Combine(copy, "tile/entries/000"), bytes =>
        {
            var first = 2 + BinaryPrimitives.ReadUInt16BigEndian(bytes);
            var second = 2 + BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(first));
            byte[] swapped = [.. bytes.AsSpan(first, second), .. bytes.AsSpan(0, first)];
            swapped.CopyTo(bytes, 0);
        });
        GoVerifier.Refuses("the entries have the root", copy, logs.Key);
        Change(Path.Combine(copy, "tile/0/000"), bytes =>
        {
            byte[] swapped = [.. bytes.AsSpan(TreeHash.Size, TreeHash.Size), .. bytes.AsSpan(0, TreeHash.Size)];
            swapped.CopyTo(bytes, 0);
        });
        GoVerifier.Refuses("the entries have the root", copy, logs.Key);
    }

    [Fact]
    public void Go_refuses_a_missing_and_a_cut_file()
    {
        GoVerifier.Require();
        var log = logs.All.Single(l => l.Size == 257);
        var copy = logs.Copy(log);
        File.Delete(Path.Combine(copy, "tile/1/000.p/1"));
        GoVerifier.Refuses("tile/1/000.p/1", copy, log.Key);
        copy = logs.Copy(log);
        using (var bundle = File.OpenWrite(Path.Combine(copy, "tile/entries/000")))
            bundle.SetLength(bundle.Length - 1);
        GoVerifier.Refuses("tile/entries/000 is cut", copy, log.Key);
    }

    [Fact]
    public void Go_refuses_another_key_of_the_same_name_and_another_log()
    {
        GoVerifier.Require();
        var log = logs.All.Single(l => l.Size == 1);
        using var other = NoteSigner.Generate("log.test/rig", NoteAlgorithm.Ed25519);
        GoVerifier.Refuses("no verifiable signatures", log.Folder, other.Verifier.ToString());
        GoVerifier.Refuses("no verifiable signatures", "-", other.Verifier.ToString(), "-proof", log.Proofs[0]);

        // Signed by the key that is trusted, but as the checkpoint of a log of another name.
        using var known = NoteSigner.Generate("log.test/known", NoteAlgorithm.Ed25519);
        var copy = logs.Copy(log);
        var text = SignedNote.Parse(File.ReadAllText(log.Checkpoint)).Text;
        File.WriteAllText(Path.Combine(copy, "checkpoint"), SignedNote.Sign(text, known).ToString());
        GoVerifier.Refuses("another log", copy, known.Verifier.ToString());
    }

    [Fact]
    public void Go_refuses_a_past_that_was_another_and_proofs_of_something_else()
    {
        GoVerifier.Require();
        var (small, large) = (logs.All.Single(l => l.Size == 257), logs.All.Single(l => l.Size == 65_537));
        GoVerifier.Refuses("it is larger", small.Folder, small.Key, "-from", large.Checkpoint);
        GoVerifier.Refuses("-from-256: invalid transparency proof", large.Folder, large.Key, "-from", small.Checkpoint, "-by", large.Consistency(logs.All.Single(l => l.Size == 256)));

        // What the same key signed as a past of the same size, but with another root: a fork.
        using var signer = NoteSigner.Generate("log.test/rig", NoteAlgorithm.Ed25519);
        var copy = logs.Copy(small);
        File.WriteAllText(Path.Combine(copy, "checkpoint"), SignedNote.Sign(SignedNote.Parse(File.ReadAllText(small.Checkpoint)).Text, signer).ToString());
        GoVerifier.Accepts(copy, signer.Verifier.ToString());
        var fork = logs.File("fork");
        File.WriteAllText(fork, SignedNote.Sign(new Checkpoint("log.test/rig", 200, TreeHash.Leaf([])).Text, signer).ToString());
        GoVerifier.Refuses("is no beginning of this log", copy, signer.Verifier.ToString(), "-from", fork);

        var proof = logs.File("other.tlog-proof");
        File.WriteAllText(proof, File.ReadAllText(large.Proofs[1]).Replace("index 254\n", "index 253\n", StringComparison.Ordinal));
        GoVerifier.Refuses("invalid transparency proof", "-", large.Key, "-proof", proof);
        var lines = File.ReadAllLines(large.Proofs[1]);
        lines[1] = File.ReadAllLines(large.Proofs[2])[1];
        File.WriteAllText(proof, string.Join('\n', lines) + '\n');
        GoVerifier.Refuses("invalid transparency proof", "-", large.Key, "-proof", proof);
    }

    private static void Change(string file, Action<byte[]> change)
    {
        var bytes = File.ReadAllBytes(file);
        change(bytes);
        File.WriteAllBytes(file, bytes);
    }

    private static void PythonAccepts(params string[] arguments)
    {
        using var process = StartPython(arguments);
        var output = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', arguments)}\n{output}");
    }

    private static bool CanRunPython()
    {
        try
        {
            using var process = StartPython("-", "-");
            process.WaitForExit();
            return process.ExitCode == 1;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static Process StartPython(params string[] arguments) => Process.Start(
        new ProcessStartInfo("python3", [Path.Combine(AppContext.BaseDirectory, "samples", "audit", "verify_log.py"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
}
