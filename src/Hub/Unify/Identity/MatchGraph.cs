using System.Runtime.InteropServices;

namespace IntegrationHub.Unify.Identity;

/// <summary>
/// Finds which of some contributions are the same by comparison. Contributions of equal profile are compared once; those of one profile, and those
/// of two that match, are connected where they are next to each other in time, which connects them all.
/// </summary>
/// <remarks>When a decision may cut between contributions that say the same, every pair is needed: what is next in time may be on the other side.</remarks>
internal sealed class MatchGraph
{
    private readonly MatchPlan _plan;
    private bool _every;
    private readonly IReadOnlyList<MatchNode> _nodes;
    private readonly List<Group> _groups = [];
    private readonly Dictionary<CandidateKey, int> _slots = [];
    private readonly List<int> _firstOfSlot = [];
    private readonly List<int> _rules = [];
    private readonly List<(int Slot, int Group, int Next)> _entries = [];

    public MatchGraph(MatchPlan plan, IReadOnlyList<MatchNode> nodes)
    {
        _plan = plan;
        _nodes = nodes;
        var known = new Dictionary<UInt128, int>();
        for (var i = 0; i < nodes.Count; i++)
        {
            ref var group = ref CollectionsMarshal.GetValueRefOrAddDefault(known, nodes[i].Profile.Hash, out var exists);
            if (!exists)
            {
                group = _groups.Count;
                Add(nodes[i].Profile);
            }

            _groups[group].Nodes.Add(i);
        }
    }

    /// <summary>All candidate values with the profiles at hand that have them.</summary>
    public IEnumerable<(CandidateKey Key, List<Profile> Profiles)> Values
    {
        get
        {
            foreach (var (key, slot) in _slots)
            {
                var profiles = new List<Profile>();
                for (var entry = _firstOfSlot[slot]; entry >= 0; entry = _entries[entry].Next)
                    profiles.Add(_groups[_entries[entry].Group].Profile);
                yield return (key, profiles);
            }
        }
    }

    /// <summary>The states of all values when the nodes at hand are all there are.</summary>
    public CandidateStates JudgeAll()
    {
        var states = new CandidateStates();
        foreach (var (key, profiles) in Values)
            states.Judge(_plan, key, profiles);
        return states;
    }

    /// <summary>The pairs that are the same, in no order.</summary>
    /// <param name="every">Whether every pair is needed.</param>
    public List<MatchEdge> Edges(CandidateStates states, bool every = false)
    {
        _every = every;
        var open = new bool[_firstOfSlot.Count];
        foreach (var (key, slot) in _slots)
            open[slot] = !states.Closed.Contains(key);
        if (_groups.Count < ParallelFrom)
        {
            var edges = new List<MatchEdge>();
            var neighbours = new HashSet<int>();
            for (var group = 0; group < _groups.Count; group++)
                Connect(group, open, states, neighbours, edges);
            return edges;
        }

        var all = new List<MatchEdge>();
        Parallel.For(0, _groups.Count, () => (Edges: new List<MatchEdge>(), Neighbours: new HashSet<int>()), (group, _, local) =>
        {
            Connect(group, open, states, local.Neighbours, local.Edges);
            return local;
        }, local =>
        {
            lock (all)
                all.AddRange(local.Edges);
        });
        return all;
    }

    private const int ParallelFrom = 10_000;

    private void Add(Profile profile)
    {
        var group = new Group(profile, _entries.Count);
        foreach (var (rule, value) in profile.Candidates(_plan))
        {
            ref var slot = ref CollectionsMarshal.GetValueRefOrAddDefault(_slots, new(rule, value), out var exists);
            if (!exists)
            {
                slot = _firstOfSlot.Count;
                _firstOfSlot.Add(-1);
                _rules.Add(rule);
            }

            _entries.Add((slot, _groups.Count, _firstOfSlot[slot]));
            _firstOfSlot[slot] = _entries.Count - 1;
        }

        group.LastEntry = _entries.Count;
        _groups.Add(group);
    }

    private void Connect(int index, bool[] open, CandidateStates states, HashSet<int> neighbours, List<MatchEdge> edges)
    {
        var group = _groups[index];
        neighbours.Clear();
        var anyOpen = false;
        for (var entry = group.FirstEntry; entry < group.LastEntry; entry++)
        {
            var slot = _entries[entry].Slot;
            if (!open[slot] || !Counts(group.Profile, slot, states))
                continue;
            anyOpen = true;
            for (var other = _entries[entry].Next; other >= 0; other = _entries[other].Next)
                if (_entries[other].Group != index && Counts(_groups[_entries[other].Group].Profile, slot, states))
                    neighbours.Add(_entries[other].Group);
        }

        if (!anyOpen || (neighbours.Count == 0 && group.Nodes.Count == 1) || !Recognises(group, states))
            return;
        if (group.Nodes.Count > 1)
            ConnectTwins(group, states, edges);
        foreach (var other in neighbours)
            ConnectPair(group, _groups[other], states, edges);
    }

    /// <summary>Several kinds together make nobody a candidate when one of them is a value that everybody has.</summary>
    private bool Counts(Profile profile, int slot, CandidateStates states)
    {
        var kinds = _plan.Candidates[_rules[slot]].Kinds;
        if (kinds.Length == 1 || states.Shared.Count == 0)
            return true;
        foreach (var kind in kinds)
            if (_plan.Shared[kind] is { Worthless: true } && profile.Values[kind].All(v => states.IsShared(kind, v)))
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
        if (_every)
            for (var i = 0; i < sorted.Count; i++)
                for (var j = 0; j < i - 1; j++)
                    Offer(sorted[j], sorted[i], score, edges);
        for (var i = 1; i < sorted.Count; i++)
            Offer(sorted[i - 1], sorted[i], score, edges);
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

        for (int i = 0, j = 0; i < left.Count && j < right.Count;)
        {
            Offer(left[i], right[j], score, edges);
            if (Earlier(left[i], right[j]) <= 0)
                i++;
            else
                j++;
        }
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

        public int LastEntry { get; set; }

        public List<int> Nodes { get; } = [];

        public volatile bool IsSorted;

        /// <summary>Whether it recognises itself: 0 not asked yet, 1 yes, 2 no. Several threads may find it out; they find the same.</summary>
        public int Recognises;
    }
}
