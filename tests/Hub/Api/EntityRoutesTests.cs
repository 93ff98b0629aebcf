using System.Net;
using System.Text.Json;
using IntegrationHub.Tests.Host;
using static IntegrationHub.Tests.Host.HubUnderTest;

namespace IntegrationHub.Tests.Api;

public class EntityRoutesTests
{
    [Fact]
    public async Task List_filters_sorts_selects_and_finds_by_link()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(
            Release("p-1", "n-1", "2025-01-01T00:00:00Z", "Alpha bridge", "B-1", "active", closes: "2025-02-01T00:00:00Z", value: 10.5m),
            Release("p-2", "n-2", "2025-01-02T00:00:00Z", "Beta bridge", "B-1", "complete", closes: "2025-03-01T00:00:00+08:00", value: 9m),
            Release("p-3", "n-3", "2025-01-03T00:00:00Z", "Gamma road", "B-2", "active", closes: "2025-02-28T20:00:00Z", value: 100m),
            Release("p-4", "n-4", "2025-01-04T00:00:00Z", "Alpha road", "B-2", "planned"));

        Assert.Equal(["Alpha bridge", "Gamma road"], await TitlesAsync(hub, "status=active&sort=title"));
        Assert.Equal(["Alpha bridge", "Alpha road"], await TitlesAsync(hub, "title[prefix]=Alpha&sort=title"));
        Assert.Equal(["Beta bridge", "Alpha road"], await TitlesAsync(hub, "status[ne]=active&sort=-title"));
        Assert.Equal(["Beta bridge", "Gamma road"], await TitlesAsync(hub, "closesAt[gte]=2025-02-15T00:00:00Z&sort=closesAt"));
        // 16:00 and 20:00 in UTC.
        Assert.Equal(["Gamma road"], await TitlesAsync(hub, "closesAt[gt]=2025-03-01T00:00:00%2B08:00&sort=closesAt"));
        Assert.Equal(["Beta bridge", "Gamma road"], await TitlesAsync(hub, "closesAt[gte]=2025-03-01T00:00:00.0000000%2B08:00&sort=closesAt"));
        Assert.Equal(["Alpha bridge", "Gamma road"], await TitlesAsync(hub, "value[gt]=10&sort=value"));
        Assert.Equal(["Gamma road", "Alpha bridge", "Beta bridge", "Alpha road"], await TitlesAsync(hub, "sort=-value"));
        Assert.Equal(["Alpha bridge", "Beta bridge"], await TitlesAsync(hub, "q=bridge&sort=title"));

        var customers = await hub.GetAsync("/v1/customers?name=Buyer%20B-2");
        var buyer = customers.GetProperty("data")[0].GetProperty("id").GetString();
        Assert.Equal(["Alpha road", "Gamma road"], await TitlesAsync(hub, $"buyer={buyer}&sort=title"));

