using IntegrationHub.Connections.Configuration;
using IntegrationHub.Connections.Runs;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Callbacks;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections.Callbacks;

/// <summary>
/// Turns kept events of one stream into records. Events that arrive while a run of the stream is under way are read at once, for freshness, and again when the
/// run has ended, because the run may still commit what it had read before them.
/// </summary>
internal sealed class CallbackReader(Workspace workspace, ConnectionConfig config, OpenConnection open, StreamManifest manifest) : IDisposable
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly ILogger _log = workspace.Logs.CreateLogger("Callbacks");
    private readonly int _connection = workspace.Store.Catalog.Connection(config.Name);
    private readonly string _name = $"{config.Name}/{manifest.Name}";
    private ReconciliationStatement _total = new();
    private RunRow? _run;
    private long _lastWork;
    private long _readEarly;
    private int _failures;

    /// <summary>There is something to read.</summary>
    public void Wake()
    {
        try
        {
            _signal.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake already.
        }
    }

    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            // One process reads; another takes over when it is gone.
            IDisposable? turn;
            while ((turn = workspace.Store.TryLease("callbacks:" + _name)) is null)
                await Task.Delay(LookAgain, workspace.Time, stop);
            using var _ = turn;
            while (!stop.IsCancellationRequested)
                if (!await StepAsync(stop))
                    await _signal.WaitAsync(LookAgain, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What is kept is read by the next process.
        }

        await EndRunAsync();
    }

    public void Dispose() => _signal.Dispose();

    private async Task<bool> StepAsync(CancellationToken stop)
    {
        try
        {
            var alone = IsAlone();
            var rows = await workspace.Store.Reader.CallbacksAsync(_connection, manifest.Name, setAside: false, alone ? 0 : _readEarly, workspace.Config.Exchanges.CallbackBatch, stop);
            if (rows.Count == 0)
            {
                if (_run is not null && workspace.Time.GetElapsedTime(_lastWork) > Idle)
                    await EndRunAsync();
                return false;
            }

            // Events of a blocked connection stay kept.
            workspace.Supervisor.Admit(config.Name);
            _lastWork = workspace.Time.GetTimestamp();
            await TakeAsync(rows, alone, stop);
            _readEarly = alone ? 0 : rows[^1].Id;
            _failures = 0;
            return true;
        }
        catch (Exception e) when (e is ConnectorException or StoreException)
        {
            var asked = (e as ConnectorException)?.RetryAfter;
            var pause = asked ?? TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, Math.Pow(2, _failures++)));
            CallbackLog.Waiting(_log, _name, e.Message, pause);
            await Task.Delay(pause, workspace.Time, stop);
            return true;
        }
    }

    /// <summary>Whether no run works on the stream. One that begins later sees what the events tell of.</summary>
    private bool IsAlone()
    {
        using var lease = workspace.Store.TryLease(Runner.LeaseName(config, manifest));
        return lease is not null;
    }

    private async Task TakeAsync(IReadOnlyList<CallbackRow> rows, bool alone, CancellationToken stop)
    {
        try
        {
            var items = await ReadAsync(rows, stop);
            await CommitAsync(items, alone ? rows : []);
        }
        catch (ConnectorException e) when (e.Kind is ConnectorErrorKind.Permanent or ConnectorErrorKind.BadRecord)
        {
            if (rows.Count > 1)
                foreach (var row in rows)
                    await TakeAsync([row], alone, stop);
            else
                await SetAsideAsync(rows[0], e.Message);
        }
    }

    private async Task<List<ReadItem>> ReadAsync(IReadOnlyList<CallbackRow> rows, CancellationToken stop)
    {
        var items = new List<ReadItem>();
        try
        {
            var events = rows.Select(r => new CallbackEvent(r.Event, r.Stream, r.Subject, r.Body)).ToList();
            var bounds = new ReadRequest(manifest.Name) { MaxRecordBytes = workspace.Config.Limits.RecordBytes };
            await foreach (var item in workspace.Supervisor.ReadAsync(open.Supervised, cancel => ((IReceiveCallbacks)open.Connection).ReadEventsAsync(manifest.Name, events, cancel), bounds.Bounded, stop))
                if (item is not Checkpoint)
                    items.Add(ReadItem.Of(item));
        }
        catch (Exception e) when (e is not (ConnectorException or OutOfMemoryException) && !(e is OperationCanceledException && stop.IsCancellationRequested))
        {
            throw new ConnectorException(ConnectorErrorKind.Permanent, $"connector '{config.Connector}' failed in a way it did not explain: {e.GetType().Name}", e);
        }

        return items;
    }

    private async Task CommitAsync(List<ReadItem> items, IReadOnlyList<CallbackRow> done)
    {
        var stream = StreamContext.Of(workspace, config, open, manifest)
            ?? throw new ConnectorException(ConnectorErrorKind.Transient, $"no mapping is in force for {config.Connector}/{manifest.Name}; its events are kept until one is published") { RetryAfter = LongestPause };
        var statement = new ReconciliationStatement();
        await using var transaction = await workspace.Store.BeginAsync(CancellationToken.None);
        if (!await Publications.IsInForceAsync(transaction, workspace.PlanFor(config.Connector, manifest.Name)!))
        {
            // Another version was published; the events are still kept, and the next step reads them under that.
            await transaction.DisposeAsync();
            await workspace.RefreshPlansAsync(CancellationToken.None);
            throw new ConnectorException(ConnectorErrorKind.Transient, "another version of the mapping came into force") { RetryAfter = LookAgain };
        }

        _run ??= new() { Connection = config.Name, Stream = manifest.Name, Kind = "callbacks", State = "running", StartedAt = workspace.Now };
        await transaction.SaveRunAsync(_run);
        await new RecordIntake(workspace, transaction, stream, statement, _run.Id).ReadAsync(items);
        await transaction.RemoveCallbacksAsync([.. done.Select(r => r.Id)]);
        await transaction.CommitAsync();
        _total.Add(statement);
        HubMetrics.Committed(stream, statement);
    }

    private async Task SetAsideAsync(CallbackRow row, string reason)
    {
        row.Error = reason;
        await using var transaction = await workspace.Store.BeginAsync(CancellationToken.None);
        await transaction.UpdateCallbackAsync(row);
        await transaction.CommitAsync();
        CallbackLog.SetAside(_log, _name, row.Id, reason);
    }

    private async Task EndRunAsync()
    {
        if (_run is not { } run)
            return;
        (_run, var total) = (null, _total);
        _total = new();
        run.State = total.IsBalanced ? "succeeded" : "unbalanced";
        run.EndedAt = workspace.Now;
        run.Statement = total.ToJson();
        try
        {
            await using var transaction = await workspace.Store.BeginAsync(CancellationToken.None);
            await transaction.SaveRunAsync(run);
            await transaction.CommitAsync();
        }
        catch (StoreException e)
        {
            // The next run of the stream closes it.
            CallbackLog.Waiting(_log, _name, e.Message, TimeSpan.Zero);
        }
    }
}

/// <summary>What is logged about callbacks; never a value of one.</summary>
internal static partial class CallbackLog
{
    [LoggerMessage(61, LogLevel.Warning, "events of {Stream} wait: {Reason}; next try in {Pause}")]
    public static partial void Waiting(ILogger log, string stream, string reason, TimeSpan pause);

    [LoggerMessage(62, LogLevel.Error, "event {Event} of {Stream} is set aside: {Reason}")]
    public static partial void SetAside(ILogger log, string stream, long @event, string reason);

    [LoggerMessage(63, LogLevel.Warning, "a callback to {Connection} was refused: {Reason}")]
    public static partial void Refused(ILogger log, string connection, string reason);

    [LoggerMessage(64, LogLevel.Error, "connection {Connection} receives no callbacks: {Reason}")]
    public static partial void Closed(ILogger log, string connection, string reason);
}
