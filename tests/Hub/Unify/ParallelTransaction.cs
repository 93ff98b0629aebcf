using IntegrationHub.Storage;
using IntegrationHub.Tests.Storage;

namespace IntegrationHub.Tests.Unify;

/// <summary>Lets several threads read from a store that has one connection, one after the other, so that a batch is resolved in pieces.</summary>
internal sealed class ParallelTransaction(IHubTransaction inner) : DelegatingTransaction(inner)
{
    private readonly Lock _turn = new();

    public override IMatchIndex Matches => new TurnsAtIndex(base.Matches, _turn);

    public override bool ReadsInParallel => true;

    public override ValueTask<IReadOnlyList<ContributionRow>> ContributionsOfEntityAsync(long entity)
    {
        lock (_turn)
            return base.ContributionsOfEntityAsync(entity);
    }

    public override ValueTask<IReadOnlyList<KeyHolder>> FindKeysAsync(IReadOnlyList<IdentityKey> keys)
    {
        lock (_turn)
            return base.FindKeysAsync(keys);
    }

    public override ValueTask<IReadOnlyList<IdentityKey>> KeysOfEntityAsync(long entity, int kind)
    {
        lock (_turn)
            return base.KeysOfEntityAsync(entity, kind);
    }

    public override ValueTask<IReadOnlyDictionary<long, EntityRow>> EntitiesAsync(IReadOnlyCollection<long> ids)
    {
        lock (_turn)
            return base.EntitiesAsync(ids);
    }

    private sealed class TurnsAtIndex(IMatchIndex inner, Lock turn) : IMatchIndex
    {
        public ValueTask<long[]> CandidatesAsync(int kind, long value, int limit)
        {
            lock (turn)
                return inner.CandidatesAsync(kind, value, limit);
        }

        public CandidateNote? Recall(int kind, long value) => inner.Recall(kind, value);

        public void Remember(int kind, long value, CandidateNote note) => inner.Remember(kind, value, note);

        public ValueTask<List<ProfileRow>> ProfilesAsync(IReadOnlyCollection<long> ids)
        {
            lock (turn)
                return inner.ProfilesAsync(ids);
        }

        public ValueTask<long> ComponentAsync(long entity)
        {
            lock (turn)
                return inner.ComponentAsync(entity);
        }

        public ValueTask<IReadOnlyList<long>> EntitiesOfComponentAsync(long component)
        {
            lock (turn)
                return inner.EntitiesOfComponentAsync(component);
        }

        public ValueTask<bool> HasDecisionsAsync(int type) => inner.HasDecisionsAsync(type);

        public ValueTask<IReadOnlyList<DecisionRow>> DecisionsOfAsync(int type, IReadOnlyList<string> sourceKeys) => inner.DecisionsOfAsync(type, sourceKeys);

        public ValueTask<DecisionRow?> DecisionAsync(long number) => inner.DecisionAsync(number);

        public ValueTask ApplyAsync(IReadOnlyList<ProfileDelta> deltas) => inner.ApplyAsync(deltas);

        public ValueTask SetComponentAsync(long entity, long component) => inner.SetComponentAsync(entity, component);

        public ValueTask AppendDecisionAsync(DecisionRow decision) => inner.AppendDecisionAsync(decision);
    }
}
