using System.Threading.Channels;
using IntegrationHub.Sdk.Callbacks;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections.Callbacks;

/// <summary>
/// Makes events of vendors durable. Whatever arrives while one commit is under way goes into the next one together, so that many callbacks a second cost few
/// commits.
/// </summary>
public sealed class CallbackInbox(Workspace workspace) : IAsyncDisposable
{
    /// <summary>Requests in one commit.</summary>
    private const int MostTogether = 500;

    private readonly Channel<Arrival> _arrivals = Channel.CreateBounded<Arrival>(new BoundedChannelOptions(10_000) { SingleReader = true });
    private readonly Lock _lock = new();
    private Task? _keeping;
    private long _forgotten;

    /// <summary>Told after events of a connection are durable.</summary>
    public event Action<string>? Kept;

    /// <summary>Keeps events and returns when they are durable; those seen within the replay window are dropped.</summary>
    /// <exception cref="StoreException">They are not kept; the vendor has to send them again.</exception>
    public async Task KeepAsync(string connection, IReadOnlyList<CallbackEvent> events, CancellationToken cancellationToken)
    {
        lock (_lock)
            _keeping ??= Task.Run(KeepAllAsync, CancellationToken.None);
        var number = workspace.Store.Catalog.Connection(connection);
        var now = workspace.Now;
        var arrival = new Arrival(connection, [.. events.Select(e => new CallbackRow
        {
            Connection = number,
            Stream = e.Stream,
            Event = e.Id,
            Subject = e.Subject,
            Body = e.Body.ToArray(),
            ReceivedAt = now,
        })]);
        await _arrivals.Writer.WriteAsync(arrival, cancellationToken);
        await arrival.Durable.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _arrivals.Writer.TryComplete();
        if (_keeping is { } keeping)
            await keeping;
    }

    private async Task KeepAllAsync()
    {
        var together = new List<Arrival>(MostTogether);
        while (await _arrivals.Reader.WaitToReadAsync())
        {
            together.Clear();
            while (together.Count < MostTogether && _arrivals.Reader.TryRead(out var arrival))
                together.Add(arrival);
            try
            {
                await using (var transaction = await workspace.Store.BeginAsync(CancellationToken.None))
                {
                    await transaction.KeepCallbacksAsync([.. together.SelectMany(a => a.Rows)]);
                    Note(transaction, together);
                    await ForgetAsync(transaction);
                    await transaction.CommitAsync();
                }

                foreach (var arrival in together)
                    arrival.Durable.SetResult();
                foreach (var connection in together.Select(a => a.Connection).Distinct())
                    Kept?.Invoke(connection);
            }
            catch (Exception e)
            {
                // Whatever it was, those who wait are told, and the next are kept.
                foreach (var arrival in together)
                    arrival.Durable.TrySetException(e);
            }
        }
    }

    /// <summary>Tells the sovereignty log what came in; events that were known already are not kept and did not.</summary>
    private void Note(IHubTransaction transaction, List<Arrival> together)
    {
        var log = workspace.Log.Writer;
        log.Write(transaction, [.. together.SelectMany(a => a.Rows.Where(r => r.Id != 0).Select(r => (a.Connection, r.Stream))).CountBy(r => r).Select(kept =>
        {
            var config = workspace.Connection(kept.Key.Connection);
            return new LogEntry(LogAction.Ingest, $"connection:{config.Name}")
            {
                From = new($"{config.Name}/{kept.Key.Stream}", config.Region ?? workspace.Connectors.Get(config.Connector).Manifest.Region),
                To = log.Here,
                Purpose = config.Purpose,
                LegalBasis = config.LegalBasis,
                Counts = [("callbacks", kept.Value)],
            };
        })]);
    }

    /// <summary>Once an hour.</summary>
    private async ValueTask ForgetAsync(IExchangeTransaction transaction)
    {
        var limits = workspace.Config.Exchanges;
        if (workspace.Now - _forgotten < TimeSpan.FromHours(1).TotalMilliseconds)
            return;
        _forgotten = workspace.Now;
        await transaction.ForgetExchangesAsync(_forgotten - (long)limits.CallbackMemory.TotalMilliseconds, _forgotten - (long)limits.ActionMemory.TotalMilliseconds);
    }

    private sealed record Arrival(string Connection, CallbackRow[] Rows)
    {
        public TaskCompletionSource Durable { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
