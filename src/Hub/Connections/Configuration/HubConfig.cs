using System.Text.Json;
using IntegrationHub.Connections.Supervision;
using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections.Configuration;

/// <summary>What the operator wrote in <c>hub.yaml</c>, checked. Every setting has a default; see docs/guides/configuration.md.</summary>
public sealed record HubConfig
{
    public static HubConfig Default { get; } = new();

    /// <summary>Name of the workspace: one organisation's data.</summary>
    public string Workspace { get; init; } = "default";

    /// <summary>Where this hub and its data stand, ISO 3166 code; part of every movement of data.</summary>
    public string Region { get; init; } = "";

    /// <summary>Address of the API.</summary>
    public string Listen { get; init; } = "http://127.0.0.1:5080";

    /// <summary>Folder of the hub's data.</summary>
    public string Data { get; init; } = ".hub";

    /// <summary>Folder that relative paths of connections start from: where <c>hub.yaml</c> is.</summary>
    public string Root { get; init; } = Directory.GetCurrentDirectory();

    public IReadOnlyList<ConnectionConfig> Connections { get; init; } = [];

    public RunLimits Limits { get; init; } = new();

    public ExchangeLimits Exchanges { get; init; } = new();

    public SupervisionLimits Supervision { get; init; } = new();

    public ApiConfig Api { get; init; } = new();

    public TelemetryConfig Telemetry { get; init; } = new();

    public LogConfig Log { get; init; } = new();

    /// <summary>What was written below <c>delivery:</c> and <c>subscriptions:</c>; read where the model is known.</summary>
    public DeliverySections Delivery { get; init; } = new("hub.yaml", null, []);

    public ConnectionConfig? Connection(string name) => Connections.FirstOrDefault(c => c.Name == name);
}

/// <summary>Sections of <c>hub.yaml</c> as they were written.</summary>
/// <param name="File">For messages.</param>
public sealed record DeliverySections(string File, YamlNode? Limits, IReadOnlyList<KeyValuePair<YamlNode, YamlNode>> Subscriptions);

/// <summary>One configured connection.</summary>
/// <param name="Name">As the operator calls it.</param>
/// <param name="Connector">Id of its connector.</param>
/// <param name="Settings">The <c>config:</c> section as JSON, with secret references not yet resolved.</param>
/// <param name="Schedule">Quartz cron expression (seconds first), or <c>null</c> to run only on demand.</param>
/// <param name="Region">Where the source's servers stand, or <c>null</c> for the connector's own.</param>
/// <param name="Line">Where it stands in <c>hub.yaml</c>.</param>
public sealed record ConnectionConfig(string Name, string Connector, JsonElement Settings, string? Schedule, string? Region, int Line)
{
    /// <summary>What its data is processed for, as the sovereignty log names it.</summary>
    public string? Purpose { get; init; }

    /// <summary>What permits that, such as <c>consent</c> or <c>contract</c>.</summary>
    public string? LegalBasis { get; init; }
}

/// <summary>Bounds of runs.</summary>
public sealed record RunLimits
{
    /// <summary>Records of a batch; a batch ends at the first checkpoint at or after this many.</summary>
    /// <value>Default 1,000.</value>
    public int BatchRecords { get; init; } = 1_000;

    /// <summary>Bytes of a batch.</summary>
    /// <value>Default 8 MiB.</value>
    public int BatchBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>The largest record; a larger one is rejected.</summary>
    /// <value>Default 16 MiB.</value>
    public int RecordBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>How often a run starts again from its last commit after a transient failure.</summary>
    /// <value>Default 5.</value>
    public int Attempts { get; init; } = 5;

    /// <summary>The longest a run waits for a rate limit; a longer wait ends the run, which the schedule starts again.</summary>
    /// <value>Default 5 minutes.</value>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Share of a stream that may vanish in one read before the deletes wait for approval, in percent.</summary>
    /// <value>Default 10.</value>
    public int DeletePercent { get; init; } = 10;

    /// <summary>How much the threads that map, fold and commit give way to requests and to all else on the machine: from 0, not at all, to 19, where they get next to nothing beside others.</summary>
    /// <value>Default 10.</value>
    public int Niceness { get; init; } = 10;
}

/// <summary>Bounds of callbacks and actions.</summary>
public sealed record ExchangeLimits
{
    /// <summary>Events of one stream that are read together.</summary>
    /// <value>Default 200.</value>
    public int CallbackBatch { get; init; } = 200;

