using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using IntegrationHub.Unify;
using IntegrationHub.Unify.Identity;
using IntegrationHub.Unify.Identity.Evaluation;

namespace IntegrationHub.Commands;

/// <summary>Rows of a CSV file as contributions: every row goes through the mapping, as a record of a source does.</summary>
internal sealed class EvaluationRecords(EvaluationRules rules)
{
    private const int ChunkRows = 2048;

    private readonly ConcurrentBag<EvaluationMapping> _idle = [];

    public Bindings Bindings { get; } = new(rules.Model, EvaluationStore.CatalogOf(rules.Model));

    public EntityBinding Type => Bindings.Of(rules.Type);

    /// <summary>Ids of the records, by column <c>record_id</c>, else the first.</summary>
    public List<string> Ids { get; } = [];

    public List<MatchNode> Nodes { get; } = [];

    /// <summary>What each record contributes, JSON; empty unless it was asked for.</summary>
    public List<byte[]> Bodies { get; } = [];

    /// <param name="shuffle">Seed of the order in which the records come; <c>null</c> for that of the file.</param>
    /// <param name="keepBodies">Whether to keep what the records contribute, besides what identity sees of it.</param>
    /// <exception cref="UsageException">The file is no CSV, a row cannot be mapped, or an id stands twice.</exception>
    public void Read(FileInfo file, int? shuffle, bool keepBodies)
    {
        using var reader = file.OpenText();
        var rows = CsvRows.Read(reader, file.ToString());
        if (shuffle is { } seed)
        {
            var all = rows.ToArray();
            new Random(seed).Shuffle(all);
            rows = all;
        }

        var known = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            foreach (var chunk in rows.Chunk(ChunkRows).AsParallel().AsOrdered().WithMergeOptions(ParallelMergeOptions.NotBuffered).Select(c => Map(c, keepBodies)))
                foreach (var (id, node, body) in chunk)
                {
                    if (!known.Add(id))
                        throw new UsageException($"{file}: record '{id}' stands twice; every row is a record of its own");
                    Ids.Add(id);
                    Nodes.Add(node);
                    if (body is not null)
                        Bodies.Add(body);
                }
        }
        catch (AggregateException e) when (e.InnerException is UsageException)
        {
            ExceptionDispatchInfo.Throw(e.InnerException);
        }
    }

    public static string IdOf(string[] columns, string[] values)
    {
        var column = Math.Max(0, Array.IndexOf(columns, "record_id"));
        return column < values.Length ? values[column] : throw new UsageException($"a row of the records ends after {values.Length} of {columns.Length} values, before column {columns[column]}, which must hold its id");
    }

    private List<(string Id, MatchNode Node, byte[]? Body)> Map((string[] Columns, string[] Values)[] rows, bool keepBodies)
    {
        var mapping = _idle.TryTake(out var idle) ? idle : new(rules);
        var type = Type;
        var nodes = new List<(string, MatchNode, byte[]?)>(rows.Length);
        foreach (var (columns, values) in rows)
        {
            var (id, json, observed) = mapping.Map(columns, values);
            var (keys, profile) = ContributionDocument.DerivedIdentity(EvaluationStore.Connection, id, json, type);
            nodes.Add((id, new(profile, type.Strong(keys), observed, keys[0].Value, record: 0), keepBodies ? [.. json] : null));
        }

        _idle.Add(mapping);
        return nodes;
    }
}
