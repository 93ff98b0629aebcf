using System.Text;
using IntegrationHub.Json;
using IntegrationHub.Mapping.JsonPath;

namespace IntegrationHub.Tests.Mapping.JsonPath;

public sealed class JsonPathQueryTests
{
    [Theory]
    [InlineData("$[?count(@.a==1)>0]", "column 10: count() needs a node list, found a comparison")]
    [InlineData("a", "column 1: expected '$' at the start of a path, found 'a'")]
    [InlineData("@.a", "column 1: expected '$' at the start of a path, found '@'")]
    [InlineData("$.a ", "column 4: expected '.', '[' or the end of the path, found a blank")]
    [InlineData("$.1", "column 3: expected a name or '*' after '.', found '1'")]
    [InlineData("$[01]", "column 3: an integer must not start with a zero")]
    [InlineData("$[?@.a=1]", "column 7: expected '==', found a single '='")]
    [InlineData("$[?@.*==1]", "column 4: a compared path must select at most one node: only names and single indexes; use value() or count()")]
    [InlineData("$[?foo(@)]", "column 4: unknown function 'foo'; there are count, length, match, search, value")]
    [InlineData("$[?match(@.a)]", "column 13: match() takes two arguments, found 1")]
    [InlineData("$[?true]", "column 4: a literal alone is no test; compare it with something")]
    [InlineData("$['a", "column 3: the text that starts here has no closing '")]
    [InlineData("$[?search(@,'(a{999}){999}')]", "column 4: the pattern of search() is too large; lower its repeat counts")]
    public void Error_tells_where_and_why(string text, string expected)
    {
        Assert.False(JsonPathQuery.TryParse(text, out _, out var error));
        Assert.Equal(expected, error.ToString());
    }

    [Theory]
    [InlineData("$.a | upper()", 0, 3)]
    [InlineData("$.a| upper()", 0, 3)]
    [InlineData("x = $.a [0] | f", 4, 11)]
    [InlineData("$[?@.a || @.b] | f", 0, 14)]
    [InlineData("@", 0, 1)]
    [InlineData("$, $.b", 0, 1)]
    public void Prefix_ends_after_its_last_segment(string text, int offset, int expected)
    {
        Assert.True(JsonPathQuery.TryParsePrefix(text, offset, JsonPathScope.RootOrCurrent, out var query, out var end, out _));
        Assert.Equal(expected, end);
        Assert.Equal(text[offset..end], query.ToString());
    }

    [Fact]
    public void Prefix_error_counts_columns_from_the_start_of_the_text()
    {
        Assert.False(JsonPathQuery.TryParsePrefix("to = $.[", 5, JsonPathScope.Root, out _, out _, out var error));
        Assert.Equal(8, error.Column);
    }

    [Fact]
    public void Singular_path_gives_its_steps()
    {
        var query = JsonPathQuery.Parse(@"$.a['\u00e9'][-1]");
        Assert.True(query.IsSingular);
        Assert.Equal("é"u8.ToArray(), query.Steps[1].Name.Utf8.ToArray());
        Assert.Equal((false, -1L), (query.Steps[2].IsName, query.Steps[2].Index));
        foreach (var text in (string[])["$.*", "$..a", "$['a','b']", "$[0:1]", "$[?@]"])
            Assert.False(JsonPathQuery.Parse(text).IsSingular);
    }

    [Fact]
    public void Current_node_is_where_an_at_path_starts()
    {
        var tape = Tape("{\"a\":{\"b\":1},\"b\":2}");
        var current = tape.Find(0, "a"u8);
        var query = JsonPathQuery.Parse("@.b", JsonPathScope.RootOrCurrent);
        Assert.Equal("1", Encoding.UTF8.GetString(tape.Raw(query.SelectSingle(tape, 0, current))));
        Assert.Equal(-1, JsonPathQuery.Parse("$.c").SelectSingle(tape, 0, 0));
    }

    [Fact]
    public void Hostile_descent_ends_at_the_work_limit()
    {
        var tape = Tape(string.Concat(Enumerable.Repeat("[1,", 200)) + "1" + new string(']', 200));
        var query = JsonPathQuery.Parse("$..*..*..*..*");
        Assert.Equal(JsonPathOutcome.WorkLimit, query.Select(tape, 0, 0, new NodeList(), 100_000));
        Assert.Equal(JsonPathOutcome.WorkLimit, JsonPathQuery.Parse("$[?!$..*..x]").Select(tape, 0, 0, new NodeList(), 1000));
    }

    [Theory]
    [InlineData("(")]
    [InlineData("!(")]
    [InlineData("@[?")]
    [InlineData("length(")]
    public void Endless_nesting_is_an_error(string level)
    {
        var text = "$[?" + string.Concat(Enumerable.Repeat(level, 100_000));
        Assert.False(JsonPathQuery.TryParse(text, out _, out var error));
        Assert.Contains("nested more than", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Long_path_over_a_shallow_document_is_harmless()
    {
        var query = JsonPathQuery.Parse("$" + string.Concat(Enumerable.Repeat("[*]", 100_000)));
        var found = new NodeList();
        Assert.Equal(JsonPathOutcome.Complete, query.Select(Tape("[[1]]"), 0, 0, found));
        Assert.Equal(0, found.Count);
    }

    [Fact]
    public void Every_cut_of_a_query_parses_or_fails_with_a_column()
    {
        const string Text = "$ .a['b\\u00e9\\ud83d\\ude00'] [ -1 , 0:9:-2, *]..[?!(@.a == -1.5e+3 && match(@.b, $['c']) || count(@..*) >= 1)]..d";
        Assert.True(JsonPathQuery.TryParse(Text, out _, out var whole), whole?.ToString());
        for (var length = 0; length < Text.Length; length++)
            if (!JsonPathQuery.TryParse(Text[..length], out _, out var error))
                Assert.InRange(error.Column, 1, length + 1);
    }

    [Theory]
    [InlineData("$.items[1].name")]
    [InlineData("$.items[*].name")]
    [InlineData("$.items[::-1]")]
    [InlineData("$.items[?@.name=='b'].name")]
    [InlineData("$..name")]
    public void Warm_evaluation_allocates_nothing(string text)
    {
        var tape = Tape("{\"items\":[{\"name\":\"a\"},{\"name\":\"b\"}]}");
        var query = JsonPathQuery.Parse(text);
        var found = new NodeList();
        query.Select(tape, 0, 0, found);
        Assert.NotEqual(0, found.Count);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++)
        {
            found.Clear();
            query.Select(tape, 0, 0, found);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static JsonTape Tape(string document)
    {
        var tape = new JsonTape();
        Assert.True(tape.Parse(Encoding.UTF8.GetBytes(document)).IsOk);
        return tape;
    }
}