    /// <summary>How long an event's id is remembered; the same event sent again in that time is dropped.</summary>
    /// <value>Default 7 days.</value>
    public TimeSpan CallbackMemory { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long the key of an action is remembered.</summary>
    /// <value>Default 30 days.</value>
    public TimeSpan ActionMemory { get; init; } = TimeSpan.FromDays(30);
}

/// <summary>Bounds of the API.</summary>
public sealed record ApiConfig
{
    /// <summary>Requests a minute for each key.</summary>
    /// <value>Default 6,000.</value>
    public int RequestsPerMinute { get; init; } = 6_000;

    /// <summary>The largest request body.</summary>
    /// <value>Default 1 MiB.</value>
    public int BodyBytes { get; init; } = 1024 * 1024;

    /// <summary>The largest page.</summary>
    /// <value>Default 500.</value>
    public int PageSize { get; init; } = 500;

    /// <summary>Streams of changes that each key may have open at once.</summary>
    /// <value>Default 16.</value>
    public int StreamsPerKey { get; init; } = 16;

    /// <summary>Threads kept for requests, for each core: some of them wait for the disk while others work.</summary>
    /// <value>Default 4.</value>
    public int ThreadsPerCore { get; init; } = 4;
}

/// <summary>Where metrics and traces go.</summary>
public sealed record TelemetryConfig
{
    /// <summary>OTLP endpoint, or <c>null</c> to export nothing.</summary>
    public string? Otlp { get; init; }
}

/// <summary>Reads <c>hub.yaml</c>.</summary>
public static class HubConfigFile
{
    /// <exception cref="InvalidFileException">With every fault.</exception>
    public static HubConfig Read(string path)
    {
        var diagnostics = new Diagnostics(path);
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            diagnostics.Add(1, 1, "cannot be read: " + e.Message);
            throw new InvalidFileException(diagnostics.All);
        }

        var config = HubConfig.Default;
        if (YamlSection.Over(YamlNode.Parse(text, diagnostics), "hub.yaml", diagnostics) is { } section)
        {
            config = new()
            {
                Root = Path.GetDirectoryName(Path.GetFullPath(path))!,
                Workspace = section.Text("workspace") ?? config.Workspace,
                Region = section.Text("region") ?? config.Region,
                Listen = Address(section, diagnostics) ?? config.Listen,
                Data = section.Text("data") ?? config.Data,
                Connections = [.. section.Map("connections").Select(c => Connection(c.Key, c.Value, diagnostics)).OfType<ConnectionConfig>()],
                Limits = Limits(section, diagnostics),
                Exchanges = Exchanges(section, diagnostics),
                Supervision = SupervisionSection.Read(section, diagnostics),
                Api = Api(section, diagnostics),
                Telemetry = Telemetry(section, diagnostics),
                Log = LogConfigSection.Read(section, diagnostics),
                Delivery = new(path, section.Get("delivery"), section.Map("subscriptions")),
            };
            section.Finish();
        }

        diagnostics.ThrowIfAny();
        return config;
    }

    private static string? Address(YamlSection section, Diagnostics diagnostics)
    {
        var listen = section.Text("listen");
        if (listen is not null && !(Uri.TryCreate(listen, UriKind.Absolute, out var uri) && uri.Scheme == "http"))
            diagnostics.Add(section.Get("listen")!, $"listen: expected an address such as http://127.0.0.1:5080, found '{listen}' (for https put a reverse proxy in front)");
        return listen;
    }

