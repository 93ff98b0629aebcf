using System.Runtime.InteropServices;
using IntegrationHub.Storage;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Unify;

/// <summary>What a mapping says about one entity, not yet stored.</summary>
public sealed record NewContribution(EntityBinding Binding, string Key, long ObservedAt, byte[] Body)
{
    /// <summary>What identity sees of it, when that was read before the transaction.</summary>
    internal (List<IdentityKey> Keys, Profile Profile)? Identity { get; init; }
}

/// <summary>A record with what its mapping now says; nothing when it is deleted or filtered.</summary>
/// <param name="Connection">Number of the record's connection.</param>
public sealed record RecordContributions(RecordRow Record, int Connection, IReadOnlyList<NewContribution> Contributions)
{
    /// <summary>The record was first stored in this transaction, so nothing of it is kept.</summary>
    public bool IsNew { get; init; }
}

/// <summary>Why this batch is applied; named in every change.</summary>
/// <param name="Run">Number of the run.</param>
/// <param name="Mapping">Number of the mapping version.</param>
/// <param name="At">Unix milliseconds.</param>
public sealed record Cause(long Run, int Mapping, long At);

/// <summary>
/// The heart: takes the contributions of a batch of records through identity and fold to entities and changes, within one transaction.
/// The entities depend only on which contributions exist, not on how they arrived.
/// </summary>
/// <param name="transaction">Receives everything.</param>
/// <param name="bindings">The model.</param>
/// <param name="connectorOf">Connector ids by number of connection, for survivorship.</param>
public sealed class UnifyBatch(IUnifyTransaction transaction, Bindings bindings, Func<int, string> connectorOf)
{
    private readonly List<Delta> _deltas = [];

    /// <summary>Contributions that the batch wrote or withdrew, with the entities they belong to now.</summary>
    public IEnumerable<ContributionRow> Moved => _deltas.Select(d => d.Row);

    /// <summary>Applies the batch. Returns the changes that were appended.</summary>
    public async ValueTask<IReadOnlyList<ChangeRow>> ApplyAsync(IReadOnlyList<RecordContributions> records, Cause cause)
    {
        await CompareAsync(records, cause);
        return _deltas.Count == 0 ? [] : await AssignAsync([], cause);
    }

    /// <summary>Deals the contributions of some entities out anew, because something else than a contribution changed: a decision of a steward.</summary>
    public ValueTask<IReadOnlyList<ChangeRow>> ReassignAsync(IReadOnlyCollection<long> entities, Cause cause) => AssignAsync(entities, cause);

    private async ValueTask<IReadOnlyList<ChangeRow>> AssignAsync(IReadOnlyCollection<long> reopened, Cause cause)
    {
        var assignment = new EntityAssignment(transaction, bindings);
        await assignment.AssignAsync(_deltas, reopened);
        await transaction.WriteContributionsAsync([.. _deltas.Select(d => d.Row), .. assignment.Moved.Select(m => m.Row), .. assignment.Renumbered]);
        var folds = new EntityFolds(transaction, bindings, connectorOf, cause, assignment);
        await folds.LoadAsync(_deltas);
        // Who belongs where is written while other cores fold.
        var folding = folds.Fold();
        try
        {
            await transaction.ApplyKeysAsync(KeyDeltas(assignment));
            await transaction.Matches.ApplyAsync(ProfileDeltas(assignment));
        }
        finally
        {
            await folding.FinishAsync();
        }

        return await folds.WriteAsync();
    }

    /// <summary>Finds what differs from the kept contributions of the records.</summary>
    private async ValueTask CompareAsync(IReadOnlyList<RecordContributions> records, Cause cause)
    {
        var kept = new Dictionary<long, List<ContributionRow>>();
        foreach (var row in await transaction.ContributionsOfRecordsAsync([.. records.Where(r => !r.IsNew).Select(r => r.Record.Id).Distinct()]))
        {
            ref var rows = ref CollectionsMarshal.GetValueRefOrAddDefault(kept, row.Record, out _);
            (rows ??= []).Add(row);
        }

        foreach (var record in LastOfEach(records))
            if (kept.TryGetValue(record.Record.Id, out var rows))
                Compare(record, rows, cause);
            else
                foreach (var contribution in record.Contributions)
                    Add(record.Record, record.Connection, contribution, cause);
    }

