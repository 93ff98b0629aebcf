using System.Threading.Channels;
using IntegrationHub.Sdk;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections.Runs;

/// <summary>
/// Runs one stream: reads from the last committed cursor, and commits batch by batch. A batch ends at a checkpoint, so that records and cursor are
/// always in step; a run that is stopped or killed goes on from there, and commits the same batches as one that was not.
/// </summary>
public sealed class StreamRun
{
    private readonly Workspace _workspace;
    private readonly StreamContext _stream;
    private readonly OpenConnection _open;
    private readonly RunRow _run;
    private readonly ILogger _log;
    private readonly ReconciliationStatement _total = new();
    private readonly bool _fromBeginning;
    private bool _cursorSaved;
    private bool _sawUnreadable;

    internal StreamRun(Workspace workspace, StreamContext stream, OpenConnection open, RunRow run, bool fromBeginning)
    {
        _workspace = workspace;
        _stream = stream;
        _open = open;
        _run = run;
        _fromBeginning = fromBeginning;
        _log = workspace.Logs.CreateLogger("Run");
    }

    /// <summary>Runs to the source's present end. Failures are part of the result, never an exception; only a bug is.</summary>
    /// <param name="stop">Ends the run after the batch in hand is committed.</param>
    public async Task<RunRow> RunAsync(CancellationToken stop)
    {
        await SaveAsync("running", null);
        var attempt = 0;
        while (true)
        {
            var before = _total.Read;
            try
            {
                await _workspace.Threads.RunAsync(() => AttemptAsync(stop));
                var state = stop.IsCancellationRequested ? "interrupted" : _total.IsBalanced ? "succeeded" : "unbalanced";
                await SaveAsync(state, state == "unbalanced" ? "the reconciliation does not balance; this is a fault of the hub, keep the data and report it" : null);
                return _run;
            }
            catch (ConnectorException e) when (e.Kind is ConnectorErrorKind.Transient or ConnectorErrorKind.RateLimited && !stop.IsCancellationRequested)
            {
                // An attempt that got on does not count against the limit.
                attempt = _total.Read > before ? 1 : attempt + 1;
                var wait = e.RetryAfter ?? TimeSpan.FromSeconds(Math.Min(60, Math.Pow(2, attempt)));
                if (attempt >= _workspace.Config.Limits.Attempts || wait > _workspace.Config.Limits.LongestWait)
                    return await FailAsync(e.Message);
                RunLog.Retrying(_log, _stream.Name, _run.Id, e.Message, wait);
                await Task.Delay(wait, _workspace.Time, stop).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
            catch (Exception e) when (e is ConnectorException or StoreException)
            {
                return await FailAsync(e.Message);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // The message of an exception nobody planned for may hold values of records.
                RunLog.Bug(_log, _stream.Name, _run.Id, e.GetType().Name, e.StackTrace);
                return await FailAsync($"a fault of the hub ({e.GetType().Name}); the log says where, the last commit is safe");
            }
        }
    }

    private async Task AttemptAsync(CancellationToken stop)
    {
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var read = Channel.CreateBounded<Batch>(new BoundedChannelOptions(1) { SingleReader = true, SingleWriter = true });
        var mapped = Channel.CreateBounded<Batch>(new BoundedChannelOptions(1) { SingleReader = true, SingleWriter = true });
        var reader = Task.Run(() => ReadAsync(read.Writer, reading.Token), CancellationToken.None);
        var mapper = _workspace.Threads.RunAsync(() => MapAsync(read.Reader, mapped.Writer, reading));
        try
        {
            await foreach (var batch in mapped.Reader.ReadAllAsync(CancellationToken.None))
                await CommitAsync(batch);
        }
        finally
        {
            await EndAsync(mapped.Reader, reading);
            // Whatever stopped the writer has to be seen first; how the others ended is seen below.
            await Task.WhenAll(reader, mapper).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        await mapper;
        await reader;
        if (stop.IsCancellationRequested || !_fromBeginning)
            return;
        await ForgetMendedAsync();
        // What could not be read may be a record that is still there: such a read is not complete.
        if (_stream.MarksSeen && !_sawUnreadable)
            await new AbsenceSweep(_workspace, _stream, _run, _total).RunAsync();
    }

    private async Task ReadAsync(ChannelWriter<Batch> batches, CancellationToken cancellationToken)
    {
        var batch = new Batch();
        try
        {
            var cursor = _fromBeginning && !_cursorSaved ? null : await _workspace.Store.Reader.CursorAsync(_stream.Number, CancellationToken.None);
            var request = new ReadRequest(_stream.Manifest.Name) { Cursor = cursor, MaxRecordBytes = _workspace.Config.Limits.RecordBytes };
            await foreach (var item in _workspace.Supervisor.ReadAsync(_open.Supervised, stop => ((IReadRecords)_open.Connection).ReadAsync(request, stop), request.Bounded, cancellationToken))
            {
                if (item is Checkpoint checkpoint)
                    batch.Reach(checkpoint);
                else
                {
                    batch.Add(ReadItem.Of(item));
                    _sawUnreadable |= item is BadRecord;
                }

                if (!batch.IsFull(_workspace.Config.Limits))
                    continue;
                await batches.WriteAsync(batch, cancellationToken);
                batch = new();
            }

            await batches.WriteAsync(batch, cancellationToken);
            batches.Complete();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            if (batch.CutToCheckpoint())
                await batches.WriteAsync(batch, CancellationToken.None);
            batches.Complete();
        }
        catch (Exception e)
        {
            // What was read up to the last checkpoint is good; commit it before the failure is told.
            if (batch.CutToCheckpoint())
                await batches.WriteAsync(batch, CancellationToken.None);
            batches.Complete();
            if (e is ConnectorException or OutOfMemoryException)
                throw;
            throw new ConnectorException(ConnectorErrorKind.Permanent, $"connector '{_stream.Connection.Connector}' failed in a way it did not explain: {e.GetType().Name}", e);
        }
    }

    /// <summary>Maps what has to be mapped while earlier batches are being committed.</summary>
    private async Task MapAsync(ChannelReader<Batch> read, ChannelWriter<Batch> mapped, CancellationTokenSource reading)
    {
        try
        {
            await foreach (var batch in read.ReadAllAsync(CancellationToken.None))
            {
                // One batch ahead is enough, and what waits longer costs more to keep in memory.
                await mapped.WaitToWriteAsync(CancellationToken.None);
                await RecordIntake.MapAheadAsync(_workspace.Store.Reader, _stream, batch.Items);
                await mapped.WriteAsync(batch, CancellationToken.None);
            }
        }
        finally
        {
            mapped.Complete();
            await EndAsync(read, reading);
        }
    }

    /// <summary>Stops the reading. What was read already is let go, and read again later; without this the reader would wait for room for ever.</summary>
    private static async Task EndAsync(ChannelReader<Batch> batches, CancellationTokenSource reading)
    {
        await reading.CancelAsync();
        await foreach (var _ in batches.ReadAllAsync(CancellationToken.None))
        {
        }
    }

    /// <summary>The source was read from end to end: unreadable places that were not met again are mended.</summary>
    private async Task ForgetMendedAsync()
    {
        await using var transaction = await _workspace.Store.BeginAsync(CancellationToken.None);
        await transaction.ClearUnreadableAsync(_stream.Number, _run.Id);
        await transaction.CommitAsync();
    }

    private async Task CommitAsync(Batch batch)
    {
        var statement = new ReconciliationStatement();
        await using (var transaction = await _workspace.Store.BeginAsync(CancellationToken.None))
        {
            await new RecordIntake(_workspace, transaction, _stream, statement, _run.Id).ReadAsync(batch.Items);
            if (batch.Cursor is { } cursor)
                await transaction.SaveCursorAsync(_stream.Number, cursor.Length == 0 ? null : cursor);
            var total = new ReconciliationStatement();
            total.Add(_total);
            total.Add(statement);
            _run.Statement = total.ToJson();
            await transaction.SaveRunAsync(_run);
            await transaction.CommitAsync();
        }

        _cursorSaved |= batch.Cursor is not null;
        _total.Add(statement);
        HubMetrics.Committed(_stream, statement);
    }

    private async Task<RunRow> FailAsync(string reason)
    {
        RunLog.Failed(_log, _stream.Name, _run.Id, reason);
        try
        {
            await SaveAsync("failed", reason);
        }
        catch (StoreException)
        {
            // The store is what failed. The next run of the stream closes this one.
            _run.State = "failed";
            _run.Error = reason;
        }

        return _run;
    }

    private async Task SaveAsync(string state, string? error)
    {
        _run.State = state;
        _run.Error = error;
        _run.Statement = _total.ToJson();
        _run.EndedAt = state == "running" ? 0 : _workspace.Now;
        await using var transaction = await _workspace.Store.BeginAsync(CancellationToken.None);
        await transaction.SaveRunAsync(_run);
        await transaction.CommitAsync();
    }
}

/// <summary>Records between two commits.</summary>
internal sealed class Batch
{
    private long _bytes;
    private int _atCheckpoint;

    public List<ReadItem> Items { get; } = [];

    /// <summary>The cursor to store, or <c>null</c> when the batch outgrew its limit before a checkpoint came.</summary>
    public string? Cursor { get; private set; }

    public void Add(ReadItem item)
    {
        Items.Add(item);
        _bytes += item.Item switch
        {
            SourceRecord record => record.Body.Length + record.Metadata.Length,
            BadRecord bad => bad.Body.Length,
            _ => 0,
        } + 64;
    }

    public void Reach(Checkpoint checkpoint)
    {
        Cursor = checkpoint.Cursor;
        _atCheckpoint = Items.Count;
    }

    /// <summary>Full, and at a checkpoint; or so far over that it must be written without one (its records are then read once more if the run dies).</summary>
    public bool IsFull(Configuration.RunLimits limits)
    {
        var full = Items.Count >= limits.BatchRecords || _bytes >= limits.BatchBytes;
        if (!full)
            return false;
        if (_atCheckpoint == Items.Count)
            return true;
        if (Items.Count < limits.BatchRecords * 8L && _bytes < Math.Max(limits.BatchBytes * 4L, limits.RecordBytes * 2L))
            return false;
        Cursor = null;
        return true;
    }

    /// <summary>Drops what stands behind the last checkpoint; false when nothing is left to commit.</summary>
    public bool CutToCheckpoint()
    {
        Items.RemoveRange(_atCheckpoint, Items.Count - _atCheckpoint);
        return Cursor is not null;
    }
}
