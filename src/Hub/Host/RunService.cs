using System.Collections.Concurrent;
using IntegrationHub.Api;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Runs;
using IntegrationHub.Sdk;
using IntegrationHub.Storage;

namespace IntegrationHub.Host;

/// <summary>
/// Runs connections for the schedule and the API. When the process is told to stop, runs commit the batch in hand and end; whoever waits longer than
/// the limit is left, and goes on from its last commit next time.
/// </summary>
public sealed partial class RunService : IHostedService, IDisposable
{
    /// <summary>How long an answer waits for a run to begin.</summary>
    private static readonly TimeSpan FirstRun = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Task> _running = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenRegistration _stopping;
    private readonly Workspace _workspace;
    private readonly Runner _runner;
    private readonly HubHostOptions _options;
    private readonly ILogger _log;

    public RunService(Workspace workspace, HubHostOptions options, IHostApplicationLifetime lifetime)
    {
        _workspace = workspace;
        _runner = new(workspace);
        _options = options;
        _log = workspace.Logs.CreateLogger("Host");
        // Before the hosted services are stopped one after another, some of which wait for runs.
        _stopping = lifetime.ApplicationStopping.Register(_stop.Cancel);
    }

    /// <summary>Whether this process runs the connection now.</summary>
    public bool IsRunning(string connection) => _running.ContainsKey(connection);

    /// <summary>Syncs a connection to its end, for the schedule. Does nothing when it is already running or gone from the configuration.</summary>
    public async Task SyncAsync(string connection)
    {
        if (_stop.IsCancellationRequested || _workspace.Config.Connection(connection) is null)
            return;
        if (Begin(connection, null, full: false) is not { } run)
        {
            Busy(_log, connection);
            return;
        }

        await ReportAsync(connection, run);
    }

    /// <summary>Waits for the end of a run that nobody else waits for, and says when it could not be run.</summary>
    private async Task ReportAsync(string connection, Task run)
    {
        try
        {
            await run;
        }
        catch (Exception e) when (e is ConnectorException or StoreException or Yaml.InvalidFileException)
        {
            NotRun(_log, connection, e.Message);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped before it had begun.
        }
    }

    /// <summary>Starts a sync and comes back when its first run has begun.</summary>
    /// <returns>That run, or <c>null</c> when it has not begun yet.</returns>
    /// <exception cref="ProblemException">It is running already, or cannot be run.</exception>
    public async Task<RunRow?> StartAsync(string connection, string? stream, bool full, CancellationToken cancellationToken)
    {
        var before = await _workspace.Store.Reader.RunsAsync(connection, 1, cancellationToken) is [var latest, ..] ? latest.Id : 0;
        if (Begin(connection, stream, full) is not { } run)
            throw new ProblemException(ProblemKind.ConnectionBusy, "wait for the run to end");
        var began = _workspace.Time.GetTimestamp();
        while (true)
        {
            var first = (await _workspace.Store.Reader.RunsAsync(connection, 10, cancellationToken)).LastOrDefault(r => r.Id > before);
            if (first is not null)
            {
                _ = ReportAsync(connection, run);
                return first;
            }

            if (run.IsCompleted)
                return (await ResultAsync(run)) is [var only, ..] ? only
                    : throw new ProblemException(ProblemKind.ConnectionBusy, "no stream could be run: another process has them in hand, or no mapping is in force for them");
            if (_workspace.Time.GetElapsedTime(began) > FirstRun)
            {
                _ = ReportAsync(connection, run);
                return null;
            }

            await Task.WhenAny(run, Task.Delay(TimeSpan.FromMilliseconds(20), _workspace.Time, cancellationToken));
        }
    }

    /// <summary>Maps a rejected record again. Once it has begun it goes to its end, whether or not anybody waits for the answer.</summary>
    /// <exception cref="ProblemException">Another run has the stream in hand.</exception>
    /// <exception cref="ConnectorException">It cannot be retried.</exception>
    public async Task<RunRow> RetryAsync(RejectedRow rejected, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, cancellationToken);
        return await _runner.RetryAsync(rejected, FirstRun, stop.Token) ?? throw new ProblemException(ProblemKind.ConnectionBusy, "wait for the run to end");
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        var running = _running.ToArray();
        var all = Task.WhenAll(running.Select(r => r.Value.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default)));
        await Task.WhenAny(all, Task.Delay(_options.StopLimit, CancellationToken.None));
        foreach (var (name, run) in running.Where(r => !r.Value.IsCompleted))
            Left(_log, name, _options.StopLimit);
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _stop.Dispose();
    }

    private Task<IReadOnlyList<RunRow>>? Begin(string connection, string? stream, bool full)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var run = SyncAfterAsync(gate.Task);
        if (!_running.TryAdd(connection, run))
            return null;
        gate.SetResult();
        return run;

        async Task<IReadOnlyList<RunRow>> SyncAfterAsync(Task ready)
        {
            await ready;
            try
            {
                return await _runner.SyncAsync(connection, stream, full, _stop.Token);
            }
            finally
            {
                _running.TryRemove(connection, out _);
            }
        }
    }

    private static async Task<IReadOnlyList<RunRow>> ResultAsync(Task<IReadOnlyList<RunRow>> run)
    {
        try
        {
            return await run;
        }
        catch (ConnectorException e)
        {
            throw new ProblemException(ProblemKind.ConnectionUnusable, e.Message);
        }
    }

    [LoggerMessage(31, LogLevel.Warning, "connection {Connection} was not run: {Reason}")]
    private static partial void NotRun(ILogger log, string connection, string reason);

    [LoggerMessage(32, LogLevel.Information, "connection {Connection} is still running; its schedule passes over this time")]
    private static partial void Busy(ILogger log, string connection);

    [LoggerMessage(33, LogLevel.Warning, "connection {Connection} did not end within {Limit} and is left; it goes on from its last commit next time")]
    private static partial void Left(ILogger log, string connection, TimeSpan limit);
}
