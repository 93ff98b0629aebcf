using System.Buffers.Binary;
using System.Runtime.InteropServices;
using IntegrationHub.Storage;

namespace IntegrationHub.Unify.Identity.Evaluation;

/// <summary>The match index of one entity type in memory. Nothing is decided in it.</summary>
internal sealed class EvaluationMatches : IMatchIndex
{
    private readonly Dictionary<(int Kind, long Value), Ids> _candidates = [];
    private readonly Dictionary<UInt128, long> _ids = [];
    private readonly Dictionary<long, ProfileRow> _profiles = [];
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
            rows.Add(_profiles[id]);
        return new(rows);
    }

    public ValueTask ApplyAsync(IReadOnlyList<ProfileDelta> deltas)
    {
        // What is gained comes first, so that a profile that only moves is never taken out in between.
        foreach (var delta in deltas.OrderByDescending(d => d.Delta))
        {
            var hash = BinaryPrimitives.ReadUInt128LittleEndian(delta.Hash);
            if (!_ids.TryGetValue(hash, out var id))
            {
                _ids[hash] = id = ++_last;
                _profiles[id] = new(id, delta.Hash, delta.Body(), new(1));
                foreach (var candidate in delta.Candidates.Distinct())
                    CollectionsMarshal.GetValueRefOrAddDefault(_candidates, candidate, out _).Add(id);
            }

            if (!Hold(_profiles[id].Holders, delta.Entity, delta.Delta))
                Remove(id, hash, delta.Candidates);
        }

        return ValueTask.CompletedTask;
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

    private void Remove(long id, UInt128 hash, IReadOnlyList<(int Kind, long Value)> candidates)
    {
        _ids.Remove(hash);
        _profiles.Remove(id);
        _notes.Forget(hash);
        foreach (var candidate in candidates.Distinct())
        {
            _notes.Forget(candidate.Kind, candidate.Value);
            if (CollectionsMarshal.GetValueRefOrAddDefault(_candidates, candidate, out _).Remove(id))
                _candidates.Remove(candidate);
        }
    }

    /// <summary>Adds to the references of an entity. Returns whether anybody has the profile.</summary>
    private static bool Hold(List<(long Entity, int References)> holders, long entity, int delta)
    {
        var at = holders.FindIndex(h => h.Entity == entity);
        var references = (at < 0 ? 0 : holders[at].References) + delta;
        if (references > 0 && at >= 0)
            holders[at] = (entity, references);
        else if (references > 0)
            holders.Add((entity, references));
        else if (at >= 0)
            holders.RemoveAt(at);
        return holders.Count > 0;
    }

    /// <summary>Numbers of profiles. Most values have but one, and there are many millions of values.</summary>
    private struct Ids
    {
        private long _one;
        private List<long>? _more;

        public void Add(long id)
        {
            if (_one == 0)
                _one = id;
            else
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
