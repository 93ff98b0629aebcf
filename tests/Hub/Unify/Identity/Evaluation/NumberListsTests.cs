using CsCheck;
using IntegrationHub.Unify.Identity.Evaluation;

namespace IntegrationHub.Tests.Unify.Identity.Evaluation;

public sealed class NumberListsTests
{
    /// <summary>Adds and removes numbers of a few lists at random, as sets would.</summary>
    [Fact]
    public void They_hold_what_sets_hold() => Gen.Select(Gen.Bool, Gen.Long[0, 3], Gen.Int[1, 6]).List[0, 200].Sample(
        steps =>
        {
            var lists = new NumberLists();
            var sets = new Dictionary<long, HashSet<int>>();
            foreach (var (adds, hash, number) in steps)
            {
                if (!sets.TryGetValue(hash, out var set))
                    sets[hash] = set = [];
                if (adds && set.Add(number))
                    lists.Add(hash, number);
                else if (!adds && set.Remove(number))
                    lists.Remove(hash, number);
                foreach (var (of, numbers) in sets)
                {
                    Assert.Equal(numbers.Select(n => (long)n).Order(), lists.First(of, 100).Order());
                    var first = lists.First(of, 2);
                    Assert.Equal(Math.Min(2, numbers.Count), first.Length);
                    Assert.All(first, n => Assert.Contains((int)n, numbers));
                }
            }
        });

    /// <summary>A profile may have a value twice, by two ways to it.</summary>
    [Fact]
    public void What_is_added_twice_in_a_row_is_there_once()
    {
        var lists = new NumberLists();
        foreach (var number in (int[])[7, 7, 8, 8, 9, 9])
            lists.Add(1, number);
        Assert.Equal([7, 8, 9], lists.First(1, 10).Order());
        lists.Remove(1, 8);
        lists.Remove(1, 8);
        Assert.Equal([7, 9], lists.First(1, 10).Order());
        Assert.Empty(lists.First(1, 0));
        Assert.Empty(lists.First(2, 10));
    }
}