    /// <summary>Of a record that stands twice in the batch, what it says last counts.</summary>
    private static IEnumerable<RecordContributions> LastOfEach(IReadOnlyList<RecordContributions> records)
    {
        var last = new Dictionary<long, int>(records.Count);
        for (var i = 0; i < records.Count; i++)
            last[records[i].Record.Id] = i;
        return last.Count == records.Count ? records : records.Where((r, i) => last[r.Record.Id] == i);
    }

    private void Compare(RecordContributions record, List<ContributionRow> kept, Cause cause)
    {
        if (kept is [var only] && record.Contributions is [var one] && only.Type == one.Binding.Number && only.Key == one.Key)
        {
            Replace(only, one, cause);
            return;
        }

        var rows = kept.ToLookup(c => (c.Type, c.Key)).ToDictionary(g => g.Key, g => new Queue<ContributionRow>(g.OrderBy(c => c.Id)));
        foreach (var contribution in record.Contributions)
            if (rows.TryGetValue((contribution.Binding.Number, contribution.Key), out var same) && same.TryDequeue(out var row))
                Replace(row, contribution, cause);
            else
                Add(record.Record, record.Connection, contribution, cause);
        foreach (var row in rows.Values.SelectMany(q => q).Where(r => !r.IsWithdrawn))
            Withdraw(row);
    }

    private void Add(RecordRow record, int connection, NewContribution contribution, Cause cause)
    {
        var row = new ContributionRow
        {
            Record = record.Id,
            Type = contribution.Binding.Number,
            Key = contribution.Key,
            Connection = connection,
            ObservedAt = contribution.ObservedAt,
            Mapping = cause.Mapping,
            Body = contribution.Body,
        };
        var (keys, profile) = contribution.Identity ?? ContributionDocument.Identity(row, contribution.Binding);
        _deltas.Add(new(row, contribution.Binding) { KeysAfter = keys, ProfileAfter = profile });
    }

    private void Replace(ContributionRow row, NewContribution contribution, Cause cause)
    {
        if (row.ObservedAt == contribution.ObservedAt && row.Body.AsSpan().SequenceEqual(contribution.Body))
            return;
        var wasLive = !row.IsWithdrawn;
        var timeBefore = row.ObservedAt;
        var (keysBefore, profileBefore) = wasLive ? ContributionDocument.Identity(row, contribution.Binding) : ([], null);
        row.Body = contribution.Body;
        row.ObservedAt = contribution.ObservedAt;
        row.Mapping = cause.Mapping;
        var (keys, profile) = contribution.Identity ?? ContributionDocument.Identity(row, contribution.Binding);
        _deltas.Add(new(row, contribution.Binding)
        {
            WasLive = wasLive,
            EntityBefore = row.Entity,
            KeysBefore = keysBefore,
            KeysAfter = keys,
            ProfileBefore = profileBefore,
            TimeBefore = timeBefore,
            ProfileAfter = profile,
        });
    }

    private void Withdraw(ContributionRow row)
    {
        // Nothing here can fold a type that the model no longer declares; its entities stay as they were.
        if (bindings.Find(row.Type) is not { } binding)
            return;
        var (keys, profile) = ContributionDocument.Identity(row, binding);
        row.Body = [];
        _deltas.Add(new(row, binding) { WasLive = true, EntityBefore = row.Entity, KeysBefore = keys, ProfileBefore = profile });
    }

