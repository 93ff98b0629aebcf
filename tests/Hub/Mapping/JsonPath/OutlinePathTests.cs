using System.Text;
using CsCheck;
using IntegrationHub.Json;
using IntegrationHub.Mapping.JsonPath;
using IntegrationHub.Tests.Json;

namespace IntegrationHub.Tests.Mapping.JsonPath;

public sealed class OutlinePathTests
{
    private static readonly JsonPathQuery[] Queries = Array.ConvertAll<string, JsonPathQuery>(
    [
        "$", "$.a", "$.a.b", "$.a.b.c", "$['a']['b']", "$.a[0]", "$.list", "$.list[0]", "$.list[1].a", "$.list[3]", "$.list[0][1].name", "$[0]", "$[0].a",
        "$.list[*]", "$.list[*].a", "$.a[*]", "$.a[*].name", "$.*", "$.a.*.b", "$[*]", "$[*][*]", "$[*].list[*].name", "$.list[0].list[*]", "$.a[*][0]", "$.a[1][*]",
        "$.list[?@.a == 1]", "$.list[?@.name == 'x'].b", "$.a[?'x' == @.name].list[*]", "$.list[?@.a.b == 1]", "$[?@ == true]", "$.a[?@.a == '统一社会信用代码'].list",
        "$.list[?@ == 'x']", "$.list[?@.a == -0]", "$.a[?@.a == 10e-1]", "$['12345678A12345678']", "$['12345678B12345678'][*]", "$.é", "$[''][*]", "$.name[*].name",
    ],
    p => JsonPathQuery.Parse(p));

    private static readonly string[] TooMuch =
        ["$.list[-1]", "$..a", "$.a..b", "$.list[0,1]", "$['a','b']", "$.list[1:]", "$.list[?@.a]", "$.list[?@.a != 1]", "$.list[?@.a > 1]", "$.list[?@[0] == 1]", "$.list[?$.a == 1]", "$.list[?@.a == 1 && @.b == 2]"];

    [Fact]
    public void Noted_path_gives_the_nodes_of_its_query_in_their_order()
    {
        var document = new JsonOutline.Draft();
        var paths = Array.ConvertAll(Queries, q => OutlinePath.Add(q, document));
        Assert.DoesNotContain(null, paths);
        var outline = document.Build();
        var places = new JsonPlaces();
        var tape = new JsonTape();
        var (expected, found) = (new NodeList(), new NodeList());
        var met = new int[Queries.Length];
        HostileJson.Documents.Sample(
            text =>
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                if (!tape.Parse(bytes, 0, bytes.Length, JsonLimits.Default, outline, places).IsOk) return;
                for (var i = 0; i < Queries.Length; i++)
                {
                    expected.Clear();
                    found.Clear();
                    Assert.Equal(JsonPathOutcome.Complete, Queries[i].Select(tape, 0, 0, expected));
                    if (expected.Count > 0) met[i]++;
                    if (Queries[i].IsSingular)
                        Assert.Equal(Queries[i].SelectSingle(tape, 0, 0), paths[i]!.Single(places));
                    if (paths[i]!.Select(tape, places, found))
                        Assert.Equal(expected.AsSpan().ToArray(), found.AsSpan().ToArray());
                    else
                        Assert.Equal(0, found.Count);
                }
            },
            iter: 20_000,
            threads: 1);
        Assert.All(met, count => Assert.NotEqual(0, count));
    }

    [Fact]
    public void Members_of_an_object_are_left_to_the_query()
    {
        var document = new JsonOutline.Draft();
        var path = OutlinePath.Add(JsonPathQuery.Parse("$.a[*].b"), document)!;
        var places = new JsonPlaces();
        var tape = new JsonTape();
        var text = """{"a":{"x":{"b":1}}}"""u8.ToArray();
        Assert.True(tape.Parse(text, 0, text.Length, JsonLimits.Default, document.Build(), places).IsOk);

        Assert.False(path.Select(tape, places, new NodeList()));
    }

    [Fact]
    public void Path_that_says_more_than_an_outline_adds_nothing_to_it()
    {
        var document = new JsonOutline.Draft();

        Assert.All(TooMuch, text => Assert.Null(OutlinePath.Add(JsonPathQuery.Parse(text), document)));
        Assert.Equal(1, document.Build().Width);
    }
}
