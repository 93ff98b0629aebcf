using IntegrationHub.Storage;

namespace IntegrationHub.Unify.Identity;

/// <summary>
/// Who else has a candidate value, as it is when a batch is applied: what the store keeps, less what the batch takes away, with what it brings. Tells
/// which values change their state by it, so that everything that was joined or left apart because of them can be dealt out anew.
/// </summary>
internal sealed class CandidateViews(IMatchIndex index, EntityBinding binding, IReadOnlyList<Delta> deltas)
{
    private readonly Dictionary<CandidateKey, View> _views = [];
    private readonly HashSet<CandidateKey> _changed = [];
    private readonly Dictionary<long, (Profile Profile, IReadOnlyList<(long Entity, int References)> Holders)?> _profiles = [];
    private readonly CandidateHolders _taken = new(binding.Plan, [.. deltas.Where(d => d.WasLive).Select(d => (d.ProfileBefore!, d.EntityBefore))]);
    private readonly CandidateHolders _brought = new(binding.Plan, [.. deltas.Where(d => d.IsLive).Select(d => (d.ProfileAfter!, 0L))]);

    /// <summary>The states of all values loaded so far, after the batch.</summary>
    public CandidateStates States { get; } = new();

    /// <summary>Loads what else has the candidate values of a profile. Returns entities that held a value whose state changes.</summary>
    public async ValueTask<List<long>> LoadAsync(Profile profile)
    {
        List<long>? changed = null;
        foreach (var (rule, value) in profile.Candidates(binding.Plan))
            if (await LoadAsync(new(rule, value), profile) is { Count: > 0 } holders)
                (changed ??= []).AddRange(holders);
        return changed ?? [];
    }

    /// <summary>Whether the state of a value of a profile, loaded before, changes by the batch.</summary>
    public bool Changes(Profile profile)
    {
        if (_changed.Count > 0)
            foreach (var (rule, value) in profile.Candidates(binding.Plan))
                if (_changed.Contains(new(rule, value)))
                    return true;
        return false;
    }

    /// <summary>
    /// Entities with a profile that a profile is the same as by comparison, and those that held a value whose state changes. Times are not known here, so
    /// all of them count as near.
    /// </summary>
    public async ValueTask<HashSet<long>> MatchesAsync(Profile profile)
    {
        var matches = new HashSet<long>();
        var recognises = false;
        var compared = new HashSet<UInt128>();
        foreach (var (rule, value) in profile.Candidates(binding.Plan))
        {
            if (States.Closed.Contains(new(rule, value)) || _views[new(rule, value)] is not { Candidates.Count: > 0 } view)
                continue;
            if (!recognises && Score(profile, profile) < binding.Plan.Rules.Merge)
                return matches;
            recognises = true;
            foreach (var (other, entities) in await KeptAsync(view))
                if (compared.Add(other.Hash) && PairScore.Most(binding.Plan, profile, other) >= binding.Plan.Rules.Merge)
                {
                    // Whether values of the other side are shared decides too.
                    foreach (var key in other.Candidates(binding.Plan))
                        if (binding.Plan.Candidates[key.Rule].Kinds is [var kind] && binding.Plan.Shared[kind] is not null)
                            matches.UnionWith(await LoadAsync(new(key.Rule, key.Value), other));
                    if (Score(profile, other) >= binding.Plan.Rules.Merge)
                        matches.UnionWith(entities);
                }
        }

        return matches;
    }

    private double Score(Profile a, Profile b) => PairScore.Of(binding.Plan, a, b, States.IsShared) is var score ? Math.Max(score.Near, score.Apart) : 0;

    private async ValueTask<IReadOnlyCollection<long>> LoadAsync(CandidateKey key, Profile holder)
    {
        if (_views.ContainsKey(key))
            return [];
        var (candidate, kind) = (binding.Plan.Candidates[key.Rule], binding.CandidateKinds[key.Rule]);
        var taken = _taken.Of(key);
        var brought = _brought.Of(key);
        // One that so many have that the batch cannot open it: nobody needs to know who they are.
        var most = binding.Plan.Rules.MostCandidates;
        if (index.Recall(kind, key.Value) is { } note && (note.Count > most + taken.Count || (note.Crowd.Count > 0 && !taken.Any(t => note.Crowd.Contains(t.Profile.Hash)))))
            return Close(key, holder);
        var candidates = await index.CandidatesAsync(kind, key.Value, most + taken.Count + 1);
        if (candidates.Count > most + taken.Count)
        {
            index.Remember(kind, key.Value, new(candidates.Count, []));
            return Close(key, holder);
        }

        var view = _views[key] = new(candidates, taken);
        if (candidate.OnlyCounts)
            States.Closed.Add(key);
        // So few that they are neither too many nor shared by too many, before and after: nobody needs to know who they are to tell that.
        if (candidates.Count + brought.Count <= binding.Plan.FewOf(key.Rule))
            return [];
        if (await IsCrowdedAsync(key, candidates, taken))
            return Close(key, holder);

        await ReadAsync(candidates);
        var (before, after) = (new CandidateStates(), new CandidateStates());
        before.Judge(binding.Plan, key, [.. Readable(candidates).Select(r => r.Profile)]);
        after.Judge(binding.Plan, key, [.. (await KeptAsync(view)).Select(k => k.Profile).Concat(brought.Select(b => b.Profile)).DistinctBy(p => p.Hash)]);
        States.Add(after);
        if (before.Closed.Count == after.Closed.Count && before.Shared.Count == after.Shared.Count)
            return [];
        _changed.Add(key);
        return [.. Readable(candidates).SelectMany(r => r.Holders.Select(h => h.Entity)).Distinct()];
    }

