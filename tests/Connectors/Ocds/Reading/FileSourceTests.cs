using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connectors.Tests.Ocds.Reading;

public sealed class FileSourceTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Real_packages_give_releases_with_raw_bytes_and_header()
    {
        var items = await OcdsRig.Read(new { path = OcdsRig.Fixture("packages") });
        var bad = Assert.Single(items.Bad());
        Assert.EndsWith("record-284437-links-only.json, records[0]", bad.Position, StringComparison.Ordinal);
        Assert.Contains("only links", bad.Reason, StringComparison.Ordinal);

        var records = items.Records();
        Assert.Equal(7, records.Count);
        Assert.Contains(records, r => r.Id == "ocds-03ad3f-273638/compiled");
        Assert.Contains(records, r => r.Id == "ocds-03ad3f-273638/273638-provision-uniformes-personal-award");
        foreach (var record in records)
        {
            var metadata = JsonDocument.Parse(record.Metadata).RootElement;
            var file = File.ReadAllBytes(metadata.GetProperty("file").GetString()!);
            Assert.True(file.AsSpan().IndexOf(record.Body.Span) > 0, "the body must be a piece of the file");
            Assert.NotEmpty(metadata.GetProperty("publisher").GetString()!);
            Assert.NotEmpty(metadata.GetProperty("license").GetString()!);
            Assert.StartsWith(metadata.TryGetProperty("uri", out _) ? "20" : "", record.Version, StringComparison.Ordinal);
            Assert.StartsWith("ocds-", record.Group, StringComparison.Ordinal);
            Assert.NotNull(record.ObservedAt);
        }
    }

    [Theory]
    [InlineData("uk-contracts-finder-2016", 200, 200)]
    [InlineData("uk-contracts-finder-2025", 200, 190)]
    [InlineData("paraguay-dncp-2017", 70, 17)]
    [InlineData("canada-buyandsell-2015", 11, 11)]
    [InlineData("paraguay-dncp-2017-records", 31, 31)]
    public async Task Samples_read_and_assemble_completely(string name, int releases, int processes)
    {
        var items = await OcdsRig.Read(new { path = OcdsRig.Sample(name + ".jsonl.gz") });
        Assert.Equal(name.EndsWith("records", StringComparison.Ordinal) ? 2 : 0, items.Bad().Count);
        Assert.Equal((releases, releases, processes), (items.Records().Count, items.Records().DistinctBy(r => r.Id).Count(), items.Records().DistinctBy(r => r.Group).Count()));
        foreach (var group in items.Records().GroupBy(r => r.Group!))
            Assert.Equal(group.Key, OcdsRig.Assemble(group.Key, group.Select(r => r.Kept())).GetProperty("compiledRelease").GetProperty("ocid").GetString());
    }

    [Theory]
    [InlineData("package.json", """{"uri":"u","publishedDate":"2020-01-01T02:00:00+02:00","releases":[{"ocid":"o","id":"1"}]}""", "o/1")]
    [InlineData("header-last.json", """{"releases":[{"ocid":"o","id":"1"},{"ocid":"p","id":"2"}],"uri":"u"}""", "o/1 p/2")]
    [InlineData("record.json", """{"ocid":"o","releases":[{"ocid":"o","id":"1"},{"id":"2"}],"compiledRelease":{"ocid":"o"}}""", "o/1 o/2")]
    [InlineData("records.json", """{"records":[{"ocid":"o","releases":[{"url":"x","date":"d"}],"compiledRelease":{"ocid":"o","id":"9"}}]}""", "o/compiled")]
    [InlineData("release.json", "\uFEFF {\n\"ocid\":\"o\",\n\"id\":1,\"tag\":\"tender\"}\n", "o/1")]
    [InlineData("list.json", "[\n{\"ocid\":\"o\",\"id\":\"1\"},\n{\"ocid\":\"p\",\"id\":\"1\"}]", "o/1 p/1")]
    [InlineData("lines.json", "{\"ocid\":\"o\",\"id\":\"1\"}\n{\"ocid\":\"p\",\"id\":\"1\"}\n", "o/1 p/1")]
    [InlineData("packages.jsonl", "{\"releases\":[{\"ocid\":\"o\",\"id\":\"1\"},{\"ocid\":\"o\",\"id\":\"2\"}]}\n{\"releases\":[]}\n", "o/1 o/2")]
    [InlineData("noid.jsonl", "{\"ocid\":\"o\"}\n{\"ocid\":\"o\",\"id\":null}\n{\"ocid\":\"o\",\"id\":\"\"}", "o/sha256-ee o/sha256-54 o/sha256-bd")]
    [InlineData("empty.json", """{"releases":[]}""", "")]
    public async Task Format_is_recognised(string name, string content, string ids)
    {
        foreach (var path in new[] { _folder.Write(name, content), _folder.Write(name + ".gz", Gzip(content)) })
        {
            var items = await OcdsRig.Read(new { path });
            Assert.Empty(items.Bad());
            if (name != "noid.jsonl")
                Assert.Equal(ids, string.Join(' ', items.Records().Select(r => r.Id)));
            else
                Assert.Equal(
                    content.Split('\n').Select(line => "o/sha256-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(line)))),
                    items.Records().Select(r => r.Id));
            Assert.Equal("{}", items.Cursors()[^1]);
        }
    }

    [Theory]
    [InlineData("{\"ocid\":\"o\",\"id\":", "not usable JSON")]
    [InlineData("not json", "not usable JSON")]
    [InlineData("<html><body>503</body></html>", "web page")]
    [InlineData("{\"ocid\":\"o\",\"ocid\":\"p\"}", "not usable JSON")]
    [InlineData("{\"ocid\":\"o\",\"a\":\"\\ud800\"}", "not usable JSON")]
    [InlineData("{\"ocid\":7}", "no ocid")]
    [InlineData("{\"ocid\":\"\"}", "no ocid")]
    [InlineData("{\"ocid\":\"a\\u0000b\"}", "control characters")]
    [InlineData("{\"hello\":1}", "neither a release")]
    [InlineData("[]", "neither a release")]
    [InlineData("null", "neither a release")]
    [InlineData("{\"releases\":[5]}", "neither a release")]
    public async Task Bad_line_is_reported_and_the_next_one_read(string line, string reason)
    {
        var items = await Lines("""{"ocid":"o","id":"first"}""", line, """{"ocid":"o","id":"next"}""");
        var bad = Assert.Single(items.Bad());
        Assert.Contains(reason, bad.Reason, StringComparison.Ordinal);
        Assert.Contains("line 2 (byte 26)", bad.Position, StringComparison.Ordinal);
        Assert.Equal(["o/first", "o/next"], items.Records().Select(r => r.Id));
    }

    [Fact]
    public async Task Deep_nesting_in_a_line_is_a_bad_record()
    {
        var items = await Lines("{\"ocid\":\"o\",\"a\":" + new string('[', 100_000) + new string(']', 100_000) + "}", """{"ocid":"o","id":"next"}""");
        Assert.Contains("depth", Assert.Single(items.Bad()).Reason, StringComparison.OrdinalIgnoreCase);
        Assert.Single(items.Records());
    }

    [Fact]
    public async Task Invalid_utf8_in_a_line_is_a_bad_record_and_reads_when_the_charset_is_said()
    {
        var path = _folder.Write("latin.jsonl", Encoding.Latin1.GetBytes("{\"ocid\":\"o\",\"id\":\"é\"}\n{\"ocid\":\"o\",\"id\":\"2\"}"));
        var items = await OcdsRig.Read(new { path });
        Assert.Contains("UTF-8", Assert.Single(items.Bad()).Reason, StringComparison.Ordinal);
        Assert.Single(items.Records());
        Assert.Equal(["o/é", "o/2"], (await OcdsRig.Read(new { path, charset = "ISO-8859-1" })).Records().Select(r => r.Id));
    }

    [Fact]
    public async Task Too_long_records_are_read_past_in_lines_and_packages()
    {
        var big = $$"""{"ocid":"o","id":"big","x":"{{new string('x', 300_000)}}"}""";
        const string small = """{"ocid":"o","id":"small"}""";
        foreach (var path in new[]
        {
            _folder.Write("a.jsonl", $"{big}\n{small}"),
            _folder.Write("b.json", $$"""{"uri":"u","releases":[{{big}},{{small}}]}"""),
        })
        {
            var items = await OcdsRig.Read(new { path }, maxRecordBytes: 1000);
            var bad = Assert.Single(items.Bad());
            Assert.Equal((big.Length, 0), (bad.Length, bad.Body.Length));
            Assert.Contains("limit of 1000", bad.Reason, StringComparison.Ordinal);
            Assert.Equal("o/small", Assert.Single(items.Records()).Id);
        }
    }

    [Fact]
    public async Task Line_of_200_megabytes_is_a_bad_record()
    {
        var path = System.IO.Path.Combine(_folder.Path, "big.jsonl.gz");
        await using (var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest))
        {
            var block = Encoding.ASCII.GetBytes(new string('x', 1024 * 1024));
            gzip.Write("{\"ocid\":\""u8);
            for (var i = 0; i < 200; i++)
                gzip.Write(block);
            gzip.Write("\"}\n{\"ocid\":\"o\",\"id\":\"next\"}"u8);
        }

        var items = await OcdsRig.Read(new { path });
        Assert.Equal(200L * 1024 * 1024 + 11, Assert.Single(items.Bad()).Length);
        Assert.Equal("o/next", Assert.Single(items.Records()).Id);
    }

    [Fact]
    public async Task Damaged_files_are_reported_and_the_next_file_read()
    {
        var release = "{\"ocid\":\"o\",\"id\":\"1\"}";
        _folder.Write("a-empty.json", "");
        _folder.Write("b-html.json", "<!DOCTYPE html><html></html>");
        _folder.Write("c-utf16.json", Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes(release)).ToArray());
        _folder.Write("d-cut.json", "{\"uri\":\"u\",\"releases\":[" + release + ",{\"ocid\":");
        var lines = Gzip(string.Join('\n', Enumerable.Range(0, 2000).Select(i => $"{{\"ocid\":\"o\",\"id\":\"{Guid.NewGuid()}\"}}")));
        _folder.Write("e-cut.jsonl.gz", lines[..(lines.Length / 2)]);
        _folder.Write("f-nothing.json", "{\"a\":1}");
        _folder.Write("g-garbage.json", "[1,");
        _folder.Write("notes.txt", "not read");
        _folder.Write("sub/z-sound.json", release);

        var items = await OcdsRig.Read(new { path = _folder.Path });
        var bad = items.Bad().Where(b => !b.Position.Contains("line", StringComparison.Ordinal)).Select(b => $"{System.IO.Path.GetFileName(b.Position)}: {b.Reason}").ToList();
        Assert.StartsWith("a-empty.json: the file is empty", bad[0], StringComparison.Ordinal);
        Assert.StartsWith("b-html.json: the file is a web page", bad[1], StringComparison.Ordinal);
        Assert.StartsWith("c-utf16.json: the file is UTF-16", bad[2], StringComparison.Ordinal);
        Assert.StartsWith("d-cut.json: The document ends early", bad[3], StringComparison.Ordinal);
        Assert.Contains(bad, b => b.StartsWith("e-cut.jsonl.gz: the file is damaged", StringComparison.Ordinal));
        Assert.Contains(bad, b => b.StartsWith("f-nothing.json: it is neither", StringComparison.Ordinal));
        Assert.Contains(bad, b => b.StartsWith("g-garbage.json", StringComparison.Ordinal));
        Assert.Contains(items.Records(), r => r.Body.Text() == release);
        Assert.DoesNotContain(items.Bad(), b => b.Position.Contains("notes", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Broken_element_of_a_package_is_reported_and_the_next_one_read()
    {
        var path = _folder.Write("a.json", """{"releases":[{"ocid":"o","id":"1","amount":000},{"ocid":"o","id":"2"}]}""");
        var items = await OcdsRig.Read(new { path });
        Assert.EndsWith("a.json, releases[0]", Assert.Single(items.Bad()).Position, StringComparison.Ordinal);
        Assert.Equal("o/2", Assert.Single(items.Records()).Id);
    }

    [Fact]
    public async Task Chinese_text_arrives_byte_for_byte()
    {
        const string release = """{"ocid":"ocds-中","id":"一","title":"上海市政府采购中心𠮷——公开招标"}""";
        var record = Assert.Single((await Lines(release)).Records());
        Assert.Equal(release, record.Body.Text());
        Assert.Equal("ocds-中/一", record.Id);
    }

    [Fact]
    public async Task Version_compares_in_time_order_whatever_the_offset()
    {
        async Task<string> VersionOf(string date) =>
            Assert.Single((await OcdsRig.Read(new { path = _folder.Write("v.json", $$"""{"publishedDate":"{{date}}","releases":[{"ocid":"o","id":"1"}]}""") })).Records()).Version;

        Assert.Equal("2020-01-01T00:00:00.0000000Z", await VersionOf("2020-01-01T02:00:00+02:00"));
        Assert.Equal("2020-01-01T00:00:00.0000000Z", await VersionOf("2020-01-01"));
        Assert.Equal("", await VersionOf("yesterday"));
    }

    [Theory]
    [InlineData("many.jsonl")]
    [InlineData("many.jsonl.gz")]
    [InlineData("many.json")]
    [InlineData("many.json.gz")]
    public async Task Resuming_at_any_checkpoint_gives_the_rest_and_the_same_checkpoints(string name)
    {
        var releases = Enumerable.Range(0, 1001).Select(i => $"{{\"ocid\":\"o{i}\",\"id\":\"{i}\"}}").ToList();
        var content = name.Contains("jsonl", StringComparison.Ordinal) ? string.Join("\n\n", releases) : $"{{\"releases\":[{string.Join(",\n", releases)}],\"uri\":\"u\"}}";
        _folder.Write(name, name.EndsWith(".gz", StringComparison.Ordinal) ? Gzip(content) : Encoding.UTF8.GetBytes(content));
        _folder.Write("next.jsonl", releases[0]);

        var all = await OcdsRig.Read(new { path = _folder.Path });
        Assert.Equal(1002, all.Records().Count);
        Assert.Equal(5 + 1 + 1 + 1, all.Cursors().Count);
        for (var i = 0; i < all.Count; i++)
            if (all[i] is Checkpoint { Cursor: not "{}" } checkpoint)
                Assert.Equal(all.Skip(i + 1).Select(Show), (await OcdsRig.Read(new { path = _folder.Path }, checkpoint.Cursor)).Select(Show));
    }

    [Fact]
    public async Task Changed_or_shrunk_file_begins_again_and_a_longer_one_goes_on()
    {
        string Content(string prefix, int count) => string.Join('\n', Enumerable.Range(0, count).Select(i => $"{{\"ocid\":\"{prefix}{i}\",\"id\":\"1\"}}"));
        var path = _folder.Write("a.jsonl", Content("o", 300));
        var cursor = (await OcdsRig.Read(new { path })).Cursors()[0];

        _folder.Write("a.jsonl", Content("o", 400));
        Assert.Equal(200, (await OcdsRig.Read(new { path }, cursor)).Records().Count);
        _folder.Write("a.jsonl", Content("o", 299));
        Assert.Equal(299, (await OcdsRig.Read(new { path }, cursor)).Records().Count);
        _folder.Write("a.jsonl", Content("p", 400));
        Assert.Equal(400, (await OcdsRig.Read(new { path }, cursor)).Records().Count);
        Assert.Equal(400, (await OcdsRig.Read(new { path }, "{}")).Records().Count);
        Assert.Equal(400, (await OcdsRig.Read(new { path }, """{"file":{"name":"gone.json","done":true}}""")).Records().Count);
    }

    [Fact]
    public async Task Folder_is_read_in_ordinal_order_and_a_list_in_its_own()
    {
        foreach (var name in new[] { "b.json", "B.json", "a/z.json", "a.json" })
            _folder.Write(name, $"{{\"ocid\":\"{name}\",\"id\":\"1\"}}");
        Assert.Equal(["B.json", "a.json", "a/z.json", "b.json"], (await OcdsRig.Read(new { path = _folder.Path })).Records().Select(r => r.Group));
        var paths = new[] { "b.json", "B.json" }.Select(n => System.IO.Path.Combine(_folder.Path, n));
        Assert.Equal(["b.json", "B.json"], (await OcdsRig.Read(new { paths })).Records().Select(r => r.Group));
    }

    [Fact]
    public async Task Missing_path_and_foreign_cursor_are_faults_of_the_configuration()
    {
        var (_, missing) = await OcdsRig.ReadUntilFailure(new { path = "/nowhere/at/all" });
        Assert.Equal(ConnectorErrorKind.Configuration, missing.Kind);
        var (_, empty) = await OcdsRig.ReadUntilFailure(new { path = _folder.Path });
        Assert.Contains("no .json", empty.Message, StringComparison.Ordinal);
        var (_, cursor) = await OcdsRig.ReadUntilFailure(new { path = _folder.Path }, "{\"since\":1}");
        Assert.Contains("reset it", cursor.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_reads_the_first_record()
    {
        var sound = _folder.Write("a.json", """{"ocid":"o","id":"1"}""");
        var broken = _folder.Write("b.json", "<html>");
        await ((ICheckConnection)OcdsRig.Open(new { path = sound })).CheckAsync(TestContext.Current.CancellationToken);
        var e = await Assert.ThrowsAsync<ConnectorException>(() => ((ICheckConnection)OcdsRig.Open(new { path = broken })).CheckAsync(TestContext.Current.CancellationToken));
        Assert.Contains("web page", e.Message, StringComparison.Ordinal);
    }

    private Task<List<StreamItem>> Lines(params string[] lines) => OcdsRig.Read(new { path = _folder.Write("x.jsonl", string.Join('\n', lines)) });

    private static string Show(StreamItem item) => item switch
    {
        SourceRecord record => record.Id + record.Metadata.Text(),
        Checkpoint checkpoint => checkpoint.Cursor,
        _ => item.ToString(),
    };

    private static byte[] Gzip(string content)
    {
        var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest))
            gzip.Write(Encoding.UTF8.GetBytes(content));
        return bytes.ToArray();
    }
}
