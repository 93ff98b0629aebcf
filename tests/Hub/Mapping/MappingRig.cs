using System.Text;
using IntegrationHub.Mapping;
using IntegrationHub.Mapping.Functions;
using IntegrationHub.Model;

namespace IntegrationHub.Tests.Mapping;

/// <summary>A small model with a field of every kind, and short ways to compile and run a mapping over it.</summary>
internal static class MappingRig
{
    public static EntityModel Model { get; } = ModelFiles.Compile([("thing.yaml", """
        entity: thing
        identity:
          uscc: { strength: strong }
          mobile: { strength: joint }
        fields:
          text: { type: text, class: business }
          texts: { type: text, many: true, class: business }
          color: { type: text, class: business, values: [red, green, 红] }
          number: { type: number, class: business }
          integer: { type: integer, class: business }
          flag: { type: boolean, class: business }
          time: { type: time, class: business }
          date: { type: date, class: business }
          money: { type: money, class: financial }
          moneys: { type: money, many: true, class: financial }
          address: { type: object, class: business, fields: { city: { type: text }, lines: { type: text, many: true } } }
          rows: { type: object, many: true, class: business, fields: { name: { type: text }, count: { type: integer } } }
          any: { type: json, class: business }
        links:
          parent: { entity: thing }
          peers: { entity: thing, many: true }
        """)]);

    public static MappingPlan Plan(string text) => MappingCompiler.Compile("m.yaml", text, Model, FunctionLibrary.All);

    /// <summary>A mapping with one contribution, given its members below <c>fields:</c>.</summary>
    public static MappingPlan Fields(string fields, string more = "") =>
        Plan($"source: a/b\ncontributes:\n  - entity: thing\n    key: $.id\n{Indent(more, 4)}    fields:\n{Indent(fields, 6)}");

    public static MappedRecord Run(MappingPlan plan, string json, MappingLimits? limits = null) => new Mapper(plan, limits).Map(Encoding.UTF8.GetBytes(json));

    /// <summary>The contributions, or why there are none.</summary>
    public static string Tell(MappedRecord record) => record.Rejection is { } r
        ? $"{r.Rule} {r.Path} {r.Found}: {r.Reason}"
        : string.Join('\n', record.Contributions.Select(c => Encoding.UTF8.GetString(record.Json(c))));

    /// <summary>What stands below <c>fields</c> of the only contribution.</summary>
    public static string FieldsOf(MappedRecord record)
    {
        Assert.Null(record.Rejection);
        using var document = System.Text.Json.JsonDocument.Parse(record.Json(Assert.Single(record.Contributions)).ToArray());
        return document.RootElement.GetProperty("fields").GetRawText();
    }

    private static string Indent(string text, int by) =>
        text.Length == 0 ? "" : string.Concat(text.Split('\n').Select(l => new string(' ', by) + l + "\n"));
}
