namespace IntegrationHub.Storage;

/// <summary>
/// What identity keeps besides keys, within a transaction: profiles (what comparisons see of contributions) by the values that make them candidates,
/// which entities are not what they are connected with because a guard forbade a join, and what stewards decided.
/// </summary>
public interface IMatchIndex
{
    /// <summary>Numbers of the profiles that have a candidate value, up to a limit.</summary>
    ValueTask<long[]> CandidatesAsync(int kind, long value, int limit);

    /// <summary>What was concluded about a candidate value in this process, if it is still so as far as the store alone decides; otherwise <c>null</c>.</summary>
    CandidateNote? Recall(int kind, long value);

    /// <summary>Keeps a conclusion until it may no longer be so.</summary>
    void Remember(int kind, long value, CandidateNote note);

    /// <summary>Rows of profiles, as they are until <see cref="ApplyAsync"/> is called.</summary>
    ValueTask<List<ProfileRow>> ProfilesAsync(IReadOnlyCollection<long> ids);

    ValueTask ApplyAsync(IReadOnlyList<ProfileDelta> deltas);

    /// <summary>Number of the contested component an entity is in, or 0.</summary>
    ValueTask<long> ComponentAsync(long entity);

    ValueTask<IReadOnlyList<long>> EntitiesOfComponentAsync(long component);

    /// <summary>Notes the component of an entity; 0 takes it out.</summary>
    ValueTask SetComponentAsync(long entity, long component);

    /// <summary>Whether anything was ever decided about a type.</summary>
    ValueTask<bool> HasDecisionsAsync(int type);

    /// <summary>Decisions in force that name one of these contributions by its source key.</summary>
    ValueTask<IReadOnlyList<DecisionRow>> DecisionsOfAsync(int type, IReadOnlyList<string> sourceKeys);

    ValueTask<DecisionRow?> DecisionAsync(long number);

    /// <summary>Appends and sets the number. Nothing is ever changed or removed; an <c>undo</c> puts another out of force.</summary>
    ValueTask AppendDecisionAsync(DecisionRow decision);
}

/// <summary>What was found about a candidate value that too many have to read them all again for every batch.</summary>
/// <param name="Count">At least as many profiles have it.</param>
/// <param name="Crowd">Hashes of profiles that by themselves make it shared; empty when only their number was looked at.</param>
public sealed record CandidateNote(int Count, IReadOnlyList<UInt128> Crowd);

/// <summary>A profile with the entities that hold it.</summary>
/// <param name="Hash">Tells profiles apart.</param>
/// <param name="Holders">Entities with the number of their contributions that have it.</param>
public sealed record ProfileRow(long Id, UInt128 Hash, byte[] Body, (long Entity, int References)[] Holders);

/// <summary>A profile gained or lost by an entity.</summary>
/// <param name="Hash">Tells profiles apart.</param>
/// <param name="Candidates">Its candidate values: number of the kind, and the value.</param>
public sealed record ProfileDelta(int Type, UInt128 Hash, Func<byte[]> Body, IReadOnlyList<(int Kind, long Value)> Candidates, long Entity, int Delta);

/// <summary>Something a person decided.</summary>
public sealed record DecisionRow
{
    public long Number { get; set; }

    /// <summary>Number of the entity type.</summary>
    public required int Type { get; init; }

    /// <summary><c>merge</c>, <c>split</c>, <c>forbid</c>, <c>pin</c> or <c>undo</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Unix milliseconds.</summary>
    public required long At { get; init; }

    /// <summary>Who decided.</summary>
    public required string By { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>Source keys of the contributions on one side: those to be one, those split off, one of those kept apart, or the one a value is pinned to.</summary>
    public required IReadOnlyList<string> Left { get; init; }

    /// <summary>Source keys of the contributions on the other side.</summary>
    public IReadOnlyList<string> Right { get; init; } = [];

    /// <summary>JSON: the entities as they were called then, what was shown, the field and value of a pin, the number of an undone decision.</summary>
    public required string Evidence { get; init; }

    /// <summary>Number of the decision that put it out of force, or 0.</summary>
    public long UndoneBy { get; init; }
}
