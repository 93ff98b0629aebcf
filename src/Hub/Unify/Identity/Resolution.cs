using IntegrationHub.Storage;

namespace IntegrationHub.Unify.Identity;

/// <summary>
/// Partitions contributions that evidence connects into entities. A pure function of the set: everything happens in an order that follows from what the
/// contributions are. First what stewards decided, newest first; then strong keys, those that an entity has one of before the others; then comparisons,
/// the surest first and among equals the nearest in time. A join that would break a guard is left out.
/// </summary>
/// <param name="isShared">Whether a value of a kind is shared by too many.</param>
internal sealed class Resolution(MatchPlan plan, IReadOnlyList<MatchNode> nodes, IReadOnlyList<Ruling> rulings, Func<int, string, bool> isShared)
{
    private readonly int[] _parents = [.. Enumerable.Range(0, nodes.Count)];
    private readonly Cluster[] _clusters = [.. nodes.Select(n => new Cluster(n.Profile, plan, isShared))];

    /// <summary>Joins that a guard forbade; with none, the entities are simply what is connected.</summary>
    public int Refused { get; private set; }

    /// <summary>Whether no guard can forbid anything among some connected nodes, so that they are one entity.</summary>
    public static bool IsPlain(MatchPlan plan, IReadOnlyList<MatchNode> nodes, List<int> part)
    {
        if (part.Count > plan.Rules.MostChained)
            return false;
        foreach (var (kind, most) in plan.Limits)
        {
            HashSet<string>? values = null;
            var only = "";
            foreach (var node in part)
                foreach (var value in nodes[node].Profile[kind])
                    if (only.Length == 0)
                        only = value;
                    else if (value != only && (values ??= [only]).Add(value) && values.Count > most)
                        return false;
        }

        foreach (var whole in plan.Whole)
            if (!IsOne(nodes, part, whole.Kind))
                return false;
        return plan.Guard is not { } guard || IsOne(nodes, part, guard.Kind);
    }

    /// <summary>Whether nodes have at most one value of a kind.</summary>
    private static bool IsOne(IReadOnlyList<MatchNode> nodes, List<int> part, int kind)
    {
        var only = "";
        foreach (var node in part)
            foreach (var value in nodes[node].Profile[kind])
                if (only.Length == 0)
                    only = value;
                else if (value != only)
                    return false;
        return true;
    }

    /// <summary>For each node the position of the first node of its entity.</summary>
    public int[] Run(IReadOnlyList<MatchEdge> edges, Func<IdentityKey, int> rankOf)
    {
        foreach (var ruling in rulings.OrderByDescending(r => r.Number))
            Apply(ruling);
        JoinStrong(rankOf);
        foreach (var edge in edges.OrderByDescending(e => e.Score).ThenBy(e => e.Distance).ThenBy(e => First(e), StringComparer.Ordinal).ThenBy(e => Last(e), StringComparer.Ordinal))
            Join(edge.A, edge.B, edge);
        var first = new Dictionary<int, int>();
        var result = new int[nodes.Count];
        for (var i = 0; i < result.Length; i++)
        {
            var root = Find(i);
            first.TryAdd(root, i);
            result[i] = first[root];
        }

        return result;
    }

    /// <summary>A newer ruling stands over an older one.</summary>
    private void Apply(Ruling ruling)
    {
        switch (ruling.Kind)
        {
            case RulingKind.Merge:
                for (var i = 1; i < ruling.Left.Count; i++)
                    Join(ruling.Left[0], ruling.Left[i], decided: true);
                break;
            case RulingKind.Apart:
                foreach (var left in ruling.Left)
                    foreach (var right in ruling.Right)
                        if (Find(left) != Find(right))
                        {
                            _clusters[Find(left)].Stand(ruling.Number, right: false);
                            _clusters[Find(right)].Stand(ruling.Number, right: true);
                        }

                break;
        }
    }

    private void JoinStrong(Func<IdentityKey, int> rankOf)
    {
        var first = new Dictionary<IdentityKey, int>();
        var holders = new Dictionary<IdentityKey, List<int>>();
        for (var i = 0; i < nodes.Count; i++)
            foreach (var key in nodes[i].Strong)
                if (first.TryAdd(key, i))
                    continue;
                else if (holders.TryGetValue(key, out var more))
                    more.Add(i);
                else
                    holders[key] = [first[key], i];
        foreach (var (_, list) in holders.OrderBy(h => rankOf(h.Key)).ThenBy(h => h.Key.Kind).ThenBy(h => h.Key.Value, StringComparer.Ordinal))
        {
            // Those that say most about themselves come first; each of the others goes to the first it may go to.
            list.Sort((a, b) => Limited(b).CompareTo(Limited(a)) is var more and not 0 ? more : string.CompareOrdinal(nodes[a].Order, nodes[b].Order));
            var heads = new List<int>();
            foreach (var holder in list)
                if (!heads.Any(head => Join(head, holder)))
                    heads.Add(holder);
        }

        foreach (var root in Enumerable.Range(0, nodes.Count).Where(i => Find(i) == i))
            _clusters[root].Parts = 1;
    }

    private int Limited(int node) => plan.Limits.Sum(l => nodes[node].Profile[l.Kind].Length);

