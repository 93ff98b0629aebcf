using IntegrationHub.Model;

namespace IntegrationHub.Tests.Model.Matching;

public sealed class BlockedValuesTests
{
    [Theory]
    [InlineData("13800138000", "13800138000", true)]
    [InlineData("13800138000", "138001380001", false)]
    [InlineData("info@*", "Info@a.cn", true)]
    [InlineData("info@*", "myinfo@a.cn", false)]
    [InlineData("*@example.com", "li@EXAMPLE.com", true)]
    [InlineData("*@example.com", "li@example.com.cn", false)]
    [InlineData("ÉCOLE@*", "école@a.fr", true)]
    [InlineData("*", "a", true)]
    [InlineData("a*", "", false)]
    [InlineData("a*c", "abbc", true)]
    [InlineData("a*c", "abbd", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("\\*", "*", true)]
    [InlineData("\\*", "a", false)]
    public void Contains_a_pattern_whatever_its_form_matches_as_the_general_one_does(string pattern, string value, bool blocked)
    {
        Assert.Equal(blocked, System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, value));
        Assert.Equal(blocked, new BlockedValues([pattern]).Contains(value));
    }

    [Fact]
    public void Blocks_a_kind_copied_with_other_values_blocks_those()
    {
        var kind = new IdentityKind("mobile", Strength.Joint, "") { Blocked = ["1*"] };
        var other = kind with { Blocked = ["2*"] };
        Assert.True(kind.Blocks("12"));
        Assert.False(other.Blocks("12"));
        Assert.True(other.Blocks("22"));
    }
}
