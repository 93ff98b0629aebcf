using System.Runtime.InteropServices;
using IntegrationHub.Storage;

namespace IntegrationHub.Unify.Identity.Evaluation;

/// <summary>The match index of one entity type in memory. Nothing is decided in it.</summary>
internal sealed class EvaluationMatches : IMatchIndex
{
    private readonly NumberLists _candidates = new();
    private readonly Dictionary<UInt128, long> _ids = [];
    private readonly NumberedRows<ProfileRow> _profiles = new();
    private readonly CandidateNotes _notes = new();
    private readonly Dictionary<long, long> _components = [];
    private readonly Dictionary<long, HashSet<long>> _contested = [];
    private long _last;

    public ValueTask<long[]> CandidatesAsync(int kind, long value, int limit) =>
        new(_candidates.First(Of(kind, value), limit));

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
            else if (!Count(id, delta))
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
            Count(id, delta);
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
                _candidates.Add(Of(candidate.Kind, candidate.Value), (int)id);
    }

    /// <summary>Counts what an entity gains or loses of a profile. Returns whether anybody has it.</summary>
    private bool Count(long id, ProfileDelta delta)
    {
        var row = _profiles[id]!;
        _profiles[id] = row with { Holders = References.Add(row.Holders, delta.Entity, delta.Delta) };
        return _profiles[id]!.Holders.Length > 0;
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
            _candidates.Remove(Of(candidate.Kind, candidate.Value), (int)id);
        }
    }

    /// <summary>Values are hashes already; those of several kinds are told apart as far as hashes are.</summary>
    private static long Of(int kind, long value) => unchecked(value + (kind * -7046029254386353131));
}
