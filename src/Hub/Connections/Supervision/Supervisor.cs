using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connections.Supervision;

/// <summary>
/// Stands between the hub and the code of connectors. Whatever a connector does - throws, waits for ever, floods, grows - comes out as one
/// <see cref="ConnectorException"/> in time, and the hub goes on. A thread cannot be ended from outside: code that does not end when it is told to is left behind, and its
/// connection is blocked until the hub starts anew.
/// </summary>
public sealed partial class Supervisor(SupervisionLimits limits, TimeProvider time, ILoggerFactory logs)
{
    private const int MostCursorBytes = 64 * 1024;
    private const int ItemsAhead = 256;
    private static readonly TimeSpan Often = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, string> _blocked = new(StringComparer.Ordinal);
    private readonly ProcessGrowth _growth = new(limits, time);
    private readonly ILogger _log = logs.CreateLogger("Supervision");

    /// <summary>Connections that are blocked until the hub starts anew, with the reason.</summary>
    public IReadOnlyDictionary<string, string> Blocked => _blocked;

    /// <exception cref="ConnectorException">The connection is blocked.</exception>
    public void Admit(string connection)
    {
        if (_blocked.TryGetValue(connection, out var reason))
            throw new ConnectorException(ConnectorErrorKind.Permanent, $"connection '{connection}' is blocked until the hub starts anew: {reason}");
    }

    /// <summary>Reads what a connector yields, in its order, with its cursor and records within bounds.</summary>
    /// <param name="supervised">Whose code it is.</param>
    /// <param name="read">Begins to read; its token says that the read is to end.</param>
    /// <param name="bound">Makes a record that is too large a bad one.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="ConnectorException">The connector's own, or what it did.</exception>
    public async IAsyncEnumerable<StreamItem> ReadAsync(Supervised supervised, Func<CancellationToken, IAsyncEnumerable<StreamItem>> read, Func<SourceRecord, StreamItem> bound, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var items = Channel.CreateBounded<StreamItem>(new BoundedChannelOptions(ItemsAhead) { SingleReader = true, SingleWriter = true });
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var watch = supervised.IsThirdParty ? _growth.Begin() : null;
        var flood = new Flood(limits);
        // On a thread of its own from the beginning: code that blocks holds nobody else.
        var pump = Task.Run(() => PumpAsync(read, items.Writer, stop.Token), CancellationToken.None);
        var ended = false;
        try
        {
            while (await WaitAsync(supervised, items.Reader, watch, cancellationToken))
                while (items.Reader.TryRead(out var item))
                {
                    if (flood.Excess(item) is { } excess)
                        throw Stopped(supervised, excess);
                    yield return item is SourceRecord record ? bound(record) : item;
                }

            ended = true;
        }
        finally
        {
            if (!ended)
                await stop.CancelAsync();
            await EndAsync(supervised, pump, stop);
        }

        try
        {
            await pump;
        }
        catch (Exception e) when (e is not (ConnectorException or OperationCanceledException))
        {
            throw Unexplained(supervised, e);
        }
    }

