using IntegrationHub.Json;
using IntegrationHub.Mapping.JsonPath;

namespace IntegrationHub.Tests.Mapping.JsonPath;

public sealed class JsonPathConditionTests
{
    [Theory]
    [InlineData("$.a.type == 1 && !@.b", true)]
    [InlineData(" @.type != 1 || $.b == 'x'\n", true)]
    [InlineData("$.a.type == 2", false)]
    [InlineData("@.type", true)]
    [InlineData("!($.b == 'x')", false)]
    [InlineData("match($.b, '[x-z]')", true)]
    public void Condition_is_judged_at_the_current_node(string text, bool expected)
    {
        var tape = new JsonTape();
        Assert.True(tape.Parse("{\"a\":{\"type\":1},\"b\":\"x\"}"u8.ToArray()).IsOk);
        Assert.Equal(expected, JsonPathCondition.Parse(text).Evaluate(tape, 0, tape.Find(0, "a"u8)));
    }

    [Theory]
    [InlineData("", "column 1: expected a path, a literal, a function, '!' or '(', found the end of the text")]
    [InlineData("$.a == 1 $", "column 10: expected '&&', '||' or the end of the condition, found '$'")]
    [InlineData("$.a and $.b", "column 5: expected '&&', '||' or the end of the condition, found 'a'")]
    [InlineData("$.a == yes", "column 8: unknown word 'yes'; a text needs quotes, a path starts with '$' or '@'")]
    [InlineData("!$.a == 1", "column 6: a comparison is negated as !(...), with parentheses")]
    public void Error_tells_where_and_why(string text, string expected)
    {
        Assert.False(JsonPathCondition.TryParse(text, out _, out var error));
        Assert.Equal(expected, error.ToString());
    }

    [Fact]
    public void Too_much_work_is_an_outcome()
    {
        var tape = new JsonTape();
        Assert.True(tape.Parse("[1,2,3,4,5,6,7,8]"u8.ToArray()).IsOk);
        var condition = JsonPathCondition.Parse("!(count($..*) == 1)");
        Assert.False(condition.Evaluate(tape, 0, 0, out var outcome, maxWork: 5));
        Assert.Equal(JsonPathOutcome.WorkLimit, outcome);
    }
}
