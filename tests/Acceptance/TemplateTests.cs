using System.Diagnostics;
using System.Runtime.InteropServices;

namespace IntegrationHub.Acceptance;

/// <summary>A newcomer's way: from the packed SDK to a connector that passes the conformance suite and is installed in a hub.</summary>
public sealed class TemplateTests
{
    [Fact]
    public async Task A_new_connector_builds_passes_the_suite_and_is_loaded()
    {
        using var folder = new HubFolder();
        // A version of its own: package caches would keep another's for ever.
        var version = $"0.0.0-test{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()}";
        var feed = Path.Combine(folder.Path, "feed");
        try
        {
            var packed = Stopwatch.StartNew();
            foreach (var part in new[] { "Connector", "Simulation", "Testing", "Template" })
                await DotnetAsync(folder, Path.Combine(Repository(), "src", "Sdk", part), "pack", "-c", "Release", "-o", feed, "-nologo", "-v", "q", $"-p:Version={version}");

            var newcomer = Stopwatch.StartNew();
            await DotnetAsync(folder, folder.Path, "new", "install", Path.Combine(feed, $"IntegrationHub.Sdk.Template.{version}.nupkg"));
            await DotnetAsync(folder, folder.Path, "new", "hub-connector", "-n", "Contoso", "--feed", feed, "--sdkVersion", version);
            var made = Path.Combine(folder.Path, "Contoso");
            await DotnetAsync(folder, made, "build", "-nologo", "-v", "q");
            var tested = await DotnetAsync(folder, made, "test", "--no-build");
            Assert.Contains("failed: 0", tested, StringComparison.Ordinal);
            Assert.DoesNotContain("succeeded: 0", tested, StringComparison.Ordinal);
            await DotnetAsync(folder, made, "publish", Path.Combine("src", "Contoso"), "-nologo", "-v", "q", "-o", Path.Combine(folder.Path, "connectors", "contoso"));
            Assert.True(newcomer.Elapsed < TimeSpan.FromMinutes(5), $"it took {newcomer.Elapsed}");
            TestContext.Current.SendDiagnosticMessage($"packed in {packed.Elapsed - newcomer.Elapsed}, from 'dotnet new' to an installed connector in {newcomer.Elapsed}");
        }
        finally
        {
            foreach (var kept in Directory.EnumerateDirectories(Packages(), "integrationhub.sdk*").Select(p => Path.Combine(p, version)).Where(Directory.Exists))
                Directory.Delete(kept, recursive: true);
        }

        // What comes with the SDK is the hub's; what was published is the connector alone.
        Assert.False(File.Exists(Path.Combine(folder.Path, "connectors", "contoso", "IntegrationHub.Sdk.dll")));
        (await folder.RunAsync("connectors")).Ended(0, "contoso");
        (await folder.RunAsync("connectors", "show", "contoso")).Ended(0, "apiKey", "customers");
        (await folder.RunAsync("mappings", "test", "connectors/contoso/mappings/contoso/customers.yaml")).Ended(0);
        folder.Write("key.txt", "secret");
        folder.Write("hub.yaml", """
            connections:
              crm:
                connector: contoso
                config: { url: "http://127.0.0.1:9/", apiKey: "${file:key.txt}" }
            """);
        (await folder.RunAsync("check", "crm")).Ended(3, "customers: no whole answer from 127.0.0.1");
    }

    private static async Task<string> DotnetAsync(HubFolder folder, string where, params string[] arguments)
    {
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var start = new ProcessStartInfo(Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"), arguments) { WorkingDirectory = where, RedirectStandardOutput = true, RedirectStandardError = true };
        // Templates are installed for this test only.
        start.Environment["DOTNET_CLI_HOME"] = Path.Combine(folder.Path, "home");
        start.Environment["NUGET_PACKAGES"] = Packages();
        start.Environment["DOTNET_NOLOGO"] = start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        // What the test runner was started with is not for another one.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MSBuild", StringComparison.Ordinal) || k.StartsWith("TESTINGPLATFORM", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var said = await output + await error;
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)}: {process.ExitCode}\n{said}");
        return said;
    }

    private static string Packages() => Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "IntegrationHub.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("the repository is not above the tests");
        return folder;
    }
}
