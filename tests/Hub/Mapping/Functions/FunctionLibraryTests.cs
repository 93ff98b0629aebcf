using System.Text;
using System.Text.Json;
using IntegrationHub.Mapping;
using IntegrationHub.Mapping.Functions;

namespace IntegrationHub.Tests.Mapping.Functions;

public sealed class FunctionLibraryTests
{
    public static TheoryData<string> Examples => [.. FunctionLibrary.All.Values.SelectMany(spec => spec.Examples)];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Example_run_gives_what_it_says(string example)
    {
        var parts = example.Split(" → ");
        Assert.Equal(2, parts.Length);
        Check(parts[0], parts[1]);
    }

    [Fact]
    public void Every_function_is_documented()
    {
        foreach (var spec in FunctionLibrary.All.Values)
        {
            Assert.NotEmpty(spec.Examples);
            Assert.EndsWith(".", spec.Summary, StringComparison.Ordinal);
            Assert.Contains(spec.Group, new[] { "text", "number", "money", "time", "identity", "list", "choice" });
            Assert.All(spec.Examples, example => Assert.Contains("| " + spec.Name, example, StringComparison.Ordinal));
            Assert.All(spec.Parameters, parameter => Assert.EndsWith(".", parameter.Description, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Reference_as_committed_equals_the_generated_text()
    {
        var file = Path.Combine(Repository, "docs", "contracts", "mapping-functions.md");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            File.WriteAllText(file, FunctionReference.Markdown());
        Assert.Equal(File.ReadAllText(file), FunctionReference.Markdown());
    }

    [Fact]
    public void Naughty_strings_through_every_function_never_throw_and_stay_valid_utf8()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository, "tests", "Hub", "data", "naughty-strings", "blns.json")));
        var strings = document.RootElement.EnumerateArray().Select(element => element.GetString()!).ToList();
        strings.AddRange(["\0", "😀", "年", "+", "-", "@", "<", "<>", "mailto:", "<!--", "<a", new string('9', 500), "1e999999999999", "￥", "\uFEFF", "。。。"]);
        var scratch = new Scratch();
        foreach (var spec in FunctionLibrary.For(ExampleRunner.Context).Values)
        {
            foreach (var arguments in Arguments(spec))
            {
                var body = spec.Bind([.. arguments.Select(value => value.Kind == ValueKind.Object ? new Argument(null, [new("a", Value.Text("b"))]) : new Argument(value, null))]);
                foreach (var text in strings)
                {
                    scratch.Reset();
                    var result = ExampleRunner.Apply(spec, body, Value.Text(text), arguments, scratch);
                    AssertWellFormed(result, spec.Name);
                    if (result.Kind == ValueKind.Fault && text.Length > 3)
                        Assert.DoesNotContain(text, result.Reason, StringComparison.Ordinal);
                }
            }
        }
    }

    /// <summary>Functions meet whatever a path finds: every kind is a result or a fault, never an exception.</summary>
    [Fact]
    public void Every_kind_of_value_through_every_function_never_throws()
    {
        var scratch = new Scratch();
        Value[] kinds =
        [
            Value.Absent, Value.Null, Value.Boolean(true), Value.Boolean(false), Value.Number("1e400"u8.ToArray(), 0, 5), Value.Number("-0"u8.ToArray(), 0, 2),
            Value.Number("18446744073709551616"u8.ToArray(), 0, 20), Value.Text(""), Value.Node(3, 9), Value.List([], 0, 0),
            Value.List([Value.Node(1, 1), Value.Null, Value.Text("a"), Value.Number("1"u8.ToArray(), 0, 1)], 0, 4),
            Value.Object([Value.Text("amount"), Value.Null], 0, 2),
        ];
        foreach (var spec in FunctionLibrary.For(ExampleRunner.Context).Values)
        {
            foreach (var arguments in Arguments(spec))
            {
                var body = spec.Bind([.. arguments.Select(value => value.Kind == ValueKind.Object ? new Argument(null, [new("a", Value.Text("b"))]) : new Argument(value, null))]);
                foreach (var kind in kinds)
                    AssertWellFormed(ExampleRunner.Apply(spec, body, kind, arguments, scratch), spec.Name);
            }
        }
    }

    internal static void Check(string expression, string expected)
    {
        var actual = ExampleRunner.Run(expression).Actual;
        if (expected == "fault")
            Assert.StartsWith("fault: ", actual, StringComparison.Ordinal);
        else if (expected == "text of 64")
            Assert.Matches("^\"[0-9a-f]{64}\"$", actual);
        else
            Assert.Equal(ExampleRunner.Normal(expected), actual);
    }

    private static string Repository
    {
        get
        {
            var directory = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(directory.FullName, "IntegrationHub.sln")))
                directory = directory.Parent!;
            return directory.FullName;
        }
    }

    /// <summary>Arguments that each function accepts; a literal map is shown as an empty object.</summary>
    private static Value[][] Arguments(FunctionSpec spec)
    {
        static Value Integer(string text) => Value.Number(Encoding.UTF8.GetBytes(text), 0, text.Length);
        return spec.Name switch
        {
            "substring" => [[Integer("1"), Integer("2")], [Integer("-2")]],
            "companyStem" => [[Integer("1")], [Integer("2")]],
            "truncate" or "at" or "decimal" or "padLeft" => [[Integer("3")]],
            "plusDays" => [[Integer("3")], [Value.Text("x")]],
            "plus" or "minus" or "times" or "dividedBy" => [[Integer("3")], [Integer("0")], [Integer("79228162514264337593543950335")]],
            "replace" => [[Value.Text("a"), Value.Text("é")]],
            "matches" or "extract" => [[Value.Text(".")], [Value.Text("(\\w+)$")]],
            "replaceMatch" => [[Value.Text("\\s+"), Value.Text("$0")]],
            "split" => [[Value.Text(","), Value.Text("，")]],
            "money" or "minorUnits" => [[Value.Text("CNY")], [Value.Text("JPY")]],
            "atZone" or "dateOf" => [[Value.Text("Asia/Shanghai")], [Value.Text("-08:00")]],
            "time" => [[], [Value.Text("Asia/Shanghai")], [Value.Text("+08:00"), Value.Text("d/M/yyyy")]],
            "timeFormat" => [[Value.Text("yyyy年M月d日 HH:mm:ss zzz")]],
            "phone" => [[], [Value.Text("CN")], [Value.Text("DE")]],
            "lookup" => [[Value.Object([], 0, 0)], [Value.Object([], 0, 0), Value.Null]],
            "concat" or "append" or "prepend" or "default" or "coalesce" or "nullIf" => [[Value.Text("é")]],
            _ => [[]],
        };
    }

    private static void AssertWellFormed(Value value, string function)
    {
        switch (value.Kind)
        {
            case ValueKind.Text:
                Assert.True(System.Text.Unicode.Utf8.IsValid(value.Bytes), function);
                break;
            case ValueKind.Number:
                Assert.True(function is "default" or "coalesce" or "required" || NumberText.IsJson(value.Bytes), function);
                break;
            case ValueKind.List or ValueKind.Object:
                foreach (var item in value.Items)
                    AssertWellFormed(item, function);
                break;
            case ValueKind.Fault:
                Assert.False(string.IsNullOrEmpty(value.Reason), function);
                break;
        }
    }
}
