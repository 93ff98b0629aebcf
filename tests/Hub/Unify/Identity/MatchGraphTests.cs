using CsCheck;
using IntegrationHub.Model;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Tests.Unify.Identity;

public sealed class MatchGraphTests
{
    private const long Day = 86_400_000;

    private static readonly MatchPlan Plan = new(ModelFiles.Compile([("client.yaml", """
        entity: client
        label: name
        identity:
          mobile: { strength: joint }
          email: { strength: joint }
          name: { strength: hint }
        matching:
          candidates: [mobile, email]
          compare:
            mobile: { equal: 8, apart: 3, withinDays: 10 }
            email: { equal: 5, apart: 4, withinDays: 4 }
            name: { equal: 6, similar: { 0.7: 4 }, different: -5, unless: [email] }
          merge: 10
          propose: 5
        fields:
          name: { type: text, class: business }
        """)]).Entities[0]);

    private static readonly Gen<MatchNode[]> Nodes =
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 1], Gen.Int[0, 2], Gen.Frequency((1, Gen.Const(0)), (4, Gen.Int[-10, 30]))).Array[1, 30]
            .Select(all => all.Select((n, i) => Node(new[] { "", "M1", "M2" }[n.Item1], n.Item2 == 0 ? "" : "E1", new[] { "alpha trading", "alpha tradign", "beta works" }[n.Item3], n.Item4, i)).ToArray());

    /// <summary>Only neighbours in time are looked at, which may not show: whom that connects may not depend on who else is there.</summary>
    [Fact]
    public void Neighbours_in_time_connect_whom_all_pairs_connect() => Nodes.Sample(
        nodes =>
        {
            var parts = PartsByAllPairs(nodes);
            Assert.Equal(parts, Parts(nodes, every: false));
            Assert.Equal(parts, Parts(nodes, every: true));
        },
        iter: 20_000,
        print: nodes => string.Join(" | ", nodes.Select(n => $"{string.Join(" ", Plan.Kinds.SelectMany((_, k) => n.Profile[k]))} {n.Time / Day}")));

    [Fact]
    public void What_is_seen_at_no_known_time_is_near_to_all_of_those_who_say_the_same()
    {
        MatchNode[] nodes = [Node("M1", "", "alpha trading", 0, 0), Node("M1", "", "alpha tradign", 3, 1), Node("M1", "", "alpha tradign", 28, 2)];
        Assert.Equal([0, 0, 0], Parts(nodes, every: false));
        Assert.Equal([0, 1], Parts(nodes[1..], every: false));
    }

    private static MatchNode Node(string mobile, string email, string name, int day, int number)
    {
        var values = new Dictionary<string, string> { ["mobile"] = mobile, ["email"] = email, ["name"] = name };
        return new(new([.. Plan.Kinds.Select(k => values[k].Length > 0 ? new[] { values[k] } : [])]), [], day * Day, $"{number}", number);
    }

    private static List<int> PartsByAllPairs(MatchNode[] nodes)
    {
        var states = new MatchGraph(Plan, nodes).JudgeAll();
        var sets = new DisjointSets(nodes.Length);
        double Score(MatchNode a, MatchNode b) => PairScore.Of(Plan, a.Profile, b.Profile, states.IsShared).At(a.Time, b.Time);
        bool Recognises(MatchNode node) => PairScore.Of(Plan, node.Profile, node.Profile, states.IsShared).Near >= Plan.Rules.Merge;
        for (var i = 0; i < nodes.Length; i++)
            for (var j = 0; j < i; j++)
                if (nodes[i].Profile.Candidates(Plan).Intersect(nodes[j].Profile.Candidates(Plan)).Any() && Recognises(nodes[i]) && Recognises(nodes[j]) && Score(nodes[i], nodes[j]) >= Plan.Rules.Merge)
                    sets.Join(i, j);
        return [.. Enumerable.Range(0, nodes.Length).Select(sets.Find)];
    }

    private static List<int> Parts(MatchNode[] nodes, bool every)
    {
        var graph = new MatchGraph(Plan, nodes);
        var sets = new DisjointSets(nodes.Length);
        foreach (var edge in graph.Edges(graph.JudgeAll(), every))
            sets.Join(edge.A, edge.B);
        return [.. Enumerable.Range(0, nodes.Length).Select(sets.Find)];
    }
}
