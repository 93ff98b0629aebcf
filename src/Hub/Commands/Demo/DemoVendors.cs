using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Host;

namespace IntegrationHub.Commands.Demo;

/// <summary>
/// The simulated vendors: a program of their own beside the hub, started for the demo and ended with it. The hub knows nothing of them but their addresses, as with real
/// vendors; what they are made of is never loaded into the hub.
/// </summary>
internal sealed class DemoVendors : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(3);

    private readonly Process _process;
    private readonly JsonObject _access;

    private DemoVendors(Process process, JsonObject access)
    {
        _process = process;
        _access = access;
    }

    /// <summary>Where people look at them.</summary>
    public string Page => (string)_access["page"]!;

    /// <summary>A setting of a vendor's connector.</summary>
    public string Access(string vendor, string setting) => _access[vendor]![setting]!.ToString();

    /// <summary>Starts them.</summary>
    /// <param name="kept">The configuration of an earlier demo: they listen where it says.</param>
    /// <param name="listen">Address of the hub, for callbacks.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>The vendors; <c>null</c> where they are not installed, or the earlier demo is without them.</returns>
    /// <exception cref="HubEnvironmentException">They cannot be started.</exception>
    public static async Task<DemoVendors?> StartAsync(HubConfig? kept, string listen, CancellationToken cancel)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "vendors", OperatingSystem.IsWindows() ? "IntegrationHub.Simulators.exe" : "IntegrationHub.Simulators");
        var wecom = kept?.Connection("wecom-simulated");
        if (!File.Exists(program) || (kept is not null && wecom is null))
            return null;
        List<string> arguments = ["--attached", "--samples", Path.Combine(AppContext.BaseDirectory, "samples", "vendors"), "--hub", kept?.Listen ?? listen];
        // The page is one port below the first vendor.
        if (wecom is not null && wecom.Settings.TryGetProperty("url", out var url) && Uri.TryCreate(url.ToString(), UriKind.Absolute, out var address))
            arguments.AddRange(["--port", (address.Port - 1).ToString(CultureInfo.InvariantCulture)]);
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        // Wherever this program's runtime stands.
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var process = Process.Start(start) ?? throw new HubEnvironmentException($"the simulated vendors ({program}) cannot be started");
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(StartLimit);
            if (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line && JsonNode.Parse(line) is JsonObject access)
            {
                // Nobody reads on; a full pipe must not stop them.
                _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
                return new(process, access);
            }

            var reason = (await process.StandardError.ReadToEndAsync(limit.Token)).Trim();
            throw new HubEnvironmentException($"the simulated vendors did not start: {reason} ('hub demo --fresh' begins anew, on free ports)");
        }
        catch (Exception e) when (e is OperationCanceledException or JsonException)
        {
            await StopAsync(process);
            cancel.ThrowIfCancellationRequested();
            throw new HubEnvironmentException("the simulated vendors did not start in time", e);
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync(_process);

    private static async Task StopAsync(Process process)
    {
        using (process)
        {
            process.StandardInput.Close();
            using var limit = new CancellationTokenSource(StopLimit);
            try
            {
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
            }
        }
    }
}
