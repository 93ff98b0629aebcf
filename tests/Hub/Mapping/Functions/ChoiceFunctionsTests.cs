namespace IntegrationHub.Tests.Mapping.Functions;

public sealed class ChoiceFunctionsTests
{
    [Theory]
    [InlineData("[1, 3] | lookup({1: 'a'}, null)", "[\"a\", null]")]
    [InlineData("1.0 | lookup({1: 'a'})", "fault")]
    [InlineData("[] | default('x')", "\"x\"")]
    [InlineData("[null] | coalesce('x')", "\"x\"")]
    [InlineData("absent | default(null)", "null")]
    [InlineData("false | default(true)", "false")]
    [InlineData("\"0\" | nullIf(0)", "null")]
    [InlineData("[\"-\", \"a\"] | nullIf('-')", "[null, \"a\"]")]
    [InlineData("[] | required", "fault")]
    [InlineData("\"ＹＥＳ\" | boolean", "true")]
    [InlineData("2 | boolean", "fault")]
    public void Call_gives(string expression, string expected) => FunctionLibraryTests.Check(expression, expected);
}
