using IntegrationHub.Connections.Configuration;
using IntegrationHub.Sdk;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections.Runs;

/// <summary>Starts runs. Each takes the lease of its stream first, so that no two work on one stream, whatever process they are in.</summary>
public sealed class Runner(Workspace workspace)
{
    // Bodies of a whole batch are in memory at once, and here nothing bounds their bytes but their number.
    private const int BackfillRecords = 200;

    /// <summary>Readers of callbacks hold a lease for an instant, to see whether a run has it.</summary>
    private static readonly TimeSpan SecondLook = TimeSpan.FromMilliseconds(100);

    private readonly ILogger _log = workspace.Logs.CreateLogger("Run");

    /// <summary>Syncs the streams of a connection.</summary>
    /// <param name="connectionName">As in hub.yaml.</param>
    /// <param name="streamName">One stream, or <c>null</c> for all.</param>
    /// <param name="full">Read from the beginning instead of from the cursor.</param>
    /// <param name="stop">Commits the batch in hand and ends.</param>
    /// <returns>One run per stream; streams that another run has in hand are left out.</returns>
    /// <exception cref="ConnectorException">The connection cannot be opened.</exception>
    public async Task<IReadOnlyList<RunRow>> SyncAsync(string connectionName, string? streamName, bool full, CancellationToken stop)
    {
        var config = workspace.Connection(connectionName);
        await FinishBackfillsAsync(config.Connector, stop);
        await using var open = await workspace.OpenAsync(config, stop);
        if (open.Connection is not IReadRecords)
            throw new ConnectorException(ConnectorErrorKind.Configuration, $"connector '{config.Connector}' reads no records");
        var runs = new List<RunRow>();
        foreach (var manifest in StreamsOf(open.Connector, streamName))
        {
            if (stop.IsCancellationRequested || workspace.Supervisor.Blocked.ContainsKey(config.Name))
                break;
            using var lease = await TryLeaseAsync(LeaseName(config, manifest), SecondLook, stop);
            if (lease is null)
            {
                RunLog.Busy(_log, $"{config.Name}/{manifest.Name}");
                continue;
            }

            // Only now: whoever had the stream may have put another mapping in force.
            if (await ContextAsync(config, open, manifest, stop) is not { } stream)
                continue;

            using var activity = HubMetrics.Traces.StartActivity("sync");
            activity?.SetTag("connection", config.Name).SetTag("stream", manifest.Name);
            var cursor = await workspace.Store.Reader.CursorAsync(stream.Number, stop);
            var fromBeginning = full || cursor is null;
            stream = stream with { MarksSeen = manifest is { Deletions: DeletionStyle.ByAbsence, Assembled: false } && fromBeginning };
            var run = new RunRow { Connection = config.Name, Stream = manifest.Name, Kind = full ? "full" : "sync", StartedAt = workspace.Now };
            await new StreamRun(workspace, stream, open, run, fromBeginning).RunAsync(stop);
            RunLog.Ended(_log, stream.Name, run.Id, run.State, run.Statement);
            runs.Add(run);
        }

        return runs;
    }

    /// <summary>Maps kept records again where their mapping differs from the one in force.</summary>
    /// <returns>One run per stream that had something to do.</returns>
    public async Task<IReadOnlyList<RunRow>> BackfillAsync(string source, CancellationToken stop)
    {
        var runs = new List<RunRow>();
        foreach (var config in workspace.Config.Connections.Where(c => source.StartsWith(c.Connector + "/", StringComparison.Ordinal)))
        {
            await using var open = await OpenForReplayAsync(config, stop);
            foreach (var manifest in StreamsOf(open.Connector, source[(config.Connector.Length + 1)..]))
            {
                using var lease = await LeaseAsync(LeaseName(config, manifest), stop);
                if (await ContextAsync(config, open, manifest, stop) is { } stream)
                    runs.Add(await RemapAsync(stream, "backfill", (tx, after) => tx.RecordsToRemapAsync(stream.Number, stream.MappingNumber, after, BackfillRecords), stop));
            }
        }

        if (runs.All(r => r.State == "succeeded"))
            await Publications.FinishBackfillAsync(workspace.Store, source, stop);
        return runs;
    }

