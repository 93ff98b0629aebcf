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
        var first = new Dictionary<(int Entity, object Reason), int>();
        for (var i = 0; i < nodes.Count; i++)
            foreach (var reason in Reasons(plan, nodes[i]))
                if (!first.TryAdd((truth[i], reason), i))
                    sets.Join(first[(truth[i], reason)], i);
        return [.. Enumerable.Range(0, nodes.Count).Select(sets.Find)];
    }

    private static IEnumerable<object> Reasons(MatchPlan plan, MatchNode node) => node.Strong.Select(k => (object)k)
        .Concat(node.Profile.Candidates(plan).Where(c => !plan.Candidates[c.Rule].OnlyCounts).Select(c => (object)c));
}
