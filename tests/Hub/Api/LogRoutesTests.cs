using System.Net;
using System.Text;
using System.Text.Json;
using IntegrationHub.Api;
using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Storage;
using IntegrationHub.Tests.Host;

namespace IntegrationHub.Tests.Api;

public sealed class LogRoutesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stranger_reads_checkpoint_tiles_and_key_and_needs_a_key_for_entries()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(HubUnderTest.Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"));
        using var stranger = new HttpClient { BaseAddress = hub.Http.BaseAddress };
        var size = await SignedAsync(hub, stranger);
        var tile = $"/log/tile/0/000.p/{size}";
        Assert.Equal(size * 32, (await stranger.GetByteArrayAsync(tile, Cancel)).Length);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync($"/log/tile/entries/000.p/{size}", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync($"/log/tile/0/000.p/{size + 200}", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync("/log/tile/0/0", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await stranger.PostAsync("/log/checkpoint", null, Cancel)).StatusCode);
        using (var answer = await stranger.GetAsync(tile, Cancel))
        {
            Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType!.MediaType);
            Assert.Contains("immutable", answer.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        }

        var reader = new HttpClient { BaseAddress = hub.Http.BaseAddress };
        reader.DefaultRequestHeaders.Authorization = new("Bearer", await hub.KeyAsync(ApiScope.Read));
        await SignedAsync(hub, stranger);
        var key = VerifierKey.Parse(await stranger.GetStringAsync("/log/vkey", Cancel));
        // The checkpoint is read once: it moves on while the tiles are fetched.
        var checkpoint = await reader.GetByteArrayAsync("/log/checkpoint", Cancel);
        var verifier = new LogVerifier(path => path == "checkpoint" ? checkpoint : Fetch(reader, path), [key]);
        Assert.NotNull(verifier.Verify(Cancel));
        Assert.Empty(verifier.Faults);
    }

    [Fact]
    public async Task Public_entries_are_for_everybody()
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Log = new() { Public = true } });
        using var stranger = new HttpClient { BaseAddress = hub.Http.BaseAddress };
        Assert.NotEmpty(await stranger.GetByteArrayAsync($"/log/tile/entries/000.p/{await SignedAsync(hub, stranger)}", Cancel));
    }

    [Fact]
    public async Task Every_movement_of_a_hub_has_its_entry()
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Region = "CN", Connections = [c.Connections[0] with { Region = "GB", Purpose = "tender watch", LegalBasis = "public task" }] });
        await hub.FeedAsync(
            HubUnderTest.Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1", registry: "R-1"),
            HubUnderTest.Release("p-2", "n-2", "2025-01-01T00:00:00Z", "T2", buyer: "B-2"));
        var ingest = Single(hub, "ingest");
        Assert.Equal(("tenders/processes", "GB", "hub", "CN"), (Text(ingest, "from", "system"), Text(ingest, "from", "region"), Text(ingest, "to", "system"), Text(ingest, "to", "region")));
        Assert.Equal(("tender watch", "public task", 2), (Text(ingest, "purpose"), Text(ingest, "basis"), ingest.GetProperty("counts").GetProperty("read").GetInt32()));
        var map = Single(hub, "map");
        Assert.Equal(4, map.GetProperty("subjects").GetArrayLength());
        Assert.Equal(ingest.GetProperty("act").GetString(), map.GetProperty("act").GetString());
        Assert.Contains(map.GetProperty("data").EnumerateArray(), d => d.GetProperty("entity").GetString() == "customer" && d.GetProperty("fields").EnumerateArray().Any(f => f.ValueEquals("name")));

        var customer = (await hub.GetAsync("/v1/customers?fields=name")).GetProperty("data")[0].GetProperty("id").GetString()!;
        await hub.GetAsync($"/v1/customers/{customer}?explain=*");
        await hub.GetAsync($"/v1/customers/{customer}/timeline");
        await hub.GetAsync($"/v1/customers/{customer}/history");
        await hub.GetAsync("/v1/changes?after=0");
        await hub.GetAsync("/v1/customers?q=nobodyiscalledthis");
        var reads = All(hub, "read");
        Assert.Equal(["list_customers", "get_customer", "timeline_customer", "history_customer", "list_changes"], reads.Select(r => Text(r, "about", "operation")));
        Assert.All(reads, r => Assert.Equal(Text(r, "actor"), Text(r, "to", "system")));
        Assert.All(reads, r => Assert.Equal(22, Text(r, "address")!.Length));
        Assert.Equal(["name"], reads[0].GetProperty("data")[0].GetProperty("fields").EnumerateArray().Select(f => f.GetString()));
        Assert.Equal(2, reads[0].GetProperty("subjects").GetArrayLength());

        // The second notice tells that both buyers are one.
        await hub.FeedAsync(HubUnderTest.Release("p-2", "n-3", "2025-02-01T00:00:00Z", "T2", buyer: "B-2", registry: "R-1"));
        Assert.Equal(1, Single(hub, "merge").GetProperty("pairs").GetArrayLength());

        await hub.Workspace.Secrets.SetAsync("token", "s3cr3t-value", Cancel);
        await hub.Workspace.Secrets.RemoveAsync("token", Cancel);
        Assert.Equal(["set", "removed"], All(hub, "secret").Select(s => Text(s, "about", "change")));
        Assert.Equal("ocds/processes", Text(All(hub, "publish").Single(p => Text(p, "about", "mapping")!.StartsWith("ocds/", StringComparison.Ordinal)), "about", "mapping")!.Split('@')[0]);
        Assert.Single(All(hub, "configure"));
        Assert.Equal("created", Text(Single(hub, "key"), "about", "change"));
        foreach (var value in new[] { "s3cr3t-value", "Buyer B-1", "Buyer B-2", "R-1", "127.0.0.1", customer })
            Assert.DoesNotContain(value, Whole(hub), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_says_where_its_keys_user_stands_and_what_for()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(HubUnderTest.Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"));
        var (key, token) = await hub.Keys.CreateAsync("crm", ApiScope.Read, null, "DE", "service", Cancel);
        Assert.Equal(HttpStatusCode.OK, (await hub.SendAsync("/v1/customers", token: token)).StatusCode);
        var read = Single(hub, "read");
        Assert.Equal(($"key:{key.Id}", "DE", "service"), (Text(read, "to", "system"), Text(read, "to", "region"), Text(read, "purpose")));
        var made = All(hub, "key").Single(k => Text(k, "about", "key") == key.Id);
        Assert.Equal(("DE", "service"), (Text(made, "to", "region"), Text(made, "purpose")));
    }

    [Fact]
    public async Task A_stewards_decision_has_its_entries_and_what_they_looked_at_too()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(HubUnderTest.Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"), HubUnderTest.Release("p-2", "n-2", "2025-01-01T00:00:00Z", "T2", buyer: "B-2"));
        var ids = (await hub.GetAsync("/v1/customers")).GetProperty("data").EnumerateArray().Select(c => c.GetProperty("id").GetString()!).ToList();
        async Task DecideAsync(string body) =>
            Assert.Equal(HttpStatusCode.OK, (await hub.SendAsync("/v1/identity/decisions", HttpMethod.Post, body: new StringContent(body, Encoding.UTF8, "application/json"))).StatusCode);
        await DecideAsync($$"""{"kind":"merge","by":"Zhang San","reason":"same seal","entities":["{{ids[0]}}","{{ids[1]}}"]}""");
        await DecideAsync("""{"kind":"undo","by":"Zhang San","reason":"mistake","decision":1}""");
        await hub.GetAsync("/v1/identity/decisions");

        var decided = All(hub, "policy");
        Assert.Equal(["merge", "undo"], decided.Select(d => Text(d, "about", "kind")));
        Assert.All(decided, d => Assert.StartsWith("key:", Text(d, "actor"), StringComparison.Ordinal));
        Assert.Equal(2, decided[0].GetProperty("subjects").GetArrayLength());
        var (merged, split) = (Single(hub, "merge"), Single(hub, "split"));
        Assert.Equal((Text(decided[0], "act"), Text(decided[1], "act")), (Text(merged, "act"), Text(split, "act")));
        Assert.Equal(1, merged.GetProperty("pairs").GetArrayLength());
        var looked = All(hub, "read")[^1];
        Assert.Equal("list_decisions", Text(looked, "about", "operation"));
        Assert.Equal(2, looked.GetProperty("subjects").GetArrayLength());
        Assert.DoesNotContain("Zhang", Whole(hub), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subjects_entries_are_found_across_a_merge()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(HubUnderTest.Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1", registry: "R-1"), HubUnderTest.Release("p-2", "n-2", "2025-01-01T00:00:00Z", "T2", buyer: "B-2"));
        await hub.FeedAsync(HubUnderTest.Release("p-2", "n-3", "2025-02-01T00:00:00Z", "T2", buyer: "B-2", registry: "R-1"));
        var survivor = (await hub.GetAsync("/v1/customers")).GetProperty("data")[0].GetProperty("id").GetString()!;
        await hub.Workspace.Log.TakeNotesAsync(Cancel);
        var log = hub.Workspace.Store.Reader.Log;
        var number = long.Parse(survivor.Split('-')[1], System.Globalization.CultureInfo.InvariantCulture);
        var within = log.SubjectsWithin(number);
        Assert.Equal(2, within.Count);
        var found = log.EntriesOf(within, 0, 100).Select(r => JsonDocument.Parse(r.Entry).RootElement.GetProperty("action").GetString()).ToList();
        Assert.Equal(["ingest", "map", "ingest", "map", "merge", "read"], found);
    }

    [Fact]
    public async Task A_read_that_cannot_be_logged_is_not_answered()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(HubUnderTest.Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"));
        var store = (IntegrationHub.Storage.Sqlite.SqliteStore)hub.Workspace.Store;
        var before = await store.LimitPagesAsync(1);
        // Fill what is left of the last pages.
        HttpStatusCode status;
        var tries = 0;
        do
        {
            using var answer = await hub.Http.GetAsync("/v1/customers", Cancel);
            status = answer.StatusCode;
        }
        while (status == HttpStatusCode.OK && ++tries < 2_000);
        await store.LimitPagesAsync(before);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        await hub.GetAsync("/v1/customers");
    }

    [Fact]
    public async Task A_read_does_not_wait_for_those_who_write_and_has_its_entry()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(HubUnderTest.Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"));
        await using (await hub.Workspace.Store.BeginAsync(Cancel))
        {
            await hub.GetAsync("/v1/customers");
            await hub.GetAsync("/v1/tenders");
        }

        Assert.Equal(["list_customers", "list_tenders"], All(hub, "read").Select(r => Text(r, "about", "operation")));
    }

    /// <summary>Waits until all that is committed is signed; gives the size.</summary>
    private static async Task<long> SignedAsync(HubUnderTest hub, HttpClient stranger)
    {
        while (true)
        {
            using var answer = await stranger.GetAsync("/log/checkpoint", Cancel);
            if (answer.StatusCode == HttpStatusCode.OK
                && Checkpoint.Parse(SignedNote.Parse(await answer.Content.ReadAsStringAsync(Cancel)).Text).Size is var size && size == hub.Workspace.Store.Reader.Log.Count())
                return size;
            await Task.Delay(20, Cancel);
        }
    }

    private static byte[]? Fetch(HttpClient http, string path)
    {
        using var answer = http.Send(new(HttpMethod.Get, "/log/" + path), Cancel);
        if (!answer.IsSuccessStatusCode)
            return null;
        using var bytes = new MemoryStream();
        answer.Content.ReadAsStream(Cancel).CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>All entries, with those that are only noted yet.</summary>
    private static IReadOnlyList<LogRow> Rows(HubUnderTest hub)
    {
        hub.Workspace.Log.TakeNotesAsync(Cancel).AsTask().GetAwaiter().GetResult();
        return hub.Workspace.Store.Reader.Log.Entries(0, 10_000);
    }

    private static string Whole(HubUnderTest hub) => string.Join('\n', Rows(hub).Select(r => Encoding.UTF8.GetString(r.Entry)));

    private static List<JsonElement> All(HubUnderTest hub, string action) =>
        [.. Rows(hub).Select(r => JsonDocument.Parse(r.Entry).RootElement).Where(e => e.GetProperty("action").ValueEquals(action))];

    private static JsonElement Single(HubUnderTest hub, string action) => Assert.Single(All(hub, action));

    private static string? Text(JsonElement entry, params string[] path) => path.Aggregate(entry, (e, name) => e.GetProperty(name)).GetString();
}
