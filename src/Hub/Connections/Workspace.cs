using System.Collections.Concurrent;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Connections.Plugins;
using IntegrationHub.Connections.Supervision;
using IntegrationHub.Mapping;
using IntegrationHub.Mapping.Functions;
using IntegrationHub.Model;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;
using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Storage;
using IntegrationHub.Storage.Sqlite;
using IntegrationHub.Threads;
using IntegrationHub.Unify;
using IntegrationHub.Unify.Identity;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections;

/// <summary>One organisation's data with everything that works on it. Everything hangs off this object; there is no static state.</summary>
public sealed partial class Workspace : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, MappingPlan> _plans = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<int, string> _connectors = new();
    private readonly ConcurrentDictionary<string, ConnectionVault> _vaults = new(StringComparer.Ordinal);
    private readonly CallBudgets _budgets;

    private Workspace(HubConfig config, IHubStore store, WorkspaceKey key, EntityModel model, MappingFolder folder, ConnectorRegistry connectors, RunThreads threads, TimeProvider time, ILoggerFactory logs)
    {
        Config = config;
        Store = store;
        Key = key;
        Log = new(store, config.Log, config.Workspace, config.Region, key.Derive, time);
        Secrets = new(store, key.Secrets, Log.Writer);
        Model = model;
        Folder = folder;
        Connectors = connectors;
        Threads = threads;
        Time = time;
        Logs = logs;
        Functions = FunctionLibrary.For(new FunctionContext(key.Derive("keyedHash")));
        Bindings = new(model, store.Catalog);
        _budgets = new(time);
        Supervisor = new(config.Supervision, time, logs);
        _connectors[store.Catalog.Connection(Unify.Identity.Stewardship.Connection)] = Unify.Identity.Stewardship.Connection;
    }

    public HubConfig Config { get; }

    public IHubStore Store { get; }

    public WorkspaceKey Key { get; }

    public SecretStore Secrets { get; }

    /// <summary>The sovereignty log: whoever moves data writes an entry.</summary>
    public SovereigntyLog Log { get; }

    public EntityModel Model { get; }

    public Bindings Bindings { get; }

    public MappingFolder Folder { get; }

    public ConnectorRegistry Connectors { get; }

    /// <summary>Stands between the hub and the code of connectors.</summary>
    public Supervisor Supervisor { get; }

    public IReadOnlyDictionary<string, FunctionSpec> Functions { get; }

    /// <summary>Where runs map, fold and commit.</summary>
    public RunThreads Threads { get; }

    public TimeProvider Time { get; }

    public ILoggerFactory Logs { get; }

    /// <param name="actor">Who has it decided, as the sovereignty log names them.</param>
    public Stewardship Stewardship(string actor) => new(Store, Bindings, ConnectorOf, Time, (transaction, decision, changes) => StewardLog.Write(this, actor, transaction, decision, changes));

    public long Now => Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Opens store, model and published mappings. Mappings that were never published are put in force as they stand in their files.</summary>
    /// <exception cref="StoreException">The store cannot be used.</exception>
    /// <exception cref="InvalidFileException">Model or mapping files have faults.</exception>
    public static async ValueTask<Workspace> OpenAsync(HubConfig config, ConnectorRegistry connectors, TimeProvider time, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        var folder = MappingFolder.Open(config.Root);
        var model = folder.Model();
        var data = Path.Combine(config.Root, config.Data);
        var store = SqliteStore.Open(new() { Path = Path.Combine(data, "hub.db") });
        try
        {
            await store.PrepareModelAsync(model, cancellationToken);
            var workspace = new Workspace(config, store, WorkspaceKey.Open(data), model, folder, connectors, new(config.Limits.Niceness), time, logs);
            foreach (var connection in config.Connections)
                workspace.NumberOf(connection);
            await workspace.Log.TakeNotesAsync(cancellationToken);
            await ConfigurationLog.NoteAsync(workspace, cancellationToken);
            await workspace.RefreshPlansAsync(cancellationToken);
            await workspace.PublishNewAsync(cancellationToken);
            return workspace;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>The same workspace over another store, to try things on a copy.</summary>
    public Workspace Over(IHubStore store)
    {
        var copy = new Workspace(Config, store, Key, Model, Folder, Connectors, Threads, Time, Logs);
        foreach (var (number, connector) in _connectors)
            copy._connectors[number] = connector;
        foreach (var (source, plan) in _plans)
            copy._plans[source] = plan;
        return copy;
    }

    /// <summary>The mapping in force for a stream, or <c>null</c> when none is.</summary>
    public MappingPlan? PlanFor(string connector, string stream) => _plans.GetValueOrDefault($"{connector}/{stream}");

    public IEnumerable<MappingPlan> Plans => _plans.Values;

    /// <summary>Number of a mapping version, as records and changes refer to it.</summary>
    public int NumberOf(MappingPlan plan) => Store.Catalog.Mapping(plan.Source, plan.Hash);

    public int NumberOf(ConnectionConfig connection)
    {
        var number = Store.Catalog.Connection(connection.Name);
        _connectors[number] = connection.Connector;
        return number;
    }

    /// <summary>Connector id of a connection's number; empty for connections that are no longer configured.</summary>
    public string ConnectorOf(int connection) => _connectors.GetValueOrDefault(connection, "");

    /// <exception cref="ConnectorException">Of kind configuration when there is none of that name.</exception>
    public ConnectionConfig Connection(string name) => Config.Connection(name)
        ?? throw new ConnectorException(ConnectorErrorKind.Configuration,
            $"no connection '{name}' in hub.yaml{NearestName.Hint(name, Config.Connections.Select(c => c.Name))}");

    /// <summary>Opens a connection to its system.</summary>
    /// <exception cref="ConnectorException">It cannot be opened, or is blocked.</exception>
    public async ValueTask<OpenConnection> OpenAsync(ConnectionConfig connection, CancellationToken cancellationToken)
    {
        Supervisor.Admit(connection.Name);
        IConnector connector;
        try
        {
            connector = Connectors.Get(connection.Connector);
        }
        catch (ConnectorException e)
        {
            throw new ConnectorException(e.Kind, $"connection '{connection.Name}' (hub.yaml line {connection.Line}): {e.Message}", e);
        }

        (connector as PluginConnector)?.CheckReferences(connection);
        var settings = await SecretReferences.ResolveAsync(connection, connector.Manifest, Config.Root, Secrets, cancellationToken);
        var context = new ConnectionContext
        {
            Name = connection.Name,
            Settings = settings,
            ContentRoot = Config.Root,
            CreateHttpClient = () => ConnectorHttp.CreateClient(),
            Time = Time,
            Vault = _vaults.GetOrAdd(connection.Name, name => new(Store, Key.Secrets, name, Time)),
            Budgets = _budgets,
            Log = Logs.CreateLogger("Connection." + connection.Name),
        };
        var supervised = new Supervised(connection.Name, connection.Connector, connector is PluginConnector);
        try
        {
            return new(connector, await Supervisor.CallAsync(supervised, "opening the connection", () => connector.Open(context), cancellationToken), supervised, Supervisor);
        }
        catch (ConnectorException e) when (e.Kind == ConnectorErrorKind.Configuration)
        {
            // Told without the exception itself, whose message may quote what a reference led to.
            throw new ConnectorException(e.Kind, SecretReferences.Hide(e.Message, connection.Settings, settings));
        }
    }

    /// <summary>Reads again which mapping versions are in force; other processes may have published.</summary>
    public async ValueTask RefreshPlansAsync(CancellationToken cancellationToken)
    {
        foreach (var (source, publication) in await Publications.AllAsync(Store.Reader, cancellationToken))
            if (_plans.GetValueOrDefault(source)?.Hash != publication.Current)
                _plans[source] = await Publications.PlanAsync(Store.Reader, source, publication.Current, Model, Functions, cancellationToken);
    }

    /// <summary>Puts mappings in force that never were. Of those that were, a file that is being edited, broken or not, changes nothing until it is published.</summary>
    private async ValueTask PublishNewAsync(CancellationToken cancellationToken)
    {
        var published = await Publications.AllAsync(Store.Reader, cancellationToken);
        var versions = published.SelectMany(p => p.Publication.History).Select(e => e.Hash).ToHashSet(StringComparer.Ordinal);
        var files = Folder.Mappings().Where(f => !versions.Contains(MappingPlan.HashOf(f.Text))).ToList();
        if (files.Count == 0)
            return;
        var (plans, faults) = MappingFolder.TryCompile(files, Model, Functions);
        var sources = published.Select(p => p.Source).ToHashSet(StringComparer.Ordinal);
        var log = Logs.CreateLogger("Mappings");
        foreach (var fault in faults.Where(f => sources.Contains(MappingFolder.UsualSource(f.File))))
            FaultInDraft(log, fault.ToString());
        if (faults.Where(f => !sources.Contains(MappingFolder.UsualSource(f.File))).ToList() is { Count: > 0 } unpublished)
            throw new InvalidFileException(unpublished);
        if (plans.All(p => sources.Contains(p.Source)))
            return;

        await using var transaction = await Store.BeginAsync(cancellationToken);
        foreach (var plan in plans.Where(p => !sources.Contains(p.Source)))
        {
            await Publications.PublishAsync(transaction, Log.Writer, plan, "first start", Now);
            _plans[plan.Source] = plan;
        }

        await transaction.CommitAsync();
    }

    [LoggerMessage(51, LogLevel.Warning, "{Fault} (the version in force stays; 'hub mappings list' shows it)")]
    private static partial void FaultInDraft(ILogger log, string fault);

    /// <summary>Takes note that this process has put a version in force.</summary>
    public void Use(MappingPlan plan) => _plans[plan.Source] = plan;

    public ValueTask DisposeAsync()
    {
        Threads.Dispose();
        return Store.DisposeAsync();
    }
}
