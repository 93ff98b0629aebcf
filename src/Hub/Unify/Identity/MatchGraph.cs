using System.Runtime.InteropServices;

namespace IntegrationHub.Unify.Identity;

/// <summary>
/// Finds which of some contributions are the same by comparison. Contributions of equal profile are compared once. Those of one profile, and those
/// of two that match, are connected where they are next to each other in time, and one without a time with all: that connects whom all pairs would connect.
/// </summary>
/// <remarks>When a decision may cut between contributions that say the same, every pair is needed: what is next in time may be on the other side.</remarks>
internal sealed class MatchGraph
{
    private const int ParallelFrom = 10_000;

    /// <summary>Of up to so many groups and values every pair is looked at; an index of their values takes longer to make.</summary>
    private const int FewGroups = 64;
    private const int FewValues = 1024;

    private readonly MatchPlan _plan;
    private readonly IReadOnlyList<MatchNode> _nodes;
    private readonly List<Group> _groups = [];
    private readonly int _valueCount;
    private RuleIndex[] _rules = [];

    /// <summary>For each candidate value of each group, in their order, the slot of the value in its rule and the entry before it that has the value too, or -1.</summary>
    private (int Group, int Slot, int Next)[] _entries = [];
    private bool _every;

    public MatchGraph(MatchPlan plan, IReadOnlyList<MatchNode> nodes)
    {
        _plan = plan;
        _nodes = nodes;
        var known = new Dictionary<UInt128, int>(nodes.Count);
        for (var i = 0; i < nodes.Count; i++)
        {
            // Hashes and candidates are made here, by one thread; several read them later.
            ref var group = ref CollectionsMarshal.GetValueRefOrAddDefault(known, nodes[i].Profile.Hash, out var exists);
            if (!exists)
            {
                group = _groups.Count;
                _groups.Add(new(nodes[i].Profile, _valueCount));
                _valueCount += nodes[i].Profile.Candidates(plan).Length;
            }

            _groups[group].Nodes.Add(i);
        }
    }

    /// <summary>The states of all values when the nodes at hand are all there are. Values of rules that only count are not among the closed ones.</summary>
    public CandidateStates JudgeAll()
    {
        var states = new CandidateStates();
        Index();
        for (var rule = 0; rule < _rules.Length; rule++)
        {
            var few = _plan.FewOf(rule);
            foreach (var (value, slot) in _rules[rule].Slots)
                if (_rules[rule].Counts[slot] > few && Profiles(rule, slot) is var profiles)
                    states.Set(_plan, new(rule, value), CandidateState.Of(_plan, rule, profiles), profiles[0]);
        }

        return states;
    }

    /// <summary>The pairs that are the same, in no order.</summary>
    /// <param name="every">Whether every pair is needed.</param>
    public List<MatchEdge> Edges(CandidateStates states, bool every = false)
    {
        _every = every;
        if (_groups.Count <= FewGroups && _valueCount <= FewValues)
            return EdgesOfFew(states);
        Index();
        foreach (var rule in _rules)
            rule.Closed = new bool[rule.Slots.Count];
        foreach (var (rule, value) in states.Closed)
            if (_rules[rule].Slots.TryGetValue(value, out var slot))
                _rules[rule].Closed[slot] = true;
        if (_groups.Count < ParallelFrom)
        {
            var edges = new List<MatchEdge>();
            var neighbours = new HashSet<int>();
            for (var group = 0; group < _groups.Count; group++)
                Connect(group, states, neighbours, edges);
            return edges;
        }

        var all = new List<MatchEdge>();
        Parallel.For(0, _groups.Count, () => (Edges: new List<MatchEdge>(), Neighbours: new HashSet<int>()), (group, _, local) =>
        {
            Connect(group, states, local.Neighbours, local.Edges);
            return local;
        }, local =>
        {
            lock (all)
                all.AddRange(local.Edges);
        });
        return all;
    }

    private List<MatchEdge> EdgesOfFew(CandidateStates states)
    {
        var edges = new List<MatchEdge>();
        var open = _groups.ConvertAll(g => OpenValues(g.Profile, states));
        for (var index = 0; index < _groups.Count; index++)
        {
            var group = _groups[index];
            if (group.Nodes.Count > 1 && open[index].Count > 0 && Recognises(group, states))
                ConnectTwins(group, states, edges);
            for (var other = 0; other < index; other++)
                if (HaveCommon(open[index], open[other]) && Recognises(group, states))
                    ConnectPair(group, _groups[other], states, edges);
        }

        return edges;
    }

