using IntegrationHub.Storage;
using IntegrationHub.Unify;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Tests.Unify.Identity;

/// <summary>Which contributions of a batch are resolved together.</summary>
public sealed class MatchRegionsTests
{
    private static readonly Client Other = new(0, 0, 0, 0, "Omega Works", "", 1);

    [Fact]
    public async Task What_has_nothing_to_do_with_each_other_is_resolved_in_pieces()
    {
        await using var rig = await MatchRig.OpenAsync();
        Assert.Equal([[1, 2], [3, 4], [5]], await PiecesAsync(rig, Numbered(5, i => Other with { Mobile = 10 + i })));
    }

    [Fact]
    public async Task What_has_a_strong_key_or_a_candidate_value_in_common_is_in_one_piece()
    {
        await using var rig = await MatchRig.OpenAsync();
        Assert.Equal([[1, 4], [2, 5], [3, 6]], await PiecesAsync(rig, Numbered(6, i => Other with { Mobile = 20 + i, Code = i is 1 or 4 ? 5 : 0, Mail = i is 2 or 5 ? 5 : 0 })));
    }

    [Fact]
    public async Task Pieces_that_meet_in_an_entity_are_resolved_together()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((10, new Client(0, 1, 11, 12, "Alpha Trading", "wang", 1)));
        // The first is the same as the one that is there by its number, the last by its address. The two have nothing in common.
        var batch = Numbered(6, i => i switch
        {
            1 => new Client(0, 0, 11, 0, "Alpha Trading", "", 1),
            6 => new Client(0, 0, 0, 12, "Alpha Trading", "", 1),
            _ => Other with { Mobile = 20 + i },
        });
        Assert.Equal([[1, 2, 5, 6], [3, 4]], await PiecesAsync(rig, batch));
        await rig.ApplyAsync(batch);
        await rig.CheckAsync();
        Assert.Equal(5, (await rig.OutcomeAsync()).Count);
    }

    [Fact]
    public async Task What_was_in_one_entity_stays_in_one_piece()
    {
        await using var rig = await MatchRig.OpenAsync();
        var said = new Client(0, 1, 0, 0, "Alpha Trading", "", 1);
        await rig.ApplyAsync(Numbered(6, i => i is 1 or 6 ? said : Other with { Mobile = 20 + i }));
        // Records that say something else, two of one entity.
        var pieces = await PiecesAsync(rig, Numbered(6, i => i is 1 or 6 ? said with { Register = i } : Other with { Mobile = 30 + i }));
        Assert.Contains(pieces, p => p.Contains(1) && p.Contains(6));
        Assert.True(pieces.Count > 1);
    }

    [Fact]
    public async Task Once_something_is_decided_all_are_resolved_together()
    {
        await using var rig = await MatchRig.OpenAsync();
        await using var transaction = await rig.Store.BeginAsync(TestContext.Current.CancellationToken);
        await transaction.Matches.AppendDecisionAsync(new() { Type = rig.Type.Number, Kind = "forbid", At = 1, By = "me", Reason = "", Left = ["1:k1"], Right = ["1:k2"], Evidence = "" });
        Assert.Equal([[1, 2, 3, 4, 5]], await PiecesAsync(rig, Numbered(5, i => Other with { Mobile = 10 + i }), transaction));
    }

    private static (long Record, Client? Said)[] Numbered(int count, Func<int, Client> said) => [.. Enumerable.Range(1, count).Select(i => ((long)i, (Client?)said(i)))];

    /// <summary>The records of each piece. Nothing is written.</summary>
    private static async Task<List<List<long>>> PiecesAsync(MatchRig rig, (long Record, Client? Said)[] batch)
    {
        await using var transaction = await rig.Store.BeginAsync(TestContext.Current.CancellationToken);
        return await PiecesAsync(rig, batch, transaction);
    }

    private static async Task<List<List<long>>> PiecesAsync(MatchRig rig, (long Record, Client? Said)[] batch, IHubTransaction transaction)
    {
        var kept = (await transaction.ContributionsOfRecordsAsync([.. batch.Select(b => b.Record)])).ToDictionary(r => r.Record);
        var deltas = batch.Select(b => DeltaOf(rig.Type, b.Record, b.Said!, kept.GetValueOrDefault(b.Record))).ToList();
        var parallel = new ParallelTransaction(transaction);
        var regions = await MatchRegions.ResolveAsync(parallel, rig.Type, deltas, new(parallel), []);
        List<List<long>> pieces = [.. regions.Select(region => region.Components.SelectMany(c => c.Component.Members).Select(m => m.Row.Record).Where(r => r <= batch.Length).Order().ToList())];
        // Whatever the pieces, everybody is in one of them and comes to be in one entity.
        Assert.Equal(batch.Select(b => b.Record).Order(), pieces.SelectMany(p => p).Order());
        return pieces;
    }

    private static Delta DeltaOf(EntityBinding type, long record, Client said, ContributionRow? kept)
    {
        var row = new ContributionRow { Id = kept?.Id ?? 0, Record = record, Type = type.Number, Key = "k" + record, Connection = 1, ObservedAt = said.Time, Mapping = 1, Body = said.Body };
        var (keys, profile) = ContributionDocument.Identity(row, type);
        if (kept is null)
            return new(row, type) { KeysAfter = keys, ProfileAfter = profile };
        var (keysBefore, profileBefore) = ContributionDocument.Identity(kept, type);
        return new(row, type)
        {
            WasLive = true,
            EntityBefore = kept.Entity,
            KeysBefore = keysBefore,
            KeysAfter = keys,
            ProfileBefore = profileBefore,
            ProfileAfter = profile,
            TimeBefore = kept.ObservedAt,
        };
    }
}
