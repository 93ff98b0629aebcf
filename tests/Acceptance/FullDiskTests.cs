using System.Diagnostics;
using System.Text;

namespace IntegrationHub.Acceptance;

/// <summary>Disks that are full or read-only: the hub says so, keeps what it has, and goes on when there is room again.</summary>
public sealed class FullDiskTests
{
    [Fact]
    public async Task Full_disk_ends_the_sync_and_with_room_again_it_comes_to_the_same_result()
    {
        RequireRoot();
        using var calm = Folder("data");
        using var folder = Folder("disk/data");
        var disk = Path.Combine(folder.Path, "disk");
        Directory.CreateDirectory(disk);
        await MountAsync("-t", "tmpfs", "-o", "size=6m", "tmpfs", disk);
        try
        {
            var full = (await folder.RunAsync("sync", "good")).Ended(3, "the disk is full; free space and run again");
            Assert.DoesNotContain("Town", full.Text, StringComparison.Ordinal);

            await MountAsync("-o", "remount,size=200m", disk);
            (await folder.RunAsync("sync", "good")).Ended(0, "succeeded");
            (await calm.RunAsync("sync", "good")).Succeeded();
            foreach (var entity in new[] { "tender", "customer", "agreement" })
                Assert.Equal((await calm.RunAsync("export", entity)).Succeeded(), (await folder.RunAsync("export", entity)).Succeeded());

            await MountAsync("-o", "remount,ro", disk);
            (await folder.RunAsync("sync", "good")).Ended(3, "data/hub.db: ", "read-only");
        }
        finally
        {
            await CommandAsync("umount", disk);
        }
    }

    private static void RequireRoot()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
            Assert.Skip("mounting a small disk needs root on Linux");
    }

    private static HubFolder Folder(string data)
    {
        var folder = new HubFolder();
        folder.Write("hub.yaml", $"data: {data}\nlimits: {{ batchRecords: 200 }}\nconnections: {{ good: {{ connector: ocds, config: {{ path: r.jsonl }} }} }}\n");
        var lines = new StringBuilder();
        for (var i = 0; i < 2_000; i++)
            lines.Append(BadSources.Release($"ocds-full00-{i}").Replace("\"status\"", $"\"description\":\"{new string((char)('a' + i % 26), 1_500)}\",\"status\"", StringComparison.Ordinal)).Append('\n');
        folder.Write("r.jsonl", lines.ToString());
        return folder;
    }

    private static async Task MountAsync(params string[] arguments)
    {
        if (await CommandAsync("mount", arguments) is { Length: > 0 } refusal)
            Assert.Skip("a small disk cannot be mounted here: " + refusal);
    }

    private static async Task<string> CommandAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? "" : error + " ";
    }
}
