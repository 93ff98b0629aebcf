using IntegrationHub.Storage;

namespace IntegrationHub.Unify.Identity;

/// <summary>
/// Who else has a candidate value, as it is when a batch is applied: what the store keeps, less what the batch takes away, with what it brings. Tells
/// which values change their state by it, so that everything that was joined or left apart because of them can be dealt out anew.
/// </summary>
/// <param name="deltas">Those whose values are looked at.</param>
internal sealed class CandidateViews(IMatchIndex index, EntityBinding binding, IReadOnlyList<Delta> deltas, BatchCandidates batch)
{
    private readonly Dictionary<CandidateKey, View> _views = new(deltas.Count * binding.Plan.Candidates.Length);
    private readonly HashSet<CandidateKey> _changed = [];
    private readonly HashSet<long> _holdersOfChanged = [];
    private readonly Dictionary<long, Stored> _profiles = new(deltas.Count * binding.Plan.Candidates.Length);

    /// <summary>The states of all values loaded so far, after the batch.</summary>
    public CandidateStates States { get; } = new();

    /// <summary>Loads all values whose state the contributions at hand may change, before anything else. Returns the entities that held one whose state does.</summary>
    public async ValueTask<IReadOnlyCollection<long>> LoadChangingAsync()
    {
        foreach (var delta in deltas)
        {
            if (delta.WasLive)
                await LoadAsync(delta.ProfileBefore!);
            if (delta.IsLive)
                await LoadAsync(delta.ProfileAfter!);
        }

        return _holdersOfChanged;
    }

    /// <summary>Loads what else has the candidate values of a profile.</summary>
    public async ValueTask LoadAsync(Profile profile)
    {
        foreach (var (rule, value) in profile.Candidates(binding.Plan))
            await LoadAsync(new(rule, value), profile);
    }

    /// <summary>Of a profile that is not looked for: loads what may make its values count less.</summary>
    public async ValueTask LoadSharedAsync(Profile profile)
    {
        foreach (var (rule, value) in profile.Candidates(binding.Plan))
            if (binding.Plan.SharedOf(rule) is not null)
                await LoadAsync(new(rule, value), profile);
    }

    /// <summary>Loads the values that two of some members have, and that may be a reason to compare them.</summary>
    public async ValueTask LoadCommonAsync(IReadOnlyList<Member> members)
    {
        if (members.Count == 1)
            return;
        var seen = new HashSet<CandidateKey>();
        foreach (var member in members)
            foreach (var (rule, value) in member.Profile.Candidates(binding.Plan))
                if (new CandidateKey(rule, value) is var key && !_views.ContainsKey(key) && !seen.Add(key))
                    await LoadAsync(key, member.Profile);
    }

    /// <summary>Whether the state of a value of a profile, of those loaded, changes by the batch.</summary>
    public bool Changes(Profile profile)
    {
        if (_changed.Count > 0)
            foreach (var (rule, value) in profile.Candidates(binding.Plan))
                if (_changed.Contains(new(rule, value)))
                    return true;
        return false;
    }

