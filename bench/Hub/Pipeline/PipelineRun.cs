using System.Diagnostics;
using System.Globalization;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Connections.Declarative;
using IntegrationHub.Connections.Runs;
using IntegrationHub.Sdk;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Bench.Pipeline;

/// <summary>One sync of a file, or of a page server by the declarative connector, into the embedded store with everything on, timed inside the process from the first record to the last commit.</summary>
internal static class PipelineRun
{
    /// <param name="input">WeCom contacts, one a line, or the address of <see cref="Http.PageServer"/>.</param>
    /// <param name="data">Folder of the store; what is in it already counts as known.</param>
    /// <param name="again">Reads everything once more, unchanged.</param>
    /// <param name="withLog">Writes the sovereignty log, as a hub always does.</param>
    public static async Task<int> RunAsync(string input, string data, bool again, bool withLog)
    {
        var root = Path.Combine(AppContext.BaseDirectory, "pipeline");
        var isServer = Uri.TryCreate(input, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttp;
        var config = HubConfigFile.Read(Path.Combine(root, isServer ? "http.yaml" : "hub.yaml")) with { Data = Path.GetFullPath(data), Log = new() { IsWritten = withLog } };
        var lines = new LinesConnector(_ => Path.GetFullPath(input));
        IConnector connector = isServer ? DeclarativeFolder.Read(Path.Combine(root, "connectors", "bench.yaml"), ManifestCodes.None) : lines;
        Environment.SetEnvironmentVariable("CONTACTS_URL", input);
        await using var workspace = await Workspace.OpenAsync(config, new ConnectorRegistry([connector]), TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        for (var round = again ? 0 : 1; round < 2; round++)
        {
            var watch = Stopwatch.StartNew();
            var (allocated, cpu) = (GC.GetTotalAllocatedBytes(), Environment.CpuUsage.TotalTime);
            var run = (await new Runner(workspace).SyncAsync("contacts", null, full: true, CancellationToken.None))[0];
            var seconds = watch.Elapsed.TotalSeconds;
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{run.State} in {seconds:F2} s, {(Environment.CpuUsage.TotalTime - cpu).TotalSeconds:F2} s of CPU, {(GC.GetTotalAllocatedBytes() - allocated) / 1e6:F0} MB allocated, {GC.CollectionCount(0)}/{GC.CollectionCount(1)}/{GC.CollectionCount(2)} collections, GC pause {GC.GetTotalPauseDuration().TotalSeconds:F2} s: {run.Statement}"));
            if (lines.Marks is { Count: > 2 } marks)
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"rate of the last {LinesConnector.LinesPerMark:N0} of {LinesConnector.LinesPerMark * (marks.Count - 1L):N0} records against the first: {Ratio(m => m.Clock):F2} (in processor time {Ratio(m => m.Processor):F2})"));

            double Ratio(Func<Mark, TimeSpan> time) => (time(lines.Marks[1]) - time(lines.Marks[0])) / (time(lines.Marks[^1]) - time(lines.Marks[^2]));
        }

        return 0;
    }
}
