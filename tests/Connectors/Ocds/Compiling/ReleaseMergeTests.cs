using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connectors.Tests.Ocds.Compiling;

public class ReleaseMergeTests
{
    [Fact]
    public async Task Official_update_example_gives_the_official_compiled_release()
    {
        var items = await OcdsRig.Read(new { paths = new[] { "award1", "award2", "tender1", "tender2", "tender3" }.Select(n => OcdsRig.Fixture($"merging/updates/{n}.json")) });
        Assert.Empty(items.Bad());
        AssertCompiled("merging/updates/merged.json", items.Records());
    }

    [Theory]
    [InlineData("array")]
    [InlineData("field")]
    [InlineData("object")]
    public async Task Official_deletion_example_gives_the_official_compiled_release(string name)
    {
        var items = await OcdsRig.Read(new { path = OcdsRig.Fixture($"merging/deletions/{name}_record.json") });
        Assert.Empty(items.Bad());
        AssertCompiled($"merging/deletions/{name}_record.json", items.Records());
    }

    [Theory]
    [InlineData("null removes", """{"a":1,"b":{"c":2}}""", """{"a":null,"b":{"c":null}}""", """{"b":{}}""")]
    [InlineData("null over object and list removes", """{"b":{"c":2},"l":[{"id":1}]}""", """{"b":null,"l":null}""", """{}""")]
    [InlineData("null first leaves nothing", """{"a":null,"p":{"s":null,"e":null}}""", """{}""", """{"p":{}}""")]
    [InlineData("leafless leaves nothing", """{"a":{},"b":[{}],"c":[{"documents":{}}],"d":{"e":{"f":[]}}}""", """{}""", """{}""")]
    [InlineData("empty array removes nothing", """{"l":[{"id":"1"}]}""", """{"l":[]}""", """{"l":[{"id":"1"}]}""")]
    [InlineData("empty string list replaces", """{"tender":{"submissionMethod":["written"]}}""", """{"tender":{"submissionMethod":[]}}""", """{"tender":{"submissionMethod":[]}}""")]
    [InlineData("merge by id", """{"l":[{"id":"1","a":1,"b":1}]}""", """{"l":[{"id":"2"},{"id":"1","b":2}]}""", """{"l":[{"id":"1","a":1,"b":2},{"id":"2"}]}""")]
    [InlineData("ids are text, first spelling stays", """{"l":[{"id":1,"a":1}]}""", """{"l":[{"id":"1","b":2}]}""", """{"l":[{"id":1,"a":1,"b":2}]}""")]
    [InlineData("missing id is appended each time", """{"l":[{"a":1},{"id":"0","a":2}]}""", """{"l":[{"a":1},{"a":3}]}""", """{"l":[{"a":1},{"id":"0","a":2},{"a":1},{"a":3}]}""")]
    [InlineData("null id counts as missing", """{"l":[{"id":null,"a":1}]}""", """{"l":[{"id":null,"a":1}]}""", """{"l":[{"a":1},{"a":1}]}""")]
    [InlineData("duplicate id in one release", """{"l":[{"id":1,"a":1,"b":1},{"id":1,"a":2}]}""", """{}""", """{"l":[{"id":1,"a":2,"b":1}]}""")]
    [InlineData("array with a non-object is a literal", """{"l":[{"id":1},2]}""", """{"l":[null,{"id":1,"x":null}]}""", """{"l":[null,{"id":1,"x":null}]}""")]
    [InlineData("whole list keeps nulls", """{"parties":[{"id":1,"additionalIdentifiers":[{"id":1},{"id":2}]}]}""", """{"parties":[{"id":1,"additionalIdentifiers":[{"id":3,"uri":null}]}]}""", """{"parties":[{"id":1,"additionalIdentifiers":[{"id":3,"uri":null}]}]}""")]
    [InlineData("same name elsewhere merges by id", """{"x":{"additionalIdentifiers":[{"id":1}]}}""", """{"x":{"additionalIdentifiers":[{"id":2}]}}""", """{"x":{"additionalIdentifiers":[{"id":1},{"id":2}]}}""")]
    [InlineData("changed type replaces", """{"a":1,"b":{"c":1},"l":["s"]}""", """{"a":{"x":1},"b":[{"id":1}],"l":[{"id":1}]}""", """{"a":{"x":1},"b":[{"id":1}],"l":[{"id":1}]}""")]
    [InlineData("suppliers merge by id in 1.1", """{"awards":[{"id":1,"suppliers":[{"id":"A"}]}],"parties":[{"id":"A"},{"id":"B"}]}""", """{"awards":[{"id":1,"suppliers":[{"id":"B"}]}]}""", """{"awards":[{"id":1,"suppliers":[{"id":"A"},{"id":"B"}]}],"parties":[{"id":"A"},{"id":"B"}]}""")]
    public void Rule(string rule, string first, string second, string expected)
    {
        var document = OcdsRig.Assemble("ocds-x-1", Dated("a", "2020-01-01", first), Dated("b", "2020-02-01", second));
        var compiled = JsonNode.Parse(document.GetProperty("compiledRelease").GetRawText())!.AsObject();
        foreach (var own in new[] { "ocid", "id", "date", "tag" })
            Assert.True(compiled.Remove(own));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), compiled), $"{rule}: {compiled.ToJsonString()}");
    }

    [Fact]
    public void Suppliers_of_version_1_0_are_replaced_whole()
    {
        const string old = """{"version":"1.0"}""";
        var document = OcdsRig.Assemble("ocds-x-1",
            OcdsRig.Part("a", """{"date":"2020-01-01","awards":[{"id":1,"suppliers":[{"name":"甲"},{"name":"乙"}]}]}""", old),
            OcdsRig.Part("b", """{"date":"2020-02-01","awards":[{"id":1,"suppliers":[{"name":"丙"}]}]}""", old));
        var supplier = Assert.Single(document.GetProperty("compiledRelease").GetProperty("awards")[0].GetProperty("suppliers").EnumerateArray().ToList());
        Assert.Equal("丙", supplier.GetProperty("name").GetString());
    }

    [Fact]
    public void Numbers_keep_their_text()
    {
        var text = OcdsRig.AssembleBytes("ocds-x-1", [Dated("a", "2020", """{"v":[{"id":1.0,"a":1e9999,"b":600200000.0,"c":-0,"d":12345678901234567890123}]}"""),]).Text();
        foreach (var number in new[] { "\"id\":1.0,", "1e9999", "600200000.0", "-0,", "12345678901234567890123" })
            Assert.Contains(number, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Real_processes_agree_with_an_independent_merge_in_every_order()
    {
        var random = new Random(20260101);
        var groups = 0;
        foreach (var sample in new[] { "paraguay-dncp-2017", "uk-contracts-finder-2025" })
            foreach (var group in (await OcdsRig.Read(new { path = OcdsRig.Sample(sample + ".jsonl.gz") })).Records().GroupBy(r => r.Group!))
            {
                var parts = group.Select(OcdsRig.Kept).ToArray();
                var bytes = OcdsRig.AssembleBytes(group.Key, parts).ToArray();
                Assert.Equal(bytes, OcdsRig.AssembleBytes(group.Key, parts).ToArray());
                random.Shuffle(parts);
                Assert.Equal(bytes, OcdsRig.AssembleBytes(group.Key, parts).ToArray());

                var compiled = JsonNode.Parse(bytes)!["compiledRelease"]!.AsObject();
                var expected = NaiveMerge.Compile(parts.Select(p => (p.Id, JsonNode.Parse(p.Body.Span)!.AsObject())));
                AddedByNormalisation(compiled, expected);
                Assert.True(JsonNode.DeepEquals(expected, compiled), group.Key);
                groups++;
            }

        Assert.Equal(17 + 190, groups);
    }

    /// <summary>Normalisation is tested elsewhere; here it may only have added parties and ids.</summary>
    private static void AddedByNormalisation(JsonObject compiled, JsonObject expected)
    {
        if (!expected.ContainsKey("parties"))
            compiled.Remove("parties");
        else
            while (compiled["parties"]!.AsArray().Count > expected["parties"]!.AsArray().Count)
                compiled["parties"]!.AsArray().RemoveAt(expected["parties"]!.AsArray().Count);
        foreach (var (mine, theirs) in (compiled["awards"]?.AsArray() ?? []).Zip(expected["awards"]?.AsArray() ?? []))
            foreach (var (a, b) in (mine!["suppliers"]?.AsArray() ?? []).Zip(theirs!["suppliers"]?.AsArray() ?? []))
                if (!b!.AsObject().ContainsKey("id"))
                    a!.AsObject().Remove("id");
        foreach (var path in new[] { "buyer" })
            if (compiled[path] is JsonObject mine && expected[path] is JsonObject theirs && !theirs.ContainsKey("id"))
                mine.Remove("id");
        if (compiled["tender"]?["procuringEntity"] is JsonObject entity && expected["tender"]?["procuringEntity"]?["id"] is null)
            entity.Remove("id");
    }

    private static KeptRecord Dated(string id, string date, string json)
    {
        var release = JsonNode.Parse(json)!.AsObject();
        release["ocid"] = "ocds-x-1";
        release["id"] = id;
        release["date"] = date;
        return OcdsRig.Part(id, release.ToJsonString());
    }

    private static void AssertCompiled(string fixture, List<SourceRecord> releases)
    {
        var record = JsonDocument.Parse(File.ReadAllBytes(OcdsRig.Fixture(fixture))).RootElement.GetProperty("records")[0];
        var expected = JsonNode.Parse(record.GetProperty("compiledRelease").GetRawText())!.AsObject();
        var ocid = Assert.Single(releases.Select(r => r.Group).Distinct())!;
        var compiled = JsonNode.Parse(OcdsRig.Assemble(ocid, releases.Select(r => r.Kept())).GetProperty("compiledRelease").GetRawText())!.AsObject();
        foreach (var varying in new[] { "id" }) // the examples are free in naming their compiled releases
            Assert.True(compiled.Remove(varying) | expected.Remove(varying));
        Assert.True(JsonNode.DeepEquals(expected, compiled), $"expected {expected.ToJsonString()}\nfound {compiled.ToJsonString()}");
    }
}
