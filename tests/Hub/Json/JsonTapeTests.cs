using System.Text;
using IntegrationHub.Json;

namespace IntegrationHub.Tests.Json;

public sealed class JsonTapeTests
{
    private readonly JsonTape _tape = new();

    [Theory]
    [InlineData("", JsonParseCode.Truncated, 0)]
    [InlineData(" ", JsonParseCode.Truncated, 1)]
    [InlineData("tru", JsonParseCode.Truncated, 3)]
    [InlineData("trux", JsonParseCode.Syntax, 0)]
    [InlineData("[1,]", JsonParseCode.Syntax, 3)]
    [InlineData("[1 2]", JsonParseCode.Syntax, 3)]
    [InlineData("{\"a\":1,}", JsonParseCode.Syntax, 7)]
    [InlineData("{\"a\" 1}", JsonParseCode.Syntax, 5)]
    [InlineData("{1:1}", JsonParseCode.Syntax, 1)]
    [InlineData("[1}", JsonParseCode.Syntax, 2)]
    [InlineData("1 1", JsonParseCode.Syntax, 2)]
    [InlineData("01", JsonParseCode.Syntax, 1)]
    [InlineData("1.", JsonParseCode.Truncated, 2)]
    [InlineData("[1.]", JsonParseCode.Syntax, 3)]
    [InlineData("[.1]", JsonParseCode.Syntax, 1)]
    [InlineData("[+1]", JsonParseCode.Syntax, 1)]
    [InlineData("[1e+]", JsonParseCode.Syntax, 4)]
    [InlineData("-", JsonParseCode.Truncated, 1)]
    [InlineData("\"\u0001\"", JsonParseCode.Syntax, 1)]
    [InlineData("\"a\\x\"", JsonParseCode.Syntax, 2)]
    [InlineData("\"\\u12g4\"", JsonParseCode.Syntax, 5)]
    [InlineData("\"\\ud800\"", JsonParseCode.LoneSurrogate, 1)]
    [InlineData("\"\\udc00\\ud800\"", JsonParseCode.LoneSurrogate, 1)]
    [InlineData("\"\\ud800\\u0041\"", JsonParseCode.LoneSurrogate, 1)]
    [InlineData("{\"a\":1,\"\\u0061\":2}", JsonParseCode.DuplicateName, 7)]
    [InlineData("\u00a01", JsonParseCode.Syntax, 0)]
    [InlineData("\u000b1", JsonParseCode.Syntax, 0)]
    [InlineData("[1] // c", JsonParseCode.Syntax, 4)]
    [InlineData("\uFEFF\uFEFF1", JsonParseCode.Syntax, 3)]
    public void Faulty_document_is_refused_at_its_offset(string text, JsonParseCode code, int offset)
    {
        var result = Parse(text);
        Assert.Equal((code, offset), (result.Code, result.Offset));
        Assert.Equal(0, _tape.Count);
    }

    [Theory]
    [InlineData(new byte[] { (byte)'"', 0xff, (byte)'"' }, JsonParseCode.InvalidUtf8, 1)]
    [InlineData(new byte[] { (byte)'"', 0xed, 0xa0, 0x80, (byte)'"' }, JsonParseCode.InvalidUtf8, 1)]
    [InlineData(new byte[] { (byte)'"', 0xc0, 0x80, (byte)'"' }, JsonParseCode.InvalidUtf8, 1)]
    [InlineData(new byte[] { (byte)'"', 0xe2, 0x82 }, JsonParseCode.Truncated, 1)]
    public void Bytes_that_are_no_characters_are_refused(byte[] document, JsonParseCode code, int offset)
    {
        var result = _tape.Parse(document);
        Assert.Equal((code, offset), (result.Code, result.Offset));
    }

    [Fact]
    public void Byte_order_mark_is_skipped()
    {
        Assert.True(Parse("\uFEFF{\"a\":1}").IsOk);
        Assert.Equal(3, _tape[0].Start);
    }

    [Fact]
    public void Document_inside_a_larger_buffer_reports_offsets_from_its_own_start()
    {
        var buffer = "xx[1]yy"u8.ToArray();
        Assert.True(_tape.Parse(buffer, 2, 3).IsOk);
        Assert.Equal("1", Encoding.UTF8.GetString(_tape.Raw(1)));
        Assert.Equal(3, _tape.Parse(buffer, 2, 4).Offset);
    }

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public void A_hundred_thousand_levels_are_an_error(char open)
    {
        var level = open == '[' ? "[" : "{\"a\":";
        var result = Parse(string.Concat(Enumerable.Repeat(level, 100_000)));
        Assert.Equal(JsonParseCode.TooDeep, result.Code);
    }

