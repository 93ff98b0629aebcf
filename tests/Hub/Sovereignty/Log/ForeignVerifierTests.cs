using System.Diagnostics;
using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Sovereignty.Log.Notes;

namespace IntegrationHub.Tests.Sovereignty.Log;

/// <summary>samples/audit/verify_log.py, which was written from the public specifications and shares no code with the hub, accepts what the hub exports.</summary>
public sealed class ForeignVerifierTests
{
    [Fact]
    public async Task Checkpoints_tiles_and_proofs_of_every_shape_of_tree_are_accepted()
    {
        if (!CanRun())
            Requirement.Missing("python3 is not installed");

        await using var rig = new LogRig();
        using var folder = new TemporaryFolder();
        string? earlier = null;
        foreach (var size in new[] { 0, 1, 255, 256, 257, 65_537, 70_000 })
        {
            await rig.FillAsync(size - (int)rig.Log.Count());
            await rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
            var identity = await rig.Sovereignty.IdentityAsync(LogRig.Cancel);
            var export = folder.File($"log-{size}");
            LogExport.Write(rig.Sovereignty.Stored, identity, export, LogRig.Cancel);
            Verified(earlier is null ? [export, identity.Current.ToString()] : [export, identity.Current.ToString(), "--from", earlier]);
            earlier = Path.Combine(export, "checkpoint");
            var note = SignedNote.Parse(rig.Sovereignty.Stored.Checkpoint!);
            foreach (var index in new[] { 0, 254, 255, 256, 65_536, size - 1 }.Where(i => i >= 0 && i < size).Distinct())
            {
                var proof = folder.File("proof");
                await File.WriteAllTextAsync(proof, new InclusionProof(index, rig.Sovereignty.Stored.Tree(size).Inclusion(index), note, rig.Log.Entries(index, 1)[0].Entry).ToString(), LogRig.Cancel);
                Verified("-", identity.Current.ToString(), "--proof", proof);
            }
        }
    }

    private static void Verified(params string[] arguments)
    {
        using var process = Start(arguments);
        var output = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', arguments)}\n{output}");
    }

    private static bool CanRun()
    {
        try
        {
            using var process = Start("-", "-");
            process.WaitForExit();
            return process.ExitCode == 1;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static Process Start(params string[] arguments) => Process.Start(
        new ProcessStartInfo("python3", [Path.Combine(AppContext.BaseDirectory, "samples", "audit", "verify_log.py"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
}
