using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace IntegrationHub.Acceptance;

/// <summary>An integrator's mistakes: each ends with the documented code and a message that says where and what to do.</summary>
public sealed class BadConfigurationTests
{
    private const string Sound = "connections: { good: { connector: ocds, config: { path: r.jsonl } } }";

    [Theory]
    [InlineData("unknown key", "workspace: x\nconections: {}\n", "hub.yaml:2:1", "did you mean 'connections'")]
    [InlineData("wrong type", "workspace: x\nlimits: { batchRecords: many }\nconnections: [a]\n", "hub.yaml:2:", "batchRecords", "hub.yaml:3:", "expected a map")]
    [InlineData("not nice", "limits: { niceness: 20 }\napi: { threadsPerCore: 0 }\n", "hub.yaml:1:", "niceness", "from 0 to 19", "hub.yaml:2:", "threadsPerCore")]
    [InlineData("bad cron", "connections:\n  a: { connector: ocds, schedule: '*/5 * * * *', config: { path: r.jsonl } }\n", "hub.yaml:2:", "no cron expression")]
    [InlineData("bad name", "connections:\n  'A b/c': { connector: ocds, config: { path: r.jsonl } }\n", "hub.yaml:2:3", "lower-case letters")]
    [InlineData("no connector", "connections:\n  good: { config: { path: r.jsonl } }\n", "hub.yaml:2:", "needs 'connector:'")]
    [InlineData("address", "listen: nowhere\n", "hub.yaml:1:", "http://127.0.0.1:5080")]
    [InlineData("anchors", "a: &a [x, x]\nb: &b [*a, *a]\nworkspace: *b\n", "hub.yaml:1:4", "anchor")]
    [InlineData("no YAML", "connections: { a: [\n", "hub.yaml:", "fault")]
    [InlineData("key twice", "workspace: a\nworkspace: b\n", "hub.yaml:2:1", "workspace")]
    [InlineData("unknown connector", "connections:\n  good: { connector: ocd, config: { path: r.jsonl } }\n", "'ocd'", "did you mean 'ocds'", "good")]
    [InlineData("unknown setting", "connections:\n  good: { connector: ocds, config: { path: r.jsonl, pth: x } }\n", "config.pth", "unknown setting", "'good'", "path")]
    [InlineData("wrong setting", "connections:\n  good: { connector: ocds, config: { path: r.jsonl, pageSize: many, charset: utf-7 } }\n", "config.pageSize", "a whole number", "config.charset", "iso-8859-1")]
    [InlineData("missing variable", "connections:\n  good: { connector: ocds, config: { path: '${env:NOPE}' } }\n", "${env:NOPE}", "not set", "hub.yaml line 2")]
    [InlineData("missing secret", "connections:\n  good: { connector: ocds, config: { path: '${secret:x}' } }\n", "${secret:x}", "hub secrets set x")]
    public async Task Fault_in_hub_yaml_is_told_with_its_place(string fault, string yaml, params string[] said)
    {
        using var folder = new HubFolder();
        folder.Write("hub.yaml", yaml);
        folder.Write("r.jsonl", BadSources.Release("a-1") + "\n");
        var result = await folder.RunAsync("sync", "good");
        Assert.True(result.Code == 2, $"{fault}: exit code {result.Code}\n{result.Text}");
        result.Ended(2, said);
    }

    [Fact]
    public async Task YAML_bomb_is_refused_at_once()
    {
        using var folder = new HubFolder();
        var bomb = new StringBuilder("a0: &a0 [x, x]\n");
        for (var i = 1; i < 40; i++)
            bomb.Append($"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n");
        folder.Write("hub.yaml", bomb.ToString());
        (await folder.RunAsync("runs")).Ended(2, "hub.yaml:1:");

        folder.Write("hub.yaml", "a: " + new string('[', 100_000));
        (await folder.RunAsync("runs")).Ended(2, "hub.yaml:1:");
    }

    [Fact]
    public async Task Wrong_command_or_connection_ends_with_2()
    {
        using var folder = new HubFolder();
        folder.Write("hub.yaml", Sound);
        (await folder.RunAsync("snyc", "good")).Ended(2, "snyc", "--help");
        (await folder.RunAsync("sync", "god")).Ended(2, "'god'", "did you mean 'good'");
        (await folder.RunAsync("rejected", "list", "--stream", "god/processes")).Ended(2, "did you mean 'good/processes'");
        (await folder.RunAsync("export", "tendr")).Ended(2, "did you mean 'tender'");
        (await folder.RunAsync("sync", "good", "--stream", "proceses")).Ended(2, "processes");
    }

