using IntegrationHub.Api;
using IntegrationHub.Connections;
using IntegrationHub.Sovereignty.Log;
using Quartz;

namespace IntegrationHub.Host;

/// <summary>Whether the process lives, and whether it can do its work.</summary>
internal sealed class Health(Workspace workspace, IServiceProvider services)
{
    /// <summary>A writer that has the store in hand for longer than this is at work; the store is writable then, too.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public static void Map(IEndpointRouteBuilder endpoints, Health health)
    {
        endpoints.MapMethods("/healthz/live", ["GET"], http => health.WriteAsync(http, [])).WithMetadata(OpenRoute.Instance);
        endpoints.MapMethods("/healthz/ready", ["GET"], async http => await health.WriteAsync(http, await health.FaultsAsync(http.RequestAborted))).WithMetadata(OpenRoute.Instance);
    }

    private async Task<List<string>> FaultsAsync(CancellationToken cancellationToken)
    {
        var faults = new List<string>();
        try
        {
            await workspace.Store.Reader.LastChangeAsync(cancellationToken);
            // SQLite waits for the lock of another process on its thread; do not hold the request for it.
            await Task.Run(() => ProbeAsync(cancellationToken), cancellationToken).WaitAsync(Patience * 2, cancellationToken);
        }
        catch (Storage.StoreException e) when (!e.IsTransient)
        {
            faults.Add("store");
        }
        catch (Exception e) when (e is TimeoutException or Storage.StoreException)
        {
            // Somebody is writing.
        }

        if (await LogAlarm.FindAsync(workspace.Store.Reader, cancellationToken) is not null)
            faults.Add("log");
        if (services.GetService<ISchedulerFactory>() is { } schedulers && (await schedulers.GetScheduler(cancellationToken)).Status != SchedulerStatus.Running)
            faults.Add("scheduler");
        return faults;
    }

    private async Task ProbeAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await using var transaction = await workspace.Store.BeginAsync(patience.Token);
            await transaction.SaveDocumentAsync("health", "probe", "{}");
        }
        catch (OperationCanceledException)
        {
            // A batch is being committed.
        }
    }

    private Task WriteAsync(HttpContext http, List<string> faults)
    {
        http.Response.StatusCode = faults.Count == 0 ? 200 : 503;
        return Answer.JsonAsync(http, json =>
        {
            json.WriteStartObject();
            json.WriteString("status", faults.Count == 0 ? "ok" : "failing");
            json.WriteStartArray("failing");
            foreach (var fault in faults)
                json.WriteStringValue(fault);
            json.WriteEndArray();
            // Connections whose connector was stopped for good: the others go on, so that the process is as ready as before.
            if (workspace.Supervisor.Blocked.Count > 0)
            {
                json.WriteStartArray("blockedConnections");
                foreach (var name in workspace.Supervisor.Blocked.Keys.Order(StringComparer.Ordinal))
                    json.WriteStringValue(name);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        });
    }
}
