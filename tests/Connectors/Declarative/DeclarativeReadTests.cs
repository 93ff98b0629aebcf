using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Declarative;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Declarative;
using IntegrationHub.Sdk.Http;
using IntegrationHub.Sdk.Simulation;
using IntegrationHub.Sdk.Testing.Conformance;
using IntegrationHub.Simulators.SamGov;

namespace IntegrationHub.Connectors.Tests.Declarative;

/// <summary>What the conformance suite does not look at: exact requests, hosts, page tokens that run out, code in a slot.</summary>
public sealed class DeclarativeReadTests
{
    private const string Start = """
        connector: test
        title: Test
        description: A test.
        region: DE
        address: "{settings.url}"
        settings: { url: { type: address, required: true, description: The address. } }
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Windows_are_asked_for_one_after_the_other_and_the_last_days_again()
    {
        using var subject = new SamGovUnderTest();
        using var run = new ConnectorRun(subject);
        var state = await run.ReadAsync("opportunities", null, Cancelled);
        await run.ReadAsync("opportunities", state, Cancelled);
        var windows = subject.Simulator.Requests.Select(r => $"{r.Parameter("postedFrom")}-{r.Parameter("postedTo")}").Distinct();
        Assert.Equal(["01/01/2026-01/30/2026", "01/31/2026-02/20/2026", "02/18/2026-02/20/2026"], windows);
    }

    [Fact]
    public async Task A_list_setting_is_one_parameter_for_each_element()
    {
        using var subject = new SamGovUnderTest();
        using var run = new ConnectorRun(subject);
        var settings = subject.Settings();
        settings["types"] = new JsonArray("o", "a");
        await using var connection = run.Open(settings);
        await ((ICheckConnection)connection).CheckAsync(Cancelled);
        var request = subject.Simulator.Requests[^1];
        Assert.Equal(["o", "a"], request.Query.Where(p => p.Key == "ptype").Select(p => p.Value));
        Assert.DoesNotContain(request.Query, p => p.Key == "ncode");
    }

    [Fact]
    public async Task A_pause_that_the_vendor_names_by_time_is_kept()
    {
        using var subject = new SamGovUnderTest();
        using var run = new ConnectorRun(subject);
        subject.Simulator.Inject(1, Fault.VendorRateLimit);
        await using var connection = run.Open();
        var refusal = await Assert.ThrowsAsync<ConnectorException>(() => ((ICheckConnection)connection).CheckAsync(Cancelled));
        Assert.Equal((ConnectorErrorKind.RateLimited, TimeSpan.FromMinutes(2)), (refusal.Kind, refusal.RetryAfter!.Value));
    }

    [Fact]
    public async Task A_page_token_that_has_run_out_begins_the_list_again()
    {
        var vendor = new ApiVendor(ApiAuth.HeaderKey, ApiPaging.Token, ApiOrder.ById) { ForgetsPages = true };
        using var subject = new ApiUnderTest(vendor, Start.Replace("settings: {", "settings: { key: { secret: true, description: The key. },", StringComparison.Ordinal) + """

