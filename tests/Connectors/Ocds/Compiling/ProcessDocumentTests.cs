using System.Text;
using System.Text.Json;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connectors.Tests.Ocds.Compiling;

public class ProcessDocumentTests
{
    [Fact]
    public void Document_names_releases_in_order_with_provenance()
    {
        const string from = """{"publisher":"财政部","license":"CC","uri":"http://x/1","publishedDate":"2020-01-02","version":"1.1","file":"a.json"}""";
        var bytes = OcdsRig.AssembleBytes("ocds-x-1", [
            OcdsRig.Part("a", """{"ocid":"ocds-x-1","id":7,"date":"2020-02-01","tag":"award","language":"zh"}""", from),
            OcdsRig.Part("b", """{"ocid":"ocds-x-1","id":"b","date":"2020-01-01","tag":["tender","bid"]}""", ""),
        ]);
        Assert.Equal(
            """{"ocid":"ocds-x-1","releases":[{"id":"b","date":"2020-01-01","tag":["tender","bid"]},{"id":7,"date":"2020-02-01","tag":["award"],"publisher":"财政部","license":"CC","uri":"http://x/1"}],"compiledRelease":{"ocid":"ocds-x-1","id":"ocds-x-1-2020-02-01","date":"2020-02-01","tag":["compiled"],"language":"zh"}}""",
            bytes.Text());
    }

    [Fact]
    public void Dates_order_as_text_and_ties_by_id()
    {
        var parts = new[]
        {
            OcdsRig.Part("b", """{"id":"b","date":"2020-01-01","v":"b"}"""),
            OcdsRig.Part("a", """{"id":"a","date":"2020-01-01","v":"a"}"""),
            OcdsRig.Part("c", """{"id":"c","date":"2019-12-31","v":"c"}"""),
        };
        Assert.Equal("b", Compiled(parts).GetProperty("v").GetString());
        Assert.Equal("b", Compiled([.. parts.Reverse()]).GetProperty("v").GetString());
    }

    [Fact]
    public void Single_release_needs_no_date()
    {
        var compiled = Compiled([OcdsRig.Part("a", """{"id":"a","v":1}""")]);
        Assert.Equal("ocds-x-1", compiled.GetProperty("id").GetString());
        Assert.False(compiled.TryGetProperty("date", out _));
    }

    [Theory]
    [InlineData("""{"id":"b"}""")]
    [InlineData("""{"id":"b","date":null}""")]
    [InlineData("""{"id":"b","date":""}""")]
    public void One_of_several_releases_without_date_is_set_aside(string undated)
    {
        var e = Assert.Throws<ConnectorException>(() => Compiled([OcdsRig.Part("a", """{"id":"a","date":"2020"}"""), OcdsRig.Part("b", undated)]));
        Assert.Equal((ConnectorErrorKind.BadRecord, "process 'ocds-x-1' has 2 releases and 'ocds-x-1/b' has no date, so their order is unknown; the publisher must date it"), (e.Kind, e.Message));
    }

    [Fact]
    public void Compiled_release_counts_only_when_there_is_nothing_else()
    {
        var old = OcdsRig.Part("compiled", """{"id":"o","date":"2021","tag":["compiled"],"v":"old","n":null}""");
        var newest = OcdsRig.Part("y", """{"id":"n","date":"2022","tag":"compiled","v":"new"}""");
        var real = OcdsRig.Part("r", """{"id":"r","date":"2020","tag":["tender"],"v":"real"}""");

        Assert.Equal("""{"ocid":"ocds-x-1","id":"n","date":"2022","tag":["compiled"],"v":"new"}""", Compiled([newest, old]).GetRawText());
        Assert.Equal("""{"ocid":"ocds-x-1","id":"o","date":"2021","tag":["compiled"],"v":"old"}""", Compiled([old]).GetRawText());
        var document = OcdsRig.Assemble("ocds-x-1", old, newest, real);
        Assert.Equal("real", document.GetProperty("compiledRelease").GetProperty("v").GetString());
        Assert.Equal(1, document.GetProperty("releases").GetArrayLength());
    }

    [Theory]
    [InlineData("[1]", "is not a JSON object")]
    [InlineData("{", "cannot be parsed")]
    public void Damaged_part_is_set_aside(string json, string message)
    {
        var e = Assert.Throws<ConnectorException>(() => Compiled([OcdsRig.Part("a", json)]));
        Assert.Equal(ConnectorErrorKind.BadRecord, e.Kind);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_nesting_does_not_overflow_the_stack()
    {
        var deep = "{\"a\":" + new string('[', 100_000) + new string(']', 100_000) + "}";
        Assert.Throws<ConnectorException>(() => Compiled([OcdsRig.Part("a", deep)]));
    }

    private static JsonElement Compiled(IReadOnlyList<KeptRecord> parts) => OcdsRig.Assemble("ocds-x-1", parts).GetProperty("compiledRelease");
}
