using IntegrationHub.Mapping;
using IntegrationHub.Mapping.Functions;

namespace IntegrationHub.Tests.Mapping.Functions;

public sealed class BindTests
{
    private static readonly Argument Expression = new(null, null);

    public static TheoryData<string, string, int, string> Refusals => new()
    {
        { "extract", "(a", 0, "expected a regular expression, found '(a'" },
        { "extract", "(?=a)", 0, "without look-around" },
        { "replaceMatch", "(a)\\1", 0, "without look-around and back-references" },
        { "time", "Mars/Phobos", 0, "a fixed offset such as '+08:00', found 'Mars/Phobos'" },
        { "time", "+99:00", 0, "found '+99:00'" },
        { "epoch", "h", 0, "expected 's', 'ms' or 'us', found 'h'" },
        { "money", "XYZ", 0, "expected a currency code of ISO 4217 such as 'CNY', found 'XYZ'" },
        { "phone", "China", 0, "found 'China'" },
        { "split", "", 0, "expected a separator" },
        { "number", "x", 0, "found 'x'" },
        { "number", ".", 0, "other than the decimal point" },
        { "lookup", "x", 0, "expected a literal map such as {1: male, 2: female}, found 'x'" },
        { "substring", "x", 0, "expected a start" },
        { "timeFormat", "d", 0, "expected a date pattern" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Unusable_constant_is_refused_with_what_was_expected_and_found(string function, string argument, int index, string message)
    {
        var fault = Assert.Throws<ArgumentFaultException>(() =>
            FunctionLibrary.All[function].Bind([new Argument(Value.Text(argument), null)]));
        Assert.Equal(index, fault.Index);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Expression_where_only_a_constant_can_stand_is_refused()
    {
        foreach (var name in new[] { "extract", "split", "time", "truncate", "atZone", "join" })
        {
            var fault = Assert.Throws<ArgumentFaultException>(() => FunctionLibrary.All[name].Bind([Expression]));
            Assert.Contains("only a constant can stand here", fault.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("money", "EUR", "object")]
    [InlineData("money", "人民币", "object")]
    [InlineData("money", "?", "fault: not a currency of ISO 4217")]
    [InlineData("minorUnits", "eur", "object")]
    [InlineData("phone", "CN", "+8613800138000")]
    [InlineData("phone", "中国", "+8613800138000")]
    [InlineData("phone", "?", "fault: a phone number without country code, and no region is given")]
    [InlineData("plus", "1", "13800138001")]
    [InlineData("plus", "one", "fault: not a number")]
    [InlineData("default", "x", "13800138000")]
    public void Argument_of_the_record_is_used_at_run_time(string function, string argument, string expected)
    {
        var body = FunctionLibrary.All[function].Bind([Expression]);
        Assert.Equal(expected, body(Value.Number("13800138000"u8.ToArray(), 0, 11), [Value.Text(argument)], new Scratch()).ToString());
    }

    [Fact]
    public void Faulty_argument_is_given_back_only_where_it_is_needed()
    {
        var fault = Value.Fault("x");
        Assert.Equal("fault: x", FunctionLibrary.All["default"].Bind([Expression])(Value.Null, [fault], new Scratch()).ToString());
        Assert.Equal("a", FunctionLibrary.All["default"].Bind([Expression])(Value.Text("a"), [fault], new Scratch()).ToString());
        Assert.Equal("fault: x", FunctionLibrary.All["money"].Bind([Expression])(Value.Text("1"), [fault], new Scratch()).ToString());
        Assert.Equal("fault: x", FunctionLibrary.All["plusDays"].Bind([Expression])(Value.Text("2024-03-05"), [fault], new Scratch()).ToString());
    }
}
