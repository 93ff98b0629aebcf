using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Tests.Unify.Identity;

public sealed class PartitionTests
{
    private const int Blocks = 400;
    private const int RecordsOfBlock = 40;

    private static readonly MatchPlan Plan = new(ModelFiles.Compile([("client.yaml", """
        entity: client
        label: name
        identity:
          code: { strength: strong, limit: 1 }
          mobile: { strength: joint, shared: 6 }
          name: { strength: hint, shared: 8 }
          contact: { strength: evidence }
        matching:
          candidates: [mobile, [name, contact]]
          compare:
            mobile: { equal: 7, apart: 3, withinDays: 10 }
            name: { equal: 6, similar: { 0.7: 4 }, different: -5, crossed: contact, crossedEqual: 3, guard: true }
            contact: { equal: 4, besides: [name] }
          merge: 10
          propose: 5
          mostCandidates: 12
          mostChained: 6
        fields:
          name: { type: text, class: business }
        """)]).Entities[0]);

    /// <summary>Many records are resolved on all cores; that may not show.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Of_many_blocks_that_share_nothing_gives_what_each_gives_by_itself_in_any_order(int seed)
    {
        var random = new Random(seed);
        var blocks = Enumerable.Range(0, Blocks).Select(b => Block(random, b)).ToList();
        var expected = blocks.SelectMany(Entities).Order(StringComparer.Ordinal).ToList();
        Assert.Contains(expected, e => e.Contains(','));

        MatchNode[] all = [.. blocks.SelectMany(b => b)];
        for (var order = 0; order < 3; order++)
        {
            random.Shuffle(all);
            Assert.Equal(expected, Entities(all).Order(StringComparer.Ordinal));
        }
    }

    private static IEnumerable<string> Entities(MatchNode[] nodes)
    {
        var entity = Partition.Of(Plan, nodes, [], key => key.Kind == 1 ? 0 : 1).Entity;
        return Enumerable.Range(0, nodes.Length).GroupBy(i => entity[i]).Select(g => string.Join(',', g.Select(i => nodes[i].Order).Order(StringComparer.Ordinal)));
    }

    private static MatchNode[] Block(Random random, int block) => [.. Enumerable.Range(0, RecordsOfBlock).Select(record =>
    {
        string[] Maybe(double chance, string value) => random.NextDouble() < chance ? [$"{block} {value}"] : [];
        var code = Maybe(0.3, $"C{random.Next(8)}");
        var values = new Dictionary<string, string[]>
        {
            ["code"] = code,
            ["mobile"] = Maybe(0.8, $"M{random.Next(9)}"),
            ["name"] = Maybe(0.9, random.Next(5) switch { 0 => "alpha trading", 1 => "alpha tradign", 2 => "beta works", 3 => "gamma foods", _ => "wang" }),
            ["contact"] = Maybe(0.5, random.Next(2) == 0 ? "wang" : "li"),
        };
        var id = $"{block}-{record}";
        return new MatchNode(new([.. Plan.Kinds.Select(k => values[k])]), [new(0, id), .. code.Select(c => new IdentityKey(1, c))], 86_400_000L * random.Next(40), id, record);
    })];
}
