using System.IO.Compression;
using System.Text;
using System.Text.Json;
using IntegrationHub.Sdk;
using Microsoft.Extensions.Time.Testing;
using static IntegrationHub.Connectors.Tests.Ocds.FindATenderSimulator;

namespace IntegrationHub.Connectors.Tests.Ocds.Reading;

public sealed class PageSourceTests : IDisposable
{
    private static readonly DateTimeOffset Midnight = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly FindATenderSimulator _publisher = new() { RepeatsAtPageBreaks = true };

    public void Dispose() => _publisher.Dispose();

    [Fact]
    public async Task Windows_and_pages_are_read_to_the_present()
    {
        PublishHourly(10);
        var items = await OcdsRig.Read(Settings());

        // 00–06: six releases, pages of four (3 + the repeated one); 06–12: four releases, one page.
        Assert.Equal(
            ["?updatedFrom=2024-01-01T00:00:00&updatedTo=2024-01-01T06:00:00&limit=4", "?cursor", "?updatedFrom=2024-01-01T06:00:00&updatedTo=2024-01-01T12:00:00&limit=4"],
            _publisher.Questions.Select(q => q[q.IndexOf('?', StringComparison.Ordinal)..]).Select(q => q.StartsWith("?cursor", StringComparison.Ordinal) ? "?cursor" : q));
        Assert.Equal(11, items.Records().Count);
        Assert.Equal(10, items.Records().DistinctBy(r => r.Id).Count());
        Assert.Empty(items.Bad());
        Assert.Equal(3, items.Cursors().Count);
        Assert.Equal("""{"pages":{"from":"2024-01-01T12:00:00+00:00"}}""", items.Cursors()[^1]);

        var record = items.Records()[0];
        Assert.Equal(("ocds-h6vhtk-000000/000000-2024", "ocds-h6vhtk-000000", "2024-01-01T03:00:00.0000000Z"), (record.Id, record.Group, record.Version));
        var metadata = JsonDocument.Parse(record.Metadata).RootElement;
        Assert.Equal("Crown Commercial Service", metadata.GetProperty("publisher").GetString());
        Assert.Equal("releases[0]", metadata.GetProperty("position").GetString());
        Assert.StartsWith(_publisher.Url, metadata.GetProperty("page").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resuming_at_any_checkpoint_gives_the_rest_and_the_same_checkpoints()
    {
        PublishHourly(12);
        var all = await OcdsRig.Read(Settings(pageSize: 2));
        Assert.True(all.Cursors().Count > 8);
        for (var i = 0; i < all.Count - 1; i++)
            if (all[i] is Checkpoint checkpoint)
                Assert.Equal(
                    all.Skip(i + 1).Select(Show),
                    (await OcdsRig.Read(Settings(pageSize: 2), checkpoint.Cursor, time: new FakeTimeProvider(OcdsRig.Now.AddHours(3)))).Select(Show));
    }

    [Fact]
    public async Task Next_run_reaches_back_by_the_overlap_and_finds_the_second_release_of_an_old_process()
    {
        PublishHourly(10);
        var first = await OcdsRig.Read(Settings());
        _publisher.Publish(Midnight.AddHours(11.5), """{"ocid":"ocds-h6vhtk-000001","id":"000099-2024","date":"2024-01-01T11:30:00Z","tag":["award"]}""");
        _publisher.Questions.Clear();

        var second = await OcdsRig.Read(Settings(), first.Cursors()[^1], time: new FakeTimeProvider(Midnight.AddHours(13)));
        Assert.Contains("updatedFrom=2024-01-01T10:00:00&updatedTo=2024-01-01T13:00:00", Assert.Single(_publisher.Questions), StringComparison.Ordinal);
        var added = Assert.Single(second.Records());

        var old = first.Records().First(r => r.Group == added.Group);
        var document = OcdsRig.Assemble(added.Group!, added.Kept(), old.Kept());
        Assert.Equal(["000001-2024", "000099-2024"], document.GetProperty("releases").EnumerateArray().Select(r => r.GetProperty("id").GetString()));
        Assert.Equal("Road 1", document.GetProperty("compiledRelease").GetProperty("tender").GetProperty("title").GetString());
    }

    [Fact]
    public async Task Empty_window_gives_only_checkpoints()
    {
        var items = await OcdsRig.Read(Settings());
        Assert.All(items, item => Assert.IsType<Checkpoint>(item));
        Assert.Equal(2, items.Count);
    }

    [Fact]
    public async Task Too_many_requests_says_how_long_to_wait_and_the_read_goes_on_at_the_page()
    {
        PublishHourly(10);
        _publisher.Instead = question => question == 2 ? Text(429, "Too Many Requests", ("Retry-After", "10")) : null;
        var (before, failure) = await OcdsRig.ReadUntilFailure(Settings());
        Assert.Equal((ConnectorErrorKind.RateLimited, TimeSpan.FromSeconds(10)), (failure.Kind, failure.RetryAfter));

        var after = await OcdsRig.Read(Settings(), before.Cursors()[^1]);
        Assert.Equal(3, _publisher.Questions.Count(q => !q.Contains("updatedFrom=2024-01-01T00", StringComparison.Ordinal)));
        Assert.Equal(10, before.Concat(after).ToList().Records().DistinctBy(r => r.Id).Count());
    }

    [Fact]
    public async Task Expired_cursor_begins_its_window_again()
    {
        PublishHourly(10);
        var cursor = (await OcdsRig.Read(Settings())).Cursors()[0];
        _publisher.Questions.Clear();
        _publisher.Instead = question => question == 1 ? Text(400, """{"exception":"cursor expired"}""") : null;
        Assert.Equal(10, (await OcdsRig.Read(Settings(), cursor)).Records().DistinctBy(r => r.Id).Count());
    }

    [Fact]
    public async Task Refused_question_quotes_the_publisher()
    {
        _publisher.Instead = _ => Text(400, """{"status":400,"message":"Request parameters unknown","exception":"Request parameter 'x' is not recognised"}""");
        var (_, failure) = await OcdsRig.ReadUntilFailure(Settings());
        Assert.Equal(ConnectorErrorKind.Permanent, failure.Kind);
        Assert.Contains("Request parameter 'x' is not recognised", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_that_names_itself_as_next_ends_with_an_error()
    {
        _publisher.Instead = _ => Text(200, Package(1, "/p"));
        var (items, failure) = await OcdsRig.ReadUntilFailure(new { url = _publisher.Url + "/p" });
        Assert.Equal(ConnectorErrorKind.Permanent, failure.Kind);
        Assert.Contains("round in a circle", failure.Message, StringComparison.Ordinal);
        Assert.Single(items.Records());
        Assert.Equal(2, _publisher.Questions.Count);
    }

    [Fact]
    public async Task Same_content_under_new_addresses_ends_with_an_error()
    {
        var page = 0;
        _publisher.Instead = _ => Text(200, Package(2, $"/next?page={++page}"));
        var (items, failure) = await OcdsRig.ReadUntilFailure(new { url = _publisher.Url + "/p" });
        Assert.Contains("round in a circle", failure.Message, StringComparison.Ordinal);
        Assert.Equal(2, items.Records().Count);
    }

    [Fact]
    public async Task Endless_pages_end_at_the_limit()
    {
        var page = 0;
        _publisher.Instead = _ => Text(200, Package(0, $"/next?page={++page}"));
        var (_, failure) = await OcdsRig.ReadUntilFailure(new { url = _publisher.Url + "/p", maxPages = 7 });
        Assert.Contains("stopped after 7 pages", failure.Message, StringComparison.Ordinal);
        Assert.Equal(7, _publisher.Questions.Count);
    }

    [Fact]
    public async Task Next_page_on_another_server_is_not_followed()
    {
        _publisher.Instead = _ => Text(200, Package(1, "http://elsewhere.example/next"));
        var (_, failure) = await OcdsRig.ReadUntilFailure(new { url = _publisher.Url });
        Assert.Contains("is not followed", failure.Message, StringComparison.Ordinal);
        Assert.Single(_publisher.Questions);
    }

    [Fact]
    public async Task Package_style_reads_everything_each_run_and_resumes_at_the_page()
    {
        _publisher.Instead = question => Text(200, question switch { 1 => Package(2, "/p?page=2"), _ => Package(3, null) });
        var all = await OcdsRig.Read(new { url = _publisher.Url + "/p" });
        Assert.Equal(5, all.Records().Count);
        Assert.Equal("{}", all.Cursors()[^1]);

        var rest = await OcdsRig.Read(new { url = _publisher.Url + "/p" }, all.Cursors()[0]);
        Assert.Equal("/p?page=2", _publisher.Questions[^1]);
        Assert.Equal(3, rest.Records().Count);
    }

    [Fact]
    public async Task Armenia_goes_on_from_its_last_offset_less_the_overlap()
    {
        string Page(int releases, long next) => $$$"""{"publishedDate":"2018-01-11T17:27:34+04:00","releases":[{{{Releases(releases)}}}],"next_page":{"uri":"{{{_publisher.Url}}}/ocds/release?limit=100&offset={{{next}}}"}}""";
        _publisher.Instead = question => Text(200, question switch { 1 => Page(2, 1513857265127), 2 => Page(3, 1513857276896), _ => Page(0, 1513857276896) });
        var settings = new { url = _publisher.Url + "/ocds/release", style = "armenia", overlap = "00:00:10" };
        var first = await OcdsRig.Read(settings);
        Assert.Equal(["/ocds/release?limit=100", "/ocds/release?limit=100&offset=1513857265127", "/ocds/release?limit=100&offset=1513857276896"], _publisher.Questions);
        Assert.Equal(5, first.Records().Count);
        Assert.Equal("""{"pages":{"offset":1513857276896}}""", first.Cursors()[^1]);

        var second = await OcdsRig.Read(settings, first.Cursors()[^1]);
        Assert.EndsWith("offset=1513857266896", _publisher.Questions[^1], StringComparison.Ordinal);
        Assert.Empty(second.Records());
    }

    [Fact]
    public async Task Armenia_offset_that_goes_back_ends_with_an_error()
    {
        _publisher.Instead = question => Text(200, $$$"""{"releases":[{{{Releases(question)}}}],"next_page":{"uri":"/ocds/release?offset={{{1000 - question}}}"}}""");
        var (_, failure) = await OcdsRig.ReadUntilFailure(new { url = _publisher.Url + "/ocds/release", style = "armenia" });
        Assert.Contains("goes back", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("contractsFinder", "/Published/Notices/OCDS/Search?publishedFrom=2024-01-01T00:00:00&publishedTo=2024-01-01T12:00:00&limit=100&stages=tender,award")]
    [InlineData("findATender", "/api/1.0/ocdsReleasePackages?updatedFrom=2024-01-01T00:00:00&updatedTo=2024-01-01T12:00:00&limit=100&stages=tender,award")]
    [InlineData("austender", "/ocds/findByDates/contractLastModified/2024-01-01T00:00:00Z/2024-01-01T12:00:00Z")]
    public async Task Question_is_written_as_the_publisher_wants_it(string style, string expected)
    {
        _publisher.Instead = _ => Text(200, Package(1, null));
        var stages = style == "austender" ? null : new[] { "tender", "award" };
        Assert.Single((await OcdsRig.Read(new { url = _publisher.Url, style, from = Midnight, window = "1.00:00:00", stages })).Records());
        Assert.Equal(expected, Assert.Single(_publisher.Questions));
    }

    [Fact]
    public async Task Time_before_the_beginning_is_a_fault_of_the_configuration()
    {
        var (_, failure) = await OcdsRig.ReadUntilFailure(Settings(), """{"pages":{"from":"2030-01-01T00:00:00Z"}}""");
        Assert.Equal(ConnectorErrorKind.Configuration, failure.Kind);
        Assert.Empty(_publisher.Questions);
    }

    [Fact]
    public async Task Bad_release_on_a_page_is_reported_and_the_next_one_read()
    {
        _publisher.Instead = _ => Text(200, """{"releases":[{"ocid":"o","id":"1","a":000},{"ocid":"o","id":"2"}]}""");
        var items = await OcdsRig.Read(new { url = _publisher.Url });
        Assert.EndsWith("/, releases[0]", Assert.Single(items.Bad()).Position, StringComparison.Ordinal);
        Assert.Equal("o/2", Assert.Single(items.Records()).Id);
    }

    [Theory]
    [InlineData("<!DOCTYPE html><title>Sorry</title>", ConnectorErrorKind.Transient, "web page")]
    [InlineData("{\"releases\":[{\"ocid\":", ConnectorErrorKind.Transient, "cut off")]
    [InlineData("", ConnectorErrorKind.Transient, "empty")]
    [InlineData("{\"hello\":1}", ConnectorErrorKind.Permanent, "no OCDS package")]
    public async Task Answer_that_is_no_package_is_refused(string body, ConnectorErrorKind kind, string message)
    {
        _publisher.Instead = _ => Text(200, body);
        var (items, failure) = await OcdsRig.ReadUntilFailure(new { url = _publisher.Url });
        Assert.Empty(items);
        Assert.Equal(kind, failure.Kind);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ConnectorException>(() => ((ICheckConnection)OcdsRig.Open(new { url = _publisher.Url })).CheckAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Page_above_the_limit_is_refused()
    {
        _publisher.Instead = _ => Text(200, Package(100, null));
        var (_, failure) = await OcdsRig.ReadUntilFailure(new { url = _publisher.Url, maxPageBytes = 1024 });
        Assert.Contains("raise maxPageBytes", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Latin_1_is_refused_until_somebody_says_so()
    {
        var latin = Encoding.Latin1.GetBytes("""{"releases":[{"ocid":"o","id":"café"}]}""");
        _publisher.Instead = _ => Bytes(latin);
        var (_, failure) = await OcdsRig.ReadUntilFailure(new { url = _publisher.Url });
        Assert.Equal(ConnectorErrorKind.Configuration, failure.Kind);
        Assert.Contains("charset: iso-8859-1", failure.Message, StringComparison.Ordinal);

        Assert.Equal("o/café", Assert.Single((await OcdsRig.Read(new { url = _publisher.Url, charset = "iso-8859-1" })).Records()).Id);
        _publisher.Instead = _ => Bytes(latin, "application/json; charset=ISO-8859-1");
        Assert.Equal("o/café", Assert.Single((await OcdsRig.Read(new { url = _publisher.Url })).Records()).Id);
    }

    [Fact]
    public async Task Gzip_body_is_unpacked_and_a_cut_one_is_worth_another_try()
    {
        var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(Encoding.UTF8.GetBytes(Package(100, null)));
        _publisher.Instead = _ => Bytes(packed.ToArray());
        Assert.Equal(100, (await OcdsRig.Read(new { url = _publisher.Url + "/a.json.gz" })).Records().Count);

        _publisher.Instead = _ => Bytes(packed.ToArray()[..^8]);
        var (items, failure) = await OcdsRig.ReadUntilFailure(new { url = _publisher.Url + "/a.json.gz" });
        Assert.Empty(items);
        Assert.Equal(ConnectorErrorKind.Transient, failure.Kind);
    }

    [Fact]
    public async Task Unreachable_publisher_is_worth_another_try()
    {
        var (_, failure) = await OcdsRig.ReadUntilFailure(new { url = "http://127.0.0.1:9/" });
        Assert.Equal(ConnectorErrorKind.Transient, failure.Kind);
    }

    [Fact]
    public async Task Check_asks_once()
    {
        await ((ICheckConnection)OcdsRig.Open(Settings())).CheckAsync(TestContext.Current.CancellationToken);
        Assert.Single(_publisher.Questions);
    }

    private object Settings(int pageSize = 4) => new { url = _publisher.Url, style = "findATender", from = Midnight, window = "06:00:00", overlap = "02:00:00", pageSize };

    private void PublishHourly(int count)
    {
        for (var i = 0; i < count; i++)
            _publisher.Publish(Midnight.AddHours(i), $$$"""{"ocid":"ocds-h6vhtk-{{{i:x6}}}","id":"{{{i:d6}}}-2024","date":"2024-01-01T{{{i:d2}}}:00:00Z","tag":["tender"],"tender":{"title":"Road {{{i}}}"}}""");
    }

    private static string Releases(int count) => string.Join(',', Enumerable.Range(0, count).Select(i => $"{{\"ocid\":\"o{i}\",\"id\":\"{count}\"}}"));

    private static string Package(int releases, string? next) =>
        "{\"publishedDate\":\"" + Guid.NewGuid() + "\",\"releases\":[" + Releases(releases) + "]" + (next is null ? "}" : ",\"links\":{\"next\":\"" + next + "\"}}");

    private static WireMock.ResponseMessage Bytes(byte[] body, string type = "application/json")
    {
        var message = Text(200, "", ("Content-Type", type));
        message.BodyData = new WireMock.Util.BodyData { DetectedBodyType = WireMock.Types.BodyType.Bytes, BodyAsBytes = body };
        return message;
    }

    private static string Show(StreamItem item) => item is SourceRecord record ? record.Id : item.ToString();
}
