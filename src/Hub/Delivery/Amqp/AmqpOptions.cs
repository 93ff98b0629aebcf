using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Yaml;

namespace IntegrationHub.Delivery.Amqp;

/// <summary>How an event is written into a message (CloudEvents AMQP protocol binding 1.0.2).</summary>
public enum AmqpMode
{
    /// <summary>The change is the body, the attributes are application properties.</summary>
    Binary,

    /// <summary>The body is a CloudEvent as JSON.</summary>
    Structured,
}

/// <summary>
/// A queue or topic behind AMQP 1.0: Azure Service Bus by its connection string, any other broker by <c>url</c> and <c>address</c>. RabbitMQ 3 makes a transient
/// queue of an address <c>/queue/NAME</c>, which a restart loses: declare the queue and write <c>/amq/queue/NAME</c>.
/// </summary>
public sealed record AmqpOptions : ISinkOptions
{
    private const string ByReference = "a secret is given by reference: ${env:NAME}, ${file:PATH} or ${secret:NAME} (set with 'hub secrets set NAME')";

    private static readonly string[] OfUrl = ["address", "user", "password"];

    private static readonly string[] OfServiceBus = ["entity", "tokenSeconds"];

    public string Kind => "amqp";

    public string Target => Url is { } url
        ? $"{url.Scheme}://{url.IdnHost}:{PortOf(url)}/{Address.TrimStart('/')}"
        : $"sb://{Visible?.Host ?? Hidden}/{Entity ?? Visible?.Entity}".TrimEnd('/');

    /// <summary>Of Azure Service Bus, as its portal shows it, with the key or all of it as a reference; <c>null</c> for other brokers.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Queue or topic of Azure Service Bus; <c>null</c> when the connection string names it (<c>EntityPath</c>).</summary>
    public string? Entity { get; init; }

    /// <summary><c>amqp://HOST:PORT</c>, or <c>amqps://HOST:PORT</c> for TLS; <c>null</c> for Azure Service Bus.</summary>
    public Uri? Url { get; init; }

    /// <summary>Target address at the broker, such as <c>/amq/queue/crm</c> (RabbitMQ) or <c>queue://crm</c> (ActiveMQ).</summary>
    public string Address { get; init; } = "";

    /// <summary><c>null</c> signs in as anonymous.</summary>
    public string? User { get; init; }

    /// <summary>A reference.</summary>
    public string? Password { get; init; }

    /// <summary>Certificates (PEM) of the authorities that may have signed the broker's, usually <c>${file:ca.pem}</c>; <c>null</c> trusts those of the machine. The certificate is always checked.</summary>
    public string? Authorities { get; init; }

    /// <value>Default <see cref="AmqpMode.Binary"/>.</value>
    public AmqpMode Mode { get; init; }

    /// <summary>Messages that may be under way, not yet settled by the broker.</summary>
    /// <value>Default 500.</value>
    public int InFlight { get; init; } = 500;

    /// <summary>How long connecting may take, and how long a message may stay unsettled.</summary>
    /// <value>Default 30 seconds.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A broker that sends nothing, not even an empty frame, for so long is given up.</summary>
    /// <value>Default 60 seconds.</value>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a token for Azure Service Bus is good; a new one is put when a fifth of that is left.</summary>
    /// <value>Default 20 minutes.</value>
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>What can be read of the connection string before references are resolved.</summary>
    private ServiceBusAccess? Visible => ConnectionString is null ? null : ServiceBusAccess.Parse(ConnectionString, out _);

    /// <summary>The reference instead of a host that only the secret knows.</summary>
    private string Hidden => ConnectionString?.StartsWith("${", StringComparison.Ordinal) == true ? ConnectionString : "?";

