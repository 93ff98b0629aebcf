using System.CommandLine;
using IntegrationHub.Connections;
using IntegrationHub.Host;

namespace IntegrationHub.Commands;

/// <summary><c>hub run</c>: the hub itself.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var logJson = new Option<bool>("--log-json") { Description = "Write the log as one JSON object per line." };
        var command = new Command("run", "Run the hub: API, schedules. Ctrl-C or SIGTERM commits what is in hand and ends.") { logJson };
        command.SetAction(async (parsed, cancel) =>
        {
            var config = CommandWorkspace.Config(parsed);
            await using var workspace = await Workspace.OpenAsync(config, ConnectorRegistry.Open(config.Root), TimeProvider.System, HubLogs.Create(parsed.GetValue(logJson)), cancel);
            foreach (var failure in workspace.Connectors.Failures)
                parsed.Error().WriteLine($"{failure.Folder} could not be loaded: {failure.Reason}");
            await using var host = HubHost.Build(workspace, new());
            await HubHost.StartAsync(host, cancel);
            parsed.Out().WriteLine($"""
                workspace {config.Workspace}, data in {config.Data}
                API       {config.Listen}/v1   (a key: hub keys create NAME)
                docs      {config.Listen}/docs
                """);
            await host.WaitForShutdownAsync(cancel);
            return Exit.Ok;
        });
        return command;
    }
}