    /// <summary>Waits for one call of a connector.</summary>
    /// <param name="supervised">Whose code it is.</param>
    /// <param name="what">What it does, for messages.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ConnectorException">The connector's own, or what it did.</exception>
    public async Task<T> CallAsync<T>(Supervised supervised, string what, TimeSpan limit, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var task = Task.Run(() => call(stop.Token), CancellationToken.None);
        try
        {
            return await task.WaitAsync(limit, time, cancellationToken);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw Stopped(supervised, $"{what} took longer than {Text(limit)}", happened: true);
        }
        catch (Exception e) when (e is not ConnectorException && !(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            throw Unexplained(supervised, e);
        }
        finally
        {
            if (!task.IsCompleted)
                await stop.CancelAsync();
            await EndAsync(supervised, task, stop);
        }
    }

    /// <summary>A call that is promised to be quick and waits for nothing.</summary>
    public Task<T> CallAsync<T>(Supervised supervised, string what, Func<T> call, CancellationToken cancellationToken) =>
        CallAsync(supervised, what, limits.QuickCall, _ => Task.FromResult(call()), cancellationToken);

    /// <summary>Closes a connection, which is promised to be quick.</summary>
    public Task CloseAsync(Supervised supervised, Func<Task> close) => CallAsync(supervised, "closing the connection", limits.QuickCall, async _ =>
    {
        await close();
        return true;
    }, CancellationToken.None);

    /// <summary>A call that asks the vendor.</summary>
    public Task<T> CallAsync<T>(Supervised supervised, string what, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        CallAsync(supervised, what, limits.Call, call, cancellationToken);

    private static async Task PumpAsync(Func<CancellationToken, IAsyncEnumerable<StreamItem>> read, ChannelWriter<StreamItem> items, CancellationToken stop)
    {
        try
        {
            await foreach (var item in read(stop).WithCancellation(stop))
                await items.WriteAsync(item ?? throw new InvalidOperationException("a connector yielded null"), stop);
        }
        finally
        {
            items.TryComplete();
        }
    }

    private async ValueTask<bool> WaitAsync(Supervised supervised, ChannelReader<StreamItem> items, ProcessGrowth.Watch? watch, CancellationToken cancellationToken)
    {
        if (watch?.Excess() is { } excess)
            throw Grown(supervised, excess);
        var wait = items.WaitToReadAsync(cancellationToken);
        if (wait.IsCompleted)
            return await wait;
        var pending = wait.AsTask();
        var since = time.GetTimestamp();
        while (true)
            try
            {
                return await pending.WaitAsync(Often, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                if (time.GetElapsedTime(since) > limits.Silence)
                    throw Stopped(supervised, $"it gave nothing for {Text(limits.Silence)}");
                if (watch?.Excess() is { } more)
                    throw Grown(supervised, more);
            }
    }

    /// <summary>Waits for code that was told to end, or has; leaves it behind when it does not.</summary>
    private async Task EndAsync(Supervised supervised, Task task, CancellationTokenSource stop)
    {
        try
        {
            await task.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).WaitAsync(limits.Grace, time);
            stop.Dispose();
        }
        catch (TimeoutException)
        {
            // It may still look at the token, which is therefore not disposed.
            var reason = $"connector '{supervised.Connector}' did not end within {Text(limits.Grace)} of being told to; its thread is left behind";
            Block(supervised, reason);
            throw new ConnectorException(ConnectorErrorKind.Permanent, $"{reason}, and connection '{supervised.Connection}' is blocked until the hub starts anew") { MayHaveHappened = true };
        }
    }

    /// <summary>What it holds it may hold for ever, so that it does not run again.</summary>
    private ConnectorException Grown(Supervised supervised, string excess)
    {
        Block(supervised, $"connector '{supervised.Connector}' was stopped: {excess}");
        return Stopped(supervised, $"{excess}; the connection is blocked until the hub starts anew");
    }

    private void Block(Supervised supervised, string reason)
    {
        _blocked[supervised.Connection] = reason;
        BlockedNow(_log, supervised.Connection, reason);
    }

    private static ConnectorException Stopped(Supervised supervised, string reason, bool happened = false) =>
        new(ConnectorErrorKind.Permanent, $"connector '{supervised.Connector}' was stopped: {reason}") { MayHaveHappened = happened };

    /// <summary>The message of an exception nobody planned for may hold values, so only its kind is told.</summary>
    private static ConnectorException Unexplained(Supervised supervised, Exception e) =>
        new(ConnectorErrorKind.Permanent, $"connector '{supervised.Connector}' failed in a way it did not explain: {e.GetType().Name}", e) { MayHaveHappened = true };

    private static string Text(TimeSpan time) => time.TotalMinutes >= 2 ? $"{time.TotalMinutes:0.#} minutes" : $"{time.TotalSeconds:0.#} seconds";

    [LoggerMessage(71, LogLevel.Error, "connection {Connection} is blocked until the hub starts anew: {Reason}")]
    private static partial void BlockedNow(ILogger log, string connection, string reason);

    internal void NotClosed(Supervised supervised, string reason) => NotClosed(_log, supervised.Connection, reason);

    [LoggerMessage(72, LogLevel.Warning, "connection {Connection} could not be closed: {Reason}")]
    private static partial void NotClosed(ILogger log, string connection, string reason);

    /// <summary>Counts what comes without a checkpoint, and checkpoints that come without a record.</summary>
    private sealed class Flood(SupervisionLimits limits)
    {
        private int _records;
        private long _bytes;
        private int _checkpoints;

        public string? Excess(StreamItem item)
        {
            if (item is Checkpoint checkpoint)
            {
                (_records, _bytes) = (0, 0);
                if (Encoding.UTF8.GetByteCount(checkpoint.Cursor) > MostCursorBytes)
                    return $"a cursor has more than {MostCursorBytes / 1024} KiB";
                return ++_checkpoints > limits.Unchecked ? $"it gave more than {limits.Unchecked:N0} checkpoints without a record ('supervision.unchecked')" : null;
            }

            _checkpoints = 0;
            _bytes += item is SourceRecord record ? record.Body.Length + record.Metadata.Length : 0;
            return ++_records > limits.Unchecked ? $"it gave more than {limits.Unchecked:N0} records without a checkpoint ('supervision.unchecked')"
                : _bytes > limits.UncheckedBytes ? $"it gave more than {limits.UncheckedBytes >> 20:N0} MB without a checkpoint ('supervision.uncheckedMegabytes')" : null;
        }
    }
}

/// <summary>Whose code is supervised.</summary>
/// <param name="Connection">Name of the connection.</param>
/// <param name="Connector">Id of its connector.</param>
/// <param name="IsThirdParty">It was loaded from a folder.</param>
public sealed record Supervised(string Connection, string Connector, bool IsThirdParty);
