using System.Text.Json.Nodes;
using IntegrationHub.Connections;
using IntegrationHub.Mapping;
using IntegrationHub.Mapping.Functions;

namespace IntegrationHub.Tests.Mapping;

public sealed class FileSchemasTests
{
    [Fact]
    public void Mapping_schema_knows_every_field_link_and_identity_kind_of_the_model()
    {
        var model = MappingFolder.Open(AppContext.BaseDirectory).Model();
        var schema = JsonNode.Parse(FileSchemas.Mapping(model, FunctionLibrary.All.Keys))!;
        var entries = schema["properties"]!["contributes"]!["items"]!["oneOf"]!.AsArray();
        Assert.Equal(model.Entities.Select(e => e.Name), entries.Select(e => (string)e!["properties"]!["entity"]!["const"]!));
        foreach (var (entity, entry) in model.Entities.Zip(entries))
        {
            Assert.Equal(entity.Fields.Select(f => f.Name), entry!["properties"]!["fields"]!["properties"]!.AsObject().Select(p => p.Key));
            Assert.Equal(entity.Links.Select(l => l.Name), entry["properties"]!["links"]!["properties"]!.AsObject().Select(p => p.Key));
            Assert.Equal(entity.Identity.Select(k => k.Name), entry["properties"]!["identity"]!["properties"]!.AsObject().Select(p => p.Key));
        }
    }

    [Fact]
    public void Model_schema_offers_what_the_loader_reads()
    {
        var schema = JsonNode.Parse(FileSchemas.Model())!;
        var field = schema["$defs"]!["field"]!["properties"]!;
        Assert.Equal(["text", "number", "integer", "boolean", "time", "date", "money", "object", "json"], field["type"]!["enum"]!.AsArray().Select(n => (string)n!));
        Assert.Equal(["latest", "earliest", "longest", "max", "min", "collect"], field["survivorship"]!["enum"]!.AsArray().Select(n => (string)n!));
    }

    [Fact]
    public void Every_mapping_that_comes_with_the_hub_compiles_and_passes_its_tests()
    {
        var folder = MappingFolder.Open(AppContext.BaseDirectory);
        var plans = MappingFolder.Compile(folder.Mappings(), folder.Model(), FunctionLibrary.For(FunctionContext.ForTrying));
        Assert.NotEmpty(plans);
        foreach (var plan in plans)
        {
            var report = MappingTests.Run(plan, name => File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(plan.File)!, name)));
            Assert.NotEmpty(report.Results);
            Assert.All(report.Results, r => Assert.True(r.Fault is null, $"{r.Test.Name}: {r.Fault}"));
            Assert.All(plan.Rules, rule => Assert.True(report.Coverage.Of(rule).Value > 0, $"{rule.Name} (line {rule.Line}) is never tested with a value"));
        }
    }
}
