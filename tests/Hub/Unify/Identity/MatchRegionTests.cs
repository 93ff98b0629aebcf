using CsCheck;
using IntegrationHub.Storage;

namespace IntegrationHub.Tests.Unify.Identity;

/// <summary>The store keeps to the definition of identity, however records come.</summary>
public sealed class MatchRegionTests
{
    private const int Records = 12;

    private static readonly string[] Names = ["alpha trading", "alpha tradign", "beta works", "gamma foods", "wang", "li"];

    internal static readonly Gen<Client> Clients =
        from code in Gen.Frequency((3, Gen.Const(0)), (1, Gen.Int[1, 3]))
        from register in Gen.Frequency((4, Gen.Const(0)), (1, Gen.Int[1, 2]))
        from mobile in Gen.Frequency((1, Gen.Const(0)), (3, Gen.Int[1, 3]), (1, Gen.Const(9)))
        from mail in Gen.Frequency((2, Gen.Const(0)), (1, Gen.Int[1, 4]))
        from name in Gen.Frequency((6, Gen.OneOf(Names.Select(n => Gen.Const(n)).ToArray())), (1, Gen.Const("")))
        from contact in Gen.Frequency((2, Gen.Const("")), (1, Gen.Const("wang")), (1, Gen.Const("li")))
        from day in Gen.Frequency((1, Gen.Const(0)), (3, Gen.Int[1, 30]))
        from place in Gen.Frequency((3, Gen.Const("")), (1, Gen.Const("east")), (1, Gen.Const("west")))
        from site in Gen.Frequency((3, Gen.Const(0)), (2, Gen.Int[1, 3]))
        select new Client(code, register, mobile, mail, name, contact, day) { Place = place, Site = site };

    private static readonly Gen<(long, Client?)> Change =
        from record in Gen.Int[1, Records]
        from gone in Gen.Int[0, 4]
        from client in Clients
        select ((long)record, gone == 0 ? null : client);

    private static readonly Gen<(long Record, Client? Said)[]> Batches = Change.Array[1, 6].Select(b => b.DistinctBy(r => r.Item1).ToArray());

    private static readonly Gen<(long Record, Client? Said)[]> LargeBatches = Change.Array[4, 16].Select(b => b.DistinctBy(r => r.Item1).ToArray());

    /// <param name="mostCandidates">Few, so that values are closed of which nobody counts under how many names they are seen.</param>
    /// <param name="spread">How many times as many contacts there are: with more of them, more of a batch has nothing to do with each other, and is resolved in more pieces.</param>
    [Theory]
    [InlineData(6, 1)]
    [InlineData(2, 1)]
    [InlineData(6, 3)]
    [InlineData(2, 3)]
    public Task Any_sequence_of_batches_gives_what_the_definition_says(int mostCandidates, int spread) => Gen.Select((spread == 1 ? Batches : LargeBatches).Array[1, 10], Gen.Int[0, 1_000_000]).SampleAsync(
        async (batches, seed) =>
        {
            await using var rig = await MatchRig.OpenAsync();
            await rig.UseAsync(text => text.Replace("mostCandidates: 6", $"mostCandidates: {mostCandidates}", StringComparison.Ordinal));
            var random = new Random(seed);
            foreach (var batch in batches)
            {
                await rig.ApplyAsync([.. batch.Select(b => random.Next(3) == 0 && Again(rig.Said(b.Record)) is { } again ? (b.Record, again) : (b.Record, Spread(b.Said, random.Next(spread))))]);
                await rig.CheckAsync();
                rig.CheckIndex();
            }
        },
        iter: 120,
        threads: 1);

    private static Client? Spread(Client? said, int by) => said is null or { Mobile: 9 } ? said : said with { Mobile = said.Mobile == 0 ? 0 : said.Mobile + (10 * by), Mail = said.Mail == 0 ? 0 : said.Mail + (10 * by) };

    /// <summary>What says the same to identity in other words: a blocked number is none.</summary>
    private static Client? Again(Client? said) => said is { Mobile: 0 or 9 } ? said with { Mobile = 9 - said.Mobile } : null;

