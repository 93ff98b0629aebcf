using IntegrationHub.Storage;

namespace IntegrationHub.Unify.Identity.Evaluation;

/// <summary>
/// The best that can be done with the evidence in some records: within each true entity, what is connected by strong keys and by values that the model takes as a
/// reason to compare. What is beyond it shares nothing but hints, such as a name, which may only propose.
/// </summary>
public static class EvidenceCeiling
{
    /// <summary>For each node the position of the first node that belongs to it and that evidence connects it with.</summary>
    /// <param name="truth">For each node a number of its true entity.</param>
    internal static int[] Of(MatchPlan plan, IReadOnlyList<MatchNode> nodes, IReadOnlyList<int> truth)
    {
        var sets = new DisjointSets(nodes.Count);
        var keys = new Dictionary<(int Entity, IdentityKey Key), int>(2 * nodes.Count);
        var values = new Dictionary<(int Entity, CandidateKey Value), int>(2 * nodes.Count);
        for (var i = 0; i < nodes.Count; i++)
        {
            foreach (var key in nodes[i].Strong)
                if (!keys.TryAdd((truth[i], key), i))
                    sets.Join(keys[(truth[i], key)], i);
            foreach (var (rule, value) in nodes[i].Profile.Candidates(plan))
                if (!plan.Candidates[rule].OnlyCounts && !values.TryAdd((truth[i], new(rule, value)), i))
                    sets.Join(values[(truth[i], new(rule, value))], i);
        }

        return [.. Enumerable.Range(0, nodes.Count).Select(sets.Find)];
    }
}
