using System.Globalization;
using System.Text.Json.Nodes;

namespace IntegrationHub.Acceptance;

/// <summary>
/// Killed with SIGKILL at any instant: no movement without its entry, no entry without its movement, no fork. HUB_KILLS says how often (default 8; the
/// full measure is 200).
/// </summary>
public sealed class LogKillTests
{
    [Fact]
    public async Task After_any_kill_entries_and_movements_agree_and_the_log_verifies()
    {
        var seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        using var folder = new HubFolder();
        folder.Write("hub.yaml", """
            workspace: kill
            log: { origin: log.example/kill }
            limits: { batchRecords: 50 }
            connections:
              tenders: { connector: ocds, config: { path: releases.jsonl } }
            """);
        var kills = int.Parse(Environment.GetEnvironmentVariable("HUB_KILLS") ?? "8", CultureInfo.InvariantCulture);
        for (var kill = 0; kill < kills; kill++)
        {
            // A new file each time: all of it is new to the hub.
            folder.Write("releases.jsonl", LogTests.Releases(kill * 2_000, 2_000));
            using (var process = folder.Start("sync", "tenders", "--full"))
            {
                process.StandardInput.Close();
                _ = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
                _ = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
                using var wait = new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(500, 3_500)));
                await process.WaitForExitAsync(wait.Token).ContinueWith(_ => { }, TaskScheduler.Default);
                if (!process.HasExited)
                    process.Kill();
                await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            await CheckAsync(folder, $"seed {seed}, kill {kill}");
        }
    }

    private static async Task CheckAsync(HubFolder folder, string where)
    {
        // What the runs committed, by run; the statement is written in the transaction of each batch.
        var runs = JsonNode.Parse((await folder.RunAsync("runs", "--limit", "1000", "--json")).Succeeded())!.AsArray();
        var moved = runs.Select(r => ($"{r!["id"]}", (long?)r["statement"]!["read"] ?? 0, (long?)r["statement"]!["mapped"] ?? 0)).Where(r => r.Item2 > 0).OrderBy(r => r.Item1).ToList();
        var lines = (await folder.RunAsync("log", "find", "--action", "ingest", "--limit", "0")).Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var told = lines.Select(l => JsonNode.Parse(l)!["entry"]!).GroupBy(e => (string)e["about"]!["run"]!)
            .Select(g => (g.Key, g.Sum(e => (long)e["counts"]!["read"]!), g.Sum(e => (long)e["counts"]!["mapped"]!))).OrderBy(r => r.Key).ToList();
        Assert.True(moved.SequenceEqual(told), $"{where}: moved {string.Join(' ', moved)}, told {string.Join(' ', told)}");
        (await folder.RunAsync("log", "verify", "--remember", "seen")).Ended(0, "all as signed");
    }
}