    [Fact]
    public Task Ten_orders_of_arrival_give_the_same_entities_and_golden_data() => Gen.Select(Clients.Array[2, 30], Gen.Int[0, 1_000_000]).SampleAsync(
        async (clients, seed) =>
        {
            List<string>? first = null;
            for (var order = 0; order < 10; order++)
            {
                await using var rig = await MatchRig.OpenAsync();
                var records = clients.Select((c, i) => ((long)i + 1, (Client?)c)).ToArray();
                new Random(seed + order).Shuffle(records);
                foreach (var chunk in records.Chunk(1 + (order % 4)))
                    await rig.ApplyAsync(chunk);
                var outcome = await rig.OutcomeAsync();
                Assert.Equal(first ??= outcome, outcome);
            }
        },
        iter: 8,
        threads: 1);

    [Fact]
    public Task Taking_records_away_restores_the_entities_and_golden_data_before_them() => Gen.Select(Batches.Array[1, 4], Clients.Array[1, 5], Gen.Int[0, 1_000_000]).SampleAsync(
        async (before, added, seed) =>
        {
            await using var rig = await MatchRig.OpenAsync();
            foreach (var batch in before)
                await rig.ApplyAsync(batch);
            var lines = await rig.LinesAsync(withNumbers: true);
            var records = added.Select((c, i) => ((long)(100 + i), (Client?)c)).ToArray();
            foreach (var chunk in records.Chunk(1 + (seed % 2)))
                await rig.ApplyAsync(chunk);
            new Random(seed).Shuffle(records);
            foreach (var chunk in records.Chunk(1 + (seed % 3)))
                await rig.ApplyAsync([.. chunk.Select(r => (r.Item1, (Client?)null))]);
            var after = await rig.LinesAsync(withNumbers: true);
            Assert.True(lines.SequenceEqual(after), $"before:\n{string.Join('\n', lines)}\nafter:\n{string.Join('\n', after)}");
            rig.CheckIndex();
        },
        iter: 150,
        threads: 1);

