using System.Diagnostics;
using System.Globalization;
using System.Text;
using IntegrationHub.Commands;
using IntegrationHub.Storage.Sqlite;
using IntegrationHub.Unify;

namespace IntegrationHub.Bench.Identity;

/// <summary>
/// Customer records into the embedded store, through mapping, identity, fold and change feed: all but the last in batches, the last one by one and then in
/// groups, as many as wait when a commit ends. Half of them are new, half say something else than before about a record that is there.
/// </summary>
internal static class UpsertRun
{
    private const int Batch = 1000;

    public static async Task<int> RunAsync(string records, string folder, int upserts, int[] groups)
    {
        Directory.CreateDirectory(folder);
        var rules = EvaluationRules.Read(AppContext.BaseDirectory, null);
        await using var store = SqliteStore.Open(new() { Path = Path.Combine(folder, "hub.db") });
        await store.PrepareModelAsync(rules.Model, CancellationToken.None);
        var bindings = new Bindings(rules.Model, store.Catalog);
        var mapping = new EvaluationMapping(rules);
        // As bytes: a million rows of texts would be what the collector looks at most of the time.
        var lines = File.ReadLines(records).Select(Encoding.UTF8.GetBytes).ToArray();
        var header = Encoding.UTF8.GetString(lines[0]);
        (string[] Columns, string[] Values) Row(int number)
        {
            using var reader = new StringReader($"{header}\n{Encoding.UTF8.GetString(lines[number + 1])}");
            return CsvRows.Read(reader, records).Single();
        }

        RecordContributions Of(long record, (string[] Columns, string[] Values) row)
        {
            var (id, json, observed) = mapping.Map(row.Columns, row.Values);
            return new(new() { Id = record, Stream = 1, SourceId = id }, 1, [new(bindings.Of(rules.Type), id, observed, [.. json])]);
        }

        async Task ApplyAsync(IReadOnlyList<RecordContributions> batch)
        {
            await using var transaction = await store.BeginAsync(CancellationToken.None);
            await new UnifyBatch(transaction, bindings, _ => "bench").ApplyAsync(batch, new(1, 1, 1));
            await transaction.CommitAsync();
        }

        var loaded = lines.Length - 1 - (groups.Length * upserts);
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < loaded; i += Batch)
            await ApplyAsync([.. Enumerable.Range(i, Math.Min(Batch, loaded - i)).Select(n => Of(n + 1, Row(n)) with { IsNew = true })]);
        Print("load", loaded, watch.Elapsed.TotalSeconds, []);

        var random = new Random(5);
        var next = loaded;
        RecordContributions Any()
        {
            if (random.Next(2) == 0)
                return Of(++next, Row(next - 1)) with { IsNew = true };
            var record = random.Next(loaded);
            // A known record with another mobile number and time.
            var (columns, values) = Row(record);
            (values[7], values[11]) = (string.Create(CultureInfo.InvariantCulture, $"139{random.Next(100_000_000):D8}"), "2025-07-01T08:00:00+08:00");
            return Of(record + 1, (columns, values));
        }

        foreach (var group in groups)
        {
            var times = new List<double>(upserts);
            watch.Restart();
            var cpu = Environment.CpuUsage.TotalTime;
            for (var done = 0; done < upserts; done += group)
            {
                var start = Stopwatch.GetTimestamp();
                await ApplyAsync([.. Enumerable.Range(0, group).Select(_ => Any()).DistinctBy(r => r.Record.Id)]);
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            var (seconds, processor) = (watch.Elapsed.TotalSeconds, Environment.CpuUsage.TotalTime - cpu);
            Print(string.Create(CultureInfo.InvariantCulture, $"upserts, {group} a commit, {processor.TotalMicroseconds / upserts:F0} µs of processor time each"), upserts, seconds, times);
        }

        var customers = await store.Reader.CountAsync(bindings.Of(rules.Type).Number, CancellationToken.None);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{customers} customers"));
        return 0;
    }

    private static void Print(string what, int count, double seconds, List<double> times)
    {
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what}: {count} in {seconds:F1} s, {count / seconds:F0}/s{(times.Count == 0 ? "" : $", p50 {times[times.Count / 2]:F2} ms, p99 {times[times.Count * 99 / 100]:F2} ms, longest {times[^1]:F1} ms")}"));
    }
}
