using System.Text;
using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Sovereignty.Log.Tree;

namespace IntegrationHub.Sovereignty.Log;

/// <summary>A log as a folder of static files, and the other way round.</summary>
public static class LogExport
{
    /// <summary>Writes checkpoint, tiles, entry bundles and <c>vkey</c>. What is there already is kept when it is a full tile, which never changes.</summary>
    /// <exception cref="LogDamageException">A resource of the published tree is missing; names it.</exception>
    public static void Write(StoredLog log, LogIdentity identity, string folder, CancellationToken cancellationToken)
    {
        var note = log.Checkpoint ?? throw new LogDamageException("nothing was published yet");
        var size = Checkpoint.Parse(SignedNote.Parse(note).Text).Size;
        foreach (var tile in Tile.Of(size).Concat(Tile.Of(size).TakeWhile(t => t.Level == 0).Select(t => t with { Level = Tile.Entries })))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var file = Path.Combine(folder, tile.Path);
            if (!tile.IsPartial && File.Exists(file))
                continue;
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            WriteWhole(file, log.Resource(tile) ?? throw new LogDamageException($"{tile.Path} is missing"));
        }

        Directory.CreateDirectory(folder);
        WriteWhole(Path.Combine(folder, "vkey"), Encoding.UTF8.GetBytes(string.Concat(identity.Keys.Reverse().Select(k => k.Vkey + "\n"))));
        for (var i = 1; i < identity.Keys.Count; i++)
            WriteWhole(Path.Combine(folder, $"handover-{i}"), Encoding.UTF8.GetBytes(identity.Keys[i].Handover!));
        // Last, so that a folder with this checkpoint has all that it needs.
        WriteWhole(Path.Combine(folder, "checkpoint"), Encoding.UTF8.GetBytes(note));
    }

    /// <summary>The resources of a folder; paths were made by <see cref="Tile"/> and lead nowhere else.</summary>
    public static LogResources Read(string folder) => path =>
    {
        var file = Path.Combine(folder, path);
        return File.Exists(file) ? File.ReadAllBytes(file) : null;
    };

    /// <summary>The checkpoints that lead from one key to the next, oldest first.</summary>
    public static IReadOnlyList<SignedNote> Handovers(string folder)
    {
        var found = new List<SignedNote>();
        while (Path.Combine(folder, $"handover-{found.Count + 1}") is var file && File.Exists(file))
            found.Add(SignedNote.Parse(File.ReadAllText(file)));
        return found;
    }

    /// <summary>A reader never sees half a file.</summary>
    private static void WriteWhole(string file, byte[] bytes)
    {
        File.WriteAllBytes(file + ".new", bytes);
        File.Move(file + ".new", file, overwrite: true);
    }
}
