using System.CommandLine;
using IntegrationHub.Host;
using IntegrationHub.Sovereignty.Log.Notes;

namespace IntegrationHub.Commands;

/// <summary><c>hub witness</c>: a process of its own, best on a machine of somebody else, that cosigns checkpoints of logs it watches.</summary>
internal static class WitnessCommand
{
    public static Command Create()
    {
        var name = new Option<string>("--name") { Description = "The witness's name, such as witness.example.com/w1; kept from the first start on.", Required = true };
        var logs = new Option<string[]>("--log") { Description = "Key (vkey) of a log to watch; may be given several times.", Required = true, AllowMultipleArgumentsPerToken = true };
        var listen = new Option<string>("--listen") { Description = "Address to listen on.", DefaultValueFactory = _ => "http://127.0.0.1:5081" };
        var command = new Command("witness", "Run a witness (c2sp.org/tlog-witness): remembers the newest checkpoint of each log and cosigns only what continues it.") { name, logs, listen };
        command.SetAction(async (parsed, cancel) =>
        {
            List<VerifierKey> keys;
            try
            {
                keys = [.. parsed.GetValue(logs)!.Select(VerifierKey.Parse)];
            }
            catch (FormatException e)
            {
                throw new UsageException($"--log: {e.Message}");
            }

            var data = Path.GetFullPath(parsed.GetValue(CommandLine.DataOption) ?? ".hub-witness");
            await using var host = await WitnessHost.StartAsync(data, parsed.GetValue(name)!, keys, parsed.GetValue(listen)!, TimeProvider.System, HubLogs.Create(json: false), cancel);
            parsed.Out().WriteLine($"""
                witness in {data}, at {string.Join(", ", host.App.Urls)}
                key     {host.Key}
                In hub.yaml of the hub:  log: {"{"} witnesses: [{"{"} url: "{host.App.Urls.First()}", key: "{host.Key}" {"}"}] {"}"}
                """);
            await host.App.WaitForShutdownAsync(cancel);
            return Exit.Ok;
        });
        return command;
    }
}
