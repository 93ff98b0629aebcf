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

/// <summary>What the log can take: durable entries a second while it is signed, how long until an entry is signed, proofs, a full verification.</summary>
internal static class LogRun
{
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
        Prove(store, log);
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
        var watch = Stopwatch.StartNew();
        for (var size = begin; size < entries; size += Acts)
        {
            await using var transaction = await store.BeginAsync(CancellationToken.None);
            for (var i = 0; i < Acts; i++)
            {
                var subject = (size + i) * 7919 % Subjects;
                log.Writer.Write(transaction, new LogEntry(LogAction.Read, "key:0123456789ab")
                {
                    From = log.Writer.Here,
                    To = new("key:0123456789ab", null),
                    Data = [new("contact", ["name", "mobile"], ["personal"])],
                    Subjects = [new(subject, $"contact-{subject}")],
                });
            }

            await transaction.CommitAsync();
            committed.Add((size + Acts, Stopwatch.GetTimestamp()));
        }

        var seconds = watch.Elapsed.TotalSeconds;
        Say($"written: {entries - begin:N0} durable entries in {seconds:F1} s, {(entries - begin) / seconds:N0} entries/s");
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
        Say($"commit to signed checkpoint: p50 {Percentile(waits, 50):F0} ms, p99 {Percentile(waits, 99):F0} ms, most {waits[^1]:F0} ms");
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
        Say($"inclusion proofs at {head.Size:N0} entries: p50 {Percentile(times, 50):F2} ms, p99 {Percentile(times, 99):F2} ms");
    }

    private static async Task<int> VerifyAsync(SqliteStore store, Sovereignty.Log.SovereigntyLog log)
    {
        var watch = Stopwatch.StartNew();
        var verification = new StoreVerification(store.Reader.Log, await log.IdentityAsync(CancellationToken.None));
        var head = verification.Verify(CancellationToken.None);
        Say($"full verification of {head?.Size:N0} entries: {watch.Elapsed.TotalSeconds:F1} s, {verification.Faults.Count} faults");
        return verification.Faults.Count == 0 ? 0 : 1;
    }

    private static double Percentile(List<double> sorted, int percent) => sorted[Math.Min(sorted.Count - 1, sorted.Count * percent / 100)];

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
