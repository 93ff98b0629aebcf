using IntegrationHub.Connections;
using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Sovereignty.Log.Witness;
using IntegrationHub.Storage;

namespace IntegrationHub.Host;

/// <summary>Signs the sovereignty log while the hub runs: what is committed has its checkpoint within a second, and what was signed is looked through again.</summary>
internal sealed partial class LogService(Workspace workspace) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>Bundles of 256 entries looked through in each interval: ten million entries in about three hours.</summary>
    private const int ScrubbedBundles = 1;

    private readonly ILogger _log = workspace.Logs.CreateLogger("Log");
    private string? _told;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        var witnesses = new WitnessRound(workspace.Store, workspace.Log, http);
        var scrub = new LogScrub(workspace.Store.Reader.Log);
        using var timer = new PeriodicTimer(Interval, workspace.Time);
        do
            try
            {
                // Before anything is signed as well: at the start this finds out a database that was put back.
                await witnesses.PublishAsync(stoppingToken);
                await workspace.Log.TakeNotesAsync(stoppingToken);
                if (await workspace.Log.IntegrateAsync(stoppingToken) is not null)
                    await witnesses.PublishAsync(stoppingToken);
                scrub.Check(ScrubbedBundles);
                _told = null;
            }
            catch (LogDamageException e)
            {
                await LogAlarm.RaiseAsync(workspace.Store, e.Message, stoppingToken);
                Tell(e.Message, Damaged);
            }
            catch (WitnessException e)
            {
                Tell(e.Message, Unwitnessed);
            }
            catch (StoreException e)
            {
                Tell(e.Message, Failed);
            }
        while (await Next(timer, stoppingToken));
    }

    /// <summary>The same fault is told once, not four times a second.</summary>
    private void Tell(string fault, Action<ILogger, string> write)
    {
        if (_told == fault)
            return;
        _told = fault;
        write(_log, fault);
    }

    private static async ValueTask<bool> Next(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(41, LogLevel.Critical, "the sovereignty log is damaged, nothing is signed: {Damage}. 'hub log verify' checks all of it and lifts the alarm when it finds no fault")]
    private static partial void Damaged(ILogger log, string damage);

    [LoggerMessage(42, LogLevel.Warning, "the sovereignty log has no new checkpoint: {Reason}")]
    private static partial void Unwitnessed(ILogger log, string reason);

    [LoggerMessage(43, LogLevel.Error, "the sovereignty log could not be signed: {Reason}")]
    private static partial void Failed(ILogger log, string reason);
}
