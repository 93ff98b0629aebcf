namespace IntegrationHub.Tests.Mapping.Functions;

public sealed class MoneyFunctionsTests
{
    [Theory]
    [InlineData("\"￥ 1,234.50\" | money('cny')", "{\"amount\": 1234.50, \"currency\": \"CNY\"}")]
    [InlineData("\"-¥5.00\" | money('CNY')", "{\"amount\": -5.00, \"currency\": \"CNY\"}")]
    [InlineData("\"¥-5\" | money('CNY')", "{\"amount\": -5, \"currency\": \"CNY\"}")]
    [InlineData("\"-5\" | money('CNY')", "{\"amount\": -5, \"currency\": \"CNY\"}")]
    [InlineData("\"-¥-5\" | money('CNY')", "fault")]
    [InlineData("\"10 EUR\" | money('EUR')", "{\"amount\": 10, \"currency\": \"EUR\"}")]
    [InlineData("\"$10\" | money('CNY')", "fault")]
    [InlineData("\"¥10\" | money('JPY')", "{\"amount\": 10, \"currency\": \"JPY\"}")]
    [InlineData("\"\" | money('CNY')", "fault")]
    [InlineData("\"面议\" | money('CNY')", "fault")]
    [InlineData("\"１２．５０元\" | money('CNY')", "{\"amount\": 12.50, \"currency\": \"CNY\"}")]
    [InlineData("9007199254740993.01 | money('CNY')", "{\"amount\": 9007199254740993.01, \"currency\": \"CNY\"}")]
    [InlineData("1e400 | money('CNY')", "fault")]
    [InlineData("-1999 | minorUnits('CNY')", "{\"amount\": -19.99, \"currency\": \"CNY\"}")]
    [InlineData("0 | minorUnits('CNY')", "{\"amount\": 0.00, \"currency\": \"CNY\"}")]
    [InlineData("1500 | minorUnits('KWD')", "{\"amount\": 1.500, \"currency\": \"KWD\"}")]
    [InlineData("19.99 | minorUnits('CNY')", "fault")]
    [InlineData("null | money('CNY')", "null")]
    public void Call_gives(string expression, string expected) => FunctionLibraryTests.Check(expression, expected);
}