    private bool Join(int a, int b, MatchEdge? weak = null, bool decided = false)
    {
        (a, b) = (Find(a), Find(b));
        if (a == b)
            return true;
        if (!_clusters[a].MayJoin(_clusters[b], plan, weak is not null, decided) || (weak is { } edge && !Stands(edge, _clusters[a], _clusters[b])))
        {
            Refused++;
            return false;
        }

        if (_clusters[a].Size < _clusters[b].Size)
            (a, b) = (b, a);
        _parents[b] = a;
        _clusters[a].Take(_clusters[b]);
        return true;
    }

    /// <summary>Whether a comparison still joins when what the two entities say about themselves otherwise is counted too.</summary>
    private bool Stands(MatchEdge edge, Cluster a, Cluster b)
    {
        var score = edge.Score;
        for (var i = 0; i < plan.Whole.Length; i++)
            if (a.Differs(b, i) && !PairScore.Says(plan.Whole[i], nodes[edge.A].Profile, nodes[edge.B].Profile, isShared))
                score += plan.Whole[i].Rule.Different;
        return score >= plan.Rules.Merge;
    }

    private int Find(int node)
    {
        while (_parents[node] != node)
            node = _parents[node] = _parents[_parents[node]];
        return node;
    }

    private string First(MatchEdge edge) => string.CompareOrdinal(nodes[edge.A].Order, nodes[edge.B].Order) <= 0 ? nodes[edge.A].Order : nodes[edge.B].Order;

    private string Last(MatchEdge edge) => string.CompareOrdinal(nodes[edge.A].Order, nodes[edge.B].Order) <= 0 ? nodes[edge.B].Order : nodes[edge.A].Order;

    /// <summary>What guards need to know of contributions that are one already.</summary>
    private sealed class Cluster(Profile profile, MatchPlan plan, Func<int, string, bool> isShared)
    {
        private readonly string[][] _whole = Array.ConvertAll(plan.Whole, w => PairScore.Counting(w, profile, isShared));

        private readonly string[][] _limited = Array.ConvertAll(plan.Limits, l => profile[l.Kind]);

        private string[] _names = plan.Guard is { } guard ? profile[guard.Kind] : [];

        private string[] _people = plan.Guard is { Crossed: >= 0 } guard ? profile[guard.Crossed] : [];

        public int Size { get; private set; } = 1;

        /// <summary>How many parts, each held together by strong keys and decisions, it is chained of.</summary>
        public int Parts { get; set; }

        /// <summary>On which side of which ruling it stands.</summary>
        private HashSet<(long Ruling, bool Right)>? _sides;

        public void Stand(long ruling, bool right) => (_sides ??= []).Add((ruling, right));

        public bool MayJoin(Cluster other, MatchPlan plan, bool weak, bool decided)
        {
            if (_sides is { } mine && other._sides is { } theirs && mine.Any(s => theirs.Contains((s.Ruling, !s.Right))))
                return false;
            if (decided)
                return true;
            for (var i = 0; i < _limited.Length; i++)
                if (_limited[i].Length > 0 && other._limited[i].Length > 0 && Union(_limited[i], other._limited[i]).Length > plan.Limits[i].Most)
                    return false;
            return !weak || (Parts + other.Parts <= plan.Rules.MostChained && NamesAgree(other, plan));
        }

        public void Take(Cluster other)
        {
            Size += other.Size;
            Parts += other.Parts;
            for (var i = 0; i < _limited.Length; i++)
                _limited[i] = Union(_limited[i], other._limited[i]);
            for (var i = 0; i < _whole.Length; i++)
                _whole[i] = Union(_whole[i], other._whole[i]);
            _names = Union(_names, other._names);
            _people = Union(_people, other._people);
            if (other._sides is { } sides)
                (_sides ??= []).UnionWith(sides);
        }

        /// <summary>Whether both have values of a comparison, by its position in <see cref="MatchPlan.Whole"/>, and none in common.</summary>
        public bool Differs(Cluster other, int whole) => _whole[whole].Length > 0 && other._whole[whole].Length > 0 && !PairScore.Common(_whole[whole], other._whole[whole]);

        /// <summary>People who stand for the company on either side say nothing about what it is called.</summary>
        private bool NamesAgree(Cluster other, MatchPlan plan)
        {
            if (plan.Guard is not { } guard)
                return true;
            var people = Union(_people, other._people);
            var mine = people.Length == 0 ? _names : [.. _names.Where(n => Array.IndexOf(people, n) < 0)];
            var theirs = people.Length == 0 ? other._names : [.. other._names.Where(n => Array.IndexOf(people, n) < 0)];
            return mine.Length == 0 || theirs.Length == 0 || PairScore.Alike(guard, mine, theirs);
        }

        private static string[] Union(string[] a, string[] b)
        {
            if (b.Length == 0 || ReferenceEquals(a, b))
                return a;
            if (a.Length == 0 || (a is [var one] && b is [var other] && one == other))
                return b;
            return [.. a.Union(b, StringComparer.Ordinal)];
        }
    }
}

/// <summary>What a decision asks for.</summary>
internal enum RulingKind
{
    /// <summary>All of <see cref="Ruling.Left"/> are one entity.</summary>
    Merge,

    /// <summary>Nothing of <see cref="Ruling.Left"/> is in an entity with anything of <see cref="Ruling.Right"/>.</summary>
    Apart,
}

/// <summary>A steward's decision over nodes at hand, as positions.</summary>
/// <param name="Number">Later decisions have greater numbers.</param>
internal sealed record Ruling(long Number, RulingKind Kind, IReadOnlyList<int> Left, IReadOnlyList<int> Right);
