using System.Globalization;
using CsCheck;
using IntegrationHub.Model;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Tests.Unify.Identity;

public sealed class PairScoreTests
{
    /// <summary>Anything is enough, so everything is looked at.</summary>
    private static readonly MatchPlan Plan = PlanOf(merge: -100);

    private static MatchPlan PlanOf(double merge) => new(ModelFiles.Compile([("client.yaml", $$"""
        entity: client
        label: name
        identity:
          mobile: { strength: joint, shared: 2 }
          email: { strength: joint, shared: 1 }
          name: { strength: hint, shared: 3 }
          site: { strength: hint, shared: 1 }
          stem: { strength: hint, shared: 1 }
          contact: { strength: evidence }
          place: { strength: evidence }
          mood: { strength: evidence }
        matching:
          candidates: [mobile, email, [name, contact]]
          compare:
            mobile: { equal: 7, apart: 3, withinDays: 10, different: -2 }
            email: { equal: 8, shared: 5, apart: -1, withinDays: 4, different: -3 }
            name: { equal: 6, apart: 2, withinDays: 7, similar: { 0.9: 4, 0.7: -1 }, different: -5, crossed: contact, crossedEqual: 3 }
            site: { equal: 2, different: -5, unless: [email] }
            stem: { equal: 3, shared: -2, similar: { 0.7: 3.5 }, different: -4 }
            contact: { equal: 4, different: -1, besides: [name] }
            place: { equal: 1, apart: -1, withinDays: 2, different: -7 }
            mood: { equal: -2.5, different: 3.25 }
          merge: {{merge}}
          propose: {{merge - 5}}
        fields:
          name: { type: text, class: business }
        """)]).Entities[0]);

    /// <summary>For each kind its values, as numbers. Of a kind with many there are more than are looked up.</summary>
    private static readonly Gen<int[][]> Values =
        Gen.Frequency((12, Gen.Int[0, 4].HashSet[0, 3]), (1, Gen.Int[0, 99].HashSet[65, 75])).Select(v => v.ToArray()).Array[Plan.Kinds.Length];

    /// <summary>Two profiles, and which values of each kind are shared by too many.</summary>
    private static readonly Gen<(Profile A, Profile B, HashSet<(int Kind, string Value)> Shared)> Pairs =
        Gen.Select(Values, Values, Gen.Int[0, 99].HashSet[0, 90].Array[Plan.Kinds.Length])
            .Select((a, b, shared) => (ProfileOf(a), ProfileOf(b), shared.SelectMany((s, kind) => s.Where(_ => Plan.Shared[kind] is not null).Select(v => (kind, Text(kind, v)))).ToHashSet()));

    /// <summary>Whether two are the same is told without what only the other side says, so that may not lead out of the bounds.</summary>
    [Theory]
    [InlineData(-100)]
    [InlineData(2)]
    [InlineData(10)]
    public void Range_holds_whichever_values_of_the_other_side_are_shared(double merge)
    {
        var plan = PlanOf(merge);
        Pairs.Sample(
            pair =>
            {
                var (a, b, shared) = pair;
                bool IsKnown(int kind, string value) => shared.Contains((kind, value)) && Array.IndexOf(a[kind], value) is >= 0 and < Profile.MostJoined;
                var (least, most) = PairScore.Range(plan, a, Profile.FromBytes(plan, b.ToBytes(), b.Hash), IsKnown);
                var score = PairScore.Of(plan, a, b, (kind, value) => shared.Contains((kind, value)));
                Assert.InRange(Math.Max(score.Near, score.Apart), least, most);
                Assert.True(double.IsFinite(least) || most < merge);
            },
            iter: 20_000,
            print: Print);
    }

    /// <summary>Where the other side says nothing else, nothing is open.</summary>
    [Fact]
    public void Range_of_a_profile_and_itself_is_its_score() => Pairs.Sample(
        pair =>
        {
            var (a, _, shared) = pair;
            if (Enumerable.Range(0, Plan.Kinds.Length).Any(kind => a[kind].Length > Profile.MostJoined))
                return;
            bool IsShared(int kind, string value) => shared.Contains((kind, value));
            var score = PairScore.Of(Plan, a, a, IsShared);
            Assert.Equal((Math.Max(score.Near, score.Apart), Math.Max(score.Near, score.Apart)), PairScore.Range(Plan, a, a, IsShared));
        },
        iter: 5_000,
        print: Print);

    private static Profile ProfileOf(int[][] values) => new([.. values.Select((v, kind) => v.Select(n => Text(kind, n)).Order(StringComparer.Ordinal).ToArray())]);

    /// <summary>A name and who is asked for may be the same; some values are similar.</summary>
    private static string Text(int kind, int number) => Plan.Kinds[kind] switch
    {
        "name" or "contact" => number switch { 0 => "wang", 1 => "alpha trading", 2 => "alpha tradign", _ => "n" + number.ToString("00", CultureInfo.InvariantCulture) },
        "stem" => number switch { 0 => "alpha", 1 => "alphe", _ => "t" + number.ToString("00", CultureInfo.InvariantCulture) },
        var name => name + number.ToString("00", CultureInfo.InvariantCulture),
    };

    private static string Print((Profile A, Profile B, HashSet<(int Kind, string Value)> Shared) pair) =>
        $"{Said(pair.A)} | {Said(pair.B)} | {string.Join(' ', pair.Shared.Select(s => $"{Plan.Kinds[s.Kind]}:{s.Value}"))}";

    private static string Said(Profile profile) => string.Join(' ', Plan.Kinds.Select((name, kind) => $"{name}={string.Join('/', profile[kind])}"));
}
