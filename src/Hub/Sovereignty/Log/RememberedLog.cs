using System.Text.Json;
using IntegrationHub.Sovereignty.Log.Notes;

namespace IntegrationHub.Sovereignty.Log;

/// <summary>What an auditor keeps between two visits: the key and the last checkpoint seen. Compared next time, so that nothing before it can be taken back.</summary>
public sealed record RememberedLog(string Vkey, string Note)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public Checkpoint Checkpoint => Checkpoint.Parse(SignedNote.Parse(Note).Text);

    /// <summary>What the file holds, or <c>null</c> when there is none yet.</summary>
    /// <exception cref="FormatException">The file holds something else, or a checkpoint that its key did not sign.</exception>
    public static RememberedLog? Read(string file)
    {
        if (!File.Exists(file))
            return null;
        try
        {
            var read = JsonSerializer.Deserialize<RememberedLog>(File.ReadAllBytes(file), Json);
            if (read is { Vkey: not null, Note: not null } && SignedNote.Parse(read.Note).IsSignedBy(VerifierKey.Parse(read.Vkey)))
                return read;
        }
        catch (JsonException)
        {
            // Told below.
        }

        throw new FormatException($"{file} holds no remembered checkpoint signed by its key");
    }

    public void Write(string file)
    {
        File.WriteAllBytes(file + ".new", JsonSerializer.SerializeToUtf8Bytes(this, Json));
        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>Whether handovers lead from a trusted key to the one that signs now: each a checkpoint signed by a key and by its successor.</summary>
    /// <param name="known">Keys that may be successors; trusted by their handover alone.</param>
    public static bool Leads(VerifierKey trusted, VerifierKey current, IEnumerable<SignedNote> handovers, IReadOnlyList<VerifierKey> known)
    {
        foreach (var handover in handovers)
            if (handover.IsSignedBy(trusted) && known.FirstOrDefault(k => k != trusted && k.Name == trusted.Name && handover.IsSignedBy(k)) is { } next)
                trusted = next;
        return trusted == current;
    }
}
