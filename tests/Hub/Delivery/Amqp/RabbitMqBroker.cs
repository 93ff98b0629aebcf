using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Amqp;
using Amqp.Framing;

namespace IntegrationHub.Tests.Delivery.Amqp;

/// <summary>
/// RabbitMQ of Debian's package with its AMQP 1.0 plugin, in a folder of its own on free ports of the loopback address, until it is disposed. Queues
/// <c>crm</c>, <c>ordered</c>, <c>kill</c>, <c>cut</c>, <c>interrupted</c> are durable; <c>full</c> holds ten messages and rejects more. User <c>hub</c> may everything, <c>reader</c> not write, <c>writer</c> nothing else.
/// </summary>
public sealed class RabbitMqBroker : IAsyncLifetime
{
    private static readonly string Programs = Directory.Exists("/usr/lib/rabbitmq/lib")
        ? Directory.EnumerateDirectories("/usr/lib/rabbitmq/lib", "rabbitmq_server-*").Select(d => Path.Combine(d, "sbin")).FirstOrDefault() ?? ""
        : "";

    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority = new();
    private readonly int _registryPort = LoopbackPort.Free();
    private readonly int _clusterPort = LoopbackPort.Free();
    private Process? _registry;
    private Process? _server;

    public int Port { get; } = LoopbackPort.Free();

    public int TlsPort { get; } = LoopbackPort.Free();

    internal string Authority => _authority.Pem;

    private string PidFile => _folder.File("pid");

    public ValueTask InitializeAsync() => default;

    /// <summary>Starts it unless it runs; skips the test when it is not installed.</summary>
    public async Task StartAsync()
    {
        if (Programs.Length == 0)
            Requirement.Missing("rabbitmq-server is not installed");
        if (_server is not null)
            return;
        if (_registry is null)
        {
            WriteConfiguration();
            // Erlang would leave one behind as a service of the machine.
            _registry = Start("epmd", "-port", $"{_registryPort}", "-address", "127.0.0.1", "-relaxed_command_check");
        }

        File.Delete(PidFile);
        _server = Start(Path.Combine(Programs, "rabbitmq-server"));
        while (await _server.StandardOutput.ReadLineAsync(AmqpRig.Cancel) is { } line)
        {
            if (!line.Contains("Server startup complete", StringComparison.Ordinal))
                continue;
            _ = Task.WhenAll(_server.StandardOutput.ReadToEndAsync(CancellationToken.None), _server.StandardError.ReadToEndAsync(CancellationToken.None));
            return;
        }

        var error = await _server.StandardError.ReadToEndAsync(AmqpRig.Cancel);
        _server.Dispose();
        _server = null;
        Assert.Fail("RabbitMQ did not start: " + error);
    }

    /// <summary>Ends it as <c>kill -9</c> does.</summary>
    public Task KillAsync() => EndAsync("-KILL");

    /// <summary>Ends it in order, as a service is stopped.</summary>
    public Task StopAsync() => EndAsync("-TERM");

