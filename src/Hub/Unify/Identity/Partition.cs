using System.Runtime.InteropServices;
using IntegrationHub.Storage;

namespace IntegrationHub.Unify.Identity;

/// <summary>
/// The entities that follow from some contributions: finds what is connected, and resolves each connected part by itself. This is the definition of
/// identity; the store keeps to it batch by batch, the evaluation applies it to everything at once.
/// </summary>
internal static class Partition
{
    /// <summary>From this many guarded parts on they are resolved on all cores.</summary>
    private const int ParallelFrom = 1000;

    /// <summary>
    /// For each node the position of the first node of its entity, and for each node the position of the first node of what it is connected with.
    /// </summary>
    /// <param name="states">What is known of candidate values beyond these nodes: of all whose kind can be shared, and of those that two nodes have. <c>null</c> when these are all nodes.</param>
    public static (int[] Entity, int[] Connected) Of(MatchPlan plan, IReadOnlyList<MatchNode> nodes, IReadOnlyList<Ruling> rulings, Func<IdentityKey, int> rankOf, CandidateStates? states = null)
    {
        if (nodes.Count == 1)
            return ([0], [0]);
        var graph = new MatchGraph(plan, nodes);
        states ??= graph.JudgeAll();
        return Of(plan, nodes, rulings, rankOf, graph.Edges(states), states);
    }

    private static (int[] Entity, int[] Connected) Of(MatchPlan plan, IReadOnlyList<MatchNode> nodes, IReadOnlyList<Ruling> rulings, Func<IdentityKey, int> rankOf, List<MatchEdge> edges, CandidateStates states)
    {
        var parts = new DisjointSets(nodes.Count);
        var holders = new Dictionary<IdentityKey, int>(2 * nodes.Count);
        for (var i = 0; i < nodes.Count; i++)
            foreach (var key in nodes[i].Strong)
            {
                ref var holder = ref CollectionsMarshal.GetValueRefOrAddDefault(holders, key, out var exists);
                if (exists)
                    parts.Join(holder, i);
                else
                    holder = i;
            }

        foreach (var edge in edges)
            parts.Join(edge.A, edge.B);
        foreach (var ruling in rulings.Where(r => r.Kind == RulingKind.Merge))
            foreach (var node in ruling.Left)
                parts.Join(ruling.Left[0], node);

        var connected = new int[nodes.Count];
        var first = new int[nodes.Count];
        Array.Fill(first, -1);
        var members = new List<int>[nodes.Count];
        for (var i = 0; i < connected.Length; i++)
        {
            var root = parts.Find(i);
            if (first[root] < 0)
                first[root] = i;
            connected[i] = first[root];
            (members[first[root]] ??= []).Add(i);
        }

        var entity = new int[nodes.Count];
        var guarded = new Dictionary<int, List<MatchEdge>>();
        foreach (var part in members)
            if (part is null)
                continue;
            else if (part.Count == 1 || (rulings.Count == 0 && Resolution.IsPlain(plan, nodes, part)))
                foreach (var node in part)
                    entity[node] = part[0];
            else
                guarded.Add(part[0], []);
        foreach (var edge in edges)
            if (guarded.TryGetValue(connected[edge.A], out var within))
                within.Add(edge);
        if (guarded.Count < ParallelFrom)
            foreach (var (part, within) in guarded)
                Resolve(plan, nodes, rulings, rankOf, states, members[part], within, entity);
        else
            Parallel.ForEach(guarded, g => Resolve(plan, nodes, rulings, rankOf, states, members[g.Key], g.Value, entity));
        return (entity, connected);
    }

    /// <summary>Resolves what is connected by itself; parts share nothing but the array of entities, in which each has its own nodes.</summary>
    private static void Resolve(MatchPlan plan, IReadOnlyList<MatchNode> nodes, IReadOnlyList<Ruling> rulings, Func<IdentityKey, int> rankOf, CandidateStates states, List<int> part, List<MatchEdge> edges, int[] entity)
    {
        var local = new Dictionary<int, int>(part.Count);
        for (var i = 0; i < part.Count; i++)
            local[part[i]] = i;
        List<MatchNode> members = [.. part.Select(n => nodes[n])];
        List<Ruling> here = [.. rulings.Select(r => r with { Left = Local(r.Left, local), Right = Local(r.Right, local) }).Where(Decides)];
        // What is decided about others may not show here, so more pairs are looked at only where something is decided.
        List<MatchEdge> within = here.Count > 0 ? new MatchGraph(plan, members).Edges(states, every: true) : [.. edges.Select(e => e with { A = local[e.A], B = local[e.B] })];
        var resolved = new Resolution(plan, members, here, states.IsShared).Run(within, rankOf);
        for (var i = 0; i < part.Count; i++)
            entity[part[i]] = part[resolved[i]];
    }

    private static bool Decides(Ruling ruling) => ruling.Kind == RulingKind.Merge ? ruling.Left.Count > 1 : ruling.Left.Count > 0 && ruling.Right.Count > 0;

    private static List<int> Local(IReadOnlyList<int> nodes, Dictionary<int, int> local) => [.. nodes.Where(local.ContainsKey).Select(n => local[n])];
}

/// <summary>Union-find over positions.</summary>
internal sealed class DisjointSets(int count)
{
    private readonly int[] _parents = [.. Enumerable.Range(0, count)];

    public int Find(int node)
    {
        while (_parents[node] != node)
            node = _parents[node] = _parents[_parents[node]];
        return node;
    }

    public void Join(int a, int b)
    {
        (a, b) = (Find(a), Find(b));
        if (a != b)
            _parents[Math.Max(a, b)] = Math.Min(a, b);
    }
}
