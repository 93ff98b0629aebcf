using System.Collections.Frozen;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using IntegrationHub.Api;
using IntegrationHub.Tests.Host;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static IntegrationHub.Tests.Host.HubUnderTest;

namespace IntegrationHub.Tests.Api;

public class ProblemTests(ProblemTests.SharedHub shared) : IClassFixture<ProblemTests.SharedHub>
{
    [Fact]
    public async Task Every_route_but_the_open_ones_refuses_without_a_key()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var routes = hub.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();
        var open = routes.Where(r => r.Metadata.GetMetadata<OpenRoute>() is not null).Select(r => "/" + r.RoutePattern.RawText!.TrimStart('/')).ToList();
        Assert.All(open, r => Assert.True(r.StartsWith("/healthz/") || r.StartsWith("/openapi/") || r.StartsWith("/docs")
            || r is "/log/checkpoint" or "/log/vkey" or "/log/tile/{level:int}/{**index}", r));
        Assert.True(routes.Count > 80);

        hub.Http.DefaultRequestHeaders.Authorization = null;
        foreach (var route in routes.Where(r => r.Metadata.GetMetadata<OpenRoute>() is null))
        {
            var path = string.Join('/', route.RoutePattern.PathSegments.Select(s => s.Parts[0] is Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal ? literal.Content : "x-1"));
            var method = route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods[0];
            var (status, problem, headers) = await hub.ProblemAsync("/" + path, method: new(method));
            Assert.Equal((401, "key_missing"), (status, problem.GetProperty("code").GetString()));
            Assert.Equal("Bearer", headers.WwwAuthenticate.ToString());
        }
    }

    [Theory]
    [InlineData("/v1/tenders?colour=red", 400, "parameter_unknown")]
    [InlineData("/v1/runs?colour=red", 400, "parameter_unknown")]
    [InlineData("/v1/tenders?limit=0", 400, "parameter_invalid")]
    [InlineData("/v1/tenders?limit=501", 400, "parameter_invalid")]
    [InlineData("/v1/tenders?limit=5&limit=6", 400, "parameter_invalid")]
    [InlineData("/v1/tenders?status=red", 400, "parameter_invalid")]
    [InlineData("/v1/tenders?value[gt]=much", 400, "parameter_invalid")]
    [InlineData("/v1/tenders?closesAt[gt]=tomorrow", 400, "parameter_invalid")]
    [InlineData("/v1/tenders?contractEndsOn=2025", 400, "parameter_invalid")]
    [InlineData("/v1/tenders?buyer=tender-1", 400, "parameter_invalid")]
    [InlineData("/v1/tenders?q=!!", 400, "parameter_invalid")]
    [InlineData("/v1/tenders?sort=colour", 400, "field_unknown")]
    [InlineData("/v1/tenders?fields=title,colour", 400, "field_unknown")]
    [InlineData("/v1/tenders/tender-1?explain=colour", 400, "field_unknown")]
    [InlineData("/v1/tenders?description=x", 400, "field_not_indexed")]
    [InlineData("/v1/tenders?sort=description", 400, "field_not_indexed")]
    [InlineData("/v1/tenders?title[like]=x", 400, "operator_unknown")]
    [InlineData("/v1/tenders?status[prefix]=a", 400, "operator_unknown")]
    [InlineData("/v1/tenders?cursor=abc", 400, "cursor_invalid")]
    [InlineData("/v1/changes?after=99", 409, "sequence_ahead")]
    [InlineData("/v1/changes?entity=colour", 400, "parameter_invalid")]
    [InlineData("/v1/changes?wait=61", 400, "parameter_invalid")]
    [InlineData("/v1/tenders/tender-99", 404, "not_found")]
    [InlineData("/v1/tenders/customer-1", 404, "not_found")]
    [InlineData("/v1/tenders/x/history", 404, "not_found")]
    [InlineData("/v1/runs/99", 404, "not_found")]
    [InlineData("/v1/runs/x", 404, "not_found")]
    [InlineData("/v1/rejected/99", 404, "not_found")]
    [InlineData("/v1/rejected?connection=tenders&stream=process", 400, "parameter_invalid")]
    [InlineData("/v1/mappings/ocds/none", 404, "not_found")]
    [InlineData("/v1/nothing", 404, "route_not_found")]
    [InlineData("/", 404, "route_not_found")]
    public async Task Refused_reads(string path, int status, string code)
    {
        var (found, problem, _) = await shared.Hub.ProblemAsync(path);
        Assert.Equal((status, code, status), (found, problem.GetProperty("code").GetString(), problem.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task A_problem_lists_what_is_possible_and_repeats_no_values()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var (_, unindexed, _) = await hub.ProblemAsync("/v1/customers?legalRepresentative=Wang");
        Assert.Contains("name", unindexed.GetProperty("possible").EnumerateArray().Select(p => p.GetString()));
        Assert.DoesNotContain("Wang", unindexed.GetRawText());
        var (_, value, _) = await hub.ProblemAsync("/v1/tenders?closesAt[gt]=Wang");
        Assert.DoesNotContain("Wang", value.GetRawText());
    }

    [Fact]
    public async Task Refused_writes()
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Api = c.Api with { BodyBytes = 1024 } });
        var sync = "/v1/connections/tenders/sync";
        Assert.Equal((404, "not_found"), await PostAsync(hub, "/v1/connections/none/sync", null));
        Assert.Equal((405, "method_not_allowed"), await PostAsync(hub, "/v1/tenders", null));
        Assert.Equal((415, "media_type_unsupported"), await PostAsync(hub, sync, new StringContent("{}", Encoding.UTF8, "text/plain")));
        Assert.Equal((400, "body_invalid"), await PostAsync(hub, sync, new StringContent("{", Encoding.UTF8, "application/json")));
        Assert.Equal((400, "body_invalid"), await PostAsync(hub, sync, JsonContent.Create(new { colour = "red" })));
        Assert.Equal((400, "body_invalid"), await PostAsync(hub, sync, JsonContent.Create(new[] { 1 })));
        Assert.Equal((413, "body_too_large"), await PostAsync(hub, sync, JsonContent.Create(new { stream = new string('x', 5000) })));
        Assert.Equal((409, "connection_unusable"), await PostAsync(hub, sync, JsonContent.Create(new { stream = "none" })));
    }

    [Fact]
    public async Task Keys_have_scopes_end_and_can_be_revoked()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var read = await hub.KeyAsync(ApiScope.Read);
        using (var allowed = await hub.SendAsync("/v1/tenders", token: read))
            Assert.True(allowed.IsSuccessStatusCode);
        Assert.Equal((403, "scope_missing"), Code(await hub.ProblemAsync("/v1/connections/tenders/sync", read, HttpMethod.Post)));
        Assert.Equal((403, "scope_missing"), Code(await hub.ProblemAsync("/v1/rejected/1?body=true", read)));
        using (var synced = await hub.SendAsync("/v1/connections/tenders/sync", HttpMethod.Post, await hub.KeyAsync(ApiScope.Sync)))
            Assert.Equal(202, (int)synced.StatusCode);

        Assert.Equal((401, "key_expired"), Code(await hub.ProblemAsync("/v1/tenders", await hub.KeyAsync(ApiScope.Read, TimeSpan.FromMilliseconds(-1)))));
        Assert.Equal((401, "key_invalid"), Code(await hub.ProblemAsync("/v1/tenders", read[..^2] + "xx")));
        Assert.Equal((401, "key_invalid"), Code(await hub.ProblemAsync("/v1/tenders", "nonsense")));
        Assert.True(await hub.Keys.RevokeAsync(read.Split('_')[1], TestContext.Current.CancellationToken));
        Assert.Equal((401, "key_invalid"), Code(await hub.ProblemAsync("/v1/tenders", read)));
        Assert.False(await hub.Keys.RevokeAsync("000000000000", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_key_is_kept_as_a_hash_and_its_use_is_noted()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var token = await hub.KeyAsync(ApiScope.Read);
        using (await hub.SendAsync("/v1/model", token: token))
        {
        }

        var id = token.Split('_')[1];
        for (var i = 0; i < 100 && (await hub.Keys.ListAsync(TestContext.Current.CancellationToken)).Single(k => k.Id == id).LastUsed == 0; i++)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.NotEqual(0, (await hub.Keys.ListAsync(TestContext.Current.CancellationToken)).Single(k => k.Id == id).LastUsed);
        var kept = await hub.Workspace.Store.Reader.DocumentAsync("apikey", id, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(token.Split('_', 3)[2], kept);
    }

    [Fact]
    public async Task Each_key_has_its_own_rate_limit()
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Api = c.Api with { RequestsPerMinute = 3 } });
        var other = await hub.KeyAsync(ApiScope.Read);
        for (var i = 0; i < 3; i++)
            await hub.GetAsync("/v1/model");
        var (status, problem, headers) = await hub.ProblemAsync("/v1/model");
        Assert.Equal((429, "rate_limited"), (status, problem.GetProperty("code").GetString()));
        Assert.InRange(headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        using var untouched = await hub.SendAsync("/v1/model", token: other);
        Assert.True(untouched.IsSuccessStatusCode);
        await hub.GetAsync("/healthz/live");
    }

    [Fact]
    public async Task Rejected_records_are_shown_without_what_they_hold_and_can_be_retried()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(Release("p-1", "n-1", "2025-01-01T00:00:00Z", "Secret title", status: "strange"));
        var rejected = (await hub.GetAsync("/v1/rejected")).GetProperty("data")[0];
        Assert.Equal(("p-1", "tenders"), (rejected.GetProperty("where").GetString(), rejected.GetProperty("connection").GetString()));
        Assert.DoesNotContain("Secret title", rejected.GetRawText());
        var id = rejected.GetProperty("id").GetInt64();
        var record = JsonDocument.Parse((await hub.GetAsync($"/v1/rejected/{id}?body=true")).GetProperty("body").GetBytesFromBase64()).RootElement;
        Assert.Equal("Secret title", Assert.Single(record.EnumerateArray()).GetProperty("tender").GetProperty("title").GetString());
        using var retried = await hub.SendAsync($"/v1/rejected/{id}/retry", HttpMethod.Post);
        Assert.Equal(200, (int)retried.StatusCode);

        await File.WriteAllTextAsync(Path.Combine(hub.Feed, "9999.jsonl"), "{\"no\":\"ocid\"}\n", TestContext.Current.CancellationToken);
        await hub.FeedAsync();
        var unread = (await hub.GetAsync("/v1/rejected")).GetProperty("data").EnumerateArray().Last();
        Assert.Equal((409, "retry_impossible"), await PostAsync(hub, $"/v1/rejected/{unread.GetProperty("id")}/retry", null));
        var body = await hub.GetAsync($"/v1/rejected/{unread.GetProperty("id")}?body=true");
        Assert.Contains("ocid", Encoding.UTF8.GetString(body.GetProperty("body").GetBytesFromBase64()));
    }

    [Fact]
    public void Every_code_stands_in_the_documentation()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "IntegrationHub.sln")))
            folder = Path.GetDirectoryName(folder)!;
        var documented = File.ReadAllLines(Path.Combine(folder, "docs", "contracts", "api.md"))
            .Where(l => l.StartsWith("| `")).Select(l => l.Split('|')).Where(c => c.Length > 3 && int.TryParse(c[2], out _))
            .Select(c => (c[1].Trim(' ', '`'), int.Parse(c[2].Trim()))).ToFrozenSet();
        Assert.Equal(ProblemKind.All.Select(p => (p.Code, p.Status)).Order(), documented.Order());
    }

    public sealed class SharedHub : IAsyncLifetime
    {
        internal HubUnderTest Hub { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Hub = await HubUnderTest.StartAsync();

        public ValueTask DisposeAsync() => Hub.DisposeAsync();
    }

    private static (int, string?) Code((int Status, System.Text.Json.JsonElement Problem, System.Net.Http.Headers.HttpResponseHeaders) answer) =>
        (answer.Status, answer.Problem.GetProperty("code").GetString());

    private static async Task<(int, string?)> PostAsync(HubUnderTest hub, string path, HttpContent? body) => Code(await hub.ProblemAsync(path, method: HttpMethod.Post, body: body));
}