    private async Task EndAsync(string signal)
    {
        // Its script only waits for the machine that runs it.
        using (var kill = Process.Start("kill", [signal, (await File.ReadAllTextAsync(PidFile)).Trim()]))
        {
            await kill.WaitForExitAsync();
            Assert.Equal(0, kill.ExitCode);
        }

        await _server!.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
        _server.Dispose();
        _server = null;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in new[] { _server, _registry }.OfType<Process>())
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        _folder.Dispose();
        _authority.Dispose();
    }

    /// <summary>Takes messages off a queue up to the one with this id.</summary>
    internal async Task<List<Message>> ReadAsync(string queue, string last)
    {
        var connection = await Connection.Factory.CreateAsync(new Address("127.0.0.1", Port, "hub", AmqpRig.Password, "/", "AMQP"));
        var session = new Session(connection);
        var receiver = new ReceiverLink(session, "reader", new Source { Address = "/amq/queue/" + queue }, null);
        receiver.SetCredit(500);
        var read = new List<Message>();
        do
        {
            read.Add(await receiver.ReceiveAsync(TimeSpan.FromMinutes(1)) ?? throw new InvalidOperationException($"{last} did not come to {queue}"));
            receiver.Accept(read[^1]);
        }
        while (read[^1].Properties.MessageId != last);
        // What ends a connection may overtake what was accepted just before, which is in the queue again then; what ends a session does not.
        await EndAsync(session);
        await EndAsync(connection);
        return read;
    }

    private static async Task EndAsync(AmqpObject what)
    {
        try
        {
            await what.CloseAsync(TimeSpan.FromSeconds(10), null);
        }
        catch (TimeoutException)
        {
            // RabbitMQ 3 sometimes does not answer; what was accepted has arrived long since.
        }
    }

    private Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder.Path };
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["HOME"] = _folder.Path,
            ["ERL_EPMD_PORT"] = $"{_registryPort}",
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODENAME"] = $"hub-test-{Port}@localhost",
            ["RABBITMQ_DIST_PORT"] = $"{_clusterPort}",
            ["RABBITMQ_MNESIA_BASE"] = _folder.File("data"),
            ["RABBITMQ_LOGS"] = "-",
            ["RABBITMQ_LOG_BASE"] = _folder.File("log"),
            ["RABBITMQ_PID_FILE"] = PidFile,
            ["RABBITMQ_CONFIG_FILE"] = _folder.File("rabbitmq.conf"),
            ["RABBITMQ_CONF_ENV_FILE"] = _folder.File("env"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = _folder.File("plugins"),
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
        })
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private void WriteConfiguration()
    {
        var (certificate, key) = _authority.Issue("127.0.0.1");
        File.WriteAllText(_folder.File("ca.pem"), _authority.Pem);
        File.WriteAllText(_folder.File("server.pem"), certificate);
        File.WriteAllText(_folder.File("server.key"), key);
        File.WriteAllText(_folder.File("env"), "");
        File.WriteAllText(_folder.File("plugins"), "[rabbitmq_amqp1_0].");
        File.WriteAllText(_folder.File("rabbitmq.conf"), $"""
            listeners.tcp.1 = 127.0.0.1:{Port}
            listeners.ssl.1 = 127.0.0.1:{TlsPort}
            ssl_options.cacertfile = {_folder.File("ca.pem")}
            ssl_options.certfile = {_folder.File("server.pem")}
            ssl_options.keyfile = {_folder.File("server.key")}
            load_definitions = {_folder.File("definitions.json")}
            disk_free_limit.absolute = 50MB

            """);
        object Queue(string name, object? arguments = null) => new { name, vhost = "/", durable = true, auto_delete = false, arguments = arguments ?? new { } };
        object User(string name) => new { name, password_hash = Hash(AmqpRig.Password), hashing_algorithm = "rabbit_password_hashing_sha256", tags = "" };
        object Permission(string user, string configure, string write, string read) => new { user, vhost = "/", configure, write, read };
        File.WriteAllText(_folder.File("definitions.json"), JsonSerializer.Serialize(new
        {
            vhosts = new[] { new { name = "/" } },
            users = new[] { User("hub"), User("reader"), User("writer") },
            permissions = new[] { Permission("hub", ".*", ".*", ".*"), Permission("reader", ".*", "", ".*"), Permission("writer", "", ".*", "") },
            queues = new[] { Queue("crm"), Queue("ordered"), Queue("kill"), Queue("cut"), Queue("interrupted"), Queue("full", new Dictionary<string, object> { ["x-max-length"] = 10, ["x-overflow"] = "reject-publish" }) },
        }));
    }

    /// <summary>As RabbitMQ keeps passwords: a salt, and the hash of salt and password.</summary>
    private static string Hash(string password)
    {
        byte[] salt = [1, 2, 3, 4];
        return Convert.ToBase64String([.. salt, .. SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(password)])]);
    }
}
