using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Host;
using IntegrationHub.Sdk;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Quartz;
using static IntegrationHub.Tests.Host.HubUnderTest;

namespace IntegrationHub.Tests.Host;

public class HubHostTests
{
    private static readonly CancellationToken Cancelled = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_port_in_use_is_named_with_what_to_do()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var taken = hub.App.Urls.Single();
        var e = await Assert.ThrowsAsync<HubEnvironmentException>(() => HubUnderTest.StartAsync(c => c with { Listen = taken }));
        Assert.Contains(taken, e.Message);
        Assert.Contains("listen:", e.Message);
    }

    [Fact]
    public async Task Health_tells_life_and_readiness()
    {
        await using var hub = await HubUnderTest.StartAsync(options: new() { Schedules = true });
        hub.Http.DefaultRequestHeaders.Authorization = null;
        Assert.Equal("ok", (await hub.GetAsync("/healthz/live")).GetProperty("status").GetString());
        // Ready comes a moment after live: the scheduler starts once requests are answered.
        for (var i = 0; i < 200; i++)
        {
            using var response = await hub.SendAsync("/healthz/ready");
            if (response.StatusCode == System.Net.HttpStatusCode.OK)
                break;
            await Task.Delay(50, Cancelled);
        }

        Assert.Equal("ok", (await hub.GetAsync("/healthz/ready")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Schedules_follow_the_configuration_and_run_the_connection()
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Connections = [c.Connections[0] with { Schedule = "* * * * * ?" }] }, new() { Schedules = true });
        await hub.PublishAsync(Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"));
        for (var i = 0; i < 200 && (await hub.GetAsync("/v1/tenders")).GetProperty("data").GetArrayLength() == 0; i++)
            await Task.Delay(50, Cancelled);
        Assert.Equal(1, (await hub.GetAsync("/v1/tenders")).GetProperty("data").GetArrayLength());
        await hub.App.StopAsync(Cancelled);

        // The same folder without the schedule: the kept job goes.
        var config = hub.Workspace.Config with { Connections = [hub.Workspace.Config.Connections[0] with { Schedule = null }] };
        await using var workspace = await IntegrationHub.Connections.Workspace.OpenAsync(config, IntegrationHub.Connections.ConnectorRegistry.BuiltIn(), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, Cancelled);
        await using var app = HubHost.Build(workspace, new());
        await HubHost.StartAsync(app, Cancelled);
        var scheduler = await app.Services.GetRequiredService<ISchedulerFactory>().GetScheduler(Cancelled);
        Assert.Empty(await scheduler.GetJobKeys(GroupMatcher<JobKey>.AnyGroup(), Cancelled));
        await app.StopAsync(Cancelled);
    }

    [Fact]
    public async Task A_time_missed_while_the_hub_was_down_is_made_up_for_once()
    {
        // Fires once a year; the kept trigger is set back as if the hub had been down at that time.
        HubConfig Yearly(HubConfig c) => c with { Connections = [c.Connections[0] with { Schedule = "0 0 0 1 1 ?" }] };
        await using var hub = await HubUnderTest.StartAsync(Yearly, new() { Schedules = true });
        await hub.PublishAsync(Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1"));
        await hub.App.StopAsync(Cancelled);
        await using (var file = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(hub.Root, ".hub", "scheduler.db")}"))
        {
            await file.OpenAsync(Cancelled);
            using var command = file.CreateCommand();
            command.CommandText = "UPDATE QRTZ_TRIGGERS SET NEXT_FIRE_TIME=NEXT_FIRE_TIME-10000000*31622400*2";
            Assert.Equal(1, await command.ExecuteNonQueryAsync(Cancelled));
        }

        await using var app = HubHost.Build(hub.Workspace, new());
        await HubHost.StartAsync(app, Cancelled);
        for (var i = 0; i < 200 && (await hub.Workspace.Store.Reader.RunsAsync("tenders", 10, Cancelled)).All(r => r.State == "running"); i++)
            await Task.Delay(50, Cancelled);
        Assert.Equal("succeeded", Assert.Single(await hub.Workspace.Store.Reader.RunsAsync("tenders", 10, Cancelled)).State);
        await app.StopAsync(Cancelled);
    }

    [Fact]
    public async Task A_sync_is_answered_with_its_run_and_a_second_one_is_told_to_wait()
    {
        var slow = new EndlessConnector();
        await using var hub = await HubUnderTest.StartAsync(WithEndless, connector: slow);
        using var started = await hub.SendAsync("/v1/connections/endless/sync", HttpMethod.Post);
        Assert.Equal(202, (int)started.StatusCode);
        var run = JsonDocument.Parse(await started.Content.ReadAsStringAsync(Cancelled)).RootElement.GetProperty("run");
        Assert.Equal(("endless", "running"), (run.GetProperty("connection").GetString(), run.GetProperty("state").GetString()));
        Assert.Equal($"/v1/runs/{run.GetProperty("id")}", started.Headers.Location!.ToString());
        var (status, problem, _) = await hub.ProblemAsync("/v1/connections/endless/sync", method: HttpMethod.Post);
        Assert.Equal((409, "connection_busy"), (status, problem.GetProperty("code").GetString()));
        Assert.True((await hub.GetAsync("/v1/connections")).GetProperty("data").EnumerateArray().Single(c => c.GetProperty("name").GetString() == "endless").GetProperty("running").GetBoolean());
    }

    [Fact]
    public async Task A_stop_commits_what_was_read_up_to_the_last_checkpoint_and_answers_those_who_wait()
    {
        var slow = new EndlessConnector();
        await using var hub = await HubUnderTest.StartAsync(WithEndless, connector: slow);
        using (await hub.SendAsync("/v1/connections/endless/sync", HttpMethod.Post))
        {
        }

        var last = (await hub.GetAsync("/v1/changes")).GetProperty("last").GetInt64();
        var waiting = hub.GetAsync($"/v1/changes?after={last}&wait=60&entity=invoice");
        await slow.Reached.WaitAsync(TimeSpan.FromSeconds(20), Cancelled);
        await hub.App.StopAsync(Cancelled);

        Assert.Equal(0, (await waiting).GetProperty("data").GetArrayLength());
        var run = (await hub.Workspace.Store.Reader.RunsAsync("endless", 1, Cancelled))[0];
        Assert.Equal("interrupted", run.State);
        var stream = hub.Workspace.Store.Catalog.Stream("endless", "things");
        var (records, _) = await hub.Workspace.Store.Reader.CountStreamAsync(stream, Cancelled);
        var cursor = await hub.Workspace.Store.Reader.CursorAsync(stream, Cancelled);
        Assert.True(records > 0);
        Assert.Equal(records.ToString(System.Globalization.CultureInfo.InvariantCulture), cursor);
    }

    private static HubConfig WithEndless(HubConfig config)
    {
        Directory.CreateDirectory(Path.Combine(config.Root, "mappings", "endless"));
        File.WriteAllText(Path.Combine(config.Root, "mappings", "endless", "things.yaml"), """
            source: endless/things
            contributes:
              - entity: product
                key: $.id
                fields:
                  name: $.name
            """);
        return config with { Connections = [.. config.Connections, new("endless", "endless", JsonDocument.Parse("{}").RootElement, null, null, 2)] };
    }

    /// <summary>Reads for ever, slowly, with a checkpoint after every record.</summary>
    private sealed class EndlessConnector : IConnector
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public ConnectorManifest Manifest { get; } = new()
        {
            Id = "endless",
            Title = "Endless",
            Family = ConnectorFamily.Other,
            Description = "Reads for ever.",
            Options = typeof(EndlessOptions),
            Streams = [new() { Name = "things", Description = "Things." }],
        };

        public IConnection Open(ConnectionContext context) => new Connection(_reached);

        private sealed class Connection(TaskCompletionSource reached) : IReadRecords
        {
            public async IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
            {
                for (var i = 1; ; i++)
                {
                    yield return new SourceRecord($"{i}", Encoding.UTF8.GetBytes($$"""{"id":"{{i}}","name":"Thing {{i}}"}"""));
                    yield return new Checkpoint($"{i}");
                    if (i == 20)
                        reached.TrySetResult();
                    await Task.Delay(10, cancellationToken);
                }
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }

    private sealed class EndlessOptions;
}
