using System.Diagnostics;
using System.Runtime;
using IntegrationHub.Storage;
using IntegrationHub.Unify;
using IntegrationHub.Unify.Identity.Evaluation;

namespace IntegrationHub.Commands;

/// <summary>
/// The last step of an evaluation one record at a time: half of the upserts bring the last records of the file, half bring what other records say for
/// records that were there with another value in one column. Each goes by itself through mapping, resolution and fold, in memory. What comes out must be
/// what resolving everything at once gives.
/// </summary>
internal sealed class EvaluationUpserts
{
    /// <summary>Of the records that change, and of the order of the upserts.</summary>
    private const int Seed = 1;

    /// <summary>For each record a number of its entity, after the upserts.</summary>
    public required int[] Entity { get; init; }

    /// <summary>Upserts a second.</summary>
    public required double Rate { get; init; }

    /// <summary>How long each took, shortest first, in milliseconds.</summary>
    public required double[] Times { get; init; }

    /// <summary>The time within which a share of the upserts was done, in milliseconds.</summary>
    /// <param name="share">0 to 1.</param>
    public double At(double share) => Times[Math.Min(Times.Length - 1, (int)(share * Times.Length))];

    /// <param name="records">All records of the file with their bodies.</param>
    /// <param name="count">How many upserts.</param>
    public static async Task<EvaluationUpserts> RunAsync(EvaluationRules rules, EvaluationRecords records, FileInfo file, int count)
    {
        var random = new Random(Seed);
        var loaded = records.Ids.Count - ((count + 1) / 2);
        var changed = new HashSet<int>();
        while (changed.Count < count / 2)
            changed.Add(random.Next(loaded));
        int[] coming = [.. changed, .. Enumerable.Range(loaded, records.Ids.Count - loaded)];
        var rows = RowsOf(file, coming.ToDictionary(i => records.Ids[i], StringComparer.Ordinal));

        var bindings = new Bindings(rules.Model, EvaluationStore.CatalogOf(rules.Model));
        var binding = bindings.Of(rules.Type);
        var mapping = new EvaluationMapping(rules);
        var before = Enumerable.Range(0, loaded).Select(i => EvaluationStore.Row(binding, i, records.Ids[i], records.Nodes[i].Time, records.Bodies[i])).ToList();
        foreach (var (i, other) in changed.Zip(changed.Skip(1).Append(changed.FirstOrDefault())))
        {
            var (id, json, observed) = mapping.Map(rows[i].Columns, Otherwise(rows[i], rows[other], random));
            before[i] = EvaluationStore.Row(binding, i, id, observed, [.. json]);
        }

        var store = await EvaluationStore.OfAsync(bindings, binding, before);
        random.Shuffle(coming);
        // As in a hub that runs: who waits for one record does not wait for a collection of everything.
        GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
        var times = new double[count];
        var cause = new Cause(Run: 1, Mapping: 1, At: 0);
        var watch = Stopwatch.StartNew();
        for (var n = 0; n < count; n++)
        {
            var start = watch.Elapsed;
            var (id, json, observed) = mapping.Map(rows[coming[n]].Columns, rows[coming[n]].Values);
            var record = new RecordRow { Id = coming[n] + 1, Stream = 1, SourceId = id };
            await new UnifyBatch(store, bindings, _ => EvaluationStore.Connector).ApplyAsync([new(record, EvaluationStore.Connection, [new(binding, id, observed, [.. json])])], cause);
            times[n] = (watch.Elapsed - start).TotalMilliseconds;
        }

        var seconds = watch.Elapsed.TotalSeconds;
        Array.Sort(times);
        return new() { Entity = store.EntityOfRecords(records.Ids.Count), Rate = count / seconds, Times = times };
    }

    /// <summary>The values of a row with that of another in one column where they differ, or as they are when there is none.</summary>
    private static string[] Otherwise((string[] Columns, string[] Values) row, (string[] Columns, string[] Values) other, Random random)
    {
        var id = Math.Max(0, Array.IndexOf(row.Columns, "record_id"));
        int[] columns = [.. Enumerable.Range(0, Math.Min(row.Values.Length, other.Values.Length)).Where(c => c != id && row.Values[c] != other.Values[c])];
        string[] values = [.. row.Values];
        if (columns.Length > 0 && columns[random.Next(columns.Length)] is var column)
            values[column] = other.Values[column];
        return values;
    }

    /// <summary>Rows of some records, read again: all of them are not kept.</summary>
    private static Dictionary<int, (string[] Columns, string[] Values)> RowsOf(FileInfo file, Dictionary<string, int> positions)
    {
        var rows = new Dictionary<int, (string[], string[])>(positions.Count);
        using var reader = file.OpenText();
        foreach (var (columns, values) in CsvRows.Read(reader, file.ToString()))
            if (positions.TryGetValue(EvaluationRecords.IdOf(columns, values), out var position))
                rows[position] = (columns, values);
        return rows;
    }
}
