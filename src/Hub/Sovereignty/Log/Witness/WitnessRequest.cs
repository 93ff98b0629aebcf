using System.Globalization;
using System.Text;
using IntegrationHub.Sovereignty.Log.Notes;

namespace IntegrationHub.Sovereignty.Log.Witness;

/// <summary>What a log sends to a witness (c2sp.org/tlog-witness, add-checkpoint): the size it saw last, the proof from there, the checkpoint.</summary>
public sealed record WitnessRequest(long OldSize, IReadOnlyList<byte[]> Proof, SignedNote Checkpoint)
{
    private const int MostProofLines = 63;

    /// <exception cref="FormatException">It is no such request; says why.</exception>
    public static WitnessRequest Parse(string body)
    {
        var split = body.IndexOf("\n\n", StringComparison.Ordinal);
        var lines = split < 0 ? [] : body[..split].Split('\n');
        if (lines.Length == 0 || !lines[0].StartsWith("old ", StringComparison.Ordinal)
            || !long.TryParse(lines[0]["old ".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var old)
            || old.ToString(CultureInfo.InvariantCulture) != lines[0]["old ".Length..])
            throw new FormatException("the first line is 'old' and a size");
        return lines.Length - 1 <= MostProofLines
            ? new(old, [.. lines.Skip(1).Select(Convert.FromBase64String)], SignedNote.Parse(body[(split + 2)..]))
            : throw new FormatException($"a proof has at most {MostProofLines} lines");
    }

    public override string ToString()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"old {OldSize}\n");
        foreach (var hash in Proof)
            text.Append(Convert.ToBase64String(hash)).Append('\n');
        return text.Append('\n').Append(Checkpoint).ToString();
    }
}
