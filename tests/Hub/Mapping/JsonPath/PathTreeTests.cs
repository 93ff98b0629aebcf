using System.Text;
using IntegrationHub.Json;
using IntegrationHub.Mapping.JsonPath;

namespace IntegrationHub.Tests.Mapping.JsonPath;

public sealed class PathTreeTests
{
    private static readonly string[] Paths =
    [
        "$", "$.a", "$.a.b", "$.a.b.c", "$.a.x", "$.a[0]", "$.list", "$.list[0]", "$.list[-1]", "$.list[1].a", "$.list[-1].a", "$.list[7]", "$.b", "$['a']['b']",
        "$.12345678A12345678", "$['12345678A12345678']", "$['12345678B12345678']", "$['\\u00e9']",
    ];

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"a":{"b":{"c":1},"x":null},"list":[{"a":1},{"a":2}],"b":"two"}""")]
    [InlineData("""{"list":[],"a":[{"b":1}]}""")]
    [InlineData("""{"b":1,"\u0061":{"\u0062":{"c":[]}}}""")]
    [InlineData("""{"a":{"b":{"c":1},"x":1},"a":{"b":2}}""")]
    [InlineData("""{"a":{"b":{"c":1},"x":1},"a":7,"list":[1],"list":[{"a":1},{"a":3}]}""")]
    [InlineData("""{"a":7,"a":{"b":{"c":1,"c":2},"x":1}}""")]
    [InlineData("""{"12345678A12345678":1,"12345678B12345678":2,"12345678C12345678":3,"é":4}""")]
    public void Resolve_finds_what_each_path_finds_alone(string document)
    {
        var tape = new JsonTape();
        Assert.True(tape.Parse(Encoding.UTF8.GetBytes(document), new() { DuplicateNames = JsonDuplicateNames.Keep }).IsOk);
        var queries = Paths.Where(p => JsonPathQuery.TryParse(p, out _, out _)).Select(p => JsonPathQuery.Parse(p)).ToArray();
        var builder = new PathTree.Builder();
        var placed = Array.ConvertAll(queries, q => builder.Place(q, q.Segments.Length));
        var tree = builder.Build();

        var places = new int[tree.Count];
        tree.Resolve(tape, places);

        Assert.True(queries.Length > 15);
        Assert.Equal(queries.Select(q => q.SelectSingle(tape, 0, 0)), placed.Select(p => places[p]));
    }

    [Fact]
    public void Same_path_has_one_place_however_it_is_written()
    {
        var builder = new PathTree.Builder();
        var first = JsonPathQuery.Parse("$.a.b");
        var second = JsonPathQuery.Parse("$['a'][\"b\"][*]");

        Assert.Equal(builder.Place(first, 2), builder.Place(second, second.SingularSegments));
        Assert.Equal(1, builder.Build().Count);
    }
}
