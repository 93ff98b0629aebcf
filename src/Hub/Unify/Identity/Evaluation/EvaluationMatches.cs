using System.Runtime.InteropServices;
using IntegrationHub.Storage;

namespace IntegrationHub.Unify.Identity.Evaluation;

/// <summary>The match index of one entity type in memory. Nothing is decided in it.</summary>
internal sealed class EvaluationMatches : IMatchIndex
{
    private readonly Dictionary<(int Kind, long Value), Ids> _candidates = [];
    private readonly Dictionary<UInt128, long> _ids = [];
    private readonly NumberedRows<ProfileRow> _profiles = new();
    private readonly CandidateNotes _notes = new();
    private readonly Dictionary<long, long> _components = [];
    private readonly Dictionary<long, HashSet<long>> _contested = [];
    private long _last;

    public ValueTask<long[]> CandidatesAsync(int kind, long value, int limit) =>
        new(_candidates.TryGetValue((kind, value), out var ids) ? ids.First(limit) : []);

    public CandidateNote? Recall(int kind, long value) => _notes.Recall(kind, value);

    public void Remember(int kind, long value, CandidateNote note) => _notes.Remember(kind, value, note);

    public ValueTask<List<ProfileRow>> ProfilesAsync(IReadOnlyCollection<long> ids)
    {
        var rows = new List<ProfileRow>(ids.Count);
        foreach (var id in ids)
            rows.Add(_profiles[id]!);
        return new(rows);
    }

    public ValueTask ApplyAsync(IReadOnlyList<ProfileDelta> deltas)
    {
        var left = new List<(long Id, ProfileDelta Delta)>();
        var added = new List<ProfileDelta>();
        // What is gained comes first, so that a profile that only moves is never taken out in between.
        foreach (var delta in deltas.OrderByDescending(d => d.Delta))
            if (!_ids.TryGetValue(delta.Hash, out var id))
                added.Add(delta);
            else if (!References.Add(_profiles[id]!.Holders, delta.Entity, delta.Delta))
                left.Add((id, delta));
        foreach (var delta in added)
            Add(delta, left);
        foreach (var (id, delta) in left)
            Remove(id, delta, []);
        return ValueTask.CompletedTask;
    }

    /// <summary>A profile that its entity has instead of another, as when a record changes, takes its number: what both are found by stays as it is.</summary>
    private void Add(ProfileDelta delta, List<(long Id, ProfileDelta Delta)> left)
    {
        if (_ids.TryGetValue(delta.Hash, out var id))
        {
            References.Add(_profiles[id]!.Holders, delta.Entity, delta.Delta);
            return;
        }

        IReadOnlyList<(int, long)> listed = [];
        if (left.FindIndex(l => l.Delta.Entity == delta.Entity) is >= 0 and var at)
        {
            (id, listed) = (left[at].Id, left[at].Delta.Candidates);
            Remove(id, left[at].Delta, delta.Candidates);
            left.RemoveAt(at);
        }
        else
        {
            id = ++_last;
        }

        _ids[delta.Hash] = id;
        _profiles[id] = new(id, delta.Hash, delta.Body(), [(delta.Entity, delta.Delta)]);
        foreach (var candidate in delta.Candidates)
            if (!listed.Contains(candidate))
                CollectionsMarshal.GetValueRefOrAddDefault(_candidates, candidate, out _).Add(id);
    }

    public ValueTask<long> ComponentAsync(long entity) => new(_components.GetValueOrDefault(entity));

    public ValueTask<IReadOnlyList<long>> EntitiesOfComponentAsync(long component) => new(_contested.TryGetValue(component, out var entities) ? [.. entities.Order()] : []);

    public ValueTask SetComponentAsync(long entity, long component)
    {
        if (_components.Remove(entity, out var before) && _contested[before].Remove(entity) && _contested[before].Count == 0)
            _contested.Remove(before);
        if (component != 0)
        {
            _components[entity] = component;
            (CollectionsMarshal.GetValueRefOrAddDefault(_contested, component, out _) ??= []).Add(entity);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> HasDecisionsAsync(int type) => new(false);

    public ValueTask<IReadOnlyList<DecisionRow>> DecisionsOfAsync(int type, IReadOnlyList<string> sourceKeys) => new([]);

    public ValueTask<DecisionRow?> DecisionAsync(long number) => new((DecisionRow?)null);

    public ValueTask AppendDecisionAsync(DecisionRow decision) => throw new NotSupportedException("nothing is decided in an evaluation");

    /// <param name="staying">Candidate values that the next profile with the number has too.</param>
    private void Remove(long id, ProfileDelta profile, IReadOnlyList<(int Kind, long Value)> staying)
    {
        _ids.Remove(profile.Hash);
        _profiles[id] = null;
        _notes.Forget(profile.Hash);
        foreach (var candidate in profile.Candidates)
        {
            if (staying.Contains(candidate))
                continue;
            _notes.Forget(candidate.Kind, candidate.Value);
            if (CollectionsMarshal.GetValueRefOrAddDefault(_candidates, candidate, out _).Remove(id))
                _candidates.Remove(candidate);
        }
    }

    /// <summary>Numbers of profiles. Most values have but one, and there are many millions of values.</summary>
    private struct Ids
    {
        private long _one;
        private List<long>? _more;

        /// <summary>Adds what was not the last to be added.</summary>
        public void Add(long id)
        {
            if (_one == 0)
                _one = id;
            else if (_one != id && (_more is not { Count: > 0 } || _more[^1] != id))
                (_more ??= new(1)).Add(id);
        }

        /// <summary>Returns whether none is left.</summary>
        public bool Remove(long id)
        {
            if (_one != id)
                _more?.Remove(id);
            else if (_more is { Count: > 0 })
            {
                _one = _more[^1];
                _more.RemoveAt(_more.Count - 1);
            }
            else
                _one = 0;
            return _one == 0;
        }

        public readonly long[] First(int limit)
        {
            var first = new long[Math.Min(limit, 1 + (_more?.Count ?? 0))];
            first[0] = _one;
            if (_more is not null)
                CollectionsMarshal.AsSpan(_more)[..(first.Length - 1)].CopyTo(first.AsSpan(1));
            return first;
        }
    }
}
