using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Sovereignty.Log.Tree;
using IntegrationHub.Storage.Sqlite;

namespace IntegrationHub.Bench.SovereigntyLog;

/// <summary>
/// What the log can take: durable entries a second while it is signed, how long until an entry is signed, proofs, searches, a full verification. Prints rows
/// of a table: what, how much, what was asked for, user CPU.
/// </summary>
internal static class LogRun
{
    private const int Alone = 1_000;

    private const int RareEvery = 1_000_000;

    /// <summary>Acts of one transaction, as the requests that come together or a batch of records have it.</summary>
    private const int Acts = 1_000;

    private const int Subjects = 200_000;

    /// <param name="entries">How many entries the log has at the end.</param>
    /// <param name="folder">Of the store; continued when it has entries.</param>
    public static async Task<int> RunAsync(long entries, string folder)
    {
        await using var store = SqliteStore.Open(new() { Path = Path.Combine(folder, "hub.db") });
        var log = new Sovereignty.Log.SovereigntyLog(store, new LogConfig { Origin = "log.example/bench" }, "bench", "CN", p => SHA256.HashData(Encoding.UTF8.GetBytes(p)), TimeProvider.System);
        await log.IntegrateAsync(CancellationToken.None);
        await WriteAsync(store, log, entries);
        await WriteAloneAsync(store, log);
        Prove(store, log);
        Search(store);
        return await VerifyAsync(store, log);
    }

    private static async Task WriteAsync(SqliteStore store, Sovereignty.Log.SovereigntyLog log, long entries)
    {
        var begin = store.Reader.Log.Count();
        if (begin >= entries)
            return;
        var committed = new List<(long Size, long At)>();
        var signed = new List<(long Size, long At)>();
        using var done = new CancellationTokenSource();
        var signing = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                if (await log.IntegrateAsync(CancellationToken.None) is { } head)
                    signed.Add((head.Size, Stopwatch.GetTimestamp()));
                await Task.Delay(250);
            }
        });
        var (watch, cpu) = (Stopwatch.StartNew(), Cpu());
        for (var size = begin; size < entries; size += Acts)
        {
            await using var transaction = await store.BeginAsync(CancellationToken.None);
            for (var i = 0; i < Acts; i++)
            {
                var subject = (size + i) * 7919 % Subjects;
                log.Writer.Write(transaction, Entry(log, (size + i) % RareEvery == 0 ? LogAction.Export : LogAction.Read, subject));
            }

            await transaction.CommitAsync();
            committed.Add((size + Acts, Stopwatch.GetTimestamp()));
        }

        var seconds = watch.Elapsed.TotalSeconds;
        Say($"durable entries, {Acts:N0} to a commit, while signing, {entries - begin:N0} in {seconds:F0} s", $"{(entries - begin) / seconds:N0}/s", "20,000/s", $"{Cpu() - cpu:F0} s");
        while (store.Reader.Log.Head(published: true)!.Size < committed[^1].Size)
            await Task.Delay(50);
        await done.CancelAsync();
        await signing;
        var at = 0;
        var waits = committed.Select(c =>
        {
            while (signed[at].Size < c.Size)
                at++;
            return Stopwatch.GetElapsedTime(c.At, signed[at].At).TotalMilliseconds;
        }).Order().ToList();
        Say($"commit to signed checkpoint at that speed, p99 (p50, most)", $"{Percentile(waits, 99):F0} ms ({Percentile(waits, 50):F0}, {waits[^1]:F0})", "1,000 ms", $"");
    }

    private static LogEntry Entry(Sovereignty.Log.SovereigntyLog log, LogAction action, long subject) => new(action, "key:0123456789ab")
    {
        From = log.Writer.Here,
        To = new("key:0123456789ab", action == LogAction.Export ? "US" : "DE"),
        Data = [new("contact", ["name", "mobile"], ["personal"])],
        Subjects = [new(subject, $"contact-{subject}")],
    };

    private static async Task WriteAloneAsync(SqliteStore store, Sovereignty.Log.SovereigntyLog log)
    {
        var (watch, cpu) = (Stopwatch.StartNew(), Cpu());
        for (var i = 0; i < Alone; i++)
            await log.Writer.WriteAsync(store, [Entry(log, LogAction.Read, i)], CancellationToken.None);
        Say($"durable entries, each in a commit of its own", $"{Alone / watch.Elapsed.TotalSeconds:N0}/s", "", $"{Cpu() - cpu:F1} s");
        await log.IntegrateAsync(CancellationToken.None);
    }

    private static void Search(SqliteStore store)
    {
        var search = new LogSearch(store.Reader.Log);
        var times = new List<double>();
        var found = 0;
        var random = new Random(2);
        for (var i = 0; i < 220; i++)
        {
            var from = Stopwatch.GetTimestamp();
            found += search.Find(new() { Subjects = [random.Next(Subjects)] }, CancellationToken.None).Count();
            if (i >= 20)
                times.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
        }

        times.Sort();
        Say($"all entries of one subject ({found / 220} of them), p99 (p50)", $"{Percentile(times, 99):F1} ms ({Percentile(times, 50):F1})", "", $"");
        var watch = Stopwatch.StartNew();
        found = search.Find(new() { Region = "US" }, CancellationToken.None).Count();
        Say($"all entries of a rare region ({found} of them)", $"{watch.Elapsed.TotalMilliseconds:F0} ms", "", $"");
    }

    private static double Cpu()
    {
        using var process = Process.GetCurrentProcess();
        return process.UserProcessorTime.TotalSeconds;
    }

    private static void Prove(SqliteStore store, Sovereignty.Log.SovereigntyLog log)
    {
        var random = new Random(1);
        var head = Checkpoint.Parse(SignedNote.Parse(log.Stored.Checkpoint!).Text);
        var times = new List<double>();
        for (var i = 0; i < 2_200; i++)
        {
            var index = random.NextInt64(head.Size);
            var from = Stopwatch.GetTimestamp();
            var proof = log.Stored.Tree(head.Size).Inclusion(index);
            var row = store.Reader.Log.Entries(index, 1)[0];
            if (i >= 200)
                times.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
            if (!TreeProof.Includes(TreeHash.Leaf(row.Entry), index, head.Size, proof, head.Root))
                throw new InvalidOperationException($"the proof of entry {index} does not hold");
        }

        times.Sort();
        Say($"inclusion proof with its entry at {head.Size:N0} entries, p99 (p50)", $"{Percentile(times, 99):F2} ms ({Percentile(times, 50):F2})", "5 ms", $"");
    }

    private static async Task<int> VerifyAsync(SqliteStore store, Sovereignty.Log.SovereigntyLog log)
    {
        var (watch, cpu) = (Stopwatch.StartNew(), Cpu());
        var verification = new StoreVerification(store.Reader.Log, await log.IdentityAsync(CancellationToken.None));
        var head = verification.Verify(CancellationToken.None);
        Say($"full verification of {head?.Size:N0} entries, index and search terms included", $"{watch.Elapsed.TotalSeconds:F1} s", "60 s", $"{Cpu() - cpu:F0} s");
        foreach (var fault in verification.Faults)
            Console.Error.WriteLine(fault);
        return verification.Faults.Count == 0 ? 0 : 1;
    }

    private static double Percentile(List<double> sorted, int percent) => sorted[Math.Min(sorted.Count - 1, sorted.Count * percent / 100)];

    private static void Say(FormattableString what, FormattableString result, string asked, FormattableString cpu) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {FormattableString.Invariant(what)} | {FormattableString.Invariant(result)} | {asked} | {FormattableString.Invariant(cpu)} |"));
}
