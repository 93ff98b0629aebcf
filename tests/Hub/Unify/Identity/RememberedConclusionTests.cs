namespace IntegrationHub.Tests.Unify.Identity;

/// <summary>
/// What was concluded about a value that too many have is not read again for the next batch. Here those many go, in each way there is, and the value must
/// join the next two who have it.
/// </summary>
public sealed class RememberedConclusionTests
{
    private static readonly (long, Client?)[] Crowd = [(1, Named("abc trading")), (2, Named("abc works"))];
    private static readonly (long, Client?) Witness = (3, Named("abc foods"));
    private static readonly (long, Client?)[] Gone = [(1, null), (2, null), (3, null)];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stem_is_shared_no_longer_than_those_are_there_who_share_it()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync(Crowd);
        await rig.ApplyAsync(Witness);
        await rig.ApplyAsync(Gone);
        await AssertJoinsAsync(rig);
        await rig.CheckAsync();
    }

    [Fact]
    public async Task Stem_is_not_shared_by_those_who_were_rolled_back()
    {
        await using var rig = await MatchRig.OpenAsync();
        await using (var transaction = await rig.Store.BeginAsync(Cancel))
        {
            await rig.ApplyAsync(transaction, Crowd);
            await rig.ApplyAsync(transaction, Witness);
        }

        await AssertJoinsAsync(rig);
        await rig.CheckAsync();
    }

    [Fact]
    public async Task Stem_is_not_shared_by_those_whom_another_process_took_away()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync(Crowd);
        await rig.ApplyAsync(Witness);
        await using (var other = rig.OpenAnother())
        {
            await using var transaction = await other.BeginAsync(Cancel);
            await rig.ApplyAsync(transaction, Gone);
            await transaction.CommitAsync();
        }

        await AssertJoinsAsync(rig);
    }

    [Fact]
    public async Task Site_is_not_shared_by_one_who_goes_by_several_names()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.UseAsync(text => text.Replace(", crossed: contact, crossedEqual: 3, guard: true", "", StringComparison.Ordinal).Replace("besides: [name] }", "guard: true }", StringComparison.Ordinal));
        await rig.ApplyAsync((1, new(0, 0, 0, 0, "li", "chen", 1) { Site = 1 }));
        await rig.ApplyAsync((2, new(0, 0, 1, 0, "wang", "liu|sun", 1) { Site = 1 }));
        await rig.ApplyAsync((3, new(0, 0, 0, 0, "li", "zhou", 1) { Site = 1 }));
        await rig.ApplyAsync((1, null));
        await rig.ApplyAsync((3, null));
        await rig.ApplyAsync((4, new(0, 0, 1, 0, "wang", "", 1) { Site = 2 }));
        Assert.Equal(["2", "4"], (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]));
        await rig.CheckAsync();
    }

    [Fact]
    public async Task Stem_stays_shared_while_others_come_and_go()
    {
        await using var rig = await MatchRig.OpenAsync();
        await rig.ApplyAsync(Crowd);
        await rig.ApplyAsync(Witness);
        await rig.ApplyAsync((3, null));
        await rig.ApplyAsync((4, Caller(1)));
        await rig.ApplyAsync((5, Caller(100)));
        Assert.Equal(["1", "2", "4", "5"], (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]));
        await rig.CheckAsync();
    }

    [Fact]
    public async Task Address_of_too_many_is_looked_at_again_when_they_have_gone()
    {
        await using var rig = await MatchRig.OpenAsync();
        Client Mailed(string name) => new(0, 0, 0, 1, name, "", 1);
        await rig.ApplyAsync([.. "abcdefg".Select((c, i) => (i + 1L, (Client?)Mailed($"{c}")))]);
        await rig.ApplyAsync((8, Mailed("h")));
        await rig.ApplyAsync([.. Enumerable.Range(1, 8).Select(i => ((long)i, (Client?)null))]);
        await rig.ApplyAsync((9, Mailed("x")));
        await rig.ApplyAsync((10, Mailed("x")));
        Assert.Equal(["10,9"], (await rig.OutcomeAsync()).Select(l => string.Join(',', l.Split(' ')[0].Split(',').Order(StringComparer.Ordinal))));
        await rig.CheckAsync();
    }

    /// <summary>Two who are one only by the stem of their name: name and a number given out long ago are not enough.</summary>
    private static async Task AssertJoinsAsync(MatchRig rig)
    {
        await rig.ApplyAsync((4, Caller(1)));
        await rig.ApplyAsync((5, Caller(100)));
        Assert.Equal(["4,5"], (await rig.OutcomeAsync()).Select(l => l.Split(' ')[0]));
    }

    private static Client Named(string name) => new(0, 0, 0, 0, name, "", 1);

    private static Client Caller(int day) => new(0, 0, 1, 0, "abc metal", "", day);
}
