using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Sovereignty.Log.Notes;

namespace IntegrationHub.Tests.Sovereignty.Log;

/// <summary>One log as it was at every size at which its tiles have another shape: exported, with proofs of entries and of growth.</summary>
public sealed class ExportedLogs : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly LogRig _rig = new();

    public List<ExportedLog> All { get; } = [];

    public string Key => All[0].Key;

    public string File(string name) => _folder.File(name);

    /// <summary>A copy of an export, to be damaged.</summary>
    public string Copy(ExportedLog log)
    {
        var copy = Directory.CreateDirectory(File($"copy-{Guid.NewGuid():N}")).FullName;
        foreach (var file in Directory.GetFiles(log.Folder, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(log.Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            System.IO.File.Copy(file, target);
        }

        return copy;
    }

    public async ValueTask InitializeAsync()
    {
        foreach (var size in new[] { 0, 1, 255, 256, 257, 65_537, 70_000 })
        {
            await _rig.FillAsync(size - (int)_rig.Log.Count());
            await _rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
            var stored = _rig.Sovereignty.Stored;
            var identity = await _rig.Sovereignty.IdentityAsync(LogRig.Cancel);
            var log = new ExportedLog(size, File($"log-{size}"), identity.Current.ToString());
            LogExport.Write(stored, identity, log.Folder, LogRig.Cancel);
            foreach (var earlier in All)
                await System.IO.File.WriteAllLinesAsync(log.Consistency(earlier), stored.Tree(size).Consistency(earlier.Size).Select(Convert.ToBase64String), LogRig.Cancel);

            var note = SignedNote.Parse(stored.Checkpoint!);
            foreach (var index in new[] { 0, 254, 255, 256, 65_536, size - 1 }.Where(i => i >= 0 && i < size).Distinct())
            {
                var file = File($"{size}-{index}.tlog-proof");
                await System.IO.File.WriteAllTextAsync(file, new InclusionProof(index, stored.Tree(size).Inclusion(index), note, _rig.Log.Entries(index, 1)[0].Entry).ToString(), LogRig.Cancel);
                log.Proofs.Add(file);
            }

            All.Add(log);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _rig.DisposeAsync();
        _folder.Dispose();
    }
}

/// <param name="Size">Entries.</param>
/// <param name="Folder">The export.</param>
/// <param name="Key">The vkey.</param>
public sealed record ExportedLog(int Size, string Folder, string Key)
{
    public string Checkpoint => Path.Combine(Folder, "checkpoint");

    /// <summary>Proofs that an entry stands in it.</summary>
    public List<string> Proofs { get; } = [];

    /// <summary>The proof that it continues an earlier one.</summary>
    public string Consistency(ExportedLog earlier) => $"{Folder}-from-{earlier.Size}";
}
