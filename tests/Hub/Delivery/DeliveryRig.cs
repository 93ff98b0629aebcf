using System.Text;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Delivery;
using IntegrationHub.Sdk;
using IntegrationHub.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace IntegrationHub.Tests.Delivery;

/// <summary>A workspace whose feed the test writes, with dispatchers on a clock that it moves.</summary>
internal sealed class DeliveryRig : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<Running> _running = [];
    private HubConfig _config = HubConfig.Default;
    private IReadOnlyList<IConnector> _connectors = [];
    private ChangeSignal _signal = null!;

    private DeliveryRig()
    {
    }

    public CountingTime Time { get; } = new();

    public Workspace Workspace { get; private set; } = null!;

    public DeliveryLimits Limits { get; set; } = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="configure">Also writes files below the root, before they are read.</param>
    public static async Task<DeliveryRig> OpenAsync(Func<HubConfig, HubConfig>? configure = null, params IReadOnlyList<IConnector> connectors)
    {
        var rig = new DeliveryRig();
        var config = HubConfig.Default with { Root = rig._folder.Path };
        (rig._config, rig._connectors) = (configure?.Invoke(config) ?? config, connectors);
        await rig.OpenWorkspaceAsync();
        return rig;
    }

    /// <summary>As a restarted process would.</summary>
    public async Task ReopenAsync()
    {
        await CloseAsync();
        await OpenWorkspaceAsync();
    }

    public static Subscription Subscribe(string name, ISink sink, ChangeFilter? filter = null, StartKind start = StartKind.Beginning) => Subscribe(name, new TestSinkOptions(sink), filter, start);

    public static Subscription Subscribe(string name, ISinkOptions sink, ChangeFilter? filter = null, StartKind start = StartKind.Beginning) => new()
    {
        Name = name,
        Filter = filter ?? new(),
        Purpose = "service",
        Region = "DE",
        Start = new(start, 0),
        Sink = sink,
        Json = name,
    };

    /// <summary>Appends one update of each customer, in one transaction.</summary>
    public async Task AppendAsync(params IReadOnlyList<long> customers) => await AppendAsync([.. customers.Select(c => Update(c))]);

    public async Task AppendAsync(IReadOnlyList<ChangeRow> rows)
    {
        await using var transaction = await Workspace.Store.BeginAsync(Cancel);
        await transaction.AppendChangesAsync(rows);
        await transaction.CommitAsync();
    }

    public ChangeRow Update(long customer, string entity = "customer", string kind = "updated", string body = """{"fields":{"name":{"before":"A","after":"B"}}}""") => new()
    {
        Entity = customer,
        Type = Workspace.Bindings.Find(entity)!.Number,
        Kind = kind,
        At = Workspace.Now,
        Run = 1,
        Mapping = 0,
        Records = [],
        Body = Encoding.UTF8.GetBytes(body),
    };

    /// <param name="store">Another face of the workspace's store, or <c>null</c>.</param>
    public Running Start(Subscription subscription, IHubStore? store = null)
    {
        var workspace = store is null ? Workspace : Workspace.Over(store);
        var running = new Running(new Dispatcher(new(workspace, Limits, _signal), subscription));
        _running.Add(running);
        return running;
    }

    /// <summary>Moves the clock until something is so.</summary>
    public async Task UntilAsync(Func<bool> holds, TimeSpan? step = null) => await UntilAsync(() => Task.FromResult(holds()), step);

    public async Task UntilAsync(Func<Task<bool>> holds, TimeSpan? step = null)
    {
        for (var i = 0; i < 20_000; i++)
        {
            if (await holds())
                return;
            Time.Advance(step ?? TimeSpan.FromMilliseconds(50));
            // Lets what the clock woke run.
            await Task.Delay(1, Cancel);
        }

        Assert.Fail("it never came about");
    }

    public ValueTask<SubscriptionState?> StateAsync(string subscription) => SubscriptionState.ReadAsync(Workspace.Store.Reader, subscription, Cancel);

    public ValueTask<IReadOnlyList<DeliveryRow>> KeptAsync(string subscription, bool? parked = null) =>
        Workspace.Store.Reader.DeliveriesAsync(new(100_000) { Subscription = Workspace.Store.Catalog.Subscription(subscription), IsParked = parked }, Cancel);

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _folder.Dispose();
    }

    private async Task OpenWorkspaceAsync()
    {
        Workspace = await Workspace.OpenAsync(_config, new ConnectorRegistry(_connectors), Time, NullLoggerFactory.Instance, Cancel);
        _signal = new(Workspace.Store, Time);
    }

    private async Task CloseAsync()
    {
        foreach (var running in _running)
            await running.DisposeAsync();
        _running.Clear();
        await _signal.DisposeAsync();
        await Workspace.DisposeAsync();
    }

    internal sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _task;

        public Running(Dispatcher dispatcher) => _task = Task.Run(() => dispatcher.RunAsync(_stop.Token));

        public async ValueTask DisposeAsync()
        {
            if (_stop.IsCancellationRequested)
                return;
            await _stop.CancelAsync();
            await _task;
            _stop.Dispose();
        }
    }

    private sealed record TestSinkOptions(ISink Sink) : ISinkOptions
    {
        public string Kind => "test";

        public string Target => "test.example";

        public ValueTask<ISink> OpenAsync(SinkContext context, CancellationToken cancellationToken) => new(Sink);
    }
}

/// <summary>A clock that moves when it is told to, and knows how often it was looked at.</summary>
internal sealed class CountingTime() : FakeTimeProvider(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
{
    private int _looks;

    public int Looks => Volatile.Read(ref _looks);

    public override DateTimeOffset GetUtcNow()
    {
        Interlocked.Increment(ref _looks);
        return base.GetUtcNow();
    }
}

/// <summary>A destination that answers as the test says and remembers all it was sent.</summary>
internal sealed class TestSink(Func<OutboundEvent, SendResult>? answer = null) : ISink
{
    private readonly Lock _lock = new();
    private readonly List<OutboundEvent> _taken = [];
    private int _attempts;

    public Func<OutboundEvent, SendResult> Answer { get; set; } = answer ?? (_ => SendResult.Delivered);

    /// <summary>What a send waits for before it is answered.</summary>
    public Func<OutboundEvent, Task> Before { get; init; } = async _ => await Task.Yield();

    public int Concurrency { get; init; } = 16;

    public int BatchSize { get; init; } = 1;

    /// <summary>In the order they were taken.</summary>
    public IReadOnlyList<OutboundEvent> Taken
    {
        get
        {
            lock (_lock)
                return [.. _taken];
        }
    }

    public int TakenCount
    {
        get
        {
            lock (_lock)
                return _taken.Count;
        }
    }

    public int Attempts => Volatile.Read(ref _attempts);

    public async Task<SendResult> SendAsync(IReadOnlyList<OutboundEvent> events, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _attempts);
        await Before(events[0]).WaitAsync(cancellationToken);
        lock (_lock)
        {
            foreach (var one in events)
                if (Answer(one) is { Outcome: not SendOutcome.Delivered } refused)
                    return refused;
                else
                    _taken.Add(one);
        }

        return SendResult.Delivered;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
