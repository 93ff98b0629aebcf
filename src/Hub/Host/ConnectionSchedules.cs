using IntegrationHub.Connections;
using IntegrationHub.Connections.Configuration;
using Quartz;

namespace IntegrationHub.Host;

/// <summary>
/// The schedules of connections, kept by Quartz in <c>scheduler.db</c> beside the store, so that a time that passed while the hub was down is made up
/// for once. Brings the kept jobs in line with the configuration before the scheduler starts.
/// </summary>
internal sealed class ConnectionSchedules(Workspace workspace, ISchedulerFactory schedulers) : IHostedService
{
    public const string Group = "connections";

    public static void Add(IServiceCollection services, string file)
    {
        services.AddHostedService<ConnectionSchedules>();
        services.AddQuartz(quartz =>
        {
            quartz.ConfigureScheduler(o => o.InstanceName = "hub");
            quartz.UsePersistentStore(store =>
            {
                store.UseSqlite(Microsoft.Data.Sqlite.SqliteFactory.Instance, $"Data Source={file}");
                store.ConfigureStore(o =>
                {
                    o.StoreJobDataAsStrings = true;
                    o.UseBackgroundThreads = true;
                });
                store.ProvisionSchema();
            });
        });
        services.AddQuartzHostedService(o => o.WaitForJobsToComplete = true);
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var scheduler = await schedulers.GetScheduler(cancellationToken);
        var wanted = workspace.Config.Connections.Where(c => c.Schedule is not null).ToDictionary(c => c.Name, StringComparer.Ordinal);
        foreach (var key in await scheduler.GetJobKeys(GroupMatcher<JobKey>.GroupEquals(Group), cancellationToken))
            if (!wanted.ContainsKey(key.Name))
                await scheduler.DeleteJob(key, cancellationToken);
        foreach (var connection in wanted.Values)
            await PutAsync(scheduler, connection, cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static async Task PutAsync(IScheduler scheduler, ConnectionConfig connection, CancellationToken cancellationToken)
    {
        var key = new TriggerKey(connection.Name, Group);
        // A trigger that is as wanted stays: it knows when it last fired.
        if (await scheduler.GetTrigger(key, cancellationToken) is ICronTrigger kept && kept.CronExpressionString == connection.Schedule)
            return;
        var job = JobBuilder.Create<SyncJob>().WithIdentity(connection.Name, Group).Build();
        var trigger = TriggerBuilder.Create().WithIdentity(key)
            .WithSchedule(CronScheduleBuilder.Create(connection.Schedule!).WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed))
            .Build();
        await scheduler.DeleteJob(job.Key, cancellationToken);
        await scheduler.ScheduleJob(job, trigger, cancellationToken: cancellationToken);
    }
}

/// <summary>Syncs the connection it is named after.</summary>
[DisallowConcurrentExecution]
internal sealed class SyncJob(RunService runs) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) => await runs.SyncAsync(context.JobDetail.Key.Name);
}
