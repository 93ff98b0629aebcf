using System.Text.Json;

namespace IntegrationHub.Connectors.Tests.Ocds.Compiling;

public class EmbeddedOrganizationsTests
{
    [Fact]
    public async Task Real_buyers_of_2016_become_parties()
    {
        var releases = (await OcdsRig.Read(new { path = OcdsRig.Sample("uk-contracts-finder-2016.jsonl.gz") })).Records();
        Assert.Equal(200, releases.Count);
        foreach (var release in releases)
        {
            var compiled = OcdsRig.Assemble(release.Group!, release.Kept()).GetProperty("compiledRelease");
            var buyer = compiled.GetProperty("buyer");
            var party = Assert.Single(compiled.GetProperty("parties").EnumerateArray().ToList());
            Assert.Equal("name:" + buyer.GetProperty("name").GetString()!.Trim(), party.GetProperty("id").GetString());
            Assert.Equal(buyer.GetProperty("id").GetString(), party.GetProperty("id").GetString());
            Assert.Equal("[\"buyer\"]", party.GetProperty("roles").GetRawText());
            Assert.Equal(buyer.GetProperty("contactPoint").GetRawText(), party.GetProperty("contactPoint").GetRawText());
        }
    }

    [Fact]
    public async Task Real_references_of_2025_and_paraguay_all_lead_to_a_party()
    {
        foreach (var sample in new[] { "uk-contracts-finder-2025", "paraguay-dncp-2017", "canada-buyandsell-2015" })
            foreach (var group in (await OcdsRig.Read(new { path = OcdsRig.Sample(sample + ".jsonl.gz") })).Records().GroupBy(r => r.Group!))
            {
                var compiled = OcdsRig.Assemble(group.Key, group.Select(r => r.Kept())).GetProperty("compiledRelease");
                var ids = compiled.TryGetProperty("parties", out var parties) ? parties.EnumerateArray().Select(p => p.GetProperty("id").GetString()).ToHashSet() : [];
                foreach (var reference in References(compiled).Where(r => r.TryGetProperty("id", out _) || r.TryGetProperty("name", out _)))
                    Assert.Contains(reference.GetProperty("id").GetString(), ids);
            }
    }

    [Fact]
    public void Embedded_organisations_of_every_role_become_parties_once()
    {
        var compiled = Compiled("""
            {"buyer":{"name":"甲局","identifier":{"scheme":"CN-SAIC","id":"1"}},
             "tender":{"procuringEntity":{"name":"甲局（处）","identifier":{"scheme":"CN-SAIC","id":"1"},"address":{"locality":"上海"}},
                       "tenderers":[{"name":" 乙公司 "},{"identifier":{"id":"99","scheme":""}},{"name":""}]},
             "awards":[{"id":1,"suppliers":[{"name":"乙公司"},{"id":5,"name":"丙"}]}]}
            """);
        Assert.Equal(
            """[{"name":"甲局","identifier":{"scheme":"CN-SAIC","id":"1"},"id":"CN-SAIC-1","roles":["buyer","procuringEntity"],"address":{"locality":"上海"}},{"name":" 乙公司 ","id":"name:乙公司","roles":["tenderer","supplier"]},{"identifier":{"id":"99","scheme":""},"id":"99","roles":["tenderer"]},{"id":5,"name":"丙","roles":["supplier"]}]""",
            compiled.GetProperty("parties").GetRawText());
        Assert.Equal("CN-SAIC-1", compiled.GetProperty("tender").GetProperty("procuringEntity").GetProperty("id").GetString());
        Assert.Equal("name:乙公司", compiled.GetProperty("awards")[0].GetProperty("suppliers")[0].GetProperty("id").GetString());
        Assert.False(compiled.GetProperty("tender").GetProperty("tenderers")[2].TryGetProperty("id", out _));
    }

    [Fact]
    public void Published_parties_stay_and_only_missing_organisations_are_added()
    {
        const string parties = """{"id":"P1","name":"甲","identifier":{"scheme":"S","id":"1"},"roles":["buyer"]},{"id":"P2","name":"乙","roles":[]}""";
        var compiled = Compiled($$$"""
            {"parties":[{{{parties}}}],"buyer":{"id":"P1"},
             "awards":[{"id":1,"suppliers":[{"identifier":{"scheme":"S","id":"1"}},{"name":"乙"},{"id":"P3","name":"丙"}]}]}
            """);
        Assert.Equal($$"""[{{parties}},{"id":"P3","name":"丙","roles":["supplier"]}]""", compiled.GetProperty("parties").GetRawText());
        Assert.Equal(["P1", "P2", "P3"], compiled.GetProperty("awards")[0].GetProperty("suppliers").EnumerateArray().Select(s => s.GetProperty("id").GetString()));
    }

    private static IEnumerable<JsonElement> References(JsonElement compiled)
    {
        if (compiled.TryGetProperty("buyer", out var buyer))
            yield return buyer;
        if (compiled.TryGetProperty("tender", out var tender) && tender.TryGetProperty("procuringEntity", out var entity))
            yield return entity;
        if (compiled.TryGetProperty("awards", out var awards))
            foreach (var award in awards.EnumerateArray())
                if (award.TryGetProperty("suppliers", out var suppliers))
                    foreach (var supplier in suppliers.EnumerateArray())
                        yield return supplier;
    }

    private static JsonElement Compiled(string release) =>
        OcdsRig.Assemble("ocds-x-1", OcdsRig.Part("a", release, "")).GetProperty("compiledRelease");
}