    [Fact]
    public async Task Every_fault_of_a_mapping_is_told_and_the_old_one_stays_in_force()
    {
        using var folder = new HubFolder();
        folder.Write("hub.yaml", Sound);
        folder.Write("r.jsonl", BadSources.Release("a-1") + "\n");
        (await folder.RunAsync("sync", "good")).Succeeded();
        var before = (await folder.RunAsync("export", "tender")).Succeeded();
        var listed = (await folder.RunAsync("mappings", "list", "--json")).Succeeded();

        folder.Write("broken.yaml", """
            source: ocds/processes
            contributes:
              - entity: tender
                key: $.ocid
                identity: { ocid: $.ocid }
                fields:
                  titel: $.compiledRelease.tender.title
                  title: $.compiledRelease.tender.title | trimm
                  reference: $.compiledRelease.[
                  publishedAt: $.compiledRelease.date | bool
              - entity: tendr
                key: $.ocid
            """);
        foreach (var command in new[] { "validate", "plan", "publish" })
        {
            var result = (await folder.RunAsync("mappings", command, "broken.yaml")).Ended(2,
                "broken.yaml:7:7: ", "'title'", "broken.yaml:8:", "'trim'", "broken.yaml:9:", "broken.yaml:11:", "'tender'");
            Assert.True(result.Error.Split('\n').Count(l => l.StartsWith("broken.yaml:", StringComparison.Ordinal)) >= 4, result.Text);
        }

        Assert.Equal(listed, (await folder.RunAsync("mappings", "list", "--json")).Succeeded());
        (await folder.RunAsync("sync", "good")).Ended(0, "unchanged 1");
        Assert.Equal(before, (await folder.RunAsync("export", "tender")).Succeeded());
        (await folder.RunAsync("mappings", "publish", "nowhere.yaml")).Ended(2, "nowhere.yaml", "no such file");
    }

    [Fact]
    public async Task Port_in_use_ends_with_3_and_names_the_address()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var address = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        using var folder = new HubFolder();
        folder.Write("hub.yaml", $"listen: {address}\n{Sound}\n");
        (await folder.RunAsync("run")).Ended(3, address, "listen:");
    }

    [Fact]
    public async Task Secret_is_used_and_stands_nowhere()
    {
        const string wrong = "hunter2-klartext";
        using var folder = new HubFolder();
        folder.Write("hub.yaml", """
            connections:
              good: { connector: ocds, config: { path: r.jsonl, charset: '${secret:charset}' } }
              wrong: { connector: ocds, config: { path: r.jsonl, pageSize: '${secret:wrong}', charset: '${secret:wrong}' } }
            """);
        File.WriteAllText(Path.Combine(folder.Path, "r.jsonl"), BadSources.Release("a-1").Replace("Works", "Stra\u00dfe", StringComparison.Ordinal) + "\n", Encoding.Latin1);
        var output = new StringBuilder();
        foreach (var result in new[]
        {
            await folder.RunWithInputAsync("iso-8859-1\n", "secrets", "set", "charset"),
            await folder.RunWithInputAsync(wrong + "\n", "secrets", "set", "wrong"),
            await folder.RunAsync("secrets", "list"),
            await folder.RunAsync("sync", "good"),
            await folder.RunAsync("runs", "--json"),
        })
        {
            result.Ended(0);
            output.Append(result.Text);
        }

        Assert.Contains("Stra\u00dfe", (await folder.RunAsync("export", "tender")).Succeeded(), StringComparison.Ordinal);
        output.Append((await folder.RunAsync("check", "wrong")).Ended(2, "config.pageSize", "${secret:wrong}", "config.charset").Text);
        (await folder.RunWithInputAsync("", "secrets", "set", "empty")).Ended(2, "empty");
        Assert.DoesNotContain(wrong, output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("iso-8859-1", output.ToString().Replace("must be utf-8 or iso-8859-1", "", StringComparison.Ordinal), StringComparison.Ordinal);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(folder.Path, ".hub"), "*", SearchOption.AllDirectories))
        {
            var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
            Assert.True(bytes.AsSpan().IndexOf("iso-8859-1"u8) < 0, file);
            Assert.True(bytes.AsSpan().IndexOf("hunter2-klartext"u8) < 0, file);
        }
    }

    [Fact]
    public async Task Mapping_changed_in_one_line_changes_what_its_plan_says_and_rolls_back()
    {
        using var folder = new HubFolder();
        folder.Write("hub.yaml", Sound);
        folder.Write("r.jsonl", string.Concat(Enumerable.Range(0, 20).Select(i => BadSources.Release($"a-{i}").Replace("active", i % 3 == 0 ? "complete" : "active", StringComparison.Ordinal) + "\n")));
        (await folder.RunAsync("sync", "good")).Succeeded();
        var before = await ExportsAsync(folder);

        var built = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "mappings", "ocds", "processes.yaml"), TestContext.Current.CancellationToken);
        var changed = built.Replace("complete: complete,", "complete: cancelled,", StringComparison.Ordinal);
        Assert.NotEqual(built, changed);
        folder.Write("mappings/ocds/processes.yaml", changed);
        var plan = JsonNode.Parse((await folder.RunAsync("mappings", "plan", "mappings/ocds/processes.yaml", "--limit", "1000", "--json")).Succeeded())!;
        Assert.Equal(before, await ExportsAsync(folder));
        var published = JsonNode.Parse((await folder.RunAsync("mappings", "publish", "mappings/ocds/processes.yaml", "--limit", "1000", "--json")).Succeeded())!;
        Assert.Equal(7, plan["entities"]!.AsArray().Count);
        Assert.Equal(Entities(plan), Entities(published));
        Assert.NotEqual(before, await ExportsAsync(folder));

        (await folder.RunAsync("mappings", "rollback", "ocds/processes")).Succeeded();
        Assert.Equal(before, await ExportsAsync(folder));
    }

    private static IEnumerable<string> Entities(JsonNode result) => result["entities"]!.AsArray().Select(e => e!.ToJsonString()).Order(StringComparer.Ordinal);

    private static async Task<string> ExportsAsync(HubFolder folder)
    {
        var all = new StringBuilder();
        foreach (var entity in new[] { "tender", "customer", "agreement", "document", "contact" })
            all.Append((await folder.RunAsync("export", entity)).Succeeded());
        return all.ToString();
    }
}
