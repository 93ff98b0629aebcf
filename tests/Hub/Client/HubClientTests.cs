using IntegrationHub.Client;
using IntegrationHub.Tests.Delivery.Webhooks;
using IntegrationHub.Tests.Host;
using Microsoft.AspNetCore.Http;
using static IntegrationHub.Tests.Host.HubUnderTest;

namespace IntegrationHub.Tests.Client;

public class HubClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetAsync_an_entity_comes_with_its_fields_links_and_tag()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(Release("p-1", "n-1", "2025-01-01T00:00:00Z", "轨道交通", value: 10.50m));
        using var client = new HubClient(hub.Http.BaseAddress!, await hub.KeyAsync(IntegrationHub.Api.ApiScope.Read));
        var listed = await client.ListAsync("tenders", cancellationToken: Cancel).SingleAsync(Cancel);
        var tender = await client.GetAsync("tenders", listed.Id, cancellationToken: Cancel);
        Assert.Equal(("tender", "轨道交通", listed.Id), (tender.Type, tender.Text("title"), tender.Id));
        Assert.Equal("10.50", tender["value"]!.Value.GetProperty("amount").ToString());
        Assert.Null(tender["description"]);
        Assert.StartsWith("customer-", Assert.Single(tender.Links("buyer")));
        Assert.Equal(new("p-1", "轨道交通"), tender.As<Tender>());
        Assert.Contains("ocds/processes", (await client.GetAsync("tenders", listed.Id, explain: "title", Cancel)).Json.GetProperty("explain").GetRawText());

        Assert.Null(await client.GetIfChangedAsync(tender, Cancel));
        Assert.NotNull(await client.GetIfChangedAsync(listed, Cancel));
        await hub.FeedAsync(Release("p-1", "n-2", "2025-01-02T00:00:00Z", "new"));
        var changed = await client.GetIfChangedAsync(tender, Cancel);
        Assert.Equal("new", changed!.Text("title"));
        Assert.NotEqual(tender.Tag, changed.Tag);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GetAsync_an_entity_that_another_took_in_is_the_survivor_whoever_follows(bool byTheHandler)
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(
            Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1", registry: "R-1"),
            Release("p-2", "n-2", "2025-01-01T00:00:00Z", "T2", buyer: "B-2"));
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = byTheHandler }) { BaseAddress = hub.Http.BaseAddress };
        using var client = new HubClient(http, new() { Key = await hub.KeyAsync(IntegrationHub.Api.ApiScope.Read) });
        var ids = await client.ListAsync("customers", cancellationToken: Cancel).Select(c => c.Id).ToListAsync(Cancel);
        await hub.FeedAsync(Release("p-2", "n-3", "2025-02-01T00:00:00Z", "T2", buyer: "B-2", registry: "R-1"));
        var survivor = await client.ListAsync("customers", cancellationToken: Cancel).SingleAsync(Cancel);
        Assert.Equal(2, ids.Count);
        foreach (var id in ids)
            Assert.Equal(survivor.Id, (await client.GetAsync("customers", id, cancellationToken: Cancel)).Id);
    }

    [Fact]
    public async Task ListAsync_a_query_narrows_sorts_and_is_paged()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync([.. Enumerable.Range(1, 9).Select(i => Release($"p-{i}", $"n-{i}", "2025-01-01T00:00:00Z", $"T{i}", $"B-{i % 2}", i == 5 ? "complete" : "active", closes: $"2025-02-0{i}T00:00:00+02:00", value: i))]);
        using var client = new HubClient(hub.Http, new());
        var query = new EntityQuery { Sort = "-closesAt", Fields = ["title", "buyer"], PageSize = 2 }
            .Where("status", "active")
            .Where("closesAt", Comparison.GreaterOrEqual, new DateTimeOffset(2025, 2, 3, 0, 0, 0, TimeSpan.FromHours(2)));
        var found = await client.ListAsync("tenders", query, Cancel).ToListAsync(Cancel);
        Assert.Equal(["T9", "T8", "T7", "T6", "T4", "T3"], found.Select(t => t.Text("title")));
        Assert.All(found, t => Assert.Null(t["status"]));

        var buyer = found[0].Links("buyer")[0];
        Assert.Equal(["T9", "T7", "T3"], await client.ListAsync("tenders", query.Where("buyer", buyer), Cancel).Select(t => t.Text("title")).ToListAsync(Cancel));
        Assert.Equal(["T5"], await client.ListAsync("tenders", new EntityQuery().Where("status", Comparison.NotEqual, "active"), Cancel).Select(t => t.Text("title")).ToListAsync(Cancel));
        Assert.Equal(["T7"], await client.ListAsync("tenders", new EntityQuery { Search = "T7" }, Cancel).Select(t => t.Text("title")).ToListAsync(Cancel));
        Assert.Equal(["T1", "T2"], await client.ListAsync("tenders", new EntityQuery { Sort = "value" }.Where("value", Comparison.Less, 3), Cancel).Select(t => t.Text("title")).ToListAsync(Cancel));
    }

    [Fact]
    public async Task A_problem_is_an_exception_with_its_code_and_what_was_possible()
    {
        await using var hub = await HubUnderTest.StartAsync();
        using var client = new HubClient(hub.Http, new());
        var missing = await Assert.ThrowsAsync<HubProblemException>(() => client.GetAsync("tenders", "tender-99", cancellationToken: Cancel));
        Assert.Equal((404, "not_found"), (missing.Status, missing.Code));
        var unknown = await Assert.ThrowsAsync<HubProblemException>(() => client.ListAsync("tenders", new EntityQuery().Where("description", "x"), Cancel).ToListAsync(Cancel).AsTask());
        Assert.Equal((400, "field_not_indexed"), (unknown.Status, unknown.Code));
        Assert.Contains("title", unknown.Possible);
        using var stranger = new HubClient(hub.Http.BaseAddress!, "hub_000000000000_x");
        var refused = await Assert.ThrowsAsync<HubProblemException>(() => stranger.GetAsync("tenders", "tender-1", cancellationToken: Cancel));
        Assert.Equal((401, "key_invalid"), (refused.Status, refused.Code));
        Assert.DoesNotContain("hub_0", refused.ToString());
    }

    [Fact]
    public async Task A_pause_that_the_hub_asks_for_is_waited_for()
    {
        var asked = 0;
        await using var busy = await WebhookReceiver.StartAsync(async http =>
        {
            if (asked++ < 2)
            {
                http.Response.StatusCode = asked == 1 ? 429 : 503;
                http.Response.Headers.RetryAfter = "7";
                return;
            }

            await http.Response.WriteAsJsonAsync(new { id = "tender-1", entity = "tender" });
        });
        var time = new HurriedTime();
        using var http = new HttpClient { BaseAddress = busy.Url };
        using var client = new HubClient(http, new() { Time = time });
        Assert.Equal("tender-1", (await client.GetAsync("tenders", "tender-1", cancellationToken: Cancel)).Id);
        Assert.Equal([TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(7)], time.Asked);
        Assert.Equal("/hooks/v1/tenders/tender-1", busy.Received.Last().Path);
    }

    [Fact]
    public async Task A_pause_that_is_too_long_or_asked_for_too_often_is_told_instead()
    {
        await using var busy = await WebhookReceiver.StartAsync(http =>
        {
            http.Response.StatusCode = 429;
            http.Response.Headers.RetryAfter = http.Request.Path.Value!.EndsWith('1') ? "61" : "1";
            return Task.CompletedTask;
        });
        using var http = new HttpClient { BaseAddress = busy.Url };
        using var client = new HubClient(http, new() { Time = new HurriedTime(), Attempts = 3 });
        var patient = await Assert.ThrowsAsync<HubProblemException>(() => client.GetAsync("tenders", "tender-1", cancellationToken: Cancel));
        Assert.Equal((429, "", TimeSpan.FromSeconds(61)), (patient.Status, patient.Code, patient.RetryAfter));
        Assert.Single(busy.Received);
        await Assert.ThrowsAsync<HubProblemException>(() => client.GetAsync("tenders", "tender-2", cancellationToken: Cancel));
        Assert.Equal(1 + 3, busy.Received.Count);
    }

    [Fact]
    public async Task A_key_goes_to_no_other_host()
    {
        await using var elsewhere = await WebhookReceiver.StartAsync(_ => Task.CompletedTask);
        await using var hub = await WebhookReceiver.StartAsync(http =>
        {
            http.Response.StatusCode = 308;
            http.Response.Headers.Location = elsewhere.Url + "/v1/tenders/tender-1";
            return Task.CompletedTask;
        });
        using var client = new HubClient(hub.Url, "hub_0_x");
        Assert.Equal(308, (await Assert.ThrowsAsync<HubProblemException>(() => client.GetAsync("tenders", "tender-1", cancellationToken: Cancel))).Status);
        Assert.Empty(elsewhere.Received);
    }

    private sealed record Tender(string Ocid, string Title);
}