    /// <summary>The values of a profile that are reason to compare it.</summary>
    private List<CandidateKey> OpenValues(Profile profile, CandidateStates states)
    {
        var candidates = profile.Candidates(_plan);
        var open = new List<CandidateKey>(candidates.Length);
        foreach (var (rule, value) in candidates)
            if (!_plan.Candidates[rule].OnlyCounts && new CandidateKey(rule, value) is var key && !states.Closed.Contains(key) && Counts(profile, rule, states))
                open.Add(key);
        return open;
    }

    /// <param name="a">In the order of rules, as all values of a profile are.</param>
    private static bool HaveCommon(List<CandidateKey> a, List<CandidateKey> b)
    {
        for (int i = 0, j = 0; i < a.Count && j < b.Count;)
            if (a[i].Rule > b[j].Rule)
            {
                j++;
            }
            else
            {
                for (var k = j; k < b.Count && b[k].Rule == a[i].Rule; k++)
                    if (b[k].Value == a[i].Value)
                        return true;
                i++;
            }

        return false;
    }

    private void Index()
    {
        if (_rules.Length > 0)
            return;
        _entries = new (int, int, int)[_valueCount];
        _rules = [.. _plan.Candidates.Select(_ => new RuleIndex())];
        if (_groups.Count < ParallelFrom)
            for (var rule = 0; rule < _rules.Length; rule++)
                Fill(rule);
        else
            Parallel.For(0, _rules.Length, Fill);
    }

    /// <summary>Enters the values of one rule. Rules share nothing but the array of entries, in which each has its own.</summary>
    private void Fill(int rule)
    {
        var index = _rules[rule];
        for (var group = 0; group < _groups.Count; group++)
        {
            var candidates = _groups[group].Profile.Candidates(_plan);
            for (var i = 0; i < candidates.Length && candidates[i].Rule <= rule; i++)
            {
                if (candidates[i].Rule < rule)
                    continue;
                var entry = _groups[group].FirstEntry + i;
                ref var slot = ref CollectionsMarshal.GetValueRefOrAddDefault(index.Slots, candidates[i].Value, out var exists);
                if (!exists)
                {
                    slot = index.Last.Count;
                    index.Last.Add(-1);
                    index.Counts.Add(0);
                }

                _entries[entry] = (group, slot, index.Last[slot]);
                index.Last[slot] = entry;
                index.Counts[slot]++;
            }
        }
    }

    private List<Profile> Profiles(int rule, int slot)
    {
        var profiles = new List<Profile>(_rules[rule].Counts[slot]);
        for (var entry = _rules[rule].Last[slot]; entry >= 0; entry = _entries[entry].Next)
            profiles.Add(_groups[_entries[entry].Group].Profile);
        return profiles;
    }

    private void Connect(int index, CandidateStates states, HashSet<int> neighbours, List<MatchEdge> edges)
    {
        var group = _groups[index];
        neighbours.Clear();
        var anyOpen = false;
        var candidates = group.Profile.Candidates(_plan);
        for (var i = 0; i < candidates.Length; i++)
        {
            var rule = candidates[i].Rule;
            var (_, slot, next) = _entries[group.FirstEntry + i];
            if (_plan.Candidates[rule].OnlyCounts || _rules[rule].Closed[slot] || !Counts(group.Profile, rule, states))
                continue;
            anyOpen = true;
            for (; next >= 0; next = _entries[next].Next)
                if (_entries[next].Group != index && Counts(_groups[_entries[next].Group].Profile, rule, states))
                    neighbours.Add(_entries[next].Group);
        }

        if (!anyOpen || (neighbours.Count == 0 && group.Nodes.Count == 1) || !Recognises(group, states))
            return;
        if (group.Nodes.Count > 1)
            ConnectTwins(group, states, edges);
        foreach (var other in neighbours)
            ConnectPair(group, _groups[other], states, edges);
    }

    /// <summary>Several kinds together make nobody a candidate when one of them is a value that everybody has.</summary>
    private bool Counts(Profile profile, int rule, CandidateStates states)
    {
        var kinds = _plan.Candidates[rule].Kinds;
        if (kinds.Length == 1 || states.Shared.Count == 0)
            return true;
        foreach (var kind in kinds)
            if (_plan.Shared[kind] is { Worthless: true } && PairScore.AllShared(kind, profile[kind], states.IsShared))
                return false;
        return true;
    }

    /// <summary>A contribution that would not recognise itself recognises nobody: it says too little.</summary>
    private bool Recognises(Group group, CandidateStates states)
    {
        if (group.Recognises == 0)
            group.Recognises = PairScore.Of(_plan, group.Profile, group.Profile, states.IsShared).Near >= _plan.Rules.Merge ? 1 : 2;
        return group.Recognises == 1;
    }