        var selected = (await hub.GetAsync("/v1/tenders?title=Gamma%20road&fields=status,buyer")).GetProperty("data")[0];
        Assert.Equal(["id", "entity", "status", "links"], selected.EnumerateObject().Select(p => p.Name));
        Assert.Equal(buyer, selected.GetProperty("links").GetProperty("buyer").GetString());
    }

    [Fact]
    public async Task Chinese_is_found_by_any_run_of_characters()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(
            Release("p-1", "n-1", "2025-01-01T00:00:00Z", "上海市轨道交通信号系统采购"),
            Release("p-2", "n-2", "2025-01-02T00:00:00Z", "北京市公园绿化工程"));

        Assert.Equal(["上海市轨道交通信号系统采购"], await TitlesAsync(hub, "q=" + Uri.EscapeDataString("交通信号")));
        Assert.Equal([], await TitlesAsync(hub, "q=" + Uri.EscapeDataString("通交")));
    }

    [Fact]
    public async Task Paging_shows_every_entity_once_while_others_are_written()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync([.. Enumerable.Range(0, 60).Select(i => Release($"p-{i:D3}", $"n-{i}", "2025-01-01T00:00:00Z", $"Title {i:D3}"))]);

        var seen = new List<string>();
        var path = "/v1/tenders?sort=title&limit=7";
        string? next = null;
        var pages = 0;
        do
        {
            var page = await hub.GetAsync(next is null ? path : $"{path}&cursor={next}");
            seen.AddRange(page.GetProperty("data").EnumerateArray().Select(e => e.GetProperty("title").GetString()!));
            next = page.GetProperty("next").GetString();
            if (pages++ == 2)
                await hub.FeedAsync([.. Enumerable.Range(0, 30).Select(i => Release($"q-{i:D3}", $"m-{i}", "2025-01-01T00:00:00Z", i % 2 == 0 ? $"Aaa {i}" : $"Zzz {i:D3}"))]);
        }
        while (next is not null);

        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Equal(Enumerable.Range(0, 60).Select(i => $"Title {i:D3}"), seen.Where(t => t.StartsWith('T')));
        Assert.Equal(15, seen.Count(t => t.StartsWith('Z')));
        Assert.DoesNotContain(seen, t => t.StartsWith('A'));
    }

    [Fact]
    public async Task A_cursor_of_another_query_or_a_changed_one_is_refused()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync([.. Enumerable.Range(0, 3).Select(i => Release($"p-{i}", $"n-{i}", "2025-01-01T00:00:00Z", $"T{i}"))]);
        var next = (await hub.GetAsync("/v1/tenders?limit=1")).GetProperty("next").GetString()!;

        Assert.Equal(2, (await hub.GetAsync($"/v1/tenders?limit=2&cursor={next}")).GetProperty("data").GetArrayLength());
        foreach (var path in new[]
        {
            $"/v1/tenders?limit=1&status=active&cursor={next}",
            $"/v1/tenders?limit=1&sort=title&cursor={next}",
            $"/v1/customers?limit=1&cursor={next}",
            $"/v1/tenders?cursor={next[..^4]}AAAA",
            "/v1/tenders?cursor=x",
            "/v1/tenders?cursor=",
        })
        {
            var (status, problem, _) = await hub.ProblemAsync(path);
            Assert.Equal((400, "cursor_invalid"), (status, problem.GetProperty("code").GetString()));
        }
    }

    [Fact]
    public async Task Unchanged_entities_answer_304_and_keep_their_tag_over_a_new_read()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var release = Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T");
        await hub.FeedAsync(release);
        var id = (await hub.GetAsync("/v1/tenders")).GetProperty("data")[0].GetProperty("id").GetString();
        using var tagged = await hub.SendAsync($"/v1/tenders/{id}");
        await hub.FeedAsync((System.Text.Json.Nodes.JsonObject)release.DeepClone());

        using var again = await hub.SendAsync($"/v1/tenders/{id}", unless: tagged.Headers.ETag);
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        await hub.FeedAsync(Release("p-1", "n-2", "2025-01-02T00:00:00Z", "Other"));
        using var fresh = await hub.SendAsync($"/v1/tenders/{id}", unless: tagged.Headers.ETag);
        Assert.Equal(HttpStatusCode.OK, fresh.StatusCode);
    }

    [Fact]
    public async Task Merged_entities_redirect_and_deleted_ones_are_gone_but_keep_their_history()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(
            Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1", "B-1", registry: "GB-COH:1"),
            Release("p-2", "n-2", "2025-01-01T00:00:00Z", "T2", "B-2"));
        var before = (await hub.GetAsync("/v1/customers?sort=name")).GetProperty("data").EnumerateArray().Select(e => e.GetProperty("id").GetString()!).ToList();
        await hub.FeedAsync(Release("p-2", "n-3", "2025-01-02T00:00:00Z", "T2", "B-2", registry: "GB-COH:1"));

        using var merged = await hub.SendAsync($"/v1/customers/{before[1]}?fields=name");
        Assert.Equal(HttpStatusCode.PermanentRedirect, merged.StatusCode);
        Assert.Equal($"/v1/customers/{before[0]}?fields=name", merged.Headers.Location!.ToString());
        var history = (await hub.GetAsync($"/v1/customers/{before[1]}/history")).GetProperty("data");
        Assert.Equal(["created", "merged"], history.EnumerateArray().Select(c => c.GetProperty("kind").GetString()));
        Assert.Equal(before[0], history[1].GetProperty("other").GetString());
        Assert.Equal(2, (await hub.GetAsync($"/v1/customers/{before[0]}/timeline")).GetProperty("data").GetArrayLength());

        await hub.FeedAsync(
            Release("p-1", "n-4", "2025-01-03T00:00:00Z", "T1", "B-9"),
            Release("p-2", "n-5", "2025-01-03T00:00:00Z", "T2", "B-9"));
        var (status, problem, _) = await hub.ProblemAsync($"/v1/customers/{before[0]}");
        Assert.Equal((410, "deleted"), (status, problem.GetProperty("code").GetString()));
        Assert.Equal("deleted", (await hub.GetAsync($"/v1/customers/{before[0]}/history")).GetProperty("data").EnumerateArray().Last().GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Explain_names_the_notice_a_value_came_with()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(
            Release("p-1", "n-1", "2025-01-01T00:00:00Z", "Bridge", status: "planned"),
            Release("p-1", "n-2", "2025-02-01T00:00:00Z", "Bridge", status: "active"),
            Release("p-1", "n-3", "2025-03-01T00:00:00Z", "Bridge", status: "active", value: 5m));
        var id = (await hub.GetAsync("/v1/tenders")).GetProperty("data")[0].GetProperty("id").GetString();

        var explained = (await hub.GetAsync($"/v1/tenders/{id}?explain=*")).GetProperty("explain");
        Assert.Equal("n-1", Part(explained, "title"));
        Assert.Equal("n-2", Part(explained, "status"));
        Assert.Equal("n-3", Part(explained, "value"));
        var source = explained.GetProperty("title").GetProperty("candidates")[0].GetProperty("source");
        Assert.Equal(("tenders", "processes", "p-1"), (source.GetProperty("connection").GetString(), source.GetProperty("stream").GetString(), source.GetProperty("record").GetString()));
        Assert.StartsWith("ocds/processes@", source.GetProperty("mapping").GetString());
        Assert.False((await hub.GetAsync($"/v1/tenders/{id}")).TryGetProperty("explain", out _));

        static string? Part(JsonElement explained, string field) => explained.GetProperty(field).GetProperty("candidates")[0].GetProperty("source").GetProperty("part").GetProperty("id").GetString() is { } part ? part[(part.LastIndexOf('/') + 1)..] : null;
    }

    [Fact]
    public async Task Explain_lists_losing_values_behind_the_winner()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(
            Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1", "B-1", registry: "GB-COH:1"),
            Release("p-2", "n-2", "2025-01-02T00:00:00Z", "T2", "B-2", registry: "GB-COH:1"));
        var id = (await hub.GetAsync("/v1/customers")).GetProperty("data")[0].GetProperty("id").GetString();

        var name = (await hub.GetAsync($"/v1/customers/{id}?explain=name")).GetProperty("explain").GetProperty("name");
        Assert.Equal("latest", name.GetProperty("rule").GetString());
        Assert.Equal(["Buyer B-2:True", "Buyer B-1:False"], name.GetProperty("candidates").EnumerateArray().Select(c => $"{c.GetProperty("value").GetString()}:{c.GetProperty("wins").GetBoolean()}"));
    }

    [Fact]
    public async Task Timeline_is_newest_first_and_pages()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync([.. Enumerable.Range(1, 9).Select(i => Release($"p-{i}", $"n-{i}", $"2025-01-0{i}T00:00:00Z", $"T{i}"))]);
        var id = (await hub.GetAsync("/v1/customers")).GetProperty("data")[0].GetProperty("id").GetString();

        var labels = new List<string>();
        string? next = null;
        do
        {
            var page = await hub.GetAsync($"/v1/customers/{id}/timeline?limit=4{(next is null ? "" : "&cursor=" + next)}");
            labels.AddRange(page.GetProperty("data").EnumerateArray().Select(e => e.GetProperty("label").GetString()!));
            Assert.All(page.GetProperty("data").EnumerateArray(), e => Assert.Equal("buyer", e.GetProperty("link").GetString()));
            next = page.GetProperty("next").GetString();
        }
        while (next is not null);
        Assert.Equal(Enumerable.Range(1, 9).Reverse().Select(i => $"T{i}"), labels);
    }

    private static async Task<IEnumerable<string>> TitlesAsync(HubUnderTest hub, string query) =>
        (await hub.GetAsync("/v1/tenders?" + query)).GetProperty("data").EnumerateArray().Select(e => e.GetProperty("title").GetString()!).ToList();
}