    private static ConnectionConfig? Connection(YamlNode key, YamlNode value, Diagnostics diagnostics)
    {
        if (YamlSection.Over(value, $"connection '{key.Text}'", diagnostics) is not { } section)
            return null;
        if (key.Text.Length is 0 or > 64 || !key.Text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_'))
            diagnostics.Add(key, $"connection name '{key.Text}': expected lower-case letters, digits, - and _");
        var schedule = section.Text("schedule");
        if (schedule is not null && !IsCron(schedule))
            diagnostics.Add(section.Get("schedule")!, $"schedule: '{schedule}' is no cron expression with seconds, such as '0 */15 * * * ?'");
        using var settings = JsonDocument.Parse(section.Get("config") is { } node ? YamlJson.Write(node) : "{}");
        var config = new ConnectionConfig(key.Text, section.Text("connector", required: true) ?? "", settings.RootElement.Clone(), schedule, section.Text("region"), key.Line)
        {
            Purpose = section.Text("purpose"),
            LegalBasis = section.Text("legalBasis"),
        };
        section.Finish();
        return config;
    }

    private static bool IsCron(string schedule)
    {
        try
        {
            _ = new Quartz.CronExpression(schedule);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static RunLimits Limits(YamlSection section, Diagnostics diagnostics)
    {
        var fallback = new RunLimits();
        if (YamlSection.Over(section.Get("limits"), "limits", diagnostics) is not { } limits)
            return fallback;
        var read = new RunLimits
        {
            BatchRecords = Number(limits, "batchRecords", fallback.BatchRecords, 1, 100_000, diagnostics),
            BatchBytes = Number(limits, "batchBytes", fallback.BatchBytes, 1024, 512 * 1024 * 1024, diagnostics),
            RecordBytes = Number(limits, "recordBytes", fallback.RecordBytes, 1024, 512 * 1024 * 1024, diagnostics),
            Attempts = Number(limits, "attempts", fallback.Attempts, 1, 100, diagnostics),
            LongestWait = TimeSpan.FromSeconds(Number(limits, "longestWaitSeconds", (int)fallback.LongestWait.TotalSeconds, 0, 86_400, diagnostics)),
            DeletePercent = Number(limits, "deletePercent", fallback.DeletePercent, 0, 100, diagnostics),
            Niceness = Number(limits, "niceness", fallback.Niceness, 0, 19, diagnostics),
        };
        limits.Finish();
        return read;
    }

    private static ExchangeLimits Exchanges(YamlSection section, Diagnostics diagnostics)
    {
        var fallback = new ExchangeLimits();
        if (YamlSection.Over(section.Get("exchanges"), "exchanges", diagnostics) is not { } exchanges)
            return fallback;
        var read = new ExchangeLimits
        {
            CallbackBatch = Number(exchanges, "callbackBatch", fallback.CallbackBatch, 1, 10_000, diagnostics),
            CallbackMemory = TimeSpan.FromHours(Number(exchanges, "callbackMemoryHours", (int)fallback.CallbackMemory.TotalHours, 1, 87_600, diagnostics)),
            ActionMemory = TimeSpan.FromHours(Number(exchanges, "actionMemoryHours", (int)fallback.ActionMemory.TotalHours, 1, 87_600, diagnostics)),
        };
        exchanges.Finish();
        return read;
    }

    private static ApiConfig Api(YamlSection section, Diagnostics diagnostics)
    {
        var fallback = new ApiConfig();
        if (YamlSection.Over(section.Get("api"), "api", diagnostics) is not { } api)
            return fallback;
        var read = new ApiConfig
        {
            RequestsPerMinute = Number(api, "requestsPerMinute", fallback.RequestsPerMinute, 1, 10_000_000, diagnostics),
            BodyBytes = Number(api, "bodyBytes", fallback.BodyBytes, 1024, 512 * 1024 * 1024, diagnostics),
            PageSize = Number(api, "pageSize", fallback.PageSize, 1, 10_000, diagnostics),
            StreamsPerKey = Number(api, "streamsPerKey", fallback.StreamsPerKey, 1, 10_000, diagnostics),
            ThreadsPerCore = Number(api, "threadsPerCore", fallback.ThreadsPerCore, 1, 100, diagnostics),
        };
        api.Finish();
        return read;
    }

    private static TelemetryConfig Telemetry(YamlSection section, Diagnostics diagnostics)
    {
        if (YamlSection.Over(section.Get("telemetry"), "telemetry", diagnostics) is not { } telemetry)
            return new();
        var read = new TelemetryConfig { Otlp = telemetry.Text("otlp") };
        telemetry.Finish();
        if (read.Otlp is not null && !Uri.TryCreate(read.Otlp, UriKind.Absolute, out _))
            diagnostics.Add(telemetry.Get("otlp")!, $"telemetry.otlp: expected an address, found '{read.Otlp}'");
        return read;
    }

    internal static int Number(YamlSection section, string name, int fallback, int least, int most, Diagnostics diagnostics)
    {
        if (section.Get(name) is not { } node)
            return fallback;
        if (int.TryParse(node.Text, out var number) && number >= least && number <= most)
            return number;
        diagnostics.Add(node, $"{name}: expected a whole number from {least:N0} to {most:N0}, found {node}");
        return fallback;
    }
}
