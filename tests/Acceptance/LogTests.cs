using System.Diagnostics;
using System.Text.Json.Nodes;
using IntegrationHub.Sovereignty.Log.Notes;

namespace IntegrationHub.Acceptance;

/// <summary>The sovereignty log as an auditor meets it: exported, and checked by a program that is not ours.</summary>
public sealed class LogTests
{
    private const string Verifier = "samples/audit/verify_log.py";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stranger_with_the_key_verifies_an_export_a_proof_and_a_subject_and_notices_a_changed_byte()
    {
        if (await PythonAsync("--version") is not { Code: 0 })
            Requirement.Missing("python3 is not installed");
        using var folder = new HubFolder();
        folder.Write("releases.jsonl", Releases(0, 700));
        folder.Write("hub.yaml", """
            workspace: audit
            region: CN
            log: { origin: log.example/audit }
            limits: { batchRecords: 5 }
            connections:
              tenders: { connector: ocds, region: GB, purpose: tender watch, config: { path: releases.jsonl } }
            """);
        (await folder.RunAsync("sync", "tenders")).Succeeded();
        var earlier = folder.Write("earlier", (await folder.RunAsync("log", "checkpoint")).Succeeded());
        var customer = (string)JsonNode.Parse((await folder.RunAsync("export", "customer")).Succeeded().Split('\n')[1])!["id"]!;
        var key = (string)JsonNode.Parse((await folder.RunAsync("log", "checkpoint", "--json")).Succeeded())!["vkey"]!;
        (await folder.RunAsync("log", "export", "out")).Succeeded();
        var output = Path.Combine(folder.Path, "out");

        (await folder.RunAsync("log", "verify", "--remember", "seen")).Ended(0, "all as signed");
        (await folder.RunAsync("log", "verify", "--dir", "out", "--key", key, "--remember", "seen")).Ended(0, "all as signed");
        (await PythonAsync(output, key)).Ended(0, "log.example/audit", "all as signed");
        (await PythonAsync(output, key, "--from", earlier)).Ended(0, "all as signed");

        var found = (await folder.RunAsync("log", "find", "--subject", customer)).Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(found, f => f.Contains("\"action\":\"ingest\"", StringComparison.Ordinal) && f.Contains("\"region\":\"GB\"", StringComparison.Ordinal));
        Assert.Contains(found, f => f.Contains("\"action\":\"export\"", StringComparison.Ordinal));
        var disclosed = JsonNode.Parse((await folder.RunAsync("log", "disclose", customer)).Succeeded())!;
        var named = found.Where(f => f.Contains((string)disclosed["commitment"]!, StringComparison.Ordinal)).ToList();
        var listed = (await PythonAsync(output, key, "--subject", customer, (string)disclosed["key"]!)).Ended(0, "all as signed").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[..^1];
        Assert.Equal(named.Select(n => (int)JsonNode.Parse(n)!["index"]!), listed.Select(l => int.Parse(l.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)));
        Assert.NotEmpty(listed);

        var index = (string)JsonNode.Parse(named[0])!["index"]!.ToJsonString();
        (await folder.RunAsync("log", "prove", index, "--out", "p.tlog-proof")).Succeeded();
        var proof = Path.Combine(folder.Path, "p.tlog-proof");
        (await folder.RunAsync("log", "verify", "--proof", "p.tlog-proof", "--key", key)).Ended(0);
        (await PythonAsync("-", key, "--proof", proof)).Ended(0, $"entry {index} of");

        var other = key.Replace("log.example/audit", "log.example/other", StringComparison.Ordinal);
        Assert.Equal(1, (await PythonAsync(output, other)).Code);
        (await folder.RunAsync("log", "verify", "--dir", "out", "--key", "log.example/audit+b9e7b4b1+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")).Ended(2);
        var bundle = Directory.GetFiles(Path.Combine(output, "tile", "entries"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First();
        var bytes = await File.ReadAllBytesAsync(bundle, Cancel);
        bytes[100] ^= 1;
        await File.WriteAllBytesAsync(bundle, bytes, Cancel);
        (await PythonAsync(output, key)).Ended(1, "entry 0");
        (await folder.RunAsync("log", "verify", "--dir", "out", "--key", key)).Ended(1, "entry 0");
    }

    [Fact]
    public async Task What_the_commands_write_verifies_with_the_library_of_Gos_checksum_database()
    {
        GoVerifier.Require();
        using var folder = new HubFolder();
        folder.Write("releases.jsonl", Releases(0, 300));
        folder.Write("hub.yaml", """
            workspace: go
            log: { origin: log.example/go }
            limits: { batchRecords: 2 }
            connections:
              tenders: { connector: ocds, config: { path: releases.jsonl } }
            """);
        var first = JsonNode.Parse((await folder.RunAsync("log", "checkpoint", "--json")).Succeeded())!;
        var (key, earlier) = ((string)first["vkey"]!, folder.Write("earlier", (string)first["note"]!));
        (await folder.RunAsync("sync", "tenders")).Succeeded();
        (await folder.RunAsync("log", "export", "out")).Succeeded();
        var output = Path.Combine(folder.Path, "out");
        var size = (int)JsonNode.Parse((await folder.RunAsync("log", "checkpoint", "--json")).Succeeded())!["size"]!;
        Assert.InRange(size, 50, int.MaxValue);
        var growth = folder.Write("growth", (await folder.RunAsync("log", "consistency", $"{first["size"]}", $"{size}")).Succeeded());
        GoVerifier.Accepts(output, key, "-from", earlier, "-by", growth);
        (await folder.RunAsync("log", "prove", $"{size / 2}", "--out", "p.tlog-proof")).Succeeded();
        GoVerifier.Accepts("-", key, "-proof", Path.Combine(folder.Path, "p.tlog-proof"));
        using var other = NoteSigner.Generate("log.example/go", NoteAlgorithm.Ed25519);
        GoVerifier.Refuses("no verifiable signatures", output, other.Verifier.ToString());
    }

    [Fact]
    public async Task A_remembered_checkpoint_makes_a_new_log_an_alarm_and_a_rotated_key_none()
    {
        using var folder = new HubFolder();
        folder.Write("hub.yaml", "workspace: w\nlog: { origin: log.example/w }\n");
        (await folder.RunAsync("log", "verify", "--remember", "seen")).Ended(0);
        (await folder.RunAsync("log", "rotate-key")).Succeeded();
        (await folder.RunAsync("log", "verify", "--remember", "seen")).Ended(0);
        Directory.Delete(Path.Combine(folder.Path, ".hub"), recursive: true);
        (await folder.RunAsync("log", "verify", "--remember", "seen")).Ended(1, "another key");
        folder.Write("hub.yaml", "workspace: w\nlog: { origin: log.example/v }\n");
        (await folder.RunAsync("log", "checkpoint")).Ended(1, "log.example/w");
    }

    [Fact]
    public async Task A_witness_process_cosigns_and_a_restored_backup_is_refused()
    {
        using var folder = new HubFolder();
        folder.Write("hub.yaml", "workspace: w\nlog: { origin: log.example/w }\n");
        var key = (string)JsonNode.Parse((await folder.RunAsync("log", "checkpoint", "--json")).Succeeded())!["vkey"]!;
        using var witness = folder.Start("witness", "--name", "witness.example/w1", "--log", key, "--listen", "http://127.0.0.1:0", "--data", "witness");
        try
        {
            var lines = new List<string>();
            while (!lines.Any(l => l.StartsWith("In hub.yaml", StringComparison.Ordinal)))
                lines.Add(await witness.StandardOutput.ReadLineAsync(Cancel) ?? throw new InvalidOperationException(await witness.StandardError.ReadToEndAsync(Cancel)));
            folder.Write("hub.yaml", $"workspace: w\nlog:\n  origin: log.example/w\n  witnesses: {lines[^1].Split("witnesses: ")[1].TrimEnd()[..^2]}\n");
            (await folder.RunAsync("secrets", "set", "a")).Ended(2);
            (await folder.RunWithInputAsync("one", "secrets", "set", "a")).Succeeded();
            Assert.Contains("— witness.example/w1 ", (await folder.RunAsync("log", "checkpoint")).Succeeded(), StringComparison.Ordinal);
            Copy(folder, ".hub", "backup");
            (await folder.RunWithInputAsync("two", "secrets", "set", "a")).Succeeded();
            (await folder.RunAsync("log", "checkpoint")).Succeeded();
            Directory.Delete(Path.Combine(folder.Path, ".hub"), recursive: true);
            Copy(folder, "backup", ".hub");
            (await folder.RunAsync("log", "checkpoint")).Ended(1, "older copy");
        }
        finally
        {
            witness.Kill();
            await witness.WaitForExitAsync(Cancel);
        }

        (await folder.RunWithInputAsync("three", "secrets", "set", "a")).Succeeded();
        (await folder.RunAsync("log", "checkpoint")).Ended(3, "did not answer");
    }

    internal static string Releases(int from, int count) => string.Concat(Enumerable.Range(from, count).Select(i => $$$"""
        {"ocid":"ocds-log01-{{{i:D6}}}","id":"{{{i}}}","date":"2025-01-01T08:00:00Z","tag":["tender"],"initiationType":"tender","parties":[{"id":"B{{{i % 20}}}","name":"Buyer {{{i % 20}}}","identifier":{"scheme":"GB-COH","id":"B{{{i % 20}}}"},"roles":["buyer"]}],"buyer":{"id":"B{{{i % 20}}}","name":"Buyer {{{i % 20}}}"},"tender":{"id":"t","title":"Road {{{i}}}","status":"active"}}

        """));

    private static void Copy(HubFolder folder, string from, string to)
    {
        Directory.CreateDirectory(Path.Combine(folder.Path, to));
        foreach (var file in Directory.GetFiles(Path.Combine(folder.Path, from)))
            File.Copy(file, Path.Combine(folder.Path, to, Path.GetFileName(file)));
    }

    private static async Task<HubResult> PythonAsync(params string[] arguments)
    {
        var script = arguments is ["--version"] ? arguments : [Path.Combine(AppContext.BaseDirectory, Verifier), .. arguments];
        try
        {
            using var process = Process.Start(new ProcessStartInfo("python3", script) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var (output, error) = (process.StandardOutput.ReadToEndAsync(Cancel), process.StandardError.ReadToEndAsync(Cancel));
            await process.WaitForExitAsync(Cancel);
            return new(process.ExitCode, await output, await error);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return new(-1, "", "");
        }
    }
}
