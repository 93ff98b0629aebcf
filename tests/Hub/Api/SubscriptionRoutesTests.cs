using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Storage;
using IntegrationHub.Tests.Delivery.Webhooks;
using IntegrationHub.Tests.Host;
using IntegrationHub.Yaml;
using static IntegrationHub.Tests.Host.HubUnderTest;

namespace IntegrationHub.Tests.Api;

public sealed class SubscriptionRoutesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_webhook_without_secrets_gets_one_that_is_shown_once_and_signs()
    {
        await using var receiver = await ReceiverAsync();
        await using var hub = await StartAsync();
        var saved = await SaveAsync(hub, Webhook(receiver));
        var secret = saved.GetProperty("secret").GetString()!;
        Assert.StartsWith("whsec_", secret);

        await hub.FeedAsync(Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"));
        await UntilAsync(() => receiver.Received.Count == 2);
        foreach (var request in receiver.Received)
        {
            var signed = Encoding.UTF8.GetBytes($"{request.Headers["webhook-id"]}.{request.Headers["webhook-timestamp"]}.{Encoding.UTF8.GetString(request.Body)}");
            var key = Convert.FromBase64String(secret["whsec_".Length..]);
            Assert.Equal("v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed)), request.Headers["webhook-signature"]);
            Assert.Equal(request.Headers["webhook-id"], JsonDocument.Parse(request.Body).RootElement.GetProperty("id").GetString());
        }

        Assert.False((await SaveAsync(hub, Webhook(receiver, ("purpose", "service")))).TryGetProperty("secret", out _));
        var shown = await hub.GetAsync("/v1/subscriptions/crm");
        Assert.DoesNotContain(secret, shown.GetRawText());
        Assert.Equal("${secret:delivery-crm}", shown.GetProperty("definition").GetProperty("sink").GetProperty("webhook").GetProperty("secrets")[0].GetString());
        Assert.Equal("service", shown.GetProperty("definition").GetProperty("purpose").GetString());
    }

    [Fact]
    public async Task Subscriptions_are_listed_paused_resumed_and_removed()
    {
        await using var receiver = await ReceiverAsync();
        await using var hub = await StartAsync();
        await SaveAsync(hub, Webhook(receiver));
        await UntilAsync(async () => Text(await hub.GetAsync("/v1/subscriptions/crm"), "state") == "active");
        var listed = Assert.Single((await hub.GetAsync("/v1/subscriptions")).GetProperty("data").EnumerateArray());
        Assert.Equal(("crm", "webhook", $"127.0.0.1:{receiver.Url.Port}/hooks"), (Text(listed, "name"), Text(listed.GetProperty("sink"), "kind"), Text(listed.GetProperty("sink"), "target")));

        var paused = await PostAsync(hub, "/v1/subscriptions/crm/pause");
        Assert.Equal(("paused", "paused by the API"), (Text(paused, "state"), Text(paused, "reason")));
        // Its dispatcher looks for a hold once a second; what is committed after it saw it stays.
        await UntilAsync(async () =>
        {
            var count = receiver.Received.Count;
            await hub.FeedAsync(Release($"p-{Guid.NewGuid():N}", "n-1", "2025-01-01T00:00:00Z", "T"));
            await Task.Delay(200, Cancel);
            return receiver.Received.Count == count;
        });
        var behind = (await hub.GetAsync("/v1/subscriptions/crm")).GetProperty("behind").GetInt64();
        Assert.True(behind > 0);
        Assert.Equal("active", Text(await PostAsync(hub, "/v1/subscriptions/crm/resume"), "state"));
        await UntilAsync(async () => (await hub.GetAsync("/v1/subscriptions/crm")).GetProperty("behind").GetInt64() == 0);

        Assert.True((await AnswerAsync(await hub.SendAsync("/v1/subscriptions/crm", HttpMethod.Delete))).GetProperty("removed").GetBoolean());
        foreach (var (method, path) in new[] { ("GET", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/retry"), ("POST", "/replay"), ("GET", "/deliveries") })
            Assert.Equal(404, (await hub.ProblemAsync("/v1/subscriptions/crm" + path, method: new(method))).Status);
        Assert.Empty((await hub.GetAsync("/v1/subscriptions")).GetProperty("data").EnumerateArray());
    }

    [Fact]
    public async Task One_of_hub_yaml_is_changed_there_only_and_can_be_paused()
    {
        await using var receiver = await ReceiverAsync();
        await using var hub = await StartAsync($$"""
            crm: { sink: { webhook: { url: {{receiver.Url}}, secrets: ["${env:NOT_SET}"] } } }
            """);
        Assert.True((await hub.GetAsync("/v1/subscriptions/crm")).GetProperty("configured").GetBoolean());
        foreach (var (status, problem, _) in new[] { await RefusedAsync(hub, Webhook(receiver)), await hub.ProblemAsync("/v1/subscriptions/crm", method: HttpMethod.Delete) })
            Assert.Equal((409, "subscription_configured"), (status, Text(problem, "code")));
        Assert.Equal("paused", Text(await PostAsync(hub, "/v1/subscriptions/crm/pause"), "state"));
    }

    [Fact]
    public async Task Faults_of_a_body_are_told_together()
    {
        await using var receiver = await ReceiverAsync();
        await using var hub = await StartAsync();
        var (status, problem, _) = await RefusedAsync(hub, Webhook(receiver, ("name", "No Name"), ("entities", new JsonArray("custmer")), ("kinds", new JsonArray("creatd")), ("changed", new JsonArray("nam")), ("when", "$.x =="), ("start", "soon"), ("color", "red")));
        Assert.Equal((400, "body_invalid"), (status, Text(problem, "code")));
        foreach (var part in new[] { "'No Name'", "'custmer'", "'customer'", "'creatd'", "'nam'", "when: ", "start: expected now", "'color'" })
            Assert.Contains(part, Text(problem, "detail"));
        Assert.Equal(400, (await RefusedAsync(hub, new() { ["sink"] = new JsonObject() })).Status);
        Assert.Equal(400, (await hub.ProblemAsync("/v1/subscriptions", method: HttpMethod.Post, body: Json("""{"name":"crm","name":"crm","sink":{}}"""))).Status);
        Assert.Empty((await hub.GetAsync("/v1/subscriptions")).GetProperty("data").EnumerateArray());
    }

    [Theory]
    [InlineData("${env:PATH}")]
    [InlineData("${file:hub.yaml}")]
    [InlineData("${secret:kingdee}")]
    public async Task References_to_what_is_not_for_subscriptions_are_refused(string reference)
    {
        await using var receiver = await ReceiverAsync();
        await using var hub = await StartAsync();
        var asSecret = Webhook(receiver);
        asSecret["sink"]!["webhook"]!["secrets"] = new JsonArray(reference);
        var asHeader = Webhook(receiver);
        asHeader["sink"]!["webhook"]!["headers"] = new JsonObject { ["x-app"] = reference };
        foreach (var body in new[] { asSecret, asHeader, Webhook(receiver, ("purpose", reference)) })
        {
            var (status, problem, _) = await RefusedAsync(hub, body);
            Assert.Equal(400, status);
            Assert.Contains("'delivery-' only", Text(problem, "detail"));
        }
    }

    [Fact]
    public async Task Parked_events_are_listed_in_pages_and_go_out_again_when_asked()
    {
        await using var receiver = await ReceiverAsync();
        await using var hub = await StartAsync();
        await SaveAsync(hub, Webhook(receiver, ("entities", new JsonArray("tender"))));
        await hub.FeedAsync([.. Enumerable.Range(1, 3).Select(i => Release($"p-{i}", $"n-{i}", "2025-01-01T00:00:00Z", "T"))]);
        await UntilAsync(() => receiver.Received.Count == 3);
        await UntilAsync(async () => (await hub.GetAsync("/v1/subscriptions/crm")).GetProperty("behind").GetInt64() == 0);
        await ParkAsync(hub);

        var listed = new List<long>();
        string? cursor = null;
        do
        {
            var page = await hub.GetAsync($"/v1/subscriptions/crm/deliveries?state=parked&limit=2{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}");
            foreach (var row in page.GetProperty("data").EnumerateArray())
            {
                Assert.Equal(("crm", "parked"), (Text(row, "subscription"), Text(row, "state")));
                Assert.Equal((11, "HTTP 422"), (row.GetProperty("attempts").GetInt32(), Text(row, "reason")));
                listed.Add(row.GetProperty("sequence").GetInt64());
            }

            cursor = page.GetProperty("next").GetString();
        }
        while (cursor is not null);
        Assert.Equal(3, listed.Distinct().Count());
        Assert.Equal(listed.Order(), listed);
        Assert.Empty((await hub.GetAsync("/v1/subscriptions/crm/deliveries?state=waiting")).GetProperty("data").EnumerateArray());
        Assert.Equal("parameter_invalid", Text((await hub.ProblemAsync("/v1/subscriptions/crm/deliveries?state=lost")).Problem, "code"));
        Assert.Equal("cursor_invalid", Text((await hub.ProblemAsync("/v1/subscriptions/crm/deliveries?cursor=x")).Problem, "code"));

        var before = receiver.Received.Count;
        Assert.Equal(1, (await PostAsync(hub, "/v1/subscriptions/crm/retry", $$"""{"sequence":{{listed[1]}}}""")).GetProperty("events").GetInt64());
        await SettleParkedAsync(hub, 2);
        Assert.Equal(2, (await PostAsync(hub, "/v1/subscriptions/crm/retry")).GetProperty("events").GetInt64());
        await SettleParkedAsync(hub, 0);
        Assert.Equal(before + 3, receiver.Received.Count);
        Assert.Equal(3, receiver.Received.DistinctBy(r => r.Headers["webhook-id"]).Count());
        Assert.Equal("body_invalid", Text((await hub.ProblemAsync("/v1/subscriptions/crm/retry", method: HttpMethod.Post, body: Json("""{"sequence":"1"}"""))).Problem, "code"));
    }

    [Fact]
    public async Task A_replay_is_counted_first_and_has_the_same_ids()
    {
        await using var receiver = await ReceiverAsync();
        await using var hub = await StartAsync();
        await SaveAsync(hub, Webhook(receiver));
        await hub.FeedAsync(Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"), Release("p-2", "n-2", "2025-01-01T00:00:00Z", "T2"));
        await UntilAsync(async () => (await hub.GetAsync("/v1/subscriptions/crm")).GetProperty("position").GetInt64() == 3);
        var ids = receiver.Received.Select(r => r.Headers["webhook-id"]).ToHashSet();
        Assert.Equal(3, ids.Count);

        var counted = await PostAsync(hub, "/v1/subscriptions/crm/replay", """{"entities":["tender"],"dryRun":true}""");
        Assert.Equal(2, counted.GetProperty("events").GetInt64());
        Assert.False(counted.TryGetProperty("replay", out _));
        foreach (var faulty in new[] { """{"entities":["tendr"]}""", """{"kinds":["made"]}""", """{"entity":"nobody-1"}""", """{"dryRun":"yes"}""", """{"after":-1}""", """{"from":1}""" })
            Assert.Equal("body_invalid", Text((await hub.ProblemAsync("/v1/subscriptions/crm/replay", method: HttpMethod.Post, body: Json(faulty))).Problem, "code"));
        Assert.Equal(3, receiver.Received.Count);

        var replayed = await PostAsync(hub, "/v1/subscriptions/crm/replay", """{"entities":["tender"],"kinds":["created"]}""");
        Assert.Equal(2, replayed.GetProperty("events").GetInt64());
        Assert.NotEmpty(Text(replayed, "replay")!);
        await UntilAsync(async () => receiver.Received.Count == 5 && !(await hub.GetAsync("/v1/subscriptions/crm")).TryGetProperty("replays", out _));
        foreach (var again in receiver.Received.Skip(3))
        {
            Assert.Contains(again.Headers["webhook-id"], ids);
            Assert.Equal("true", Text(JsonDocument.Parse(again.Body).RootElement, "replay"));
        }
    }

    [Fact]
    public async Task One_that_is_removed_and_added_again_at_once_starts_anew()
    {
        await using var receiver = await ReceiverAsync();
        await using var hub = await StartAsync();
        var body = Webhook(receiver, ("start", "beginning"));
        var secret = Text(await SaveAsync(hub, body), "secret");
        await hub.FeedAsync(Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"));
        await UntilAsync(async () => (await hub.GetAsync("/v1/subscriptions/crm")).GetProperty("position").GetInt64() == 2);

        await AnswerAsync(await hub.SendAsync("/v1/subscriptions/crm", HttpMethod.Delete));
        var again = await SaveAsync(hub, body);
        Assert.NotEqual(secret, Text(again, "secret"));
        Assert.Equal(("new", 0), (Text(again.GetProperty("subscription"), "state"), again.GetProperty("subscription").GetProperty("delivered").GetInt64()));
        await UntilAsync(() => receiver.Received.Count == 4);
        Assert.Equal(2, receiver.Received.DistinctBy(r => r.Headers["webhook-id"]).Count());
        await UntilAsync(async () => (await hub.GetAsync("/v1/subscriptions/crm")) is var now && (now.GetProperty("position").GetInt64(), now.GetProperty("delivered").GetInt64()) == (2, 2));
    }

    /// <param name="subscriptions">What stands below <c>subscriptions:</c> of hub.yaml.</param>
    private static Task<HubUnderTest> StartAsync(string subscriptions = "{}")
    {
        var diagnostics = new Diagnostics("hub.yaml");
        var limits = YamlNode.Parse("allowInside: [127.0.0.0/8]", diagnostics);
        var configured = YamlNode.Parse(subscriptions, diagnostics)!.Members;
        diagnostics.ThrowIfAny();
        return HubUnderTest.StartAsync(config => config with { Delivery = new DeliverySections("hub.yaml", limits, configured) });
    }

    private static Task<WebhookReceiver> ReceiverAsync(Func<int>? status = null) => WebhookReceiver.StartAsync(http =>
    {
        http.Response.StatusCode = status?.Invoke() ?? 204;
        return Task.CompletedTask;
    });

    private static JsonObject Webhook(WebhookReceiver receiver, params IEnumerable<(string Name, JsonNode Value)> members)
    {
        var body = new JsonObject { ["name"] = "crm", ["sink"] = new JsonObject { ["webhook"] = new JsonObject { ["url"] = receiver.Url.ToString() } } };
        foreach (var (name, value) in members)
            body[name] = value;
        return body;
    }

    private static async Task<JsonElement> SaveAsync(HubUnderTest hub, JsonObject body) => await PostAsync(hub, "/v1/subscriptions", body.ToJsonString());

    private static Task<(int Status, JsonElement Problem, System.Net.Http.Headers.HttpResponseHeaders Headers)> RefusedAsync(HubUnderTest hub, JsonObject body) =>
        hub.ProblemAsync("/v1/subscriptions", method: HttpMethod.Post, body: Json(body.ToJsonString()));

    private static async Task<JsonElement> PostAsync(HubUnderTest hub, string path, string? body = null) =>
        await AnswerAsync(await hub.SendAsync(path, HttpMethod.Post, body: body is null ? null : Json(body)));

    private static async Task<JsonElement> AnswerAsync(HttpResponseMessage response)
    {
        using var _ = response;
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private static Task SettleParkedAsync(HubUnderTest hub, long parked) => UntilAsync(async () =>
        (await hub.GetAsync("/v1/subscriptions/crm")) is var now && (now.GetProperty("parked").GetInt64(), now.GetProperty("waiting").GetInt64(), now.GetProperty("behind").GetInt64()) == (parked, 0, 0));

    /// <summary>As if each event had failed for days.</summary>
    private static async Task ParkAsync(HubUnderTest hub)
    {
        var tenders = (await hub.Workspace.Store.Reader.ChangesAsync(new ChangeQuery(0, 100), Cancel)).Where(c => hub.Workspace.Bindings.Find(c.Type)!.Type.Name == "tender");
        await using var transaction = await hub.Workspace.Store.BeginAsync(Cancel);
        await transaction.SaveDeliveriesAsync([.. tenders.Select(c => new DeliveryRow
        {
            Subscription = hub.Workspace.Store.Catalog.Subscription("crm"),
            Sequence = c.Sequence,
            Entity = c.Entity,
            Previous = 0,
            IsParked = true,
            Attempts = 11,
            FirstAt = c.At,
            NextAt = c.At,
            Reason = "HTTP 422",
        })]);
        await transaction.CommitAsync();
    }

    private static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    /// <summary>The hub and its receiver are at work on their own clock.</summary>
    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var i = 0; i < 1_200; i++)
        {
            if (await holds())
                return;
            await Task.Delay(50, Cancel);
        }

        Assert.Fail("it never came about");
    }

    private static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();
}
