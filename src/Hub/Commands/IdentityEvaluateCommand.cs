using System.CommandLine;
using System.Diagnostics;
using System.Runtime;
using System.Text.Json;
using IntegrationHub.Unify.Identity;
using IntegrationHub.Unify.Identity.Evaluation;

namespace IntegrationHub.Commands;

/// <summary><c>hub identity evaluate</c>: resolves records whose entities are known, and tells how well.</summary>
internal static class IdentityEvaluateCommand
{
    /// <summary>Rows of what was missed that are printed; JSON has all.</summary>
    private const int MostRows = 20;

    private const int MostInFlight = 1000;

    public static Command Create()
    {
        var records = new Option<FileInfo>("--records") { Description = "Records, CSV with a header. The id is column record_id, else the first.", Required = true };
        var truth = new Option<FileInfo>("--truth") { Description = "What is true, CSV with columns record_id and entity_id.", Required = true };
        var model = new Option<FileInfo?>("--model") { Description = "Model and mapping to use, YAML documents. Default: the hub's customers." };
        var shuffle = new Option<int?>("--shuffle") { Description = "Seed of an order in which the records come. Default: the order of the file." };
        var clusters = new Option<FileInfo?>("--out") { Description = "Where to write record_id and the first record of its entity, CSV." };
        var missed = new Option<bool>("--missed") { Description = "Also tell what the pairs have in common that belong together and were left apart." };
        var upserts = new Option<int>("--upserts") { Description = "Also bring so many new and changed records one by one, tell how long each took, and whether the outcome is that of resolving all at once." };
        var inFlight = new Option<int>("--in-flight") { Description = "How many upserts are under way at the same time, 1 to 1000.", DefaultValueFactory = _ => 1 };
        var command = new Command("evaluate", "Resolve records whose entities are known and tell how well: the resolution of the hub itself, in memory, without accepting proposals.") { records, truth, model, shuffle, clusters, missed, upserts, inFlight };
        command.SetAction((parsed, cancel) => RunAsync(parsed, parsed.GetValue(records)!, parsed.GetValue(truth)!, parsed.GetValue(model), parsed.GetValue(shuffle), parsed.GetValue(clusters), parsed.GetValue(missed), parsed.GetValue(upserts), parsed.GetValue(inFlight), cancel));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, FileInfo recordsFile, FileInfo truthFile, FileInfo? model, int? shuffle, FileInfo? clusters, bool tellMissed, int upserts, int inFlight, CancellationToken cancel)
    {
        foreach (var file in new[] { recordsFile, truthFile })
            if (!file.Exists)
                throw new UsageException($"no file {file}");
        if (upserts < 0)
            throw new UsageException($"--upserts {upserts}: give a number from 0 to that of the records");
        if (inFlight is < 1 or > MostInFlight)
            throw new UsageException($"--in-flight {inFlight}: give a number from 1 to {MostInFlight}");
        var rules = EvaluationRules.Read(CommandWorkspace.Config(parsed).Root, model);
        // Nothing waits for an answer meanwhile, so collecting beside the work only costs.
        GCSettings.LatencyMode = GCLatencyMode.Batch;
        var watch = Stopwatch.StartNew();
        var records = new EvaluationRecords(rules);
        records.Read(recordsFile, shuffle, keepBodies: upserts > 0);
        var mapped = watch.Elapsed;
        if (upserts > records.Ids.Count)
            throw new UsageException($"--upserts {upserts}: {recordsFile} has {records.Ids.Count} records; give a number from 0 to that");
        var entity = Partition.Of(records.Type.Plan, records.Nodes, [], records.Type.RankOf).Entity;
        var seconds = watch.Elapsed.TotalSeconds;

        var known = Truth(truthFile, records.Ids);
        var measures = PartitionMeasures.Of(records.Ids, entity, known);
        var ceiling = PartitionMeasures.Of(records.Ids, EvidenceCeiling.Of(records.Type.Plan, records.Nodes, known), known);
        var missed = tellMissed ? MissedPairs.Of(records.Type.Plan, records.Nodes, entity, known) : null;
        if (clusters is not null)
            await File.WriteAllLinesAsync(clusters.FullName, entity.Select((e, i) => $"{records.Ids[i]},{records.Ids[e]}").Prepend("record_id,entity_id"), cancel);
        EvaluationUpserts? upserted = null;
        if (upserts > 0)
        {
            // As in a hub that runs: who waits for one record does not wait for a collection of everything.
            GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
            upserted = await EvaluationUpserts.RunAsync(rules, records, recordsFile, upserts, inFlight, cancel);
        }

        var isSame = upserted is null || PartitionMeasures.Of(records.Ids, upserted.Entity, known).PartitionSha256 == measures.PartitionSha256;
        using var process = Process.GetCurrentProcess();
        var rss = process.PeakWorkingSet64 / (1024.0 * 1024.0);
        if (parsed.WantsJson())
        {
            var result = JsonSerializer.SerializeToNode(new
            {
                measures.Records,
                measures.Entities,
                measures.PairwisePrecision,
                measures.PairwiseRecall,
                measures.PairwiseF1,
                measures.BcubedPrecision,
                measures.BcubedRecall,
                measures.BcubedF1,
                measures.ExactClusters,
                measures.LargestCluster,
                measures.MixedClusters,
                measures.PartitionSha256,
                CeilingPairwiseF1 = ceiling.PairwiseF1,
                CeilingBcubedF1 = ceiling.BcubedF1,
                Seconds = Math.Round(seconds, 3),
                PeakRssMb = Math.Round(rss, 1),
            }, Printing.Json)!.AsObject();
            if (upserted is not null)
                result["upserts"] = JsonSerializer.SerializeToNode(new
                {
                    Count = upserts,
                    InFlight = inFlight,
                    PerSecond = Math.Round(upserted.Rate),
                    P50Ms = Math.Round(upserted.At(0.5), 3),
                    P99Ms = Math.Round(upserted.At(0.99), 3),
                    LongestMs = Math.Round(upserted.At(1), 3),
                    SamePartition = isSame,
                }, Printing.Json);
            if (missed is not null)
                result["missed"] = JsonSerializer.SerializeToNode(missed, Printing.Json);
            Printing.WriteJson(parsed.Out(), result);
        }
        else
        {
            Print(parsed.Out(), measures, ceiling, mapped, seconds, rss, upserted, inFlight, isSame);
            if (missed is not null)
                Print(parsed.Out(), missed);
        }

        return isSame ? Exit.Ok : Exit.Problems;
    }

