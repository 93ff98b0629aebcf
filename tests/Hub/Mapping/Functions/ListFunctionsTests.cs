namespace IntegrationHub.Tests.Mapping.Functions;

public sealed class ListFunctionsTests
{
    [Theory]
    [InlineData("[] | first", "absent")]
    [InlineData("[null, 1] | first", "null")]
    [InlineData("[1, 1.0, \"1\", 1] | distinct", "[1, 1.0, \"1\"]")]
    [InlineData("[{\"a\": 1}, {\"a\": 1}] | distinct", "[{\"a\": 1}]")]
    [InlineData("absent | distinct", "[]")]
    [InlineData("\"a\" | distinct", "[\"a\"]")]
    [InlineData("null | count", "0")]
    [InlineData("[\"0.1\", 0.2] | sum", "0.3")]
    [InlineData("[79228162514264337593543950335, 1] | sum", "fault")]
    [InlineData("[\"a\"] | sum", "fault")]
    [InlineData("[null] | min", "absent")]
    [InlineData("[1, \"a\"] | max", "fault")]
    [InlineData("[\"2024-03-05T10:00:00+08:00\", \"2024-03-05T03:00:00Z\"] | sort", "[\"2024-03-05T10:00:00+08:00\", \"2024-03-05T03:00:00Z\"]")]
    [InlineData("[\"\", \"a\"] | join(',')", "\",a\"")]
    [InlineData("[true, 1, \"x\"] | join", "\"true1x\"")]
    [InlineData("[{\"a\": 1}] | join(',')", "fault")]
    [InlineData("[1, 2] | at(-3)", "absent")]
    [InlineData("[\"　\", \"\"] | compact", "[]")]
    public void Call_gives(string expression, string expected) => FunctionLibraryTests.Check(expression, expected);
}
