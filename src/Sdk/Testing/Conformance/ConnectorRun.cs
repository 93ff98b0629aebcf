using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using IntegrationHub.Sdk.Http;
using IntegrationHub.Sdk.Tokens;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Sdk.Testing.Conformance;

/// <summary>What a stream looks like to the hub after a read.</summary>
public sealed record StreamState
{
    /// <summary>Bodies by id.</summary>
    public SortedDictionary<string, string> Records { get; init; } = new(StringComparer.Ordinal);

    /// <summary>The last checkpoint's cursor.</summary>
    public string? Cursor { get; set; }

    /// <summary>Every checkpoint, with how many records stood before it.</summary>
    public List<(string Cursor, int Records)> Checkpoints { get; } = [];

    /// <summary>What could not be read.</summary>
    public List<BadRecord> Bad { get; } = [];

    /// <summary>Records returned, repeated ones included.</summary>
    public int Returned { get; set; }

    /// <summary>Times the read was taken up again.</summary>
    public int Restarts { get; set; }
}

/// <summary>Runs a connector as the hub does: the same HTTP client, commits at checkpoints, restarts from the last one after failures that may pass.</summary>
public sealed class ConnectorRun : IDisposable
{
    /// <summary>A read that gets nowhere this often has failed.</summary>
    private const int Attempts = 6;

    private readonly ConnectorUnderTest _subject;
    private readonly CapturingLog _log = new();
    private readonly ConnectorHttpOptions _http;
    private readonly MemoryVault _vault = new();
    private readonly CallBudgets _budgets;

    /// <summary>Prepares runs of a connector.</summary>
    /// <param name="subject">The connector.</param>
    /// <param name="timeout">How long one exchange may take.</param>
    public ConnectorRun(ConnectorUnderTest subject, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(subject);
        _subject = subject;
        _http = new() { Pause = TimeSpan.FromMilliseconds(1), Timeout = timeout ?? TimeSpan.FromSeconds(30), AnswerBegins = timeout ?? TimeSpan.FromSeconds(30) };
        _budgets = new(subject.Simulator.Time);
    }

    /// <summary>Everything that was logged, and the messages of all failures.</summary>
    public IReadOnlyCollection<string> Said => _log.Lines;

    /// <summary>Opens a connection.</summary>
    public IConnection Open(System.Text.Json.Nodes.JsonObject? settings = null)
    {
        try
        {
            return _subject.Connector.Open(new()
            {
                Name = "under-test",
                Settings = JsonSerializer.SerializeToElement(settings ?? _subject.Settings()),
                CreateHttpClient = () => ConnectorHttp.CreateClient(_http),
                ContentRoot = Path.GetTempPath(),
                Time = _subject.Simulator.Time,
                Vault = _vault,
                Budgets = _budgets,
                Log = _log,
            });
        }
        catch (ConnectorException e)
        {
            _log.Lines.Add(e.Message);
            throw;
        }
    }

    /// <summary>Reads a stream to its present end, as a hub that is restarted at every failure would.</summary>
    /// <exception cref="ConnectorException">It failed for good.</exception>
    public async Task<StreamState> ReadAsync(string stream, StreamState? from, CancellationToken cancellationToken, int maxRecordBytes = 16 * 1024 * 1024)
    {
        var state = from is null ? new() : new StreamState { Records = new(from.Records, StringComparer.Ordinal), Cursor = from.Cursor };
        for (var attempt = 1; ; attempt++)
        {
            var before = state.Cursor;
            try
            {
                await AttemptAsync(stream, state, maxRecordBytes, cancellationToken).ConfigureAwait(false);
                return state;
            }
            catch (ConnectorException e)
            {
                _log.Lines.Add(e.ToString());
                if (state.Cursor != before)
                    attempt = 1;
                if (e.Kind is not (ConnectorErrorKind.Transient or ConnectorErrorKind.RateLimited) || attempt >= Attempts)
                    throw;
                state.Restarts++;
                await Task.Delay(e.RetryAfter ?? TimeSpan.FromSeconds(30), _subject.Simulator.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private async Task AttemptAsync(string stream, StreamState state, int maxRecordBytes, CancellationToken cancellationToken)
    {
        var connection = Open();
        await using var _ = connection.ConfigureAwait(false);
        var waiting = new List<StreamItem>();
        var request = new ReadRequest(stream) { Cursor = state.Cursor is "" ? null : state.Cursor, MaxRecordBytes = maxRecordBytes };
        await foreach (var item in ((IReadRecords)connection).ReadAsync(request, cancellationToken).ConfigureAwait(false))
        {
            waiting.Add(item);
            if (item is Checkpoint checkpoint)
                Commit(state, waiting, checkpoint);
        }

        Commit(state, waiting, null);
    }

    private static void Commit(StreamState state, List<StreamItem> items, Checkpoint? checkpoint)
    {
        foreach (var item in items)
            switch (item)
            {
                case SourceRecord record:
                    state.Records[record.Id] = Encoding.UTF8.GetString(record.Body.Span);
                    state.Returned++;
                    break;
                case DeletedRecord deleted:
                    state.Records.Remove(deleted.Id);
                    break;
                case BadRecord bad:
                    state.Bad.Add(bad);
                    break;
            }

        items.Clear();
        if (checkpoint is null)
            return;
        state.Cursor = checkpoint.Cursor;
        state.Checkpoints.Add((checkpoint.Cursor, state.Records.Count));
    }

    private sealed class CapturingLog : ILogger
    {
        public ConcurrentBag<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception) + exception);
    }
}