    /// <summary>Adds entities with a profile that a profile, loaded before, is the same as by comparison. Times are not known here, so all of them count as near.</summary>
    /// <param name="isKnown">Entities that need not be found.</param>
    public async ValueTask MatchesAsync(Profile profile, Func<long, bool> isKnown, HashSet<long> matches)
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
            foreach (var other in view.Kept ?? await KeptAsync(view))
                if (FindsMore(other, isKnown, matches) && other.IsReadable && (compared ??= []).Add(other.Hash) && await AreSameAsync(profile, other.Profile))
                    foreach (var holder in other.Holders)
                        if (view.Keeps(other, holder))
                            matches.Add(holder.Entity);
        }
    }

    private static bool FindsMore(Stored profile, Func<long, bool> isKnown, HashSet<long> matches)
    {
        foreach (var (entity, _) in profile.Holders)
            if (!isKnown(entity) && !matches.Contains(entity))
                return true;
        return false;
    }

    private async ValueTask<bool> AreSameAsync(Profile profile, Profile other)
    {
        var (least, most) = PairScore.Range(binding.Plan, profile, other, States.IsShared);
        // Who is found by a rounding is looked at for nothing; whoever the score says is the same must be found.
        if (least >= binding.Plan.Rules.Merge || most < binding.Plan.Rules.Merge - PairScore.Rounding)
            return least >= binding.Plan.Rules.Merge;
        // Whether values of the other side are shared decides.
        for (var kind = 0; kind < binding.Plan.Shared.Length; kind++)
            if (binding.Plan.Shared[kind] is { } shared)
                for (var i = 0; i < Math.Min(Profile.MostJoined, other[kind].Length); i++)
                    await LoadAsync(new(shared.Rule, Profile.HashOf(other[kind][i])), other);
        return Score(profile, other) >= binding.Plan.Rules.Merge;
    }

    private double Score(Profile a, Profile b) => PairScore.Of(binding.Plan, a, b, States.IsShared) is var score ? Math.Max(score.Near, score.Apart) : 0;

    private ValueTask LoadAsync(CandidateKey key, Profile holder) => _views.ContainsKey(key) ? default : ViewAsync(key, holder);

    private async ValueTask ViewAsync(CandidateKey key, Profile holder)
    {
        var (candidate, kind) = (binding.Plan.Candidates[key.Rule], binding.CandidateKinds[key.Rule]);
        var taken = batch.Taken.Of(key);
        var brought = batch.Brought.Of(key);
        // One that so many have that the batch cannot open it: nobody needs to know who they are.
        var most = binding.Plan.Rules.MostCandidates;
        if (index.Recall(kind, key.Value) is { } note && (note.Count > most + taken.Count || (note.Crowd.Count > 0 && !note.Crowd.Any(hash => IsAmong(taken, hash)))))
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
        var before = CandidateState.Of(binding.Plan, key.Rule, Profiles(StoredOf(candidates), []));
        var after = taken.Count + brought.Count == 0 ? before : CandidateState.Of(binding.Plan, key.Rule, Profiles(await KeptAsync(view), brought));
        States.Set(binding.Plan, key, after, holder);
        if (before == after)
            return;
        // So LoadChangingAsync has asked for it, here or in the piece whose contributions change it: the state of nothing else changes, and its callers are told who held it.
        _changed.Add(key);
        foreach (var stored in StoredOf(candidates))
            if (stored.IsReadable)
                foreach (var (entity, _) in stored.Holders)
                    _holdersOfChanged.Add(entity);
    }

    private static List<Profile> Profiles(List<Stored> kept, List<(Profile Profile, long Entity)> brought)
    {
        var profiles = new List<Profile>(kept.Count + brought.Count);
        foreach (var stored in kept)
            if (stored.IsReadable)
                profiles.Add(stored.Profile);
        for (var i = 0; i < brought.Count; i++)
            if (!profiles.Exists(p => p.Hash == brought[i].Profile.Hash))
                profiles.Add(brought[i].Profile);
        return profiles;
    }

    private static bool IsAmong(List<(Profile Profile, long Entity)> taken, UInt128 hash)
    {
        for (var i = 0; i < taken.Count; i++)
            if (taken[i].Profile.Hash == hash)
                return true;
        return false;
    }

    /// <summary>Who else has a value, less what the batch takes away.</summary>
    private async ValueTask<List<Stored>> KeptAsync(View view)
    {
        await ReadAsync(view.Candidates);
        var kept = StoredOf(view.Candidates);
        if (view.Taken.Count > 0)
            kept.RemoveAll(view.IsTaken);
        return view.Kept = kept;
    }

    /// <summary>
    /// Whether a value that is only counted is seen under too many names by those alone whom the batch leaves as they are: it is shared before and after then,
    /// and who the others are matters to nobody. Most of what a company's name begins with, or its domain, is so; not all of it is read.
    /// </summary>
    private async ValueTask<bool> IsCrowdedAsync(CandidateKey key, long[] candidates, List<(Profile Profile, long Entity)> taken)
    {
        if (binding.Plan.Candidates[key.Rule] is not { OnlyCounts: true, Kinds: [var kind] } || binding.Plan.SharedOf(key.Rule) is not { } shared || candidates.Length - taken.Count <= shared.Most)
            return false;
        var staying = new List<Profile>(2 * shared.Most);
        for (var read = 0; read < candidates.Length; read += shared.Most + 1)
        {
            var some = candidates[read..Math.Min(candidates.Length, read + shared.Most + 1)];
            await ReadAsync(some);
            foreach (var stored in StoredOf(some))
                if (stored.IsReadable && !IsAmong(taken, stored.Hash))
                    staying.Add(stored.Profile);
            // Names are more than contributions where some go by several; few contributions share nothing all the same.
            if (staying.Count <= shared.Most || CandidateState.Names(binding.Plan, kind, staying) <= shared.Most)
                continue;
            index.Remember(binding.CandidateKinds[key.Rule], key.Value, new(0, staying.ConvertAll(p => p.Hash)));
            return true;
        }

        return false;
    }

    private async ValueTask ReadAsync(long[] candidates)
    {
        List<long>? missing = null;
        foreach (var candidate in candidates)
            if (!_profiles.ContainsKey(candidate))
                (missing ??= new(candidates.Length)).Add(candidate);
        if (missing is null)
            return;
        foreach (var row in await index.ProfilesAsync(missing))
            _profiles[row.Id] = new(binding.Plan, row);
    }

    private List<Stored> StoredOf(long[] candidates)
    {
        var stored = new List<Stored>(candidates.Length);
        foreach (var candidate in candidates)
            stored.Add(_profiles[candidate]);
        return stored;
    }

    /// <summary>Of a value that too many have, whoever they are: nothing is compared because of it, and its state is what it was.</summary>
    private void Close(CandidateKey key, Profile holder)
    {
        _views[key] = new([], []);
        States.Closed.Add(key);
        if (binding.Plan.Candidates[key.Rule].Kinds is [var kind] && binding.Plan.SharedOf(key.Rule) is not null)
            States.Share(kind, Array.Find(holder[kind], v => Profile.HashOf(v) == key.Value)!);
    }

    /// <summary>What the store keeps of a value, and what the batch takes away of it. Who they are is read when it matters.</summary>
    private sealed class View(long[] candidates, List<(Profile Profile, long Entity)> taken)
    {
        public long[] Candidates { get; } = candidates;

        public List<(Profile Profile, long Entity)> Taken { get; } = taken;

        /// <summary>Those whom the batch leaves it, of a model with other kinds too.</summary>
        public List<Stored>? Kept { get; set; }

        /// <summary>Whether the batch leaves nobody a contribution that has a profile.</summary>
        public bool IsTaken(Stored stored)
        {
            foreach (var holder in stored.Holders)
                if (Keeps(stored, holder))
                    return false;
            return true;
        }

        /// <summary>Whether the batch leaves an entity a contribution that has a profile.</summary>
        public bool Keeps(Stored stored, (long Entity, int References) holder)
        {
            var left = holder.References;
            for (var i = 0; i < Taken.Count; i++)
                if (Taken[i].Entity == holder.Entity && Taken[i].Profile.Hash == stored.Hash)
                    left--;
            return left > 0;
        }
    }

    /// <summary>A profile that the store keeps. What it says is read when it matters.</summary>
    private sealed class Stored(MatchPlan plan, ProfileRow row)
    {
        private bool? _isReadable;

        /// <summary>One of a model with other kinds says nothing until its record is read or mapped again.</summary>
        public bool IsReadable => _isReadable ??= Profile.IsOf(plan, row.Body);

        public UInt128 Hash => row.Hash;

        public Profile Profile => field ??= Profile.FromBytes(plan, row.Body, Hash);

        public (long Entity, int References)[] Holders => row.Holders;
    }
}
