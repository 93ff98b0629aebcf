using System.Diagnostics;
using System.Threading.Channels;
using IntegrationHub.Storage;
using IntegrationHub.Unify;
using IntegrationHub.Unify.Identity.Evaluation;

namespace IntegrationHub.Commands;

/// <summary>
/// The last step of an evaluation record by record: half of the upserts bring the records that come last, half bring what other records say for records
/// that were there with another value in one column. Each goes through mapping, resolution and fold, in memory; as in a hub, the next are mapped while others
/// are resolved, and what waits then is resolved together. Which records belong together must then be what resolving everything at once gives. The
/// index is one of its own, so nothing is said about that of a store.
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
    public double At(double share) => Times[Math.Max(0, (int)Math.Ceiling(share * Times.Length) - 1)];

    /// <param name="rules">What the records were read with.</param>
    /// <param name="records">All records of the file with their bodies.</param>
    /// <param name="file">The file.</param>
    /// <param name="count">How many upserts, at most as many as there are records.</param>
    /// <param name="inFlight">How many are under way at the same time: the next begins when one is done.</param>
    public static async Task<EvaluationUpserts> RunAsync(EvaluationRules rules, EvaluationRecords records, FileInfo file, int count, int inFlight, CancellationToken cancellationToken)
    {
        var random = new Random(Seed);
        var loaded = records.Ids.Count - ((count + 1) / 2);
        var changed = new HashSet<int>();
        while (changed.Count < count / 2)
            changed.Add(random.Next(loaded));
        int[] coming = [.. changed, .. Enumerable.Range(loaded, records.Ids.Count - loaded)];
        var rows = RowsOf(file, coming.ToDictionary(i => records.Ids[i], StringComparer.Ordinal));

        var type = records.Type;
        var mapping = new EvaluationMapping(rules);
        var before = Enumerable.Range(0, loaded).Select(i => EvaluationStore.Row(type, i, records.Ids[i], records.Nodes[i].Time, records.Bodies[i])).ToList();
        foreach (var i in changed)
        {
            var (json, observed) = Otherwise(mapping, rows[i], rows[coming[random.Next(coming.Length)]], random);
            before[i] = EvaluationStore.Row(type, i, records.Ids[i], observed, json);
        }

        var store = await EvaluationStore.OfAsync(records.Bindings, type, before);
        random.Shuffle(coming);
        var times = new double[count];
        var cause = new Cause(Run: 1, Mapping: 1, At: 0);
        using var room = new SemaphoreSlim(inFlight);
        var mapped = Channel.CreateUnbounded<(int Upsert, TimeSpan Start, RecordContributions Record)>();
        var watch = Stopwatch.StartNew();
        var mapper = Task.Run(MapAsync, cancellationToken);
        var group = new List<(int Upsert, TimeSpan Start, RecordContributions Record)>(inFlight);
        while (await mapped.Reader.WaitToReadAsync(cancellationToken))
        {
            group.Clear();
            while (mapped.Reader.TryRead(out var next))
                group.Add(next);
            await new UnifyBatch(store, records.Bindings, _ => EvaluationStore.Connector).ApplyAsync(group.ConvertAll(g => g.Record), cause);
            foreach (var (upsert, start, _) in group)
                times[upsert] = (watch.Elapsed - start).TotalMilliseconds;
            room.Release(group.Count);
        }

        await mapper;
        var seconds = watch.Elapsed.TotalSeconds;
        Array.Sort(times);
        return new() { Entity = store.EntityOfRecords(records.Ids.Count), Rate = count / seconds, Times = times };

        async Task MapAsync()
        {
            try
            {
                for (var n = 0; n < count; n++)
                {
                    await room.WaitAsync(cancellationToken);
                    var start = watch.Elapsed;
                    var (id, json, observed) = mapping.Map(rows[coming[n]].Columns, rows[coming[n]].Values);
                    byte[] body = [.. json];
                    var record = new RecordRow { Id = coming[n] + 1, Stream = 1, SourceId = id };
                    var identity = ContributionDocument.DerivedIdentity(EvaluationStore.Connection, id, body, type);
                    mapped.Writer.TryWrite((n, start, new(record, EvaluationStore.Connection, [new(type, id, observed, body) { Identity = identity }])));
                }
            }
            finally
            {
                mapped.Writer.Complete();
            }
        }
    }

    /// <summary>What a row contributes with the value of another row in one column where they differ and the mapping takes it; what it does when there is none.</summary>
    private static (byte[] Json, long ObservedAt) Otherwise(EvaluationMapping mapping, (string[] Columns, string[] Values) row, (string[] Columns, string[] Values) other, Random random)
    {
        var id = Math.Max(0, Array.IndexOf(row.Columns, "record_id"));
        int[] columns = [.. Enumerable.Range(0, Math.Min(row.Values.Length, other.Values.Length)).Where(c => c != id && row.Values[c] != other.Values[c])];
        random.Shuffle(columns);
        foreach (var column in columns)
        {
            string[] values = [.. row.Values];
            values[column] = other.Values[column];
            try
            {
                return Map(values);
            }
            catch (UsageException)
            {
                // The two values do not go together; another one may.
            }
        }

        return Map(row.Values);

        (byte[], long) Map(string[] values)
        {
            var (_, json, observed) = mapping.Map(row.Columns, values);
            return ([.. json], observed);
        }
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
