using System.Runtime.InteropServices;

namespace IntegrationHub.Unify.Identity.Evaluation;

/// <summary>Pairs of records that belong together and were left apart, by what the parts they are in have in common.</summary>
/// <param name="Shares">Kinds of which the two parts have an equal value, in the order of the plan; <c>name=contact</c> where the name of one is the contact of the other.</param>
/// <param name="Pairs">How many pairs of records.</param>
public sealed record MissedPairs(IReadOnlyList<string> Shares, long Pairs)
{
    /// <summary>All of them, most pairs first.</summary>
    /// <param name="found">For each node a number of its entity.</param>
    /// <param name="truth">For each node a number of its true entity.</param>
    internal static List<MissedPairs> Of(MatchPlan plan, IReadOnlyList<MatchNode> nodes, IReadOnlyList<int> found, IReadOnlyList<int> truth)
    {
        var entities = new Dictionary<int, Dictionary<int, List<Profile>>>();
        for (var i = 0; i < nodes.Count; i++)
        {
            var parts = CollectionsMarshal.GetValueRefOrAddDefault(entities, truth[i], out _) ??= [];
            (CollectionsMarshal.GetValueRefOrAddDefault(parts, found[i], out _) ??= []).Add(nodes[i].Profile);
        }

        var pairs = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var parts in entities.Values.Where(e => e.Count > 1).Select(e => e.Values.ToList()))
            for (var i = 0; i < parts.Count; i++)
                for (var j = 0; j < i; j++)
                    CollectionsMarshal.GetValueRefOrAddDefault(pairs, string.Join(' ', Shared(plan, parts[i], parts[j])), out _) += (long)parts[i].Count * parts[j].Count;
        return [.. pairs.OrderByDescending(p => p.Value).ThenBy(p => p.Key, StringComparer.Ordinal).Select(p => new MissedPairs(p.Key.Split(' ', StringSplitOptions.RemoveEmptyEntries), p.Value))];
    }

    private static IEnumerable<string> Shared(MatchPlan plan, List<Profile> a, List<Profile> b)
    {
        for (var kind = 0; kind < plan.Kinds.Length; kind++)
            if (Weighs(plan, kind) && Common(a, kind, b, kind))
                yield return plan.Kinds[kind];
        if (plan.Guard is { Crossed: >= 0 } guard && (Common(a, guard.Kind, b, guard.Crossed) || Common(b, guard.Kind, a, guard.Crossed)))
            yield return $"{plan.Kinds[guard.Kind]}={plan.Kinds[guard.Crossed]}";
    }

    /// <summary>What only speaks against a pair, such as the type, is nothing to have in common.</summary>
    private static bool Weighs(MatchPlan plan, int kind) => plan.Comparisons.All(c => c.Kind != kind) || plan.Comparisons.Any(c => c.Kind == kind && c.Rule.Equal > 0);

    private static bool Common(List<Profile> a, int kind, List<Profile> b, int other)
    {
        var values = a.SelectMany(p => p[kind]).ToHashSet(StringComparer.Ordinal);
        return values.Count > 0 && b.SelectMany(p => p[other]).Any(values.Contains);
    }
}
