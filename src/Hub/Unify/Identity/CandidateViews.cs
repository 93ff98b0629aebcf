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
    private readonly Dictionary<long, (Profile Profile, List<(long Entity, int References)> Holders)?> _profiles = [];
    private readonly CandidateHolders _taken = new(binding.Plan, [.. deltas.Where(d => d.WasLive).Select(d => (d.ProfileBefore!, d.EntityBefore))]);
    private readonly CandidateHolders _brought = new(binding.Plan, [.. deltas.Where(d => d.IsLive).Select(d => (d.ProfileAfter!, 0L))]);

    /// <summary>The states of all values loaded so far, after the batch.</summary>
    public CandidateStates States { get; } = new();

    /// <summary>Loads what else has the candidate values of a profile. Adds entities that held a value whose state changes.</summary>
    public async ValueTask LoadAsync(Profile profile, HashSet<long> changed)
    {
        foreach (var (rule, value) in profile.Candidates(binding.Plan))
            await LoadAsync(new(rule, value), profile, changed);
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
    /// Adds entities with a profile that a profile is the same as by comparison, and those that held a value whose state changes. Times are not known here, so
    /// all of them count as near.
    /// </summary>
    public async ValueTask MatchesAsync(Profile profile, HashSet<long> matches)
    {
        var recognises = false;
        HashSet<UInt128>? compared = null;
        foreach (var (rule, value) in profile.Candidates(binding.Plan))
        {
            if (States.Closed.Contains(new(rule, value)) || _views[new(rule, value)] is not { Candidates.Length: > 0 } view)
                continue;
            if (!recognises && Score(profile, profile) < binding.Plan.Rules.Merge)
                return;
            recognises = true;
            foreach (var (other, entities) in view.Kept ?? await KeptAsync(view))
                if ((compared ??= []).Add(other.Hash) && PairScore.Most(binding.Plan, profile, other) >= binding.Plan.Rules.Merge)
                {
                    // Whether values of the other side are shared decides too.
                    foreach (var (otherRule, otherValue) in other.Candidates(binding.Plan))
                        if (binding.Plan.Candidates[otherRule].Kinds is [var kind] && binding.Plan.Shared[kind] is not null)
                            await LoadAsync(new(otherRule, otherValue), other, matches);
                    if (Score(profile, other) >= binding.Plan.Rules.Merge)
                        matches.UnionWith(entities);
                }
        }
    }

    private double Score(Profile a, Profile b) => PairScore.Of(binding.Plan, a, b, States.IsShared) is var score ? Math.Max(score.Near, score.Apart) : 0;

    private async ValueTask LoadAsync(CandidateKey key, Profile holder, HashSet<long> changed)
    {
        if (_views.ContainsKey(key))
            return;
        var (candidate, kind) = (binding.Plan.Candidates[key.Rule], binding.CandidateKinds[key.Rule]);
        var taken = _taken.Of(key);
        var brought = _brought.Of(key);
        // One that so many have that the batch cannot open it: nobody needs to know who they are.
        var most = binding.Plan.Rules.MostCandidates;
        if (index.Recall(kind, key.Value) is { } note && (note.Count > most + taken.Count || (note.Crowd.Count > 0 && !IsAmong(taken, note.Crowd))))
        {
            Close(key, holder);
            return;
        }

        var candidates = await index.CandidatesAsync(kind, key.Value, most + taken.Count + 1);
        if (candidates.Length > most + taken.Count)
        {
            index.Remember(kind, key.Value, new(candidates.Length, []));
            Close(key, holder);
            return;
        }

        var view = _views[key] = new(candidates, taken);
        if (candidate.OnlyCounts)
            States.Closed.Add(key);
        // So few that they are neither too many nor shared by too many, before and after: nobody needs to know who they are to tell that.
        if (candidates.Length + brought.Count <= binding.Plan.FewOf(key.Rule))
            return;
        if (await IsCrowdedAsync(key, candidates, taken))
        {
            Close(key, holder);
            return;
        }

        await ReadAsync(candidates);
        var (before, after) = (new CandidateStates(), new CandidateStates());
        before.Judge(binding.Plan, key, [.. Readable(candidates).Select(r => r.Profile)]);
        after.Judge(binding.Plan, key, [.. (await KeptAsync(view)).Select(k => k.Profile).Concat(brought.Select(b => b.Profile)).DistinctBy(p => p.Hash)]);
        States.Add(after);
        if (before.Closed.Count == after.Closed.Count && before.Shared.Count == after.Shared.Count)
            return;
        _changed.Add(key);
        foreach (var (_, holders) in Readable(candidates))
            foreach (var (entity, _) in holders)
                changed.Add(entity);
    }

    private static bool IsAmong(IReadOnlyList<(Profile Profile, long Entity)> taken, IReadOnlyList<UInt128> crowd)
    {
        for (var i = 0; i < taken.Count; i++)
            if (crowd.Contains(taken[i].Profile.Hash))
                return true;
        return false;
    }

    /// <summary>Who else has a value, less what the batch takes away.</summary>
    private async ValueTask<List<(Profile Profile, List<long> Entities)>> KeptAsync(View view)
    {
        await ReadAsync(view.Candidates);
        var kept = new List<(Profile Profile, List<long> Entities)>(view.Candidates.Length);
        foreach (var (profile, holders) in Readable(view.Candidates))
        {
            var entities = new List<long>(holders.Count);
            foreach (var (entity, references) in holders)
                if (view.Taken.Count == 0 || references > view.Taken.Count(t => t.Profile.Hash == profile.Hash && t.Entity == entity))
                    entities.Add(entity);
            if (entities.Count > 0)
                kept.Add((profile, entities));
        }

        return view.Kept = kept;
    }

    /// <summary>
    /// Whether a value that is only counted is seen under too many names by those alone whom the batch leaves as they are: it is shared before and after then,
    /// and who the others are matters to nobody. Most of what a company's name begins with, or its domain, is so; not all of it is read.
    /// </summary>
    private async ValueTask<bool> IsCrowdedAsync(CandidateKey key, long[] candidates, IReadOnlyList<(Profile Profile, long Entity)> taken)
    {
        if (binding.Plan.Candidates[key.Rule] is not { OnlyCounts: true, Kinds: [var kind] } || binding.Plan.Shared[kind] is not { } shared || candidates.Length - taken.Count <= shared.Most)
            return false;
        var gone = taken.Select(t => t.Profile.Hash).ToHashSet();
        var staying = new List<Profile>();
        foreach (var some in candidates.Chunk(2 * shared.Most))
        {
            await ReadAsync(some);
            staying.AddRange(Readable(some).Select(r => r.Profile).Where(p => !gone.Contains(p.Hash)));
            // Names are more than contributions where some go by several; few contributions share nothing all the same.
            if (staying.Count <= shared.Most || CandidateStates.Names(binding.Plan, kind, staying) <= shared.Most)
                continue;
            index.Remember(binding.CandidateKinds[key.Rule], key.Value, new(0, [.. staying.Select(p => p.Hash)]));
            return true;
        }

        return false;
    }

    private async ValueTask ReadAsync(long[] candidates)
    {
        List<long>? missing = null;
        foreach (var candidate in candidates)
            if (!_profiles.ContainsKey(candidate))
                (missing ??= []).Add(candidate);
        if (missing is null)
            return;
        foreach (var row in await index.ProfilesAsync(missing))
            _profiles[row.Id] = Profile.FromBytes(binding.Plan, row.Body, row.Hash) is { } profile ? (profile, row.Holders) : null;
    }

    private IEnumerable<(Profile Profile, List<(long Entity, int References)> Holders)> Readable(long[] candidates)
    {
        foreach (var candidate in candidates)
            if (_profiles[candidate] is { } profile)
                yield return profile;
    }

    /// <summary>Of a value that too many have, whoever they are: nothing is compared because of it, and its state is what it was.</summary>
    private void Close(CandidateKey key, Profile holder)
    {
        _views[key] = new([], []);
        States.Closed.Add(key);
        if (binding.Plan.Candidates[key.Rule].Kinds is [var kind] && binding.Plan.Shared[kind] is not null)
            States.Share(kind, holder.Values[kind].First(v => Profile.HashOf(v) == key.Value));
    }

    /// <summary>What the store keeps of a value, and what the batch takes away of it. Who they are is read when it matters.</summary>
    private sealed class View(long[] candidates, IReadOnlyList<(Profile Profile, long Entity)> taken)
    {
        public long[] Candidates { get; } = candidates;

        public IReadOnlyList<(Profile Profile, long Entity)> Taken { get; } = taken;

        public List<(Profile Profile, List<long> Entities)>? Kept { get; set; }
    }
}