    /// <summary>Maps one rejected record again.</summary>
    /// <param name="rejected">What to retry; a record that a sync has mended or deleted meanwhile is left as it is.</param>
    /// <param name="wait">How long to wait for another run of the stream.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>The run; <c>null</c> when another run still had the stream in hand.</returns>
    public async Task<RunRow?> RetryAsync(RejectedRow rejected, TimeSpan wait, CancellationToken stop)
    {
        var name = workspace.Store.Catalog.Name(rejected.Stream);
        var (config, streamName) = (workspace.Connection(name[..name.IndexOf('/')]), name[(name.IndexOf('/') + 1)..]);
        if (rejected.Record == 0)
            throw new ConnectorException(ConnectorErrorKind.Permanent, $"rejected {rejected.Id} was never a record ({rejected.Where}); mend the source and run 'hub sync {config.Name} --full'");
        await using var open = await OpenForReplayAsync(config, stop);
        var manifest = StreamsOf(open.Connector, streamName).Single();
        using var lease = await TryLeaseAsync(LeaseName(config, manifest), wait, stop);
        if (lease is null)
            return null;
        var stream = await ContextAsync(config, open, manifest, stop)
            ?? throw new ConnectorException(ConnectorErrorKind.Configuration, $"no mapping is in force for {config.Connector}/{streamName}");
        var done = false;
        return await RemapAsync(stream, "retry", async (tx, _) =>
        {
            var row = done ? null : await tx.FindRecordAsync(rejected.Record);
            done = true;
            // A sync may have mended or deleted it meanwhile.
            return row is { State: RecordState.Rejected } ? [row] : [];
        }, stop);
    }

    /// <summary>Carries out deletes that waited in quarantine.</summary>
    public async Task<RunRow> ApproveDeletesAsync(string streamName, Quarantine quarantine, CancellationToken stop)
    {
        var config = workspace.Connection(streamName[..streamName.IndexOf('/')]);
        await using var open = await OpenForReplayAsync(config, stop);
        var manifest = StreamsOf(open.Connector, streamName[(config.Name.Length + 1)..]).Single();
        using var lease = await LeaseAsync(LeaseName(config, manifest), stop);
        var stream = await ContextAsync(config, open, manifest, stop)
            ?? throw new ConnectorException(ConnectorErrorKind.Configuration, $"no mapping is in force for {streamName}");
        await using (var transaction = await workspace.Store.BeginAsync(stop))
        {
            AbsenceSweep.Decided(workspace, transaction, streamName, "allow", quarantine.Unseen);
            await transaction.CommitAsync();
        }

        var run = await BeginAsync(stream, "delete");
        var statement = new ReconciliationStatement();
        await new AbsenceSweep(workspace, stream, run, statement).DeleteAsync(quarantine.Run);
        return await EndAsync(run, statement, "succeeded");
    }

    private static List<StreamManifest> StreamsOf(IConnector connector, string? name)
    {
        var streams = connector.Manifest.Streams.Where(s => name is null || s.Name == name).ToList();
        return streams.Count > 0 ? streams : throw new ConnectorException(ConnectorErrorKind.Configuration,
            $"connector '{connector.Manifest.Id}' has no stream '{name}'; it has {string.Join(", ", connector.Manifest.Streams.Select(s => s.Name))}");
    }

    /// <summary>Opened for its pure parts only; a source that is away does not matter.</summary>
    private async ValueTask<OpenConnection> OpenForReplayAsync(ConnectionConfig config, CancellationToken stop) => await workspace.OpenAsync(config, stop);

    internal static string LeaseName(ConnectionConfig config, StreamManifest manifest) => $"stream:{config.Name}/{manifest.Name}";

