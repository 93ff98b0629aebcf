using System.Text;
using IntegrationHub.Mapping;
using IntegrationHub.Mapping.Functions;
using IntegrationHub.Model;
using IntegrationHub.Yaml;

namespace IntegrationHub.Tests.Mapping;

public sealed class ExpressionParserTests
{
    private static readonly EntityModel Model = ModelFiles.Compile([("note.yaml", """
        entity: note
        plural: notes
        description: A note.
        label: title
        fields:
          title: { type: text, class: business, description: Title. }
          tags: { type: text, many: true, class: business, description: Tags. }
        """)]);

    [Theory]
    [InlineData("$.a | omitNull")]
    [InlineData("$.a | required")]
    [InlineData("$.a | default('x')")]
    [InlineData("$.a | coalesce($.b, 'x')")]
    public void Function_that_passes_a_single_value_on_fits_a_single_field(string expression) => Assert.Equal("v", Map(expression));

    [Theory]
    [InlineData("$.list[*] | omitNull")]
    [InlineData("$.a | coalesce($.list[*])")]
    [InlineData("$.a | default(['x', 'y'])")]
    public void Function_that_can_pass_several_values_on_is_refused_for_a_single_field(string expression)
    {
        var e = Assert.Throws<InvalidFileException>(() => Map(expression));

        Assert.Contains("is a single text, but this can give several values", e.Message, StringComparison.Ordinal);
    }

    private static string? Map(string expression)
    {
        var plan = MappingCompiler.Compile("test.yaml", $$"""
            source: test/notes
            contributes:
              - entity: note
                key: $.a
                fields:
                  title: "{{expression}}"
            """, Model, FunctionLibrary.For(FunctionContext.ForTrying));
        var mapped = new Mapper(plan).Map("""{"a":"v","list":["1","2"]}"""u8.ToArray());
        Assert.Null(mapped.Rejection);
        using var json = System.Text.Json.JsonDocument.Parse(Encoding.UTF8.GetString(mapped.Json(Assert.Single(mapped.Contributions))));
        return json.RootElement.GetProperty("fields").GetProperty("title").GetString();
    }
}
