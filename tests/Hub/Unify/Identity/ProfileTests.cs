using System.Text;
using IntegrationHub.Model;
using IntegrationHub.Unify;
using IntegrationHub.Unify.Identity;
using IntegrationHub.Unify.Identity.Evaluation;

namespace IntegrationHub.Tests.Unify.Identity;

public sealed class ProfileTests
{
    private static readonly EntityModel Model = ModelOf("mobile, name");
    private static readonly EntityBinding Binding = new Bindings(Model, EvaluationStore.CatalogOf(Model)).Of(Model.Entities[0]);
    private static readonly MatchPlan Plan = Binding.Plan;

    [Fact]
    public void FromBytes_of_the_same_model_says_the_same()
    {
        var profile = new Profile([["+8613712345678"], ["alpha", "beta"]]);
        var kept = Profile.FromBytes(Plan, profile.ToBytes(), profile.Hash);
        Assert.All(Enumerable.Range(0, Plan.Kinds.Length), kind => Assert.Equal(profile[kind], kept[kind]));
        Assert.Equal(profile.Hash, kept.Hash);
        Assert.Equal(profile.Candidates(Plan), kept.Candidates(Plan));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1,2")]
    public void FromBytes_of_a_model_with_one_kind_says_the_same(string said)
    {
        var plan = PlanOf("mobile");
        Assert.Single(plan.Kinds);
        var profile = new Profile([said.Split(',', StringSplitOptions.RemoveEmptyEntries)]);
        var kept = Profile.FromBytes(plan, profile.ToBytes(), profile.Hash);
        Assert.Equal(profile[0], kept[0]);
        Assert.True(profile.Said(0).SequenceEqual(kept.Said(0)));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"identity":{"name":["beta","alpha"]}}""")]
    [InlineData("""{"identity":{"mobile":["1","","2"]}}""")]
    [InlineData("""{"identity":{"mobile":["a\u001eb","a\u001fb"],"name":["\u001e","乙"]}}""")]
    public void FromBytes_of_what_was_read_says_the_same(string contribution)
    {
        var (_, profile) = ContributionDocument.Identity(1, "1", Encoding.UTF8.GetBytes(contribution), Binding);
        var kept = Profile.FromBytes(Plan, profile.ToBytes(), profile.Hash);
        Assert.All(Enumerable.Range(0, Plan.Kinds.Length), kind => Assert.Equal(profile[kind], kept[kind]));
        Assert.Equal(profile.Candidates(Plan), kept.Candidates(Plan));
    }

    [Fact]
    public void Bytes_of_a_model_with_other_kinds_are_told_apart()
    {
        var profile = new Profile([["+8613712345678"], ["alpha"]]);
        Assert.True(Profile.IsOf(Plan, profile.ToBytes()));
        Assert.False(Profile.IsOf(PlanOf("mobile, name, contact"), profile.ToBytes()));
    }

    [Fact]
    public void Candidates_of_several_kinds_are_their_combinations_without_what_says_the_same()
    {
        var plan = PlanOf("[mobile, name]");
        Assert.Equal(4, new Profile([["1", "2"], ["a", "b"]]).Candidates(plan).Length);
        Assert.Empty(new Profile([["1", "2"], []]).Candidates(plan));
        var besides = PlanOf("[name, contact]", "compare: { contact: { equal: 4, besides: [name] } }");
        Assert.Single(new Profile([["wang", "li"], ["wang"]]).Candidates(besides));
        Assert.Equal(64, new Profile([[.. Enumerable.Range(0, 20).Select(i => $"{i}")], [.. Enumerable.Range(0, 20).Select(i => $"n{i}")]]).Candidates(plan).Length);
    }

    private static MatchPlan PlanOf(string candidates, string compare = "compare: {}") => new(ModelOf(candidates, compare).Entities[0]);

    private static EntityModel ModelOf(string candidates, string compare = "compare: {}") => ModelFiles.Compile([("client.yaml", $$"""
        entity: client
        label: name
        identity:
          mobile: { strength: joint }
          name: { strength: joint }
          contact: { strength: joint }
        matching:
          candidates: [{{candidates}}]
          {{compare}}
          merge: 10
        fields:
          name: { type: text, class: business }
        """)]);
}
