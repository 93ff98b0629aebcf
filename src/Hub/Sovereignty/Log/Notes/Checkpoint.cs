using System.Globalization;
using IntegrationHub.Sovereignty.Log.Tree;

namespace IntegrationHub.Sovereignty.Log.Notes;

/// <summary>The head of the log: its size and root, under its name (c2sp.org/tlog-checkpoint). The text that is signed.</summary>
public sealed record Checkpoint(string Origin, long Size, byte[] Root)
{
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Convert.ToBase64String(Root)}\n");

    /// <summary>Reads the text of a note; further lines are allowed and ignored.</summary>
    /// <exception cref="FormatException">It is no checkpoint; says why.</exception>
    public static Checkpoint Parse(string text)
    {
        var lines = text.Split('\n');
        if (lines.Length < 4 || lines[^1].Length > 0 || lines[..^1].Any(l => l.Length == 0))
            throw new FormatException("a checkpoint has at least three lines, none of them empty");
        if (!long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size.ToString(CultureInfo.InvariantCulture) != lines[1])
            throw new FormatException("the second line of a checkpoint is the size of the tree");
        var root = Convert.FromBase64String(lines[2]);
        return root.Length == TreeHash.Size && Convert.ToBase64String(root) == lines[2]
            ? new(lines[0], size, root)
            : throw new FormatException("the third line of a checkpoint is the base64 of a root hash");
    }

    public bool Agrees(Checkpoint other) => Size == other.Size && Root.AsSpan().SequenceEqual(other.Root);
}