    [Fact]
    public async Task Two_codes_never_meet_in_one_entity_whoever_stands_between_them()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, new(1, 0, 1, 0, "alpha trading", "", 1)), (2, new(2, 0, 1, 0, "alpha trading", "", 3)));
        await rig.ApplyAsync((3, new(0, 1, 1, 0, "alpha trading", "", 2)), (4, new(1, 1, 0, 0, "", "", 0)), (5, new(2, 1, 0, 0, "", "", 0)));
        Assert.All(await rig.OutcomeAsync(), line => Assert.False(line.Split(' ')[0].Split(',') is var r && r.Contains("1") && r.Contains("2")));
        await rig.CheckAsync();
    }

    [Fact]
    public async Task What_an_entity_knows_counts_where_a_pair_does_not_say()
    {
        await using var rig = await MatchRig.OpenAsync();
        Client At(string place, int day) => new(0, 0, 1, 0, "alpha trading", "", day) { Place = place };
        await rig.ApplyAsync((1, At("east", 1)), (2, At("", 2)));
        await rig.ApplyAsync((3, At("west", 9)));
        Assert.Equal(["1,2", "3"], (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]));
        await rig.ApplyAsync((1, null));
        Assert.Equal(["2,3"], (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]));
        await rig.CheckAsync();
        rig.CheckIndex();
    }

    [Fact]
    public async Task Whom_a_record_without_a_time_joins_does_not_hang_on_who_stands_between_them()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, new(0, 0, 1, 0, "alpha trading", "", 0)), (2, new(0, 0, 1, 0, "alpha tradign", "", 3)), (3, new(0, 0, 1, 0, "alpha tradign", "", 28)));
        await rig.CheckAsync();
        await rig.ApplyAsync((2, new(0, 0, 0, 0, "gamma foods", "", 14)));
        Assert.Equal(["1,3", "2"], (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]));
        await rig.CheckAsync();
    }

    [Fact]
    public async Task Records_under_the_name_of_one_person_are_not_yet_one_company()
    {
        await using var rig = await MatchRig.OpenAsync();
        Client Entered(string contact, int mail) => new(0, 0, 1, mail, "wang", contact, 1) { Place = mail == 1 ? "east" : "west" };
        await rig.ApplyAsync((1, Entered("wang", 1)), (2, Entered("wang", 2)));
        Assert.Equal(["1", "2"], (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]));
        await rig.ApplyAsync((1, Entered("", 3)), (2, Entered("", 3)));
        Assert.Equal(["1,2"], (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]));
        await rig.CheckAsync();
    }

    [Fact]
    public async Task A_large_entity_is_looked_into_when_somebody_connects_it_with_another()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync([.. Enumerable.Range(1, 220).Select(i => ((long)i, (Client?)new(1, 1, 0, 0, "beta works", "", 1)))]);
        await rig.ApplyAsync((501, new(2, 0, 1, 0, "alpha trading", "", 1)));
        await rig.ApplyAsync((502, new(0, 1, 1, 0, "alpha trading", "", 1)));
        Assert.Equal(2, (await rig.OutcomeAsync()).Count);
        await rig.CheckAsync();
        await rig.ApplyAsync((503, new(0, 1, 2, 0, "gamma foods", "", 1)), (504, new(0, 0, 2, 0, "gamma foods", "", 1)));
        await rig.CheckAsync();
        rig.CheckIndex();
    }

    [Fact]
    public async Task A_number_that_becomes_a_switchboard_lets_go_of_whom_it_joined()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, new(0, 0, 1, 0, "alpha trading", "", 1)), (2, new(0, 0, 1, 0, "alpha trading", "", 2)));
        var before = await rig.LinesAsync(withNumbers: true);
        Assert.Single(before);
        await rig.ApplyAsync((3, new(0, 0, 1, 0, "beta works", "", 1)), (4, new(0, 0, 1, 0, "gamma foods", "", 2)));
        Assert.Equal(4, (await rig.OutcomeAsync()).Count);
        await rig.ApplyAsync((3, null), (4, null));
        Assert.Equal(before, await rig.LinesAsync(withNumbers: true));
    }

    [Fact]
    public async Task A_site_that_turns_out_to_be_shared_no_longer_keeps_others_apart()
    {
        await using var rig = await MatchRig.OpenAsync();
        Client With(int mobile, string name, int site) => new(0, 0, mobile, 0, name, "", 1) { Site = site };
        await rig.ApplyAsync((1, With(1, "wang", 1)), (2, With(1, "wang", 2)));
        var before = await rig.LinesAsync(withNumbers: true);
        Assert.Equal(2, before.Count);
        await rig.ApplyAsync((3, With(2, "li", 1)));
        Assert.Equal(["1,2", "3"], (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]));
        await rig.CheckAsync();
        await rig.ApplyAsync((3, null));
        Assert.Equal(before, await rig.LinesAsync(withNumbers: true));
        rig.CheckIndex();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_site_that_turns_out_to_be_shared_is_so_for_whom_the_same_batch_meets_by_a_strong_key(bool isSaidFirst)
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, new(0, 1, 1, 0, "wang", "", 1) { Site = 1 }));
        await rig.ApplyAsync((2, new(0, 0, 1, 0, "wang", "", 1) { Site = 3 }));
        await rig.ApplyAsync((3, new(0, 0, 0, 5, "wang", "", 1) { Site = 1, OtherSite = 7 }));
        Assert.Equal(["1", "2", "3"], (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]));
        (long, Client?) met = (4, new(0, 1, 0, 5, "wang", "", 1) { Site = 2 });
        (long, Client?) said = (5, new(0, 0, 0, 0, "li", "", 1) { Site = 1 });
        await (isSaidFirst ? rig.ApplyAsync(said, met) : rig.ApplyAsync(met, said));
        Assert.Equal(["1,2,4", "3", "5"], (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]));
        await rig.CheckAsync();
        rig.CheckIndex();
    }

    [Fact]
    public async Task A_mobile_number_used_by_somebody_else_years_later_joins_nobody()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, new(0, 0, 1, 0, "wang", "", 1)), (2, new(0, 0, 1, 0, "wang", "", 2000)), (3, new(0, 0, 2, 0, "wang", "", 1)), (4, new(0, 0, 2, 0, "wang", "", 5)));
        Assert.Equal(["1 {\"name\":\"wang\"}", "2 {\"name\":\"wang\"}", "3,4 {\"name\":\"wang\"}"], await rig.OutcomeAsync());
    }

    [Fact]
    public async Task Under_what_another_model_listed_a_contribution_it_is_no_longer_found()
    {
        await using var rig = await MatchRig.OpenAsync();
        Client Reached(int mobile) => new(0, 0, mobile, 1, "alpha trading", "wang", 1);
        await rig.ApplyAsync((1, Reached(1)));
        await rig.UseAsync(text => text.Replace("[name, contact]]", "[name, stem]]", StringComparison.Ordinal));
        await rig.ApplyAsync((1, Reached(2)));
        rig.CheckIndex();
        await rig.UseAsync(text => text);
        await rig.ApplyAsync((1, Reached(3)), (2, Reached(3)));
        rig.CheckIndex();
        await rig.CheckAsync();
    }

    [Fact]
    public async Task A_changed_contribution_is_listed_anew_only_where_it_differs()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, new(0, 0, 1, 1, "alpha trading", "wang", 1)), (2, new(0, 0, 2, 2, "beta works", "li", 1)));
        // Behind them, so that a number given out anew is another one.
        await rig.ApplyAsync((3, new(0, 0, 3, 3, "gamma foods", "", 1)));
        var before = rig.Query("SELECT id FROM profiles ORDER BY id");
        await rig.ApplyAsync((1, new(0, 0, 1, 2, "alpha trading", "wang", 1)), (2, new(0, 0, 2, 1, "beta works", "li", 1)));
        Assert.Equal(before, rig.Query("SELECT id FROM profiles ORDER BY id"));
        rig.CheckIndex();
        // Both say the same now: one profile, two who have it.
        await rig.ApplyAsync((1, new(0, 0, 2, 1, "beta works", "li", 1)));
        Assert.Equal(before[1..], rig.Query("SELECT id FROM profiles ORDER BY id"));
        rig.CheckIndex();
        await rig.CheckAsync();
    }

    [Fact]
    public async Task A_contribution_that_follows_one_whom_nobody_has_stays_whoever_takes_the_other_away_again()
    {
        await using var rig = await MatchRig.OpenAsync();
        await using var transaction = await rig.Store.BeginAsync(TestContext.Current.CancellationToken);
        ProfileDelta Of(byte hash, long entity, int delta) => new(rig.Type.Number, hash, () => [hash], [(1, 7)], entity, delta);
        await transaction.Matches.ApplyAsync([Of(1, 1, 1)]);
        await transaction.Matches.ApplyAsync([Of(2, 1, 1), Of(1, 1, -1), Of(1, 2, -1)]);
        var id = Assert.Single(await transaction.Matches.CandidatesAsync(1, 7, 10));
        Assert.Equal([2], Assert.Single(await transaction.Matches.ProfilesAsync([id])).Body);
    }

    [Fact]
    public async Task A_value_that_too_many_have_is_shared_although_more_would_be_allowed_to_share_it()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.UseAsync(text => text.Replace("mobile: { strength: joint, shared: 2,", "mobile: { strength: joint, shared: 8,", StringComparison.Ordinal));
        await rig.ApplyAsync((1, new(0, 0, 1, 4, "", "", 1)), (2, new(0, 0, 1, 4, "", "", 1) { Site = 1 }));
        await rig.CheckAsync();
        for (var i = 3; i < 9; i++)
        {
            await rig.ApplyAsync((i, new(0, 0, 1, 0, $"{i}", "", 1)));
            await rig.CheckAsync();
        }

        await rig.ApplyAsync((2, new(0, 0, 1, 4, "", "", 1) { Site = 2 }));
        await rig.CheckAsync();
        rig.CheckIndex();
    }

    /// <summary>0.2 + 0.1 + 0.3 is more than 0.3 + 0.2 + 0.1.</summary>
    [Fact]
    public async Task A_pair_that_reaches_what_it_takes_by_a_rounding_is_found()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.UseAsync(text => text
            .Replace("mobile: { equal: 7, apart: 3, withinDays: 10 }", "mobile: { equal: 0.2 }", StringComparison.Ordinal)
            .Replace("email: { equal: 8 }", "email: { equal: 0.1 }", StringComparison.Ordinal)
            .Replace("name: { equal: 6,", "name: { equal: 0.3,", StringComparison.Ordinal)
            .Replace("merge: 10", "merge: 0.6000000000000001", StringComparison.Ordinal)
            .Replace("propose: 5", "propose: 0.5", StringComparison.Ordinal));
        await rig.ApplyAsync((1, new(0, 0, 1, 1, "beta", "", 1)));
        await rig.ApplyAsync((2, new(0, 0, 1, 1, "beta", "", 1) { Place = "east" }));
        Assert.Equal(["1,2"], (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]));
        await rig.CheckAsync();
    }

    [Fact]
    public async Task A_value_that_too_many_have_joins_nobody_whose_entities_are_looked_at_again_for_something_else()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, new(0, 0, 1, 1, "beta works", "", 1)), (2, new(0, 0, 2, 1, "beta works", "", 1)));
        Assert.Equal(["1,2"], (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]));
        for (var i = 3; i < 9; i++)
            await rig.ApplyAsync((i, new(0, 0, 0, 1, $"{i}", "", 1)));
        await rig.ApplyAsync((9, new(0, 0, 1, 0, "beta works", "", 1)), (10, new(0, 0, 2, 0, "beta works", "", 1)));
        Assert.Equal(["1,9", "2,10"], (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]).Where(l => l.Contains(',')));
        await rig.CheckAsync();
    }

    [Fact]
    public async Task A_record_that_changes_nothing_identity_sees_is_found_by_who_comes_with_it()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, new(0, 0, 0, 1, "beta works", "", 1)));
        // A blocked number is none.
        await rig.ApplyAsync((1, new(0, 0, 9, 1, "beta works", "", 1)), (2, new(0, 0, 0, 1, "beta works", "", 1)));
        Assert.Equal(["1,2"], (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]));
        await rig.CheckAsync();
        rig.CheckIndex();
    }

    [Theory]
    [InlineData("hint", "east|east")]
    [InlineData("hint", @"east\u001f|east ")]
    [InlineData("evidence", "east")]
    public async Task A_limit_holds_for_who_comes_by_a_strong_key_however_the_value_was_said(string strength, string said)
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.UseAsync(text => text.Replace("place: { strength: evidence }", $"place: {{ strength: {strength}, limit: 1 }}", StringComparison.Ordinal));
        await rig.ApplyAsync((1, new(0, 1, 0, 0, "", "", 1) { Place = said }));
        await rig.ApplyAsync((2, new(0, 1, 0, 0, "", "", 1) { Place = "west" }));
        Assert.Equal(["1", "2"], (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]));
        await rig.CheckAsync();
    }

    [Fact]
    public async Task Who_no_longer_says_what_joined_it_leaves_a_large_entity_too()
    {
        await using var rig = await MatchRig.OpenAsync();
        Client Met(int record) => record == 1 ? new(0, 1, 1, 0, "alpha trading", "", 1) : new(0, 1, 0, 0, "", "", 1);
        await rig.ApplyAsync([.. Enumerable.Range(1, 201).Select(r => ((long)r, (Client?)Met(r)))]);
        await rig.ApplyAsync((300, new(0, 0, 1, 0, "alpha trading", "", 1)));
        Assert.Single(await rig.OutcomeAsync());
        await rig.ApplyAsync((300, new(0, 0, 2, 0, "gamma foods", "", 1)));
        Assert.Equal(2, (await rig.OutcomeAsync()).Count);
        await rig.CheckAsync();
        rig.CheckIndex();
    }

    [Fact]
    public async Task A_blocked_value_joins_nobody()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync((1, new(0, 0, 9, 0, "alpha trading", "", 1)), (2, new(0, 0, 9, 0, "alpha trading", "", 1)));
        Assert.Equal(2, (await rig.OutcomeAsync()).Count);
    }
}
