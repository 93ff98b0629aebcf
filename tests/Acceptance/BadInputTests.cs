using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntegrationHub.Acceptance;

/// <summary>One sync over a folder of files as bad sources write them. Every bad place stands between good releases.</summary>
public sealed class BadSources : IAsyncLifetime
{
    /// <summary>Stands in every bad record, as a name would.</summary>
    public const string Personal = "Ada-Geheim";

    internal HubFolder Folder { get; } = new();

    internal HubResult Sync { get; private set; } = null!;

    internal HubResult Rejected { get; private set; } = null!;

    internal long PeakBytes { get; private set; }

    internal JsonObject Statement { get; private set; } = null!;

    internal IReadOnlyList<JsonNode> Tenders { get; private set; } = [];

    internal int Good { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Folder.Write("hub.yaml", """
            workspace: bad
            connections:
              bad: { connector: ocds, config: { path: data } }
              missing: { connector: ocds, config: { path: nowhere/releases.jsonl } }
            """);
        Write("truncated.jsonl", Bad[..60]);
        Write("truncated-in-text.jsonl", Bad[..(Bad.IndexOf(Personal, StringComparison.Ordinal) + 5)], last: true);
        Write("literal.jsonl", Bad.Replace($"\"{Personal}\"", "n" + Personal, StringComparison.Ordinal));
        Write("deep.jsonl", $$"""{"ocid":"{{Personal}}","tender":""" + new string('[', 100_000) + new string(']', 100_000) + "}");
        Write("duplicate.jsonl", Bad.Replace("\"date\"", "\"ocid\":\"ocds-bad002-2\",\"date\"", StringComparison.Ordinal));
        Write("html.jsonl", $"<html><body>{Personal} is not logged in</body></html>");
        WriteBytes("invalid-utf8.jsonl", [.. Encoding.UTF8.GetBytes(Bad[..^3]), 0xC3, 0x28, .. "\"}"u8]);
        WriteBytes("long.jsonl", [.. Encoding.UTF8.GetBytes($$"""{"ocid":"{{Personal}}","x":" """), .. Enumerable.Repeat((byte)'x', 40_000_000), .. "\"}"u8]);
        Folder.Write("data/error-page.json", $"<!DOCTYPE html>\n<html><body>{Personal}</body></html>");
        Folder.Write("data/empty.json", "");
        Folder.Write("data/numbers.jsonl", string.Join('\n', new[] { "9007199254740993", "0.10", "12345678901234567890.123456789", "1e400" }.Select((n, i) =>
            Release($"ocds-num000-{i}").Replace("\"amount\":1", "\"amount\":" + n, StringComparison.Ordinal))) + "\n");

        using (var process = Folder.Start("sync", "bad", "--json"))
        {
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            while (!process.HasExited)
            {
                PeakBytes = Math.Max(PeakBytes, Peak(process.Id));
                await Task.Delay(20);
            }

            await process.WaitForExitAsync();
            Sync = new(process.ExitCode, await output, await error);
        }

        Sync.Ended(0);
        Statement = JsonNode.Parse(Sync.Output)!["statement"]!.AsObject();
        Rejected = (await Folder.RunAsync("rejected", "list", "--json")).Ended(0);
        Tenders = [.. (await Folder.RunAsync("export", "tender")).Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!)];
    }

    public ValueTask DisposeAsync()
    {
        Folder.Dispose();
        return ValueTask.CompletedTask;
    }

    internal static string Release(string ocid) => $$$$"""
        {"ocid":"{{{{ocid}}}}","id":"1","date":"2025-01-02T08:00:00Z","tag":["tender"],"initiationType":"tender","parties":[{"id":"B1","name":"Town","roles":["buyer"]}],"buyer":{"id":"B1","name":"Town"},"tender":{"id":"t","title":"Works of {{{{ocid}}}}","status":"active","value":{"amount":1,"currency":"EUR"}}}
        """.Trim();

    private static string Bad => Release("ocds-bad001-1").Replace("\"Town\"", $"\"{Personal}\"", StringComparison.Ordinal);

    private static long Peak(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private void Write(string name, string bad, bool last = false) => WriteBytes(name, Encoding.UTF8.GetBytes(bad), last);

    private void WriteBytes(string name, byte[] bad, bool last = false)
    {
        Directory.CreateDirectory(Path.Combine(Folder.Path, "data"));
        using var file = File.Create(Path.Combine(Folder.Path, "data", name));
        file.Write(Encoding.UTF8.GetBytes(Release($"ocds-good00-{Good++}") + "\n"));
        file.Write(bad);
        if (!last)
            file.Write(Encoding.UTF8.GetBytes("\n" + Release($"ocds-good00-{Good++}") + "\n"));
    }
}

/// <summary>What a bad source does to a sync: it is told where and why, and costs no other record.</summary>
public sealed class BadInputTests(BadSources sources) : IClassFixture<BadSources>
{
    [Fact]
    public void Bad_records_between_good_ones_leave_every_good_one()
    {
        var ids = sources.Tenders.Select(t => t.ToJsonString()).ToList();
        for (var i = 0; i < sources.Good; i++)
            Assert.Single(ids, t => t.Contains($"Works of ocds-good00-{i}\"", StringComparison.Ordinal));
    }

