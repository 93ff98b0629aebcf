using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace IntegrationHub.Acceptance;

/// <summary>
/// A sync that is killed with SIGKILL at random instants and run again gives the same golden data, change feed and cursor as one that was left alone.
/// HUB_KILLS says how often (default 12; the full measure is 200).
/// </summary>
public sealed class KillDuringSyncTests
{
    private const int Processes = 3_000;

    [Fact]
    public async Task Sync_killed_at_random_instants_and_resumed_equals_an_undisturbed_run()
    {
        var seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        using var calm = Folder();
        (await calm.RunAsync("sync", "tenders")).Succeeded();
        var expected = await StateAsync(calm);

        var kills = int.Parse(Environment.GetEnvironmentVariable("HUB_KILLS") ?? "12", CultureInfo.InvariantCulture);
        while (kills > 0)
        {
            using var disturbed = Folder();
            var finished = false;
            while (kills > 0 && !finished)
            {
                using var process = disturbed.Start("sync", "tenders");
                process.StandardInput.Close();
                _ = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
                _ = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
                using var wait = new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(100, 2_500)));
                await process.WaitForExitAsync(wait.Token).ContinueWith(_ => { }, TaskScheduler.Default);
                finished = process.HasExited;
                if (!finished)
                {
                    process.Kill();
                    await process.WaitForExitAsync(TestContext.Current.CancellationToken);
                    kills--;
                }
            }

            if (!finished)
                (await disturbed.RunAsync("sync", "tenders")).Succeeded();
            Assert.Equal(expected, await StateAsync(disturbed));
        }
    }

    private static HubFolder Folder()
    {
        var folder = new HubFolder();
        folder.Write("releases.jsonl", Releases());
        folder.Write("hub.yaml", """
            workspace: kill
            limits: { batchRecords: 200 }
            connections:
              tenders: { connector: ocds, config: { path: releases.jsonl } }
            """);
        return folder;
    }

    /// <summary>Everything that must not differ; run numbers and times of day are taken out.</summary>
    private static async Task<string> StateAsync(HubFolder folder)
    {
        var state = new StringBuilder();
        foreach (var entity in new[] { "tender", "customer", "agreement", "document", "contact" })
            state.Append((await folder.RunAsync("export", entity)).Succeeded());
        long sequence = 0;
        foreach (var line in (await folder.RunAsync("changes", "tail", "--limit", "0")).Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var change = JsonNode.Parse(line)!.AsObject();
            Assert.Equal(++sequence, (long)change["sequence"]!);
            change.Remove("at");
            change["cause"]!.AsObject().Remove("run");
            state.AppendLine(change.ToJsonString());
        }

        var again = JsonNode.Parse((await folder.RunAsync("sync", "tenders", "--json")).Succeeded())!["statement"]!;
        Assert.Equal(0, (int)again["changes"]!);
        Assert.Equal(0, (int)again["mapped"]!);
        return state.ToString();
    }

    /// <summary>Releases of processes that share buyers and suppliers, some with a second release later in the file.</summary>
    private static string Releases()
    {
        var random = new Random(7);
        var lines = new StringBuilder();
        for (var i = 0; i < Processes; i++)
        {
            var process = i % 5 == 4 ? random.Next(i) : i;
            var buyer = random.Next(40);
            var supplier = random.Next(300);
            lines.Append($$$"""
                {"ocid":"ocds-kill01-{{{process:D6}}}","id":"{{{i}}}","date":"2025-{{{1 + i % 12:D2}}}-{{{1 + i % 28:D2}}}T08:00:00Z","tag":["tender"],"initiationType":"tender",
                "parties":[{"id":"B{{{buyer}}}","name":"采购单位{{{buyer}}}","identifier":{"scheme":"GB-COH","id":"B{{{buyer}}}"},"roles":["buyer"]},
                {"id":"S{{{supplier}}}","name":"Supplier {{{supplier}}} Ltd","identifier":{"scheme":"GB-COH","id":"S{{{supplier}}}"},"roles":["supplier"]}],
                "buyer":{"id":"B{{{buyer}}}","name":"采购单位{{{buyer}}}"},
                "tender":{"id":"t","title":"道路工程 {{{process}}} v{{{i}}}","status":"active","value":{"amount":{{{i}}}.50,"currency":"CNY"}},
                "awards":[{"id":"a1","status":"active","date":"2025-06-01T00:00:00Z","value":{"amount":{{{i}}},"currency":"CNY"},"suppliers":[{"id":"S{{{supplier}}}","name":"Supplier {{{supplier}}} Ltd"}]}]}
                """.ReplaceLineEndings("")).Append('\n');
        }

        return lines.ToString();
    }
}
