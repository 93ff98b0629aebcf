using System.CommandLine;
using IntegrationHub.Api;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Runs;
using IntegrationHub.Host;
using IntegrationHub.Storage;

namespace IntegrationHub.Commands;

/// <summary><c>hub demo</c>: a hub filled with real public tender notices, ready to look at.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var fresh = new Option<bool>("--fresh") { Description = "Forget what an earlier demo kept." };
        var once = new Option<bool>("--load-only") { Description = "Load and print what came out, then end instead of serving." };
        var command = new Command("demo", "Run a hub filled with real public tender notices (samples/ocds).") { fresh, once };
        command.SetAction((parsed, cancel) => RunAsync(parsed, parsed.GetValue(fresh), parsed.GetValue(once), cancel));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, bool fresh, bool loadOnly, CancellationToken cancel)
    {
        var output = parsed.Out();
        var data = Path.GetFullPath(parsed.GetValue(CommandLine.DataOption) ?? ".hub-demo");
        if (fresh && File.Exists(Path.Combine(data, "hub.db")))
            Directory.Delete(data, recursive: true);
        var config = Connections.Configuration.HubConfigFile.Read(WriteConfig(data)) with { Data = data };
        await using var workspace = await Workspace.OpenAsync(config, ConnectorRegistry.Open(config.Root), TimeProvider.System, HubLogs.Create(json: false, LogLevel.Warning), cancel);

        output.WriteLine("Reading real public tender notices from samples/ocds ...");
        var runs = new List<RunRow>();
        foreach (var connection in config.Connections)
            runs.AddRange(await new Runner(workspace).SyncAsync(connection.Name, null, full: false, cancel));
        foreach (var run in runs)
            RunCommands.Write(parsed, run);
        output.WriteLine();
        foreach (var entity in workspace.Model.Entities)
            if (await workspace.Store.Reader.CountAsync(workspace.Bindings.Of(entity).Number, cancel) is var count and > 0)
                output.WriteLine($"{count,7:N0} {entity.Plural}");
        output.WriteLine("(The rejected records only link to notices elsewhere: hub --data " + data + " rejected)");
        if (runs.Any(r => r.State != "succeeded"))
            return Exit.Problems;
        if (loadOnly)
            return Exit.Ok;

        await using var host = HubHost.Build(workspace, new());
        await HubHost.StartAsync(host, cancel);
        var (_, token) = await new ApiKeys(workspace).CreateAsync("demo", ApiScope.Admin, TimeSpan.FromDays(1), cancel);
        output.WriteLine($"""

            Serving at {config.Listen} - Ctrl-C ends it.
              A key for this demo (one day):  {token}
              Read the API:                   {config.Listen}/docs
              Try it:
                curl -H 'Authorization: Bearer {token}' '{config.Listen}/v1/tenders?q=parking&limit=2'
                curl -H 'Authorization: Bearer {token}' '{config.Listen}/v1/changes?after=0&limit=2'
              In another terminal, on the same data:
                hub --data {data} export customer | head -3
                hub --data {data} show tender-1 --explain title
                hub --data {data} keys create my-app
            """);
        await host.WaitForShutdownAsync(cancel);
        return Exit.Ok;
    }

    /// <summary>The demo's configuration stands with its data, so that other commands find it by <c>--data</c>.</summary>
    private static string WriteConfig(string data)
    {
        PrivateFolder.Create(data);
        var path = Path.Combine(data, "hub.yaml");
        var samples = Path.Combine(AppContext.BaseDirectory, "samples", "ocds");
        if (!File.Exists(path))
            File.WriteAllText(path, $"""
                # Written by 'hub demo'. Real public notices; licences stand in {samples}/README.md.
                workspace: demo
                connections:
                  public-tenders:
                    connector: ocds
                    config: {"{"} path: '{samples.Replace("'", "''", StringComparison.Ordinal)}' {"}"}

                """);
        return path;
    }
}