            auth: { key: { header: X-Api-Key, value: "{settings.key}" } }
            errors: { code: $.code, good: ["0"], table: [ { code: cursor_expired, means: start-again } ] }
            streams:
              items:
                description: An item.
                request: { get: v1/items, query: { cursor: "{page}", limit: "{size}" } }
                paging: { style: token, size: 4, next: $.next }
                records: $.data[*]
                key: $.id
            """, s => s["key"] = ApiVendor.Key, []);
        using var run = new ConnectorRun(subject);
        var state = await run.ReadAsync("items", null, Cancelled);
        Assert.Equal((14, 18, 0), (state.Records.Count, state.Returned, state.Restarts));
    }

    [Theory]
    [InlineData("https://elsewhere.example.net/v1/items?after=1")]
    [InlineData("//elsewhere.example.net/v1/items")]
    [InlineData("file:///etc/passwd")]
    public async Task An_answer_cannot_lead_to_a_host_that_is_not_the_vendors(string next)
    {
        var refusal = await ReadAsync(_ => SimulatedAnswer.Of(new { data = new[] { new { id = 1 } }, next }), """
            paging: { style: url, next: $.next }
            """);
        Assert.Equal(ConnectorErrorKind.Permanent, refusal.Kind);
        Assert.Contains("hosts", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("after=1", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        using var elsewhere = new OneAnswer(_ => SimulatedAnswer.Json("""{"data":[]}"""));
        var refusal = await ReadAsync(_ => SimulatedAnswer.Json("{}", 302) with { Headers = [new("Location", elsewhere.Address.AbsoluteUri)] }, "");
        Assert.Equal(ConnectorErrorKind.Configuration, refusal.Kind);
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task An_answer_of_another_shape_is_no_empty_list()
    {
        var refusal = await ReadAsync(_ => SimulatedAnswer.Json("""{"message":"all is well"}"""), "");
        Assert.Equal(ConnectorErrorKind.Permanent, refusal.Kind);
        Assert.Contains("no list at $.data", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_vendor_that_ignores_the_page_number_is_noticed()
    {
        var refusal = await ReadAsync(_ => SimulatedAnswer.Of(new { data = new[] { new { id = 1 } } }), """
            paging: { style: page, size: 1 }
            """, query: "page: \"{page}\"");
        Assert.Contains("check how the request uses {page}", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_without_a_key_is_set_aside()
    {
        using var vendor = new OneAnswer(_ => SimulatedAnswer.Json("""{"data":[{"id":1},{"no":2},{"id":[3]},{"id":4}]}"""));
        var items = await ItemsAsync(vendor, Manifest("", ""), ManifestCodes.None);
        Assert.Equal(["1", "4"], items.OfType<SourceRecord>().Select(r => r.Id));
        Assert.Equal(2, items.OfType<BadRecord>().Count());
    }

    [Fact]
    public async Task Numbers_and_bodies_stay_as_the_source_wrote_them()
    {
        using var vendor = new OneAnswer(_ => SimulatedAnswer.Json("""{"data":[ { "id": 12345678901234567890, "price": 1.50 , "é": "\u00e9" } ]}"""));
        var record = Assert.Single((await ItemsAsync(vendor, Manifest("", ""), ManifestCodes.None)).OfType<SourceRecord>());
        Assert.Equal("12345678901234567890", record.Id);
        Assert.Equal("""{ "id": 12345678901234567890, "price": 1.50 , "é": "\u00e9" }""", System.Text.Encoding.UTF8.GetString(record.Body.Span));
    }

    [Fact]
    public async Task Records_of_large_pages_stay_what_they_are_while_the_next_pages_are_read()
    {
        using var vendor = new OneAnswer(request => int.Parse(request.Parameter("at") ?? "0", CultureInfo.InvariantCulture) is var page && page < 5
            ? SimulatedAnswer.Of(new { code = 0, data = Enumerable.Range(page * 100, 100).Select(Item), next = page == 4 ? "" : $"{page + 1}" })
            : SimulatedAnswer.Json("{}", 404));
        var manifest = Manifest("paging: { style: token, next: $.next }", "at: \"{page}\"") + "\nerrors: { code: $.code, good: [\"0\"] }\n";
        var records = (await ItemsAsync(vendor, manifest, ManifestCodes.None)).OfType<SourceRecord>().ToList();
        Assert.Equal(Enumerable.Range(0, 500).Select(n => JsonSerializer.Serialize(Item(n))), records.Select(r => System.Text.Encoding.UTF8.GetString(r.Body.Span)));

        // Longer than the memory that an answer begins with, and not all of one length.
        static object Item(int n) => new { id = n, text = new string((char)('a' + (n % 26)), 1_000 + (n % 7)) };
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(10_000, false)]
    public async Task Records_are_part_of_an_answer_only_where_they_are_most_of_it(int rest, bool isPart)
    {
        using var vendor = new OneAnswer(_ => SimulatedAnswer.Of(new { data = new[] { new { id = 1, text = new string('x', 1_000) } }, rest = new string('y', rest) }));
        var record = Assert.Single((await ItemsAsync(vendor, Manifest("", ""), ManifestCodes.None)).OfType<SourceRecord>());
        Assert.True(MemoryMarshal.TryGetArray(record.Body, out var held));
        Assert.Equal(isPart, held.Array!.Length > record.Body.Length);
    }

    [Fact]
    public async Task Code_can_sign_requests_and_decode_answers()
    {
        using var vendor = new OneAnswer(request => request.Header("X-Signed") == "GET v1/items at 2026-03-01"
            ? new(200, "id\n7\n8\n"u8.ToArray()) { ContentType = "text/csv" }
            : SimulatedAnswer.Json("{}", 403));
        var manifest = Manifest("", "") + "\nauth: { code: acme-signature }\nanswers: { code: csv }\n";
        var items = await ItemsAsync(vendor, manifest, new([new Signature(), new Csv()]));
        Assert.Equal(["7", "8"], items.OfType<SourceRecord>().Select(r => r.Id));
        var fault = Assert.Throws<Yaml.InvalidFileException>(() => DeclarativeFolder.Compile("m.yaml", manifest.Replace("acme-signature", "acme-signatur", StringComparison.Ordinal), new([new Signature(), new Csv()])));
        Assert.Contains("there is no code named 'acme-signatur'; did you mean 'acme-signature'?", fault.Message, StringComparison.Ordinal);
    }

    private static string Manifest(string paging, string query) => $$"""
        {{Start}}
        streams:
          items:
            description: An item.
            request: { get: v1/items, query: { {{query}} } }
            {{paging}}
            records: $.data[*]
            key: $.id
        """;

    private static async Task<ConnectorException> ReadAsync(Func<SimulatedRequest, SimulatedAnswer> answer, string paging, string query = "")
    {
        using var vendor = new OneAnswer(answer);
        return await Assert.ThrowsAsync<ConnectorException>(() => ItemsAsync(vendor, Manifest(paging, query), ManifestCodes.None));
    }

    private static async Task<List<StreamItem>> ItemsAsync(OneAnswer vendor, string manifest, ManifestCodes codes)
    {
        await using var connection = DeclarativeFolder.Compile("manifest.yaml", manifest, codes).Open(new()
        {
            Name = "test",
            Settings = JsonSerializer.SerializeToElement(new { url = vendor.Address }),
            CreateHttpClient = () => ConnectorHttp.CreateClient(),
            ContentRoot = Path.GetTempPath(),
            Time = vendor.Time,
            Log = Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance,
        });
        var items = new List<StreamItem>();
        await foreach (var item in ((IReadRecords)connection).ReadAsync(new("items"), Cancelled))
            items.Add(item);
        return items;
    }

    private sealed class OneAnswer(Func<SimulatedRequest, SimulatedAnswer> answer) : VendorSimulator(new JumpingClock(new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero)))
    {
        protected override SimulatedAnswer Answer(SimulatedRequest request) => answer(request);

        protected override bool IsData(SimulatedRequest request) => true;
    }

    private sealed class Signature : ISignRequests
    {
        public string Name => "acme-signature";

        public void Sign(HttpRequestMessage message, VendorRequest request, IReadOnlyDictionary<string, JsonElement> settings, DateTimeOffset now) =>
            message.Headers.Add("X-Signed", $"{request.Method} {request.Path} at {now:yyyy-MM-dd}");
    }

    private sealed class Csv : IDecodeAnswers
    {
        public string Name => "csv";

        public ReadOnlyMemory<byte> Decode(ReadOnlyMemory<byte> body, IReadOnlyDictionary<string, JsonElement> settings) =>
            JsonSerializer.SerializeToUtf8Bytes(new { data = System.Text.Encoding.UTF8.GetString(body.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(id => new { id }) });
    }
}