    private static void Print(TextWriter output, IReadOnlyList<MissedPairs> missed)
    {
        output.WriteLine();
        Printing.Table(output, ["left apart, though they share", "pairs"],
        [
            .. missed.Take(MostRows).Select(m => (string[])[m.Shares.Count == 0 ? "nothing" : string.Join(", ", m.Shares), $"{m.Pairs:N0}"]),
            ["anything else", $"{missed.Skip(MostRows).Sum(m => m.Pairs):N0}"],
        ]);
    }

    private static void Print(TextWriter output, PartitionMeasures measures, PartitionMeasures ceiling, TimeSpan mapped, double seconds, double rss, EvaluationUpserts? upserts, int inFlight, bool isSame) => Printing.Table(output, ["measure", "value"],
    [
        ["records", $"{measures.Records:N0}"],
        ["entities", $"{measures.Entities:N0} ({measures.ExactClusters:N0} exact, {measures.MixedClusters:N0} mixed, the largest of {measures.LargestCluster:N0} records)"],
        ["pairwise", $"precision {measures.PairwisePrecision:0.00000}, recall {measures.PairwiseRecall:0.00000}, F1 {measures.PairwiseF1:0.00000}"],
        ["B-cubed", $"precision {measures.BcubedPrecision:0.00000}, recall {measures.BcubedRecall:0.00000}, F1 {measures.BcubedF1:0.00000}"],
        ["evidence", $"connects {ceiling.PairwiseRecall:0.00000} of the true pairs; with no error at all F1 would be {ceiling.PairwiseF1:0.00000}, B-cubed {ceiling.BcubedF1:0.00000}"],
        ["partition", measures.PartitionSha256],
        ["seconds", $"{seconds:0.0} ({mapped.TotalSeconds:0.0} of them reading and mapping)"],
        .. upserts is null ? [] : (string[][])[["upserts", $"{upserts.Rate:N0}/s {(inFlight == 1 ? "one at a time" : $"with {inFlight} in flight")}, half of them {upserts.At(0.5):0.00} ms or less, 99 of 100 {upserts.At(0.99):0.00}, the longest {upserts.At(1):0.0}"],
            ["", isSame ? "the same entities as all at once" : "OTHER ENTITIES than all at once: a fault of the resolution"]],
        ["peak memory", $"{rss:N0} MiB"],
    ]);

    private static int[] Truth(FileInfo file, List<string> ids)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var entities = new Dictionary<string, int>(StringComparer.Ordinal);
        using var reader = file.OpenText();
        foreach (var (columns, values) in CsvRows.Read(reader, file.ToString()))
        {
            var (id, entity) = (Array.IndexOf(columns, "record_id"), Array.IndexOf(columns, "entity_id"));
            if (id < 0 || entity < 0)
                throw new UsageException($"{file}: columns record_id and entity_id are needed, found {string.Join(", ", columns)}");
            numbers.TryAdd(values[entity], numbers.Count);
            entities[values[id]] = numbers[values[entity]];
        }

        return [.. ids.Select(id => entities.TryGetValue(id, out var entity) ? entity : throw new UsageException($"{file}: nothing about record '{id}'"))];
    }
}
