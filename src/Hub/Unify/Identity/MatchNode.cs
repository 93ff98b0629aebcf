using IntegrationHub.Storage;

namespace IntegrationHub.Unify.Identity;

/// <summary>One contribution as the resolution sees it.</summary>
/// <param name="profile">What comparisons see.</param>
/// <param name="strong">Its strong keys, the source key among them.</param>
/// <param name="time">The source's own time, Unix milliseconds, or 0.</param>
/// <param name="key">Its source key.</param>
/// <param name="record">Number of its record: what is pinned to a record has the record's source key.</param>
internal sealed class MatchNode(Profile profile, IReadOnlyList<IdentityKey> strong, long time, string key, long record)
{
    public Profile Profile { get; } = profile;

    public IReadOnlyList<IdentityKey> Strong { get; } = strong;

    public long Time { get; } = time;

    /// <summary>Decides ties, which are few; depends on what the contribution is, never on when it came.</summary>
    public string Order => field ??= $"{key}\n{Profile.Hash:x}\n{record}";
}

/// <summary>Two contributions that are the same by comparison. Positions in a list of nodes.</summary>
/// <param name="Distance">Distance in time, milliseconds.</param>
internal readonly record struct MatchEdge(int A, int B, double Score, long Distance);

/// <summary>A candidate value: position of the rule in <see cref="MatchPlan.Candidates"/> and the hash of the value.</summary>
internal readonly record struct CandidateKey(int Rule, long Value);

/// <summary>What is known of candidate values over all contributions of a type, not only those at hand.</summary>
internal sealed class CandidateStates
{
    /// <summary>Shared by so many that nothing is compared because of them.</summary>
    public HashSet<CandidateKey> Closed { get; } = [];

    /// <summary>Values seen under too many names, by kind as a position.</summary>
    public HashSet<(int Kind, string Value)> Shared { get; } = [];

    public CandidateStates() => IsShared = (kind, value) => _kinds.Contains(kind) && Shared.Contains((kind, value));

    /// <summary>Whether a value of a kind, by position, is shared by too many. Made once: it is handed to every comparison.</summary>
    public Func<int, string, bool> IsShared { get; }

    public void Share(int kind, string value)
    {
        Shared.Add((kind, value));
        _kinds.Add(kind);
    }

    private readonly HashSet<int> _kinds = [];

    /// <summary>Notes the state of a value.</summary>
    /// <param name="holder">Any profile that has the value.</param>
    public void Set(MatchPlan plan, CandidateKey key, CandidateState state, Profile holder)
    {
        if (state.IsClosed)
            Closed.Add(key);
        if (state.IsShared && plan.Candidates[key.Rule].Kinds is [var kind])
            Share(kind, Array.Find(holder[kind], v => Profile.HashOf(v) == key.Value)!);
    }
}

/// <summary>What is known of one candidate value.</summary>
/// <param name="IsClosed">Nothing is compared because of it.</param>
/// <param name="IsShared">It is seen under too many names.</param>
internal readonly record struct CandidateState(bool IsClosed, bool IsShared)
{
    /// <summary>Judges a value by the profiles that have it.</summary>
    public static CandidateState Of(MatchPlan plan, int rule, List<Profile> profiles)
    {
        var isTooMany = profiles.Count > plan.Rules.MostCandidates;
        var isShared = profiles.Count > plan.FewOf(rule) && plan.Candidates[rule].Kinds is [var kind] && plan.Shared[kind] is { } shared && (isTooMany || Names(plan, kind, profiles) > shared.Most);
        return new(isTooMany || plan.Candidates[rule].OnlyCounts, isShared);
    }

    /// <summary>Under how many names a value is seen; people entered for their company do not count. For a name itself every profile counts.</summary>
    public static int Names(MatchPlan plan, int kind, List<Profile> profiles)
    {
        if (plan.Guard is not { } guard || guard.Kind == kind)
            return profiles.Count;
        var names = new HashSet<string>(profiles.Count, StringComparer.Ordinal);
        for (var i = 0; i < profiles.Count; i++)
            if (!PairScore.Stands(guard, profiles[i]))
                foreach (var name in profiles[i][guard.Kind])
                    names.Add(name);
        return names.Count;
    }
}
