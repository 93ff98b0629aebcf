using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using IntegrationHub.Mapping;
using IntegrationHub.Unify;

namespace IntegrationHub.Connections.Runs;

/// <summary>What mapping one document gave, copied out of the mapper.</summary>
/// <param name="Rejection">Why nothing came of it, or <c>null</c>.</param>
/// <param name="Contributions">What it says; nothing when it was filtered or rejected.</param>
/// <param name="Issues">What is worth telling.</param>
public sealed record MappingOutcome(Rejection? Rejection, IReadOnlyList<NewContribution> Contributions, IReadOnlyList<MappingIssue> Issues);

/// <summary>Maps documents with one plan on all cores, keeping their order.</summary>
/// <param name="plan">The mapping.</param>
/// <param name="bindings">The model.</param>
/// <param name="connection">Number of the connection whose documents these are; <c>null</c> when nothing is to be unified.</param>
public sealed class RecordMapping(MappingPlan plan, Bindings bindings, int? connection)
{
    private readonly ConcurrentBag<Mapper> _mappers = [];

    public MappingPlan Plan => plan;

    public MappingOutcome[] Map(IReadOnlyList<ReadOnlyMemory<byte>> documents)
    {
        var outcomes = new MappingOutcome[documents.Count];
        if (documents.Count < 16)
            MapRange(documents, outcomes, 0, documents.Count);
        else
            Parallel.ForEach(Partitioner.Create(0, documents.Count, Math.Max(8, documents.Count / (Environment.ProcessorCount * 4))), new ParallelOptions { TaskScheduler = TaskScheduler.Current }, r => MapRange(documents, outcomes, r.Item1, r.Item2));
        return outcomes;
    }

    private void MapRange(IReadOnlyList<ReadOnlyMemory<byte>> documents, MappingOutcome[] outcomes, int from, int to)
    {
        if (!_mappers.TryTake(out var mapper))
            mapper = new(plan);
        for (var i = from; i < to; i++)
            outcomes[i] = Map(mapper, documents[i]);
        _mappers.Add(mapper);
    }

    private MappingOutcome Map(Mapper mapper, ReadOnlyMemory<byte> document)
    {
        if (!MemoryMarshal.TryGetArray(document, out var bytes))
            bytes = document.ToArray();
        var mapped = mapper.Map(bytes.Array!, bytes.Offset, bytes.Count);
        if (mapped.Rejection is { } rejection)
            return new(rejection, [], []);
        var contributions = new NewContribution[mapped.Contributions.Count];
        for (var i = 0; i < contributions.Length; i++)
        {
            var contribution = mapped.Contributions[i];
            var (binding, key, body) = (bindings.Of(contribution.Entity), mapped.Text(contribution.Key), mapped.Json(contribution).ToArray());
            contributions[i] = new(binding, key, contribution.ObservedAt, body) { Identity = connection is { } number ? ContributionDocument.DerivedIdentity(number, key, body, binding) : null };
        }

        return new(null, contributions, mapped.Issues.Count == 0 ? [] : [.. mapped.Issues]);
    }
}
