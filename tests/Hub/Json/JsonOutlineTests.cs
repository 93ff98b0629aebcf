using System.Text;
using CsCheck;
using IntegrationHub.Json;

namespace IntegrationHub.Tests.Json;

public sealed class JsonOutlineTests
{
    [Theory]
    [InlineData(JsonDuplicateNames.Refuse)]
    [InlineData(JsonDuplicateNames.Keep)]
    public void Parse_with_an_outline_judges_and_lays_out_as_without(JsonDuplicateNames names)
    {
        var outline = Outline();
        var places = new JsonPlaces();
        var (plain, noting) = (new JsonTape(), new JsonTape());
        var limits = new JsonLimits { MaxDepth = 20, MaxNodes = 60, DuplicateNames = names };
        var judged = new HashSet<JsonParseCode>();
        HostileJson.Damaged.Sample(
            document =>
            {
                var expected = plain.Parse(document, limits);
                var found = noting.Parse(document, 0, document.Length, limits, outline, places);
                judged.Add(found.Code);
                Assert.Equal(expected, found);
                Assert.Equal(plain.HasRepeatedNames, noting.HasRepeatedNames);
                Assert.Equal(plain.Nodes.ToArray(), noting.Nodes.ToArray());
            },
            iter: 20_000,
            threads: 1);
        // The documents are hostile enough to be worth it.
        JsonParseCode[] every = [JsonParseCode.Ok, JsonParseCode.Truncated, JsonParseCode.InvalidUtf8, JsonParseCode.Syntax, JsonParseCode.TooDeep, JsonParseCode.TooManyNodes, JsonParseCode.LoneSurrogate];
        Assert.Empty(every.Except(judged));
        Assert.Equal(names == JsonDuplicateNames.Refuse, judged.Contains(JsonParseCode.DuplicateName));
    }

    [Fact]
    public void Rows_of_a_document_follow_one_another()
    {
        var document = new JsonOutline.Draft();
        var list = document.Member(new("list"));
        var name = list.Element().Member(new("name"));
        var inner = list.Element().Member(new("inner"));
        var leaf = inner.Element();
        var places = new JsonPlaces();
        var tape = new JsonTape();
        var text = """{"x":{"list":[{"name":0}]},"list":[{"inner":[7,8],"name":1},2,{"inner":{"name":3}},{"name":4,"inner":[]}]}"""u8.ToArray();
        Assert.True(tape.Parse(text, 0, text.Length, JsonLimits.Default, document.Build(), places).IsOk);

        var names = new List<string>();
        var leaves = new List<string>();
        var columns = places.Columns;
        for (var row = columns[list.Rows]; row >= 0; row = columns[row])
        {
            names.Add(columns[row + name.Place] < 0 ? "-" : Encoding.UTF8.GetString(tape.Raw(columns[row + name.Place])));
            var first = columns[row + inner.Rows];
            leaves.Add(first == JsonPlaces.OfObject ? "object" : first < 0 ? "-" : "");
            for (var at = first; at >= 0; at = columns[at])
                leaves[^1] += Encoding.UTF8.GetString(tape.Raw(columns[at + leaf.Place]));
        }

        Assert.Equal(["1", "-", "-", "4"], names);
        Assert.Equal(["78", "-", "object", "-"], leaves);
    }

    [Theory]
    [InlineData("""{"a":1,"bb":2,"c":{"a":3}}""")]
    [InlineData("""{"a" :1,"bb": 2,"c":{"\u0061":3}}""")]
    [InlineData("""{"a":1,"bbb":4,"c":{"a":3,"bb":5},"bb":2}""")]
    [InlineData("""{"c":{"a":3},"bb":2,"a":1,"a2345678901234567890123456789012345":0}""")]
    [InlineData("""{"a2345678901234567890123456789012345":0,"c":{"a":3},"bb":2,"a":1}""")]
    public void Names_that_other_documents_made_expected_mislead_nobody(string text)
    {
        string[] others = ["""{"a":0,"bb":0,"c":{"a":0}}""", """{"bb":0,"a":0,"c":0}""", """{"a2345678901234567890123456789012345":0,"a":0,"c":{"bb":0,"a":0}}"""];
        var places = new JsonPlaces();
        var tape = new JsonTape();
        // The second outline gives other numbers to the same members.
        foreach (var order in (string[][])[["a", "bb", "c"], ["c", "bb", "a"]])
        {
            var document = new JsonOutline.Draft();
            var wanted = Array.ConvertAll(order, name => document.Member(new(name)));
            var inner = document.Member(new("c")).Member(new("a"));
            var outline = document.Build();
            foreach (var other in others.Concat(others))
            {
                Read(other, outline);
                Assert.Equal("1 2 3", Read(text, outline));
            }

            string Read(string json, JsonOutline asked)
            {
                var bytes = Encoding.UTF8.GetBytes(json);
                Assert.True(tape.Parse(bytes, 0, bytes.Length, JsonLimits.Default, asked, places).IsOk);
                int[] found = [places.Columns[wanted[Array.IndexOf(order, "a")].Place], places.Columns[wanted[Array.IndexOf(order, "bb")].Place], places.Columns[inner.Place]];
                return string.Join(' ', found.Select(node => node < 0 ? "-" : Encoding.UTF8.GetString(tape.Raw(node))));
            }
        }
    }

    [Fact]
    public void Spots_that_are_asked_for_twice_are_one()
    {
        var document = new JsonOutline.Draft();

        Assert.Same(document.Member(new("a")).Member(new("b")), document.Member(new("a")).Member(new("b")));
        Assert.Same(document.Member(new("a")).Element(), document.Member(new("a")).Element());
        Assert.NotEqual(document.Member(new("a")).Place, document.Member(new("b")).Place);
    }

    private static JsonOutline Outline()
    {
        var document = new JsonOutline.Draft();
        foreach (var name in (string[])["a", "list", "name", "12345678A12345678", "é", ""])
        {
            var spot = document.Member(new(name));
            spot.Member(new("a")).Member(new("list"));
            spot.Element().Member(new("name"));
            spot.Element().Element().Member(new("c"));
        }

        document.Element().Member(new("a")).Element();
        return document.Build();
    }
}
