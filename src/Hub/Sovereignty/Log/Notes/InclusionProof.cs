using System.Globalization;
using System.Text;
using IntegrationHub.Sovereignty.Log.Tree;

namespace IntegrationHub.Sovereignty.Log.Notes;

/// <summary>A proof that verifies by itself: where an entry stands, its audit path, the signed checkpoint (c2sp.org/tlog-proof).</summary>
/// <param name="Extra">Not proven by anything; here the entry itself, so that the file is complete.</param>
public sealed record InclusionProof(long Index, IReadOnlyList<byte[]> Path, SignedNote Checkpoint, byte[] Extra)
{
    private const string Header = "c2sp.org/tlog-proof@v1";

    /// <exception cref="FormatException">It is no proof; says why.</exception>
    public static InclusionProof Parse(string file)
    {
        var split = file.IndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0)
            throw new FormatException("a proof is followed by an empty line and a checkpoint");
        var lines = new Queue<string>(file[..split].Split('\n'));
        if (lines.Dequeue() != Header)
            throw new FormatException($"a proof begins with '{Header}'");
        byte[] extra = [];
        if (lines.TryPeek(out var line) && line.StartsWith("extra ", StringComparison.Ordinal))
            extra = Convert.FromBase64String(lines.Dequeue()["extra ".Length..]);
        if (!lines.TryDequeue(out line) || !line.StartsWith("index ", StringComparison.Ordinal)
            || !long.TryParse(line["index ".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            throw new FormatException("a proof says 'index' and a number");
        return new(index, [.. lines.Select(Convert.FromBase64String)], SignedNote.Parse(file[(split + 2)..]), extra);
    }

    /// <summary>Whether the entry stands in the tree of the checkpoint. Says nothing about who signed that.</summary>
    public bool Proves(ReadOnlySpan<byte> entry)
    {
        var head = Notes.Checkpoint.Parse(Checkpoint.Text);
        return TreeProof.Includes(TreeHash.Leaf(entry), Index, head.Size, Path, head.Root);
    }

    public override string ToString()
    {
        var text = new StringBuilder(Header).Append('\n');
        if (Extra.Length > 0)
            text.Append("extra ").Append(Convert.ToBase64String(Extra)).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"index {Index}\n");
        foreach (var hash in Path)
            text.Append(Convert.ToBase64String(hash)).Append('\n');
        return text.Append('\n').Append(Checkpoint).ToString();
    }
}
