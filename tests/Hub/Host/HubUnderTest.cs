using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Api;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Connections.Runs;
using IntegrationHub.Host;
using IntegrationHub.Sdk;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Tests.Host;

/// <summary>A whole hub in a folder of its own: a real store, Kestrel on a free port, and releases the test writes.</summary>
internal sealed class HubUnderTest : IAsyncDisposable
{
    public const string Mapping = """
        source: ocds/processes
        contributes:
          - entity: tender
            key: $.ocid
            observedAt: $.compiledRelease.date | time
            identity:
              ocid: $.ocid
            fields:
              ocid: $.ocid
              title: $.compiledRelease.tender.title
              description: $.compiledRelease.tender.description
              status: "$.compiledRelease.tender.status | lookup({active: active, complete: complete, planned: planned})"
              publishedAt: $.compiledRelease.date | time
              closesAt: $.compiledRelease.tender.tenderPeriod.endDate | time
              value: $.compiledRelease.tender.value.amount | money?($.compiledRelease.tender.value.currency)
              keywords: $.compiledRelease.tender.keywords
            links:
              buyer: { key: $.compiledRelease.buyer.id }
          - entity: customer
            when: $.compiledRelease.buyer.id
            key: $.compiledRelease.buyer.id
            observedAt: $.compiledRelease.date | time
            identity:
              registry: $.compiledRelease.buyer.registry
            fields:
              name: $.compiledRelease.buyer.name
        """;

    private readonly List<IConnector> _connectors = [ConnectorRegistry.BuiltIn().Get("ocds")];
    private int _files;

    private HubUnderTest(string root) => Root = root;

    public string Root { get; }

    public Workspace Workspace { get; private set; } = null!;

    public WebApplication App { get; private set; } = null!;

    public HttpClient Http { get; } = new(new HttpClientHandler { AllowAutoRedirect = false });

    public ApiKeys Keys => new(Workspace);

    public string Feed => Path.Combine(Root, "feed");

    /// <summary>Opens the workspace and serves it; <see cref="Http"/> comes with a key of the scope.</summary>
    public static async Task<HubUnderTest> StartAsync(
        Func<HubConfig, HubConfig>? configure = null, HubHostOptions? options = null, ApiScope scope = ApiScope.Admin, IConnector? connector = null, TimeProvider? time = null)
    {
        var hub = new HubUnderTest(Directory.CreateTempSubdirectory("hub-api-").FullName);
        Directory.CreateDirectory(Path.Combine(hub.Root, "mappings", "ocds"));
        Directory.CreateDirectory(hub.Feed);
        await File.WriteAllTextAsync(Path.Combine(hub.Root, "mappings", "ocds", "processes.yaml"), Mapping);
        if (connector is not null)
            hub._connectors.Add(connector);
        await hub.OpenAsync(configure, options, time);
        var (_, token) = await hub.Keys.CreateAsync("test", scope, null, null, null, default);
        hub.Http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return hub;
    }

    /// <summary>One release; the same ocid more than once makes a process of several notices.</summary>
    public static JsonObject Release(string ocid, string id, string date, string title, string buyer = "B-1", string status = "active", string? registry = null, string? closes = null, decimal? value = null)
    {
        var tender = new JsonObject { ["id"] = "t", ["title"] = title, ["status"] = status };
        if (closes is not null)
            tender["tenderPeriod"] = new JsonObject { ["endDate"] = closes };
        if (value is not null)
            tender["value"] = new JsonObject { ["amount"] = value, ["currency"] = "CNY" };
        var party = new JsonObject { ["id"] = buyer, ["name"] = "Buyer " + buyer };
        if (registry is not null)
            party["registry"] = registry;
        return new()
        {
            ["ocid"] = ocid,
            ["id"] = id,
            ["date"] = date,
            ["tag"] = new JsonArray("tender"),
            ["initiationType"] = "tender",
            ["parties"] = new JsonArray(),
            ["buyer"] = party,
            ["tender"] = tender,
        };
    }

    /// <summary>Publishes releases in a further file and syncs it.</summary>
    public async Task<IReadOnlyList<IntegrationHub.Storage.RunRow>> FeedAsync(params JsonObject[] releases)
    {
        await PublishAsync(releases);
        return await new Runner(Workspace).SyncAsync("tenders", null, full: false, default);
    }

    public Task PublishAsync(params JsonObject[] releases) =>
        File.WriteAllTextAsync(Path.Combine(Feed, $"{++_files:D4}.jsonl"), string.Join('\n', releases.Select(r => r.ToJsonString())) + "\n", new UTF8Encoding(false));

    public async Task<string> KeyAsync(ApiScope scope, TimeSpan? lifetime = null) => (await Keys.CreateAsync("test", scope, lifetime, null, null, default)).Token;

    public async Task<JsonElement> GetAsync(string path)
    {
        using var response = await Http.GetAsync(path);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    public async Task<HttpResponseMessage> SendAsync(string path, HttpMethod? method = null, string? token = null, HttpContent? body = null, EntityTagHeaderValue? unless = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path) { Content = body };
        if (token is not null)
            request.Headers.Authorization = new("Bearer", token);
        if (unless is not null)
            request.Headers.IfNoneMatch.Add(unless);
        return await Http.SendAsync(request);
    }

    public async Task<(int Status, JsonElement Problem, HttpResponseHeaders Headers)> ProblemAsync(string path, string? token = null, HttpMethod? method = null, HttpContent? body = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path) { Content = body };
        if (token is not null)
            request.Headers.Authorization = new("Bearer", token);
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.Content.Headers.ContentType?.MediaType == "application/problem+json", $"{path}: {(int)response.StatusCode} {text}");
        return ((int)response.StatusCode, JsonDocument.Parse(text).RootElement, response.Headers);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.DisposeAsync();
        await Workspace.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        await DeleteAsync(Root);
    }

    /// <summary>SQLite may still be taking its side files away while the folder is emptied.</summary>
    private static async Task DeleteAsync(string folder)
    {
        for (var attempt = 1; ; attempt++)
            try
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
            catch (IOException) when (attempt < 20)
            {
                await Task.Delay(50);
            }
    }

    private async Task OpenAsync(Func<HubConfig, HubConfig>? configure, HubHostOptions? options, TimeProvider? time)
    {
        var settings = JsonDocument.Parse("""{"path":"feed"}""").RootElement;
        var config = new HubConfig { Root = Root, Listen = "http://127.0.0.1:0", Connections = [new("tenders", "ocds", settings, null, null, 1)] };
        config = configure?.Invoke(config) ?? config;
        Workspace = await Workspace.OpenAsync(config, new ConnectorRegistry(_connectors), time ?? TimeProvider.System, NullLoggerFactory.Instance, default);
        App = HubHost.Build(Workspace, options ?? new HubHostOptions { Schedules = false });
        try
        {
            await HubHost.StartAsync(App, default);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }

        Http.BaseAddress = new(App.Urls.Single());
    }
}
