using System.Text;
using System.Text.Json.Nodes;
using IntegrationHub.Storage;
using IntegrationHub.Unify;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Tests.Unify.Identity;

public sealed class StewardshipTests
{
    private static readonly Steward Steward = new("li.lei", "checked by phone");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static Client Named(string name, int mobile = 0, int code = 0) => new(code, 0, mobile, 0, name, "", 1);

    [Fact]
    public async Task A_merge_joins_tells_both_ids_and_its_undoing_restores_exactly()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, Named("alpha trading")), (2, Named("beta works")));
        var before = await rig.LinesAsync(withNumbers: true);

        var merged = await Stewardship(rig).MergeAsync([1, 2], Steward, Stop);

        Assert.Single(await rig.OutcomeAsync());
        var change = Assert.Single(merged.Changes, c => c.Kind == "merged");
        Assert.Equal(2, change.Entity);
        Assert.Contains("\"other\":\"client-1\"", Encoding.UTF8.GetString(change.Body), StringComparison.Ordinal);
        Assert.Equal(1, (await rig.Store.Reader.EntityAsync(2, Stop))!.MergedInto);

        var undone = await Stewardship(rig).UndoAsync(merged.Decision.Number, Steward, Stop);
        Assert.Contains(undone.Changes, c => c is { Kind: "split", Entity: 2 });
        Assert.Equal(before, await rig.LinesAsync(withNumbers: true));
    }

    [Fact]
    public async Task A_decision_holds_whether_records_come_before_or_after_it()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, Named("alpha trading")), (2, Named("beta works")));
        await Stewardship(rig).MergeAsync([1, 2], Steward, Stop);
        await rig.ApplyAsync((2, null));
        Assert.Equal("1", Assert.Single(await rig.OutcomeAsync()).Split(' ')[0]);
        await rig.ApplyAsync((2, Named("beta works", mobile: 1)), (3, Named("beta works", mobile: 1)));
        Assert.Equal("1,2,3", Assert.Single(await rig.OutcomeAsync()).Split(' ')[0]);
    }

    [Fact]
    public async Task Forbidden_entities_stay_apart_whatever_evidence_comes()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, Named("alpha trading")), (2, Named("alpha trading")));
        await Stewardship(rig).ForbidAsync(1, 2, Steward, Stop);
        await rig.ApplyAsync((1, Named("alpha trading", mobile: 1, code: 1)), (2, Named("alpha trading", mobile: 1, code: 1)));
        Assert.Equal(2, (await rig.OutcomeAsync()).Count);
        await rig.ApplyAsync((3, Named("alpha trading", mobile: 1, code: 1)));
        Assert.Equal(2, (await rig.OutcomeAsync()).Count);
    }

    /// <summary>Where a guard keeps some apart, it shows which pairs are looked at.</summary>
    [Fact]
    public async Task What_is_decided_about_some_does_not_show_in_others_of_the_batch()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((20, Named("beta works")), (21, Named("gamma foods")));
        await Stewardship(rig).ForbidAsync(1, 2, Steward, Stop);
        Client Called(string name, int register) => new(0, register, 1, 0, name, "", register);
        Client At(string place, int register) => new(0, register, 1, 0, "", "", 0) { Place = place };
        await rig.ApplyAsync(
            (1, Called("alpha trading", 1)), (2, At("east", 1)), (3, Called("alpha trading", 2)), (4, At("west", 2)),
            (5, Called("alpha tradign", 3)), (6, At("west", 3)), (7, Called("alpha tradign", 4)), (8, At("east", 4)),
            (20, Named("beta works", code: 1)), (21, Named("gamma foods", code: 2)));
        await rig.CheckAsync();
        Assert.Contains("3,4,5,6", (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public async Task Forbidden_entities_stay_apart_when_one_batch_touches_one_of_them_and_brings_what_connects_both(long left, long right)
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, new(0, 1, 0, 0, "alpha trading", "", 1)), (2, new(1, 0, 0, 0, "beta works", "", 1)));
        await Stewardship(rig).ForbidAsync(left, right, Steward, Stop);
        await rig.ApplyAsync((2, new(1, 0, 3, 0, "beta works", "", 2)), (3, new(1, 1, 0, 0, "", "", 0)));
        var entities = (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0].Split(',')).ToList();
        Assert.Equal(2, entities.Count);
        Assert.DoesNotContain(entities, e => e.Contains("1") && e.Contains("2"));
    }

    [Fact]
    public async Task A_newer_merge_stands_over_an_older_refusal()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, Named("alpha trading")), (2, Named("beta works")));
        await Stewardship(rig).ForbidAsync(1, 2, Steward, Stop);
        await Stewardship(rig).MergeAsync([1, 2], Steward, Stop);
        Assert.Single(await rig.OutcomeAsync());
    }

    [Fact]
    public async Task Split_takes_contributions_out_and_keeps_them_together()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, Named("alpha trading", 1)), (2, Named("alpha trading", 1)), (3, Named("alpha trading", 1)), (4, Named("alpha trading", 1)));
        var split = await Stewardship(rig).SplitAsync(1, [EntityBinding.SourceKeyValue(1, "k2"), EntityBinding.SourceKeyValue(1, "k4")], Steward, Stop);
        Assert.Equal(["1,3", "2,4"], (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]));
        Assert.Contains(split.Changes, c => c.Kind == "split" && Encoding.UTF8.GetString(c.Body).Contains("\"other\":\"client-1\"", StringComparison.Ordinal));
        await Stewardship(rig).UndoAsync(split.Decision.Number, Steward, Stop);
        Assert.Equal("1,2,3,4", Assert.Single(await rig.OutcomeAsync()).Split(' ')[0]);
    }

    [Fact]
    public async Task A_pinned_value_wins_until_the_pin_is_undone_and_follows_what_it_is_pinned_to()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((101, Named("alpha trading", 1)), (102, Named("alpha trading", 1)));
        var pinned = await Stewardship(rig).PinAsync(1, "name", JsonValue.Create("Alpha Trading Ltd"), Steward, Stop);
        Assert.Contains("Alpha Trading Ltd", Assert.Single(await rig.OutcomeAsync()), StringComparison.Ordinal);
        await rig.ApplyAsync((101, new Client(0, 0, 1, 0, "alpha trading", "", 5)));
        Assert.Contains("Alpha Trading Ltd", Assert.Single(await rig.OutcomeAsync()), StringComparison.Ordinal);
        await Stewardship(rig).UndoAsync(pinned.Decision.Number, Steward, Stop);
        Assert.Contains("\"alpha trading\"", Assert.Single(await rig.OutcomeAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_decided_says_why()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, Named("alpha trading")));
        var stewardship = Stewardship(rig);
        Assert.Equal("entity 7 is not there", (await Assert.ThrowsAsync<DecisionException>(() => stewardship.MergeAsync([1, 7], Steward, Stop).AsTask())).Message);
        Assert.Equal("a decision needs who decides and why", (await Assert.ThrowsAsync<DecisionException>(() => stewardship.MergeAsync([1, 1], new("", ""), Stop).AsTask())).Message);
        Assert.Equal("client-1 has nothing but these contributions, so there is nothing to split", (await Assert.ThrowsAsync<DecisionException>(() => stewardship.SplitAsync(1, [EntityBinding.SourceKeyValue(1, "k1")], Steward, Stop).AsTask())).Message);
        Assert.Equal("client has no field 'nam'; did you mean 'name'?", (await Assert.ThrowsAsync<DecisionException>(() => stewardship.PinAsync(1, "nam", JsonValue.Create("x"), Steward, Stop).AsTask())).Message);
        Assert.Equal("name: expected a text", (await Assert.ThrowsAsync<DecisionException>(() => stewardship.PinAsync(1, "name", JsonValue.Create(1), Steward, Stop).AsTask())).Message);
        Assert.Equal("there is no decision 9", (await Assert.ThrowsAsync<DecisionException>(() => stewardship.UndoAsync(9, Steward, Stop).AsTask())).Message);
    }

    [Fact]
    public async Task Links_lead_to_where_the_customer_is_now()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, Named("alpha trading")), (2, Named("beta works")));
        var key = new IdentityKey(rig.Type.SourceKey, EntityBinding.SourceKeyValue(1, "k2"));
        Assert.Equal(2, Assert.Single(await rig.Store.Reader.ResolveAsync([key], Stop)));
        var merged = await Stewardship(rig).MergeAsync([1, 2], Steward, Stop);
        Assert.Equal(1, Assert.Single(await rig.Store.Reader.ResolveAsync([key], Stop)));
        await Stewardship(rig).UndoAsync(merged.Decision.Number, Steward, Stop);
        Assert.Equal(2, Assert.Single(await rig.Store.Reader.ResolveAsync([key], Stop)));
    }

    [Fact]
    public async Task Proposals_come_with_evidence_and_never_again_once_refused()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, Named("alpha trading", mobile: 1)), (2, Named("beta works", mobile: 1)), (3, new Client(0, 0, 1, 0, "", "", 1)));
        var proposals = await new Proposals(rig.Store.Reader, rig.Type).FindAsync(0, 10, 1000, Stop);
        Assert.Equal([(1L, 3L), (2L, 3L)], proposals.Select(p => (p.A, p.B)));
        Assert.Equal("mobile", Assert.Single(proposals[0].Findings).Kind);
        await Stewardship(rig).ForbidAsync(1, 3, Steward, Stop);
        Assert.Equal([(2L, 3L)], (await new Proposals(rig.Store.Reader, rig.Type).FindAsync(0, 10, 1000, Stop)).Select(p => (p.A, p.B)));
    }

    private static Stewardship Stewardship(MatchRig rig) => new(rig.Store, rig.Bindings, rig.ConnectorOf, TimeProvider.System, (_, _, _) => { });
}
