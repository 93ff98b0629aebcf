using System.Text.Json;
using System.Text.RegularExpressions;
using IntegrationHub.Api;
using IntegrationHub.Tests.Host;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static IntegrationHub.Tests.Host.HubUnderTest;

namespace IntegrationHub.Tests.Api;

public class OpenApiDocumentTests
{
    [Fact]
    public async Task Every_closed_route_is_described_and_every_reference_leads_somewhere()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var document = await hub.GetAsync("/openapi/v1.json");
        Assert.Equal("3.1.1", document.GetProperty("openapi").GetString());
        Assert.False(string.IsNullOrEmpty(document.GetProperty("info").GetProperty("title").GetString()));

        var described = document.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(m => $"{m.Name} {p.Name}")).ToHashSet();
        var mapped = hub.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            // The routes of the log are those of c2sp.org/tlog-tiles, described there.
            .Where(r => r.Metadata.GetMetadata<OpenRoute>() is null && r.Metadata.GetMetadata<NeedsScope>() is null)
            .SelectMany(r => r.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Select(m => $"{m.ToLowerInvariant()} {r.RoutePattern.RawText}")).ToHashSet();
        Assert.Equal(mapped.Order(), described.Order());

        foreach (Match reference in Regex.Matches(document.GetRawText(), "\"#/([^\"]+)\""))
            Assert.True(Follow(document, reference.Groups[1].Value) is not null, reference.Value);
        var ids = new HashSet<string>();
        foreach (var path in document.GetProperty("paths").EnumerateObject())
            foreach (var method in path.Value.EnumerateObject())
            {
                Assert.True(ids.Add(method.Value.GetProperty("operationId").GetString()!));
                var parameters = method.Value.TryGetProperty("parameters", out var list) ? list.EnumerateArray().ToList() : [];
                Assert.Equal(
                    Regex.Matches(path.Name, @"\{(\w+)\}").Select(m => m.Groups[1].Value).Order(),
                    parameters.Where(p => p.GetProperty("in").GetString() == "path").Select(p => p.GetProperty("name").GetString()!).Order());
                Assert.Equal(parameters.Count, parameters.DistinctBy(p => (p.GetProperty("in").GetString(), p.GetProperty("name").GetString())).Count());
                foreach (var status in new[] { "400", "401", "403", "429", "500", "503" })
                    Assert.True(method.Value.GetProperty("responses").TryGetProperty(status, out _), $"{path.Name} {status}");
            }

        Assert.Equal("bearer", Follow(document, "components/securitySchemes/apiKey")!.Value.GetProperty("scheme").GetString());
    }

    [Fact]
    public async Task Answers_are_as_the_schemas_say()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.FeedAsync(
            Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1", closes: "2025-02-01T00:00:00Z", value: 10.50m),
            Release("p-1", "n-2", "2025-01-02T00:00:00Z", "T1b"),
            Release("p-2", "n-3", "2025-01-02T00:00:00Z", "T2", status: "strange"));
        var document = await hub.GetAsync("/openapi/v1.json");
        var tender = (await hub.GetAsync("/v1/tenders")).GetProperty("data")[0].GetProperty("id").GetString();
        var customer = (await hub.GetAsync("/v1/customers")).GetProperty("data")[0].GetProperty("id").GetString();
        foreach (var (template, path) in new[]
        {
            ("/v1/tenders", "/v1/tenders"),
            ("/v1/customers", "/v1/customers"),
            ("/v1/tenders/{id}", $"/v1/tenders/{tender}?explain=*"),
            ("/v1/tenders/{id}/history", $"/v1/tenders/{tender}/history"),
            ("/v1/customers/{id}/timeline", $"/v1/customers/{customer}/timeline"),
            ("/v1/changes", "/v1/changes"),
            ("/v1/connections", "/v1/connections"),
            ("/v1/runs", "/v1/runs"),
            ("/v1/runs/{run}", "/v1/runs/1"),
            ("/v1/rejected", "/v1/rejected"),
            ("/v1/rejected/{rejected}", "/v1/rejected/1?body=true"),
            ("/v1/mappings", "/v1/mappings"),
            ("/v1/mappings/{connector}/{stream}", "/v1/mappings/ocds/processes"),
            ("/v1/model", "/v1/model"),
        })
        {
            var schema = document.GetProperty("paths").GetProperty(template).GetProperty("get").GetProperty("responses").GetProperty("200").GetProperty("content").GetProperty("application/json").GetProperty("schema");
            var answer = await hub.GetAsync(path);
            Assert.True(Fault(document, schema, answer, template) is not { } fault, Fault(document, schema, answer, template));
        }

        var problem = (await hub.ProblemAsync("/v1/tenders?status=red")).Problem;
        Assert.Null(Fault(document, Follow(document, "components/schemas/Problem")!.Value, problem, "problem"));
    }

    [Fact]
    public async Task The_page_for_people_asks_no_other_server()
    {
        await using var hub = await HubUnderTest.StartAsync();
        hub.Http.DefaultRequestHeaders.Authorization = null;
        using var page = await hub.SendAsync("/docs/");
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(page.IsSuccessStatusCode);
        Assert.Contains("default-src 'self'", page.Headers.GetValues("Content-Security-Policy").Single());
        Assert.DoesNotContain("cdn.", html);
        foreach (Match script in Regex.Matches(html, "<script[^>]+src=\"([^\"]+)\""))
        {
            Assert.DoesNotContain("//", script.Groups[1].Value);
            using var asset = await hub.SendAsync(new Uri(new Uri("http://x/docs/"), script.Groups[1].Value).AbsolutePath);
            Assert.True(asset.IsSuccessStatusCode, script.Groups[1].Value);
        }
    }

    private static JsonElement? Follow(JsonElement document, string pointer)
    {
        foreach (var step in pointer.Split('/'))
            if (!document.TryGetProperty(step, out document))
                return null;
        return document;
    }

    /// <summary>The part of JSON Schema that the document uses.</summary>
    private static string? Fault(JsonElement document, JsonElement schema, JsonElement value, string at)
    {
        if (schema.TryGetProperty("$ref", out var reference))
            return Fault(document, Follow(document, reference.GetString()![2..])!.Value, value, at);
        if (schema.TryGetProperty("oneOf", out var options))
            return options.EnumerateArray().Count(o => Fault(document, o, value, at) is null) == 1 ? null : $"{at}: not one of";
        if (schema.TryGetProperty("const", out var constant) && constant.GetString() != value.GetString())
            return $"{at}: const";
        if (schema.TryGetProperty("enum", out var allowed) && !allowed.EnumerateArray().Any(a => a.GetRawText() == value.GetRawText()))
            return $"{at}: {value} is not allowed";
        if (schema.TryGetProperty("pattern", out var pattern) && !Regex.IsMatch(value.GetString()!, pattern.GetString()!))
            return $"{at}: pattern";
        if (schema.TryGetProperty("type", out var type))
        {
            var kinds = type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()).ToList() : [type.GetString()];
            var kind = value.ValueKind switch
            {
                JsonValueKind.Object => "object",
                JsonValueKind.Array => "array",
                JsonValueKind.String => "string",
                JsonValueKind.Number => "number",
                JsonValueKind.Null => "null",
                _ => "boolean",
            };
            if (!kinds.Contains(kind) && !(kind == "number" && kinds.Contains("integer") && value.TryGetInt64(out _)))
                return $"{at}: {kind} instead of {type}";
        }

        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
            return value.EnumerateArray().Select((e, i) => Fault(document, items, e, $"{at}/{i}")).FirstOrDefault(f => f is not null);
        if (value.ValueKind != JsonValueKind.Object)
            return null;
        if (schema.TryGetProperty("required", out var required))
            foreach (var name in required.EnumerateArray())
                if (!value.TryGetProperty(name.GetString()!, out _))
                    return $"{at}: '{name}' is missing";
        foreach (var property in value.EnumerateObject())
        {
            if (schema.TryGetProperty("properties", out var properties) && properties.TryGetProperty(property.Name, out var known))
            {
                if (Fault(document, known, property.Value, $"{at}/{property.Name}") is { } fault)
                    return fault;
            }
            else if (schema.TryGetProperty("additionalProperties", out var others))
            {
                if (others.ValueKind == JsonValueKind.False)
                    return $"{at}: '{property.Name}' is not in the schema";
                if (Fault(document, others, property.Value, $"{at}/{property.Name}") is { } fault)
                    return fault;
            }
        }

        return null;
    }
}
