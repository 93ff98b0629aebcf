using System.Text;
using System.Text.Json.Nodes;
using IntegrationHub.Json;
using IntegrationHub.Mapping.JsonPath;
using JsonNode = System.Text.Json.Nodes.JsonNode;

namespace IntegrationHub.Tests.Mapping.JsonPath;

/// <summary>Runs every file of the suite folder, in the format of the RFC 9535 compliance test suite.</summary>
public sealed class ComplianceTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Mapping", "JsonPath", "suite");

    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (var file in Directory.EnumerateFiles(Folder, "*.json").Order(StringComparer.Ordinal))
            foreach (var test in Read(file))
                cases.Add(Path.GetFileName(file), (string)test!["name"]!);

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Suite_case_gives_the_expected_nodes_and_paths(string file, string name)
    {
        foreach (var test in Read(Path.Combine(Folder, file)).Where(t => (string)t!["name"]! == name)) Check(test!);
    }

    private static JsonArray Read(string file) => JsonNode.Parse(File.ReadAllText(file))!["tests"]!.AsArray();

    private static void Check(JsonNode test)
    {
        var parsed = JsonPathQuery.TryParse((string)test["selector"]!, out var query, out var error);
        if ((bool?)test["invalid_selector"] == true)
        {
            Assert.False(parsed, "the selector was accepted");
            Assert.InRange(error!.Column, 1, ((string)test["selector"]!).Length + 1);
            return;
        }

        Assert.True(parsed, error?.ToString());
        var tape = new JsonTape();
        // A document that is null is no node to JsonNode.
        var document = Encoding.UTF8.GetBytes(test["document"]?.ToJsonString() ?? "null");
        Assert.True(tape.Parse(document).IsOk);
        var found = new NodeList();
        Assert.Equal(JsonPathOutcome.Complete, query!.Select(tape, 0, 0, found));

        var values = new JsonArray([.. found.AsSpan().ToArray().Select(n => JsonNode.Parse(Source(tape, n)))]);
        var paths = new JsonArray([.. found.AsSpan().ToArray().Select(n => JsonValue.Create(NormalizedPath.Of(tape, n)))]);
        Assert.True(Matches(test["result"], test["results"], values), "found " + values.ToJsonString());
        Assert.True(Matches(test["result_paths"], test["results_paths"], paths), "found " + paths.ToJsonString());
        foreach (var path in paths) Assert.Single(Select(JsonPathQuery.Parse((string)path!), tape));
    }

    private static int[] Select(JsonPathQuery query, JsonTape tape)
    {
        var found = new NodeList();
        query.Select(tape, 0, 0, found);
        return found.AsSpan().ToArray();
    }

    private static string Source(JsonTape tape, int node)
    {
        var output = new Utf8Output();
        tape.WriteTo(node, output);
        return Encoding.UTF8.GetString(output.Written);
    }

    private static bool Matches(JsonNode? only, JsonNode? several, JsonArray found) =>
        several is null ? only is null || JsonNode.DeepEquals(only, found) : several.AsArray().Any(one => JsonNode.DeepEquals(one, found));
}
