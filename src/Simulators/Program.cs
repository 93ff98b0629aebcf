using System.CommandLine;
using System.Net.Sockets;
using System.Text.Json;
using IntegrationHub.Simulators.Demo;

var samples = new Option<DirectoryInfo>("--samples") { Description = "Folder with wecom.json, kingdee.json and esign.json.", Required = true };
var port = new Option<int?>("--port") { Description = $"Port of the page; the vendors take the next three. Default: {Ports.Usual}, or free ones if these are taken." };
var hub = new Option<string>("--hub") { Description = "Address of the hub that the vendors send callbacks to.", DefaultValueFactory = _ => "http://127.0.0.1:5080" };
var attached = new Option<bool>("--attached") { Description = "End when standard input ends." };
var root = new RootCommand("Simulated WeCom, Kingdee and e签宝: not the real vendors. Prints one line of JSON with addresses and credentials, then serves until Ctrl-C.") { samples, port, hub, attached };
root.SetAction(async (parsed, cancel) =>
{
    try
    {
        using var vendors = SimulatedVendors.Start(parsed.GetValue(samples)!.FullName, TimeProvider.System, Ports.Take(parsed.GetValue(port)));
        using var callbacks = new CallbackPost(new(parsed.GetValue(hub)!), TimeProvider.System);
        await using var page = VendorPage.Build(vendors, new(vendors, callbacks));
        await page.StartAsync(cancel);
        Console.WriteLine(JsonSerializer.Serialize(vendors.Access()));
        if (parsed.GetValue(attached))
            await Console.In.ReadToEndAsync(cancel);
        else
            await Task.Delay(Timeout.Infinite, cancel);
        return 0;
    }
    catch (OperationCanceledException)
    {
        return 0;
    }
    catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or SocketException or UriFormatException)
    {
        await Console.Error.WriteLineAsync(e.Message);
        return 3;
    }
});
return await root.Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = TimeSpan.FromSeconds(5) });
