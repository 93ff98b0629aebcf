using System.CommandLine;
using IntegrationHub.Commands.Demo;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Connections.Declarative;
using IntegrationHub.Connections.Plugins;
using IntegrationHub.Host;
using IntegrationHub.Sdk;
using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Sovereignty.Log.Witness;
using IntegrationHub.Storage;
using IntegrationHub.Yaml;

namespace IntegrationHub.Commands;

/// <summary>Exit codes of every command.</summary>
internal static class Exit
{
    public const int Ok = 0;

    /// <summary>The command did its work and found problems.</summary>
    public const int Problems = 1;

    /// <summary>The command line or a file a person wrote is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Something around the hub is missing or broken: disk, port, network, another process.</summary>
    public const int Environment = 3;
}

/// <summary>The <c>hub</c> command: its tree, and the options that all commands share.</summary>
internal static class CommandLine
{
    public static readonly Option<FileInfo?> HubFileOption = new("--hub-file") { Description = "The configuration file. Default: hub.yaml in this folder, if there is one.", Recursive = true };
    public static readonly Option<string?> DataOption = new("--data") { Description = "Folder of the hub's data. Default: what hub.yaml says, else .hub.", Recursive = true };
    public static readonly Option<bool> JsonOption = new("--json") { Description = "Print JSON.", Recursive = true };

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var root = new RootCommand("Integration hub: connects systems, maps their records to one customer model, tells every change.")
        {
            RunCommand.Create(),
            DemoCommand.Create(),
            ConnectorCommands.Connectors(),
            ConnectorCommands.Check(),
            ConnectorCommands.Read(),
            RunCommands.Sync(),
            RunCommands.Runs(),
            RunCommands.Rejected(),
            RunCommands.Quarantine(),
            ActCommand.Create(),
            CallbackCommands.Create(),
            MapCommand.Create(),
            MappingCommands.Create(),
            PathCommand.Create(),
            EntityCommands.Export(),
            EntityCommands.Customers(),
            EntityCommands.Show(),
            EntityCommands.Changes(),
            IdentityCommands.Create(),
            SubscriptionCommands.Subscriptions(),
            SubscriptionCommands.Deliveries(),
            RuleCommands.Create(),
            SecretCommands.Secrets(),
            KeyCommands.Keys(),
            LogCommands.Log(),
            WitnessCommand.Create(),
            SchemaCommand.Create(),
        };
        root.Options.Add(HubFileOption);
        root.Options.Add(DataOption);
        root.Options.Add(JsonOption);

        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var fault in parsed.Errors)
                await error.WriteLineAsync(fault.Message);
            await error.WriteLineAsync($"See 'hub {string.Join(' ', Path(parsed))}--help'.");
            return Exit.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(90), Output = output, Error = error });
        }
        catch (InvalidFileException e)
        {
            foreach (var fault in e.Faults)
                await error.WriteLineAsync(fault.ToString());
            await error.WriteLineAsync($"{e.Faults.Count} fault(s).");
            return Exit.Usage;
        }
        catch (UsageException e)
        {
            await error.WriteLineAsync(e.Message);
            return Exit.Usage;
        }
        catch (ConnectorException e)
        {
            await error.WriteLineAsync(e.Message);
            return e.Kind == ConnectorErrorKind.Configuration ? Exit.Usage : Exit.Environment;
        }
        catch (LogDamageException e)
        {
            await error.WriteLineAsync($"the sovereignty log is damaged: {e.Message}");
            return Exit.Problems;
        }
        catch (Exception e) when (e is WitnessException or StoreException or HubEnvironmentException or IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync(e.Message);
            return Exit.Environment;
        }
        catch (OperationCanceledException)
        {
            return Exit.Environment;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Nobody planned for it; its message may hold values, so only its kind and place are told.
            await error.WriteLineAsync($"a fault of the hub: {e.GetType().Name}; please report it with the lines below\n{e.StackTrace}");
            return Exit.Environment;
        }
    }

    private static IEnumerable<string> Path(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (var at = parsed.CommandResult; at.Parent is System.CommandLine.Parsing.CommandResult parent; at = parent)
            names.Push(at.Command.Name);
        return names.Append("");
    }
}

/// <summary>An argument names something that is not there.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>Opening the workspace that the command line means.</summary>
internal static class CommandWorkspace
{
    public static HubConfig Config(ParseResult parsed)
    {
        var file = parsed.GetValue(CommandLine.HubFileOption);
        if (file is { Exists: false })
            throw new InvalidFileException([new(file.FullName, 1, 1, "there is no such file")]);
        var path = file?.FullName ?? (File.Exists("hub.yaml") ? "hub.yaml" : null);
        var data = parsed.GetValue(CommandLine.DataOption) ?? Environment.GetEnvironmentVariable("HUB_DATA");
        // A demo keeps its configuration with its data, so that '--data DIR' alone leads to all of it.
        if (path is null && data is not null && File.Exists(Path.Combine(data, "hub.yaml")))
            path = Path.Combine(data, "hub.yaml");
        var config = path is null ? HubConfig.Default : HubConfigFile.Read(path);
        return data is null ? config : config with { Data = Path.GetFullPath(data) };
    }

    /// <summary>Without a store.</summary>
    /// <summary>Code that manifests may name, from the folders in <c>connectors/</c>.</summary>
    public static ManifestCodes Codes(ParseResult parsed) => new(PluginFolder.Load(Config(parsed).Root).Codes);

    public static ConnectorRegistry Connectors(ParseResult parsed) => ConnectorRegistry.Open(Config(parsed).Root);

    public static async ValueTask<Workspace> OpenAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        await OpenAsync(Config(parsed), cancellationToken);

    public static async ValueTask<Workspace> OpenAsync(HubConfig config, CancellationToken cancellationToken) =>
        await Workspace.OpenAsync(config, ConnectorRegistry.Open(config.Root), TimeProvider.System, LoggerFactory.Create(l => l.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(c => c.SingleLine = true).Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(c => c.LogToStandardErrorThreshold = LogLevel.Trace)), cancellationToken);
}