    [Fact]
    public void Bad_records_are_counted_and_the_reconciliation_balances()
    {
        var (read, mapped, rejected) = ((int)sources.Statement["read"]!, (int)sources.Statement["mapped"]!, (int)sources.Statement["rejected"]!);
        Assert.Equal(read, mapped + rejected + (int)sources.Statement["unchanged"]! + (int)sources.Statement["filtered"]!);
        Assert.Equal((string?)sources.Statement["readContent"], (string?)sources.Statement["settledContent"]);
        Assert.Equal(rejected, JsonNode.Parse(sources.Rejected.Output)!.AsArray().Count);
        Assert.True(rejected >= 10, sources.Rejected.Output);
    }

    [Theory]
    [InlineData("truncated.jsonl", "line 2 ", "JSON")]
    [InlineData("truncated-in-text.jsonl", "line 2 ", "JSON")]
    [InlineData("literal.jsonl", "line 2 ", "JSON")]
    [InlineData("deep.jsonl", "line 2 ", "64")]
    [InlineData("duplicate.jsonl", "line 2 ", "ocid")]
    [InlineData("html.jsonl", "line 2 ", "web page")]
    [InlineData("invalid-utf8.jsonl", "line 2 ", "UTF-8")]
    [InlineData("long.jsonl", "line 2 ", "16777216")]
    [InlineData("error-page.json", "data/error-page.json", "web page")]
    [InlineData("empty.json", "data/empty.json", "empty")]
    public void Bad_record_is_listed_with_its_place_and_reason(string file, string place, string reason)
    {
        var row = Assert.Single(JsonNode.Parse(sources.Rejected.Output)!.AsArray(), r => ((string)r!["where"]!).Contains("data/" + file, StringComparison.Ordinal))!;
        Assert.Contains(place, (string)row["where"]!, StringComparison.Ordinal);
        Assert.Contains(reason, (string)row["reason"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_record_is_told_without_its_values()
    {
        Assert.DoesNotContain("Geheim", sources.Sync.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Geheim", sources.Rejected.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Line_of_40_MB_is_rejected_in_bounded_memory()
    {
        if (!OperatingSystem.IsLinux())
            Requirement.Missing("peak memory is read from /proc");
        Assert.InRange(sources.PeakBytes, 1, 500_000_000);
    }

    [Theory]
    [InlineData(0, "9007199254740993")]
    [InlineData(1, "0.10")]
    [InlineData(2, "12345678901234567890.123456789")]
    public void Number_is_kept_exactly(int process, string number)
    {
        var tender = Assert.Single(sources.Tenders, t => t.ToJsonString().Contains($"Works of ocds-num000-{process}\"", StringComparison.Ordinal));
        Assert.Contains($"\"amount\":{number},", tender.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Number_beyond_all_bounds_ends_nothing_and_is_accounted_for()
    {
        var rejected = JsonNode.Parse(sources.Rejected.Output)!.AsArray().Any(r => ((string)r!["where"]!).Contains("ocds-num000-3", StringComparison.Ordinal));
        var tender = sources.Tenders.SingleOrDefault(t => t.ToJsonString().Contains("Works of ocds-num000-3\"", StringComparison.Ordinal))?.ToJsonString();
        var issue = sources.Statement["issues"]!.AsObject().Any(i => i.Key.Contains("value", StringComparison.Ordinal));
        Assert.True(rejected || issue || tender?.Contains("\"amount\":1e400", StringComparison.Ordinal) == true, tender ?? sources.Sync.Output);
    }

    [Fact]
    public async Task Bad_sources_read_again_change_nothing_and_are_listed_once()
    {
        using var folder = new HubFolder();
        folder.Write("hub.yaml", "connections: { bad: { connector: ocds, config: { path: r.jsonl } } }");
        folder.Write("r.jsonl", BadSources.Release("a-1") + "\n{\n" + BadSources.Release("a-2") + "\n");
        (await folder.RunAsync("sync", "bad")).Ended(0, "read 3 = mapped 2", "rejected 1");
        var first = (await folder.RunAsync("rejected", "list", "--json")).Succeeded();
        (await folder.RunAsync("sync", "bad")).Ended(0, "read 3 = mapped 0 + unchanged 2 + filtered 0 + rejected 1", "0 changes");
        var second = JsonNode.Parse((await folder.RunAsync("rejected", "list", "--json")).Succeeded())!.AsArray();
        Assert.Single(JsonNode.Parse(first)!.AsArray());
        Assert.Single(second);

        // Mended at the source.
        folder.Write("r.jsonl", BadSources.Release("a-1") + "\n" + BadSources.Release("a-3") + "\n" + BadSources.Release("a-2") + "\n");
        (await folder.RunAsync("sync", "bad")).Ended(0, "read 3 = mapped 1 + unchanged 2 + filtered 0 + rejected 0");
    }

    [Fact]
    public async Task Missing_file_ends_with_its_name_and_where_it_was_looked_for()
    {
        foreach (var command in new[] { "check", "sync" })
        {
            var result = await sources.Folder.RunAsync(command, "missing");
            Assert.True(result.Code is 2 or 3, $"exit code {result.Code}\n{result.Text}");
            Assert.Contains("nowhere/releases.jsonl", result.Text, StringComparison.Ordinal);
            Assert.Contains("neither a file nor a folder", result.Text, StringComparison.Ordinal);
        }
    }
}