    private void ConnectTwins(Group group, CandidateStates states, List<MatchEdge> edges)
    {
        var score = PairScore.Of(_plan, group.Profile, group.Profile, states.IsShared);
        var sorted = InTime(group);
        for (var i = 1; i < sorted.Count; i++)
            for (var j = _every ? 0 : i - 1; j < i; j++)
                Offer(sorted[j], sorted[i], score, edges);
        if (!_every)
            ConnectTimeless(sorted, sorted, score, edges);
    }

    private void ConnectPair(Group a, Group b, CandidateStates states, List<MatchEdge> edges)
    {
        if (!Recognises(b, states))
            return;
        var score = PairScore.Of(_plan, a.Profile, b.Profile, states.IsShared);
        if (Math.Max(score.Near, score.Apart) < _plan.Rules.Merge)
            return;
        if (a.Nodes.Count == 1 && b.Nodes.Count == 1)
        {
            Offer(a.Nodes[0], b.Nodes[0], score, edges);
            return;
        }

        var (left, right) = (InTime(a), InTime(b));
        if (_every)
        {
            foreach (var one in left)
                foreach (var other in right)
                    Offer(one, other, score, edges);
            return;
        }

        ConnectInTime(left, right, score, edges);
        ConnectTimeless(left, right, score, edges);
        ConnectTimeless(right, left, score, edges);
    }

    /// <summary>
    /// Offers each node with the last of the other side before it and the first after it. When two are near enough, so are all neighbours between them: that
    /// connects what comparing all with all would connect, whoever else is there.
    /// </summary>
    private void ConnectInTime(List<int> left, List<int> right, PairScore score, List<MatchEdge> edges)
    {
        for (int i = 0, j = 0; i < left.Count || j < right.Count;)
            if (j == right.Count || (i < left.Count && Earlier(left[i], right[j]) <= 0))
                ConnectBetween(left, i++, right, j, score, edges);
            else
                ConnectBetween(right, j++, left, i, score, edges);
    }

    /// <param name="next">Position of the first of the others that comes after the node.</param>
    private void ConnectBetween(List<int> nodes, int at, List<int> others, int next, PairScore score, List<MatchEdge> edges)
    {
        if (next > 0)
            Offer(others[next - 1], nodes[at], score, edges);
        // When nobody of its own side comes in between, the other is offered this one as the last before it.
        if (next < others.Count && at + 1 < nodes.Count && Earlier(nodes[at + 1], others[next]) <= 0)
            Offer(nodes[at], others[next], score, edges);
    }

    /// <summary>
    /// Offers one node without a time to all others that have one: it is near to them, however far they are from each other. More without a time are
    /// connected with it as neighbours.
    /// </summary>
    private void ConnectTimeless(List<int> nodes, List<int> others, PairScore score, List<MatchEdge> edges)
    {
        var first = 0;
        while (first < nodes.Count && _nodes[nodes[first]].Time < 0)
            first++;
        if (first == nodes.Count || _nodes[nodes[first]].Time != 0)
            return;
        foreach (var other in others)
            if (_nodes[other].Time != 0)
                Offer(nodes[first], other, score, edges);
    }

    private void Offer(int a, int b, PairScore score, List<MatchEdge> edges)
    {
        var (one, other) = (_nodes[a].Time, _nodes[b].Time);
        if (score.At(one, other) is var sum && sum >= _plan.Rules.Merge)
            edges.Add(new(a, b, sum, PairScore.Distance(one, other)));
    }

    private List<int> InTime(Group group)
    {
        if (group.Nodes.Count > 1 && !group.IsSorted)
            lock (group)
            {
                if (!group.IsSorted)
                    group.Nodes.Sort(Earlier);
                group.IsSorted = true;
            }

        return group.Nodes;
    }

    private int Earlier(int a, int b) => _nodes[a].Time != _nodes[b].Time ? _nodes[a].Time.CompareTo(_nodes[b].Time) : string.CompareOrdinal(_nodes[a].Order, _nodes[b].Order);

    private sealed class Group(Profile profile, int firstEntry)
    {
        public Profile Profile { get; } = profile;

        public int FirstEntry { get; } = firstEntry;

        public List<int> Nodes { get; } = new(1);

        public volatile bool IsSorted;

        /// <summary>Whether it recognises itself: 0 not asked yet, 1 yes, 2 no. Several threads may find it out; they find the same.</summary>
        public int Recognises;
    }

    /// <summary>The values of one candidate rule by slot.</summary>
    private sealed class RuleIndex
    {
        public Dictionary<long, int> Slots { get; } = [];

        /// <summary>The last entry that has the value.</summary>
        public List<int> Last { get; } = [];

        public List<int> Counts { get; } = [];

        /// <summary>Values that are no reason to compare.</summary>
        public bool[] Closed { get; set; } = [];
    }
}