    [Fact]
    public void Depth_at_the_limit_is_accepted_and_one_more_refused()
    {
        var limits = new JsonLimits { MaxDepth = 3 };
        Assert.True(_tape.Parse("[[[1]]]"u8.ToArray(), limits).IsOk);
        Assert.Equal(JsonParseCode.TooDeep, _tape.Parse("[[[[1]]]]"u8.ToArray(), limits).Code);
        Assert.True(Parse(new string('[', 256) + new string(']', 256)).IsOk);
        Assert.Equal(JsonParseCode.TooDeep, Parse(new string('[', 257) + new string(']', 257)).Code);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(100)]
    [InlineData(1000)]
    public void Node_count_at_the_limit_is_accepted_and_one_more_refused(int nodes)
    {
        var text = Encoding.UTF8.GetBytes("[" + string.Join(',', Enumerable.Repeat("1", nodes - 1)) + "]");
        Assert.True(_tape.Parse(text, new JsonLimits { MaxNodes = nodes }).IsOk);
        Assert.Equal(JsonParseCode.TooManyNodes, _tape.Parse(text, new JsonLimits { MaxNodes = nodes - 1 }).Code);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(34)]
    [InlineData(5000)]
    public void Repeated_name_is_found_in_objects_of_every_size(int members)
    {
        var names = Enumerable.Range(0, members).Select(i => $"member{i}").ToList();
        Assert.True(Parse(Object(names)).IsOk);
        for (var at = 1; at < members; at += Math.Max(1, members / 7))
        {
            var repeated = names.ToList();
            repeated[at] = "\\u006dember0";
            Assert.Equal(JsonParseCode.DuplicateName, Parse(Object(repeated)).Code);
        }
    }

    [Fact]
    public void Names_made_to_collide_cost_no_more_than_others()
    {
        // Equal at both ends and in length, so equal for the lookup hash.
        var names = Enumerable.Range(0, 100_000).Select(i => $"startsAs{i:D8}endsLike").ToList();
        Assert.True(Parse(Object(names)).IsOk);
    }

    [Fact]
    public void Kept_duplicates_are_found_as_the_last()
    {
        var limits = new JsonLimits { DuplicateNames = JsonDuplicateNames.Keep };
        Assert.True(_tape.Parse("{\"a\":1,\"b\":2,\"a\":3}"u8.ToArray(), limits).IsOk);
        Assert.Equal("3", Encoding.UTF8.GetString(_tape.Raw(_tape.Find(0, "a"u8))));
        Assert.Equal(3, _tape[0].Count);
    }

    [Fact]
    public void Every_cut_of_a_document_is_truncated()
    {
        var whole = Encoding.UTF8.GetBytes(" {\"aé\\n\\ud83d\\ude00\": [1.5e+3, true, false, null, \"☺😀\\u00e9\", {}, []], \"b\":-0} ");
        for (var length = 0; length < whole.Length - 1; length++)
        {
            var result = _tape.Parse(whole, 0, length);
            Assert.True(result.Code == JsonParseCode.Truncated, $"{length}: {result}");
        }

        Assert.True(_tape.Parse(whole).IsOk);
    }

    [Theory]
    [InlineData("9007199254740993")]
    [InlineData("1e400")]
    [InlineData("-0")]
    [InlineData("1.10")]
    public void Number_keeps_its_source_text(string number)
    {
        Assert.True(Parse($"[{number}]").IsOk);
        Assert.Equal(number, Encoding.UTF8.GetString(_tape.Raw(1)));
    }

    [Fact]
    public void Escaped_name_is_found_by_what_it_says()
    {
        Assert.True(Parse("{\"x\":0,\"\\u00e9\\ud83d\\ude00\":1}").IsOk);
        Assert.Equal("1", Encoding.UTF8.GetString(_tape.Raw(_tape.Find(0, "é😀"u8))));
        Assert.Equal(-1, _tape.Find(0, "none"u8));
        Assert.Equal(-1, _tape.Find(2, "x"u8));
    }

    [Fact]
    public void Element_is_found_from_both_ends()
    {
        Assert.True(Parse("[[1,2],{\"a\":3},4]").IsOk);
        Assert.Equal("4", Encoding.UTF8.GetString(_tape.Raw(_tape.ElementAt(0, 2))));
        Assert.Equal(_tape.ElementAt(0, 0), _tape.ElementAt(0, -3));
        Assert.Equal(-1, _tape.ElementAt(0, 3));
        Assert.Equal(-1, _tape.ElementAt(0, -4));
        Assert.Equal(-1, _tape.ElementAt(0, long.MinValue));
    }

    [Theory]
    [InlineData(" { \"b\" : [ 1.0 , -0 ] , \"a\" : null } ", "{\"b\":[1.0,-0],\"a\":null}")]
    [InlineData("\"\\u0041\\/\\u00e9\\ud83d\\ude00\\\"\\\\\"", "\"A/é😀\\\"\\\\\"")]
    [InlineData("\"\\u0000\\b\\f\\n\\r\\t\\u001F\\u007f\"", "\"\\u0000\\b\\f\\n\\r\\t\\u001f\u007f\"")]
    [InlineData("[[],{}]", "[[],{}]")]
    public void Writing_gives_the_shortest_form(string source, string expected)
    {
        Assert.True(Parse(source).IsOk);
        var output = new Utf8Output();
        _tape.WriteTo(0, output);
        Assert.Equal(expected, Encoding.UTF8.GetString(output.Written));
    }

    [Fact]
    public void Warm_tape_allocates_nothing()
    {
        var document = Encoding.UTF8.GetBytes(Object([.. Enumerable.Range(0, 100).Select(i => $"name{i}\\u00e9")]));
        _tape.Parse(document);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++) _tape.Parse(document);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Message_holds_no_content_of_the_document()
    {
        foreach (var text in (string[])["{\"secret\":secret}", "{\"secret\":1,\"secret\":2}", "[\"secret\\q\"]", "secret"])
            Assert.DoesNotContain("secret", Parse(text).ToString(), StringComparison.OrdinalIgnoreCase);
    }

    private static string Object(List<string> names) => "{" + string.Join(',', names.Select(n => $"\"{n}\":[1]")) + "}";

    private JsonParseResult Parse(string text) => _tape.Parse(Encoding.UTF8.GetBytes(text));
}