    private List<KeyDelta> KeyDeltas(EntityAssignment assignment)
    {
        var sums = new Dictionary<(IdentityKey, long), int>(4 * _deltas.Count);
        void Count(IReadOnlyList<IdentityKey> keys, long entity, int delta)
        {
            foreach (var key in keys)
                CollectionsMarshal.GetValueRefOrAddDefault(sums, (key, entity), out _) += delta;
        }

        foreach (var delta in _deltas)
        {
            Count(delta.KeysBefore, delta.EntityBefore, -1);
            Count(delta.KeysAfter, delta.Row.Entity, +1);
        }

        foreach (var (row, from, keys, _) in assignment.Moved)
        {
            Count(keys, from, -1);
            Count(keys, row.Entity, +1);
        }

        return [.. sums.Where(s => s.Value != 0).Select(s => new KeyDelta(s.Key.Item1, s.Key.Item2, s.Value, IsFirst: assignment.Created.Contains(s.Key.Item2)))];
    }

    private List<ProfileDelta> ProfileDeltas(EntityAssignment assignment)
    {
        var sums = new Dictionary<(int Type, UInt128 Hash, long Entity), (Profile Profile, EntityBinding Binding, int Delta)>(_deltas.Count);
        void Count(Profile? profile, EntityBinding binding, long entity, int delta)
        {
            // A profile that no rule finds is never asked for.
            if (profile is null || profile.Candidates(binding.Plan).Length == 0)
                return;
            ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, (binding.Number, profile.Hash, entity), out _);
            sum = (profile, binding, sum.Delta + delta);
        }

        foreach (var delta in _deltas)
        {
            Count(delta.ProfileBefore, delta.Binding, delta.EntityBefore, -1);
            Count(delta.ProfileAfter, delta.Binding, delta.Row.Entity, +1);
        }

        foreach (var (row, from, _, profile) in assignment.Moved)
        {
            Count(profile, bindings.Find(row.Type)!, from, -1);
            Count(profile, bindings.Find(row.Type)!, row.Entity, +1);
        }

        return [.. sums.Where(s => s.Value.Delta != 0).Select(s => s.Value.Binding.Delta(s.Value.Profile, s.Key.Entity, s.Value.Delta))];
    }
}

/// <summary>One contribution that is new, replaced or withdrawn in this batch.</summary>
internal sealed record Delta(ContributionRow Row, EntityBinding Binding)
{
    public bool WasLive { get; init; }

    public long EntityBefore { get; init; }

    public IReadOnlyList<IdentityKey> KeysBefore { get; init; } = [];

    public IReadOnlyList<IdentityKey> KeysAfter { get; init; } = [];

    public Profile? ProfileBefore { get; init; }

    public Profile? ProfileAfter { get; init; }

    /// <summary>The source's own time before, Unix milliseconds.</summary>
    public long TimeBefore { get; init; }

    public bool IsLive => !Row.IsWithdrawn;

    public List<IdentityKey> StrongBefore => field ??= Binding.Strong(KeysBefore);

    public List<IdentityKey> StrongAfter => field ??= Binding.Strong(KeysAfter);

    /// <summary>It may have held together what was together.</summary>
    public bool LosesStrong => !SameStrong && StrongBefore.Except(StrongAfter).Any();

    /// <summary>A replaced contribution does not say the same to identity as before.</summary>
    public bool IsSeenOtherwise => TimeBefore != Row.ObservedAt || SaysOtherwise || (!SameStrong && StrongAfter.Except(StrongBefore).Any());

    private bool SameStrong => StrongBefore.SequenceEqual(StrongAfter);

    /// <summary>A replaced contribution does not say the same to comparisons as before, whenever it was seen.</summary>
    public bool SaysOtherwise => ProfileBefore!.Hash != ProfileAfter!.Hash;

    /// <summary>Comparisons see it come, go or say something else. One that only says other fields is where the store keeps it, for whoever comes in the same batch.</summary>
    public bool ChangesMatches => !WasLive || !IsLive || IsSeenOtherwise;
}