    /// <summary>Takes up backfills that a publication began and a stop or a failure cut off.</summary>
    private async Task FinishBackfillsAsync(string connector, CancellationToken stop)
    {
        foreach (var source in await Publications.UnfinishedBackfillsAsync(workspace.Store.Reader, stop))
            if (source.StartsWith(connector + "/", StringComparison.Ordinal))
                await BackfillAsync(source, stop);
    }

    /// <summary>The stream with the mapping now in force, for the holder of its lease. Runs that a dead process left open are closed.</summary>
    private async ValueTask<StreamContext?> ContextAsync(ConnectionConfig config, OpenConnection open, StreamManifest manifest, CancellationToken stop)
    {
        await workspace.RefreshPlansAsync(stop);
        await using (var transaction = await workspace.Store.BeginAsync(stop))
        {
            await transaction.InterruptRunsAsync(config.Name, manifest.Name, workspace.Now);
            await transaction.CommitAsync();
        }

        return StreamContext.Of(workspace, config, open, manifest);
    }

    private Task<RunRow> RemapAsync(StreamContext stream, string kind, Func<IHubTransaction, long, ValueTask<IReadOnlyList<RecordRow>>> next, CancellationToken stop) =>
        workspace.Threads.RunAsync(() => RemapAllAsync(stream, kind, next, stop));

    private async Task<RunRow> RemapAllAsync(StreamContext stream, string kind, Func<IHubTransaction, long, ValueTask<IReadOnlyList<RecordRow>>> next, CancellationToken stop)
    {
        var run = await BeginAsync(stream, kind);
        var total = new ReconciliationStatement();
        long after = 0;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var batch = new ReconciliationStatement();
                await using var transaction = await workspace.Store.BeginAsync(CancellationToken.None);
                var rows = await next(transaction, after);
                if (rows.Count == 0)
                    break;
                await new RecordIntake(workspace, transaction, stream, batch, run.Id).RemapAsync(rows);
                await transaction.CommitAsync();
                total.Add(batch);
                after = rows[^1].Id;
                HubMetrics.Committed(stream, batch);
            }
        }
        catch (Exception e) when (e is ConnectorException or StoreException)
        {
            RunLog.Failed(_log, stream.Name, run.Id, e.Message);
            run.Error = e.Message;
            return await EndAsync(run, total, "failed");
        }

        return await EndAsync(run, total, stop.IsCancellationRequested ? "interrupted" : total.IsBalanced ? "succeeded" : "unbalanced");
    }

    private async Task<RunRow> BeginAsync(StreamContext stream, string kind)
    {
        var run = new RunRow { Connection = stream.Connection.Name, Stream = stream.Manifest.Name, Kind = kind, StartedAt = workspace.Now };
        await SaveAsync(run);
        return run;
    }

    private async Task<RunRow> EndAsync(RunRow run, ReconciliationStatement statement, string state)
    {
        run.State = state;
        run.EndedAt = workspace.Now;
        run.Statement = statement.ToJson();
        await SaveAsync(run);
        return run;
    }

    private async Task SaveAsync(RunRow run)
    {
        await using var transaction = await workspace.Store.BeginAsync(CancellationToken.None);
        await transaction.SaveRunAsync(run);
        await transaction.CommitAsync();
    }

    private async ValueTask<IDisposable> LeaseAsync(string name, CancellationToken stop) => (await TryLeaseAsync(name, Timeout.InfiniteTimeSpan, stop))!;

    private async ValueTask<IDisposable?> TryLeaseAsync(string name, TimeSpan wait, CancellationToken stop)
    {
        var began = workspace.Time.GetTimestamp();
        while (true)
        {
            if (workspace.Store.TryLease(name) is { } lease)
                return lease;
            if (wait != Timeout.InfiniteTimeSpan && workspace.Time.GetElapsedTime(began) >= wait)
                return null;
            await Task.Delay(TimeSpan.FromMilliseconds(200), workspace.Time, stop);
        }
    }
}