    /// <summary>Who else has a value, less what the batch takes away.</summary>
    private async ValueTask<IReadOnlyList<(Profile Profile, IReadOnlyCollection<long> Entities)>> KeptAsync(View view)
    {
        if (view.Kept is { } known)
            return known;
        await ReadAsync(view.Candidates);
        var kept = new List<(Profile Profile, IReadOnlyCollection<long> Entities)>(view.Candidates.Count);
        foreach (var (profile, holders) in Readable(view.Candidates))
            if (view.Taken.Count == 0)
                kept.Add((profile, [.. holders.Select(h => h.Entity)]));
            else if (holders.Where(h => h.References > view.Taken.Count(t => t.Profile.Hash == profile.Hash && t.Entity == h.Entity)).Select(h => h.Entity).ToList() is { Count: > 0 } left)
                kept.Add((profile, left));
        return view.Kept = kept;
    }

    /// <summary>
    /// Whether a value that is only counted is seen under too many names by those alone whom the batch leaves as they are: it is shared before and after then,
    /// and who the others are matters to nobody. Most of what a company's name begins with, or its domain, is so; not all of it is read.
    /// </summary>
    private async ValueTask<bool> IsCrowdedAsync(CandidateKey key, IReadOnlyList<long> candidates, IReadOnlyList<(Profile Profile, long Entity)> taken)
    {
        if (binding.Plan.Candidates[key.Rule] is not { OnlyCounts: true, Kinds: [var kind] } || binding.Plan.Shared[kind] is not { } shared || candidates.Count - taken.Count <= shared.Most)
            return false;
        var gone = taken.Select(t => t.Profile.Hash).ToHashSet();
        var staying = new List<Profile>();
        foreach (var some in candidates.Chunk(2 * shared.Most))
        {
            await ReadAsync(some);
            staying.AddRange(Readable(some).Select(r => r.Profile).Where(p => !gone.Contains(p.Hash)));
            if (CandidateStates.Names(binding.Plan, kind, staying) <= shared.Most)
                continue;
            index.Remember(binding.CandidateKinds[key.Rule], key.Value, new(0, [.. staying.Select(p => p.Hash)]));
            return true;
        }

        return false;
    }

    private async ValueTask ReadAsync(IReadOnlyList<long> candidates)
    {
        foreach (var row in await index.ProfilesAsync([.. candidates.Where(c => !_profiles.ContainsKey(c))]))
            _profiles[row.Id] = Profile.FromBytes(binding.Plan, row.Body, row.Hash) is { } profile ? (profile, row.Holders) : null;
    }

    private IEnumerable<(Profile Profile, IReadOnlyList<(long Entity, int References)> Holders)> Readable(IEnumerable<long> candidates)
    {
        foreach (var candidate in candidates)
            if (_profiles[candidate] is { } profile)
                yield return profile;
    }

    /// <summary>Of a value that too many have, whoever they are: nothing is compared because of it, and its state is what it was.</summary>
    private long[] Close(CandidateKey key, Profile holder)
    {
        _views[key] = new([], []);
        States.Closed.Add(key);
        if (binding.Plan.Candidates[key.Rule].Kinds is [var kind] && binding.Plan.Shared[kind] is not null)
            States.Share(kind, holder.Values[kind].First(v => Profile.HashOf(v) == key.Value));
        return [];
    }

    /// <summary>What the store keeps of a value, and what the batch takes away of it. Who they are is read when it matters.</summary>
    private sealed class View(IReadOnlyList<long> candidates, IReadOnlyList<(Profile Profile, long Entity)> taken)
    {
        public IReadOnlyList<long> Candidates { get; } = candidates;

        public IReadOnlyList<(Profile Profile, long Entity)> Taken { get; } = taken;

        public IReadOnlyList<(Profile Profile, IReadOnlyCollection<long> Entities)>? Kept { get; set; }
    }
}
