using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using IntegrationHub.Api;
using IntegrationHub.Bench.Pipeline;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Connections.Runs;
using IntegrationHub.Host;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Bench.Api;

/// <summary>
/// Reads of the unified API over HTTP, by clients in the same process, while two connections are read again and again with something changed in each record. Every read is
/// told to the sovereignty log, as always.
/// </summary>
internal static class ApiRun
{
    private const int Clients = 16;
    private const int Churn = 5_000;
    private const int ChurnCommit = 100;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(20);

    private static readonly string[] Writers = ["writer1", "writer2"];

    /// <param name="input">WeCom contacts, one a line.</param>
    /// <param name="data">Folder of the store; loaded when it is empty.</param>
    /// <param name="seconds">Of each measurement.</param>
    public static async Task<int> RunAsync(string input, string data, int seconds)
    {
        Directory.CreateDirectory(data);
        if (!File.Exists(Path.Combine(data, "hub.db")))
            await PipelineRun.RunAsync(input, data, again: false, withLog: true);
        var config = HubConfigFile.Read(Path.Combine(AppContext.BaseDirectory, "pipeline", "hub.yaml"));
        config = config with
        {
            Data = Path.GetFullPath(data),
            Listen = "http://127.0.0.1:0",
            Api = new() { RequestsPerMinute = int.MaxValue },
            Limits = config.Limits with { BatchRecords = ChurnCommit },
            Connections = [.. config.Connections, .. Writers.Select((w, i) => config.Connections[0] with { Name = w, Line = 100 + i })],
        };
        var connector = new LinesConnector(name => name == config.Connections[0].Name ? Path.GetFullPath(input) : Path.Combine(data, name + ".jsonl"));
        await using var workspace = await Workspace.OpenAsync(config, new ConnectorRegistry([connector]), TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        var customers = workspace.Bindings.Find("customer")!.Number;
        var count = await workspace.Store.Reader.CountAsync(customers, CancellationToken.None);
        var names = await File.ReadLinesAsync(input).Take(1_000).Select(NameOf).Where(n => n.Length > 4).ToListAsync();

        await using var app = HubHost.Build(workspace, new() { Schedules = false });
        await HubHost.StartAsync(app, CancellationToken.None);
        var (_, token) = await new ApiKeys(workspace).CreateAsync("bench", ApiScope.Read, null, null, null, CancellationToken.None);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Clients, UseProxy = false, AllowAutoRedirect = false }) { BaseAddress = new(app.Urls.Single()) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

        using var stop = new CancellationTokenSource();
        var written = 0L;
        var writing = Writers.Select((w, i) => Task.Run(() => WriteAsync(workspace, input, data, w, i, n => Interlocked.Add(ref written, n), stop.Token))).ToList();
        while (Interlocked.Read(ref written) == 0)
            await Task.Delay(100);

        Console.WriteLine($"At {count:N0} customers, two writers busy:");
        Console.WriteLine();
        Console.WriteLine("| read | answers/s | p50 | p99 | most | asked for | records written meanwhile |");
        Console.WriteLine("|---|---:|---:|---:|---:|---|---:|");
        // Until what is hot has been compiled once more, which takes two cores seconds.
        await ReadAsync(http, Clients, WarmUp, OneCustomer);
        foreach (var clients in (int[])[8, Clients])
            await MeasureAsync($"one customer by id, {clients} at once", "3,000/s, p99 10 ms", clients, OneCustomer);
        await MeasureAsync("page of 100 with a filter on an indexed field, 2 at once", "p99 50 ms", 2, r => $"/v1/customers?limit=100&mobile[prefix]=%2B861{r.Next(30, 99)}{r.Next(1_000):D3}");
        await MeasureAsync("page of 100 with two filters, one of which nearly all meet, 2 at once", "p99 50 ms", 2, r => $"/v1/customers?limit=100&kind=organisation&mobile[prefix]=%2B861{r.Next(30, 99)}{r.Next(1_000):D3}");
        await MeasureAsync("search for a part of a Chinese name, 2 at once", "p99 50 ms", 2, r => "/v1/customers?q=" + Uri.EscapeDataString(names[r.Next(names.Count)][2..5]));
        await stop.CancelAsync();
        await Task.WhenAll(writing);
        await app.StopAsync();
        return 0;

        string OneCustomer(Random random) => $"/v1/customers/customer-{random.NextInt64(1, count)}";

        async Task MeasureAsync(string what, string goal, int clients, Func<Random, string> path)
        {
            await ReadAsync(http, clients, TimeSpan.FromSeconds(2), path);
            var before = Interlocked.Read(ref written);
            var watch = Stopwatch.StartNew();
            var times = await ReadAsync(http, clients, TimeSpan.FromSeconds(seconds), path);
            var rate = times.Count / watch.Elapsed.TotalSeconds;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {what} | {rate:N0} | {times[times.Count / 2]:F1} ms | {times[times.Count * 99 / 100]:F1} ms | {times[^1]:F1} ms | {goal} | {(Interlocked.Read(ref written) - before) / watch.Elapsed.TotalSeconds:N0}/s |"));
        }
    }

    /// <returns>Milliseconds of every answer, in order of size.</returns>
    private static async Task<List<double>> ReadAsync(HttpClient http, int clients, TimeSpan time, Func<Random, string> path)
    {
        var watch = Stopwatch.StartNew();
        var all = await Task.WhenAll(Enumerable.Range(0, clients).Select(c => Task.Run(async () =>
        {
            var random = new Random(c);
            var times = new List<double>();
            while (watch.Elapsed < time)
            {
                var began = Stopwatch.GetTimestamp();
                using var answer = await http.GetAsync(path(random));
                await answer.Content.ReadAsByteArrayAsync();
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                // A merged customer is answered with its survivor's address.
                if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PermanentRedirect or HttpStatusCode.Gone))
                    throw new InvalidOperationException($"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
            }

            return times;
        })));
        return [.. all.SelectMany(t => t).Order()];
    }

    /// <summary>Reads contacts of its own again and again, each with another description than the time before. The files are made beforehand: making them is no work of the hub.</summary>
    private static async Task WriteAsync(Workspace workspace, string input, string data, string connection, int number, Action<int> written, CancellationToken stop)
    {
        var lines = await File.ReadLinesAsync(input, stop).Skip(number * Churn).Take(Churn).ToListAsync(stop);
        var file = Path.Combine(data, connection + ".jsonl");
        string[] states = [file + ".even", file + ".odd"];
        foreach (var state in states)
            await File.WriteAllLinesAsync(state, lines.Select(l => l.Replace("\"description\":\"", $"\"description\":\"{Path.GetExtension(state)} ", StringComparison.Ordinal)), stop);
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            File.Copy(states[round % 2], file, overwrite: true);
            try
            {
                await new Runner(workspace).SyncAsync(connection, null, full: true, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            written(lines.Count);
        }
    }

    private static string NameOf(string line)
    {
        using var contact = JsonDocument.Parse(line);
        return contact.RootElement.GetProperty("external_contact").TryGetProperty("corp_full_name", out var name) ? name.GetString()! : "";
    }
}