    /// <summary>Reads <c>amqp:</c> of a sink; <c>null</c> after reporting every fault.</summary>
    internal static AmqpOptions? Read(YamlSection section, Diagnostics diagnostics)
    {
        var before = diagnostics.All.Count;
        var usual = new AmqpOptions();
        int Number(string name, double fallback, int least, int most) => HubConfigFile.Number(section, name, (int)fallback, least, most, diagnostics);
        var read = new AmqpOptions
        {
            ConnectionString = section.Text("connectionString"),
            Entity = section.Text("entity"),
            Url = ReadUrl(section, diagnostics),
            Address = section.Text("address") ?? usual.Address,
            User = section.Text("user"),
            Password = section.Text("password"),
            Authorities = section.Text("authorities"),
            Mode = section.Choice("mode", usual.Mode),
            InFlight = Number("inFlight", usual.InFlight, 1, 5_000),
            Timeout = TimeSpan.FromSeconds(Number("timeoutSeconds", usual.Timeout.TotalSeconds, 1, 600)),
            IdleTimeout = TimeSpan.FromSeconds(Number("idleTimeoutSeconds", usual.IdleTimeout.TotalSeconds, 5, 3_600)),
            TokenLifetime = TimeSpan.FromSeconds(Number("tokenSeconds", usual.TokenLifetime.TotalSeconds, 60, 86_400)),
        };
        section.Finish();
        void Fault(string name, string what) => diagnostics.Add(section.Get(name) ?? section.Node, $"{name}: {what}");
        var (bus, url) = (section.Get("connectionString") is not null, section.Get("url") is not null);
        if (bus == url)
            diagnostics.Add(section.Node, "amqp needs either 'connectionString:' (Azure Service Bus) or 'url:' and 'address:' (any other broker)");
        foreach (var name in OfUrl.Where(n => bus && !url && section.Get(n) is not null))
            Fault(name, "goes with 'url:'; Azure Service Bus is described by its connection string and 'entity:'");
        foreach (var name in OfServiceBus.Where(n => url && !bus && section.Get(n) is not null))
            Fault(name, "goes with 'connectionString:' (Azure Service Bus); other brokers have 'address:'");
        if (url && !bus && read.Address.Length == 0)
            Fault("address", "where messages go at the broker, such as /amq/queue/crm (RabbitMQ, the queue is declared) or queue://crm (ActiveMQ)");
        if (read.User is null != read.Password is null)
            Fault(read.User is null ? "password" : "user", "'user:' and 'password:' go together; without both the broker is asked to take us as anonymous");
        if (read.Password is not null && !SecretReferences.IsIn(read.Password))
            Fault("password", ByReference);
        if (read.ConnectionString is { } text && FaultOf(text) is { } fault)
            Fault("connectionString", fault);
        return diagnostics.All.Count == before ? read : null;
    }

    /// <inheritdoc/>
    public async ValueTask<ISink> OpenAsync(SinkContext context, CancellationToken cancellationToken)
    {
        async ValueTask<string?> Resolve(string? text) => text is null ? null : await context.Resolve(text, cancellationToken);
        var authorities = Certificates(await Resolve(Authorities));
        var guard = new AddressGuard(context.Limits.AllowInside, context.Time);
        if (Url is { } url)
            return new AmqpSink(new(url.IdnHost, PortOf(url), url.Scheme == "amqps", Address, Target)
            {
                Guard = guard,
                User = await Resolve(User),
                Password = await Resolve(Password),
                Authorities = authorities,
            }, this, context);

        var access = ServiceBusAccess.Parse(await context.Resolve(ConnectionString!, cancellationToken), out var fault)
            ?? throw new SinkException("connectionString: " + fault);
        var entity = Entity ?? access.Entity ?? throw new SinkException("entity: the connection string names no queue or topic (EntityPath); write 'entity: NAME'");
        return new AmqpSink(new(access.Host, access.Port, tls: true, entity, Target) { Guard = guard, Access = access, Authorities = authorities }, this, context);
    }

    private static Uri? ReadUrl(YamlSection section, Diagnostics diagnostics)
    {
        if (section.Text("url") is not { } text)
            return null;
        // What is wrong may hold a password: it is not shown.
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("amqp" or "amqps") || url.Host.Length == 0)
            diagnostics.Add(section.Get("url")!, "url: expected amqp://HOST:PORT, or amqps://HOST:PORT for TLS");
        else if (url.UserInfo.Length > 0)
            diagnostics.Add(section.Get("url")!, "url: credentials stand in 'user:' and 'password:'");
        else if (url.PathAndQuery.Length > 1 || url.Fragment.Length > 0)
            diagnostics.Add(section.Get("url")!, "url: nothing follows the port; where messages go at the broker stands in 'address:'");
        return url;
    }

    /// <summary>What is wrong with a connection string before its references are resolved.</summary>
    private static string? FaultOf(string connectionString)
    {
        if (!SecretReferences.IsIn(connectionString))
            return ByReference;
        if (!connectionString.Contains('=', StringComparison.Ordinal))
            return null;
        if (ServiceBusAccess.Parse(connectionString, out var fault) is not { } visible)
            return fault;
        return SecretReferences.IsIn(visible.Key) ? null : "SharedAccessKey: " + ByReference;
    }

    private static int PortOf(Uri url) => url.Port > 0 ? url.Port : url.Scheme == "amqps" ? 5671 : 5672;

    private static X509Certificate2Collection? Certificates(string? pem)
    {
        if (pem is null)
            return null;
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(pem);
        }
        catch (CryptographicException)
        {
            found.Clear();
        }

        return found.Count > 0 ? found : throw new SinkException("authorities: no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
    }
}
