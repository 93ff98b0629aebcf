using System.Diagnostics;
using IntegrationHub.Storage;
using IntegrationHub.Storage.Sqlite;

namespace IntegrationHub.Tests.Storage.Sqlite;

/// <summary>The store as a file among others: leases, copies, and files that cannot be used.</summary>
public sealed class SqliteFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Database => _folder.File("hub.db");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Lease_is_for_one_until_it_is_given_back()
    {
        await using var one = Open();
        await using var two = Open();
        var lease = one.TryLease("run/a b");
        Assert.NotNull(lease);
        Assert.Null(two.TryLease("run/a b"));
        Assert.Null(one.TryLease("run/a b"));
        using var other = two.TryLease("run/c");
        Assert.NotNull(other);
        lease.Dispose();
        lease.Dispose();
        using var next = two.TryLease("run/a b");
        Assert.NotNull(next);
    }

    [Fact]
    public async Task Copy_that_a_killed_process_left_is_deleted_and_one_in_use_is_not()
    {
        await using var store = Open();
        await using var inUse = await store.CopyAsync(Cancel);
        var left = $"{Database}.try-{Guid.NewGuid():N}";
        foreach (var end in new[] { "", "-wal", "-shm" })
            await File.WriteAllTextAsync(left + end, "left", Cancel);
        Directory.CreateDirectory(left + ".leases");
        var before = Directory.GetFileSystemEntries(Path.GetDirectoryName(Database)!).Where(f => f.Contains(".try-", StringComparison.Ordinal) && !f.StartsWith(left, StringComparison.Ordinal)).Order().ToList();
        Assert.NotEmpty(before);
        await Open().DisposeAsync();
        Assert.Equal(before, Directory.GetFileSystemEntries(Path.GetDirectoryName(Database)!).Where(f => f.Contains(".try-", StringComparison.Ordinal)).Order());
        Assert.Equal(0, await inUse.Reader.LastChangeAsync(Cancel));
    }

    [Fact]
    public async Task Lease_of_a_killed_process_is_free()
    {
        if (!File.Exists("/usr/bin/flock"))
            Requirement.Missing("needs flock(1)");
        await using var store = Open();
        store.TryLease("run")!.Dispose();
        // flock(1) takes the same kind of lock as the store.
        using var holder = Process.Start(new ProcessStartInfo("/usr/bin/flock", [Database + ".leases/run", "sh", "-c", "echo held; exec sleep 60"]) { RedirectStandardOutput = true })!;
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync(Cancel));
        Assert.Null(store.TryLease("run"));
        holder.Kill(entireProcessTree: true);
        await holder.WaitForExitAsync(Cancel);
        IDisposable? lease = null;
        for (var i = 0; i < 100 && lease is null; i++)
        {
            lease = store.TryLease("run");
            if (lease is null)
                await Task.Delay(20, Cancel);
        }

        Assert.NotNull(lease);
        lease.Dispose();
    }

    [Fact]
    public void File_that_is_no_database_is_refused_and_left_alone()
    {
        File.WriteAllText(Database, new string('x', 5000));
        Assert.Contains("no SQLite database", Assert.Throws<StoreException>(Open).Message, StringComparison.Ordinal);
        Assert.Equal(new string('x', 5000), File.ReadAllText(Database));
    }

    [Fact]
    public void Database_of_something_else_is_refused()
    {
        using (var database = new SqliteDatabase(Database, readOnly: false, TimeSpan.Zero))
            database.Execute("CREATE TABLE mine(x)");
        Assert.Contains("something else", Assert.Throws<StoreException>(Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Database_of_another_version_is_refused()
    {
        await Open().DisposeAsync();
        using (var database = new SqliteDatabase(Database, readOnly: false, TimeSpan.Zero))
            database.Execute("PRAGMA user_version=99");
        Assert.Contains("schema 99", Assert.Throws<StoreException>(Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Path_that_is_a_folder_is_refused()
    {
        Directory.CreateDirectory(Database);
        Assert.Contains("cannot be opened", Assert.Throws<StoreException>(Open).Message, StringComparison.Ordinal);
        Assert.Throws<StoreException>(() => SqliteStore.Open(new() { Path = "/proc/none/hub.db" }));
    }

    [Fact]
    public async Task Read_only_file_is_refused_with_what_to_do()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs Unix file modes");
        // The administrator may write to any file; only a file system that is mounted read-only stops them.
        var isRoot = Environment.UserName == "root";
        if (isRoot)
            Assert.SkipUnless(Run("mount", "-t", "tmpfs", "tmpfs", Path.GetDirectoryName(Database)!), "file systems cannot be mounted here");
        try
        {
            await Open().DisposeAsync();
            if (isRoot)
                Assert.True(Run("mount", "-o", "remount,ro", Path.GetDirectoryName(Database)!));
            else if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(Database, UnixFileMode.UserRead);
            Assert.Contains("read-only", Assert.Throws<StoreException>(Open).Message, StringComparison.Ordinal);
        }
        finally
        {
            if (isRoot)
                Run("umount", Path.GetDirectoryName(Database)!);
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private SqliteStore Open() => SqliteStore.Open(new() { Path = Database });
}
