using System.Runtime.InteropServices;

namespace IntegrationHub.Unify.Identity;

/// <summary>Profiles by the candidate values they have. Of a few, which is what most batches bring, all are looked at; of more there is an index.</summary>
internal sealed class CandidateHolders
{
    /// <summary>An index of fewer takes longer to make than looking at all of them.</summary>
    private const int IndexedFrom = 5;

    private static readonly List<(Profile, long)> None = [];

    private readonly MatchPlan _plan;
    private readonly List<(Profile Profile, long Entity)> _all;
    private readonly Dictionary<CandidateKey, List<(Profile Profile, long Entity)>>? _index;

    public CandidateHolders(MatchPlan plan, List<(Profile Profile, long Entity)> all)
    {
        (_plan, _all) = (plan, all);
        // Hashes and candidates are made here, by one thread; several read them later.
        foreach (var (profile, _) in all)
            if (profile.Candidates(plan).Length > 0)
                _ = profile.Hash;
        if (all.Count < IndexedFrom)
            return;
        _index = [];
        foreach (var holder in all)
            foreach (var (rule, value) in holder.Profile.Candidates(plan))
                (CollectionsMarshal.GetValueRefOrAddDefault(_index, new(rule, value), out _) ??= new(1)).Add(holder);
    }

    /// <returns>Not to be changed.</returns>
    public List<(Profile Profile, long Entity)> Of(CandidateKey key)
    {
        if (_index is not null)
            return _index.TryGetValue(key, out var holders) ? holders : None;
        List<(Profile, long)>? found = null;
        foreach (var holder in _all)
            foreach (var (rule, value) in holder.Profile.Candidates(_plan))
                if (value == key.Value && rule == key.Rule)
                    (found ??= []).Add(holder);
        return found ?? None;
    }
}

/// <summary>What a batch takes away from candidate values and what it brings to them.</summary>
/// <param name="Taken">Profiles that contributions had, with the entities of these.</param>
/// <param name="Brought">Profiles that contributions have now.</param>
internal sealed record BatchCandidates(CandidateHolders Taken, CandidateHolders Brought)
{
    public static BatchCandidates Of(MatchPlan plan, IReadOnlyList<Delta> deltas) =>
        new(new(plan, [.. deltas.Where(d => d.WasLive && d.ChangesMatches).Select(d => (d.ProfileBefore!, d.EntityBefore))]),
            new(plan, [.. deltas.Where(d => d.IsLive && d.ChangesMatches).Select(d => (d.ProfileAfter!, 0L))]));
}
