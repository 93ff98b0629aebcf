using System.CommandLine;
using IntegrationHub.Api;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Connections.Runs;
using IntegrationHub.Host;
using IntegrationHub.Storage;

namespace IntegrationHub.Commands.Demo;

/// <summary><c>hub demo</c>: a hub filled with real public tender notices and from simulated vendors, ready to look at.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var fresh = new Option<bool>("--fresh") { Description = "Forget what an earlier demo kept." };
        var once = new Option<bool>("--load-only") { Description = "Load and print what came out, then end instead of serving." };
        var listen = new Option<string?>("--listen") { Description = "Address of the API, where this demo is new. Default: http://127.0.0.1:5080." };
        var command = new Command("demo", "Run a hub filled with real public tender notices (samples/ocds) and from simulated vendors (samples/vendors).") { fresh, once, listen };
        command.SetAction((parsed, cancel) => RunAsync(parsed, parsed.GetValue(fresh), parsed.GetValue(once), parsed.GetValue(listen), cancel));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, bool fresh, bool loadOnly, string? listen, CancellationToken cancel)
    {
        var output = parsed.Out();
        var data = Path.GetFullPath(parsed.GetValue(CommandLine.DataOption) ?? ".hub-demo");
        if (listen is not null && !(Uri.TryCreate(listen, UriKind.Absolute, out var address) && address.Scheme == "http"))
            throw new UsageException($"--listen: expected an address such as http://127.0.0.1:5080, found '{listen}'");
        if (fresh && DemoConfig.IsOurs(data))
            Directory.Delete(data, recursive: true);
        else if (fresh && File.Exists(Path.Combine(data, "hub.db")))
            throw new UsageException($"--fresh deletes what a demo has kept, and {data} holds the data of another hub");
        PrivateFolder.Create(data);
        var kept = DemoConfig.Read(data);
        if (kept is not null && listen is not null && listen != kept.Listen)
            throw new UsageException($"this demo listens on {kept.Listen}; change 'listen:' in {Path.Combine(data, "hub.yaml")}, or begin anew with --fresh");
        await using var vendors = await DemoVendors.StartAsync(kept, listen ?? HubConfig.Default.Listen, cancel);
        var config = kept ?? DemoConfig.Write(data, listen ?? HubConfig.Default.Listen, vendors);
        await using var workspace = await Workspace.OpenAsync(config, ConnectorRegistry.Open(config.Root), TimeProvider.System, HubLogs.Create(json: false, LogLevel.Warning), cancel);
        if (vendors is not null)
            await DemoConfig.KeepSecretsAsync(workspace, vendors, cancel);

        output.WriteLine("Reading real public tender notices from samples/ocds ...");
        output.WriteLine(vendors is not null
            ? "and from simulated vendors (not the real WeCom, Kingdee and e签宝; their data in samples/vendors is invented) ..."
            : "Simulated vendors are not part of this installation; the demo goes without them.");
        var runs = new List<RunRow>();
        foreach (var connection in config.Connections)
            runs.AddRange(await new Runner(workspace).SyncAsync(connection.Name, null, full: false, cancel));
        foreach (var run in runs)
            RunCommands.Write(parsed, run);
        var customers = vendors is null ? [] : await DemoCustomer.UniteAsync(workspace, cancel);
        output.WriteLine();
        foreach (var entity in workspace.Model.Entities)
            if (await workspace.Store.Reader.CountAsync(workspace.Bindings.Of(entity).Number, cancel) is var count and > 0)
                output.WriteLine($"{count,7:N0} {entity.Plural}");
        output.WriteLine("(The rejected records only link to notices elsewhere: hub --data " + data + " rejected)");
        foreach (var customer in customers)
            await DemoCustomer.WriteAsync(workspace, customer, output, cancel);
        if (runs.Any(r => r.State != "succeeded"))
            return Exit.Problems;
        if (loadOnly)
            return Exit.Ok;

        await using var host = HubHost.Build(workspace, new());
        await HubHost.StartAsync(host, cancel);
        var (_, token) = await new ApiKeys(workspace).CreateAsync("demo", ApiScope.Admin, TimeSpan.FromDays(1), null, "demo", cancel);
        output.WriteLine($"""

            Serving at {config.Listen} - Ctrl-C ends it.
              A key for this demo (one day):  {token}
              Read the API:                   {config.Listen}/docs
              Try it:
                curl -H 'Authorization: Bearer {token}' '{config.Listen}/v1/tenders?q=parking&limit=2'
            """);
        foreach (var customer in customers.Take(1))
            output.WriteLine($"    curl -H 'Authorization: Bearer {token}' '{config.Listen}/v1/customers/{customer.Id}/timeline?limit=5'");
        if (vendors is not null)
            output.WriteLine($"""
                  Let something happen at a simulated vendor, and see it in the change feed seconds later ({vendors.Page} has buttons):
                    curl -X POST {vendors.Page}/esign/sign
                    curl -H 'Authorization: Bearer {token}' '{config.Listen}/v1/changes?after={await workspace.Store.Reader.LastChangeAsync(cancel)}&wait=20'
                """);
        output.WriteLine($"""
              In another terminal, on the same data:
                hub --data {data} export customer | head -3
                hub --data {data} show tender-1 --explain title
                hub --data {data} identity review
                hub --data {data} changes tail --follow
            """);
        await host.WaitForShutdownAsync(cancel);
        return Exit.Ok;
    }
}
