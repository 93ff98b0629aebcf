using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Model;

namespace IntegrationHub.Mapping;

/// <summary>JSON Schemas (2020-12) of the files that integrators write, made from the model and the enums that read them.</summary>
public static class FileSchemas
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static JsonObject Matching() => new()
    {
        ["type"] = "object",
        ["description"] = "How contributions without a common strong key are recognised as the same.",
        ["additionalProperties"] = false,
        ["required"] = Array("candidates", "compare", "merge"),
        ["properties"] = new JsonObject
        {
            ["candidates"] = new JsonObject
            {
                ["type"] = "array",
                ["description"] = "Kinds, or lists of kinds, that make a pair worth comparing when they are equal.",
                ["items"] = new JsonObject { ["anyOf"] = new JsonArray(Text(), Texts("Kinds that must all be equal.")) },
            },
            ["compare"] = new JsonObject
            {
                ["type"] = "object",
                ["additionalProperties"] = new JsonObject
                {
                    ["type"] = "object",
                    ["additionalProperties"] = false,
                    ["properties"] = new JsonObject
                    {
                        ["equal"] = Weight("Weight of an equal value."),
                        ["shared"] = Weight("Weight of an equal value that is shared by too many."),
                        ["apart"] = Weight("Weight of an equal value seen at times further apart than 'withinDays'; at most that of 'equal'."),
                        ["withinDays"] = Count("See 'apart'."),
                        ["similar"] = new JsonObject { ["type"] = "object", ["description"] = "Weights by least likeness, such as 0.8: 4.", ["additionalProperties"] = Weight("Weight.") },
                        ["likeness"] = Choice<Likeness>(),
                        ["different"] = Weight("Weight of values that are not alike."),
                        ["crossed"] = Text(),
                        ["crossedEqual"] = Weight("Weight when the value of one side is the 'crossed' value of the other."),
                        ["unless"] = Texts("Kinds that say the same: not counted when one of them is equal."),
                        ["besides"] = Texts("Values that the contribution also has as one of these kinds are left out."),
                        ["guard"] = Flag("Entities that go by quite different values are not joined by comparisons."),
                        ["whole"] = Flag("'different' counts between the entities too when the pair does not say: one of the two has the value only from others."),
                    },
                },
            },
            ["merge"] = Weight("From this sum on, two contributions are the same."),
            ["propose"] = Weight("From this sum on, the pair is proposed to a person."),
            ["mostCandidates"] = Count("A value shared by more contributions is no reason to compare them. Default 100."),
            ["mostChained"] = Count("How many parts, each held together by strong keys, comparisons may chain to one entity. Default 50."),
        },
    };

    private static JsonObject Count(string description) => new() { ["type"] = "integer", ["minimum"] = 1, ["description"] = description };

    private static JsonObject Weight(string description) => new() { ["type"] = "number", ["description"] = description };

    private static JsonObject Texts(string description) => new() { ["type"] = "array", ["items"] = Text(), ["description"] = description };

    /// <summary>Of mapping files: every entity with its fields, identity kinds and links.</summary>
    public static string Mapping(EntityModel model, IEnumerable<string> functions)
    {
        var names = string.Join('|', functions.Order(StringComparer.Ordinal));
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "Integration hub mapping",
            ["type"] = "object",
            ["required"] = Array("source", "contributes"),
            ["additionalProperties"] = false,
            ["properties"] = new JsonObject
            {
                ["source"] = new JsonObject { ["type"] = "string", ["pattern"] = "^[^/]+/[^/]+$", ["description"] = "CONNECTOR/STREAM" },
                ["description"] = Text(),
                ["contributes"] = new JsonObject { ["type"] = "array", ["minItems"] = 1, ["items"] = new JsonObject { ["oneOf"] = new JsonArray([.. model.Entities.Select(Contribution)]) } },
                ["tests"] = new JsonObject { ["type"] = "array", ["items"] = Test(model) },
            },
            ["$defs"] = new JsonObject
            {
                ["expression"] = new JsonObject
                {
                    ["description"] = "A literal, or an RFC 9535 path followed by functions after '|'. Functions: " + names.Replace("|", ", ", StringComparison.Ordinal),
                    ["type"] = Array("string", "number", "boolean", "null"),
                },
                ["value"] = new JsonObject
                {
                    ["anyOf"] = new JsonArray(Ref("expression"), new JsonObject { ["type"] = "array", ["items"] = Ref("value") }, new JsonObject
                    {
                        ["type"] = "object",
                        ["properties"] = new JsonObject
                        {
                            ["$first"] = new JsonObject { ["type"] = "array", ["items"] = Ref("value"), ["description"] = "The first that gives something." },
                            ["$template"] = new JsonObject { ["type"] = "string", ["description"] = "Text with expressions in braces." },
                            ["$each"] = new JsonObject { ["type"] = "string", ["description"] = "One value per node of this path; '@' stands for the node." },
                            ["$if"] = new JsonObject { ["type"] = "string", ["description"] = "With $each: only nodes that meet this condition." },
                            ["$value"] = Ref("value"),
                            ["$when"] = new JsonObject { ["type"] = "string", ["description"] = "A condition; $then and $else follow." },
                            ["$then"] = Ref("value"),
                            ["$else"] = Ref("value"),
                            ["$literal"] = new JsonObject { ["description"] = "A text that starts with $ or @." },
                        },
                        ["additionalProperties"] = Ref("value"),
                    }),
                },
            },
        };
        return schema.ToJsonString(Indented) + "\n";
    }

    /// <summary>Of model files.</summary>
    public static string Model()
    {
        var field = new JsonObject
        {
            ["type"] = "object",
            ["required"] = Array("type"),
            ["additionalProperties"] = false,
            ["properties"] = new JsonObject
            {
                ["type"] = Choice<FieldKind>(),
                ["many"] = Flag("A list of values."),
                ["class"] = Choice<Classification>(),
                ["description"] = Text(),
                ["values"] = new JsonObject { ["type"] = "array", ["items"] = Text() },
                ["indexed"] = Flag("Can be filtered and sorted by in the API."),
                ["searched"] = Flag("Found by full-text search."),
                ["survivorship"] = Choice<Survivorship>(),
                ["prefer"] = new JsonObject { ["type"] = "array", ["items"] = Text(), ["description"] = "Connector ids whose values win, best first." },
                ["fields"] = new JsonObject { ["type"] = "object", ["additionalProperties"] = Ref("field") },
            },
        };
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "Integration hub model",
            ["type"] = "object",
            ["oneOf"] = new JsonArray(new JsonObject { ["required"] = Array("entity") }, new JsonObject { ["required"] = Array("extends") }),
            ["additionalProperties"] = false,
            ["properties"] = new JsonObject
            {
                ["entity"] = new JsonObject { ["type"] = "string", ["pattern"] = "^[a-z][a-z0-9_]*$" },
                ["extends"] = new JsonObject { ["type"] = "string", ["description"] = "The entity to add to." },
                ["plural"] = Text(),
                ["description"] = Text(),
                ["label"] = Text(),
                ["identity"] = new JsonObject
                {
                    ["type"] = "object",
                    ["additionalProperties"] = new JsonObject
                    {
                        ["type"] = "object",
                        ["additionalProperties"] = false,
                        ["properties"] = new JsonObject
                        {
                            ["strength"] = Choice<Strength>(),
                            ["limit"] = Count("An entity never holds more different values of this kind."),
                            ["shared"] = Count("A value seen under more names than this no longer joins anybody."),
                            ["blocked"] = Texts("Values that mean nothing; * stands for any characters."),
                            ["description"] = Text(),
                        },
                    },
                },
                ["matching"] = Matching(),
                ["fields"] = new JsonObject { ["type"] = "object", ["additionalProperties"] = Ref("field") },
                ["links"] = new JsonObject
                {
                    ["type"] = "object",
                    ["additionalProperties"] = new JsonObject
                    {
                        ["type"] = "object",
                        ["required"] = Array("entity"),
                        ["additionalProperties"] = false,
                        ["properties"] = new JsonObject { ["entity"] = Text(), ["many"] = Flag("Several targets."), ["description"] = Text() },
                    },
                },
            },
            ["$defs"] = new JsonObject { ["field"] = field },
        };
        return schema.ToJsonString(Indented) + "\n";
    }

    private static JsonObject Contribution(EntityType entity) => new()
    {
        ["type"] = "object",
        ["required"] = Array("entity", "key"),
        ["additionalProperties"] = false,
        ["properties"] = new JsonObject
        {
            ["entity"] = new JsonObject { ["const"] = entity.Name, ["description"] = entity.Description },
            ["when"] = new JsonObject { ["type"] = "string", ["description"] = "A condition; the entry contributes only where it holds." },
            ["each"] = new JsonObject { ["type"] = "string", ["description"] = "One contribution per node of this path; '@' stands for the node." },
            ["key"] = Ref("value"),
            ["observedAt"] = Ref("value"),
            ["identity"] = Members(entity.Identity.Select(k => (k.Name, $"{k.Strength.ToString().ToLowerInvariant()}: {k.Description}"))),
            ["fields"] = Members(entity.Fields.Select(f => (f.Name, $"{f}: {f.Description}{(f.Values.Count > 0 ? " One of " + string.Join(", ", f.Values) + "." : "")}"))),
            ["links"] = new JsonObject
            {
                ["type"] = "object",
                ["additionalProperties"] = false,
                ["properties"] = new JsonObject([.. entity.Links.Select(l => KeyValuePair.Create(l.Name, (JsonNode?)new JsonObject
                {
                    ["type"] = "object",
                    ["description"] = $"{l.Entity}{(l.Many ? ", several" : "")}: {l.Description}",
                    ["additionalProperties"] = false,
                    ["properties"] = new JsonObject
                    {
                        ["each"] = Text(),
                        ["when"] = Text(),
                        ["key"] = Ref("value"),
                        ["identity"] = new JsonObject { ["type"] = "object", ["additionalProperties"] = Ref("value") },
                    },
                }))]),
            },
        },
    };

    private static JsonObject Test(EntityModel model) => new()
    {
        ["type"] = "object",
        ["required"] = Array("name", "given"),
        ["additionalProperties"] = false,
        ["properties"] = new JsonObject
        {
            ["name"] = Text(),
            ["given"] = new JsonObject { ["description"] = "A file beside the mapping, or the record itself." },
            ["expect"] = new JsonObject { ["type"] = "object", ["propertyNames"] = new JsonObject { ["enum"] = new JsonArray([.. model.Entities.Select(e => (JsonNode)e.Name)]) } },
            ["rejects"] = new JsonObject { ["type"] = "string", ["description"] = "A part of the reason for which the record must be rejected." },
        },
    };

    private static JsonObject Members(IEnumerable<(string Name, string Description)> members) => new()
    {
        ["type"] = "object",
        ["additionalProperties"] = false,
        ["properties"] = new JsonObject([.. members.Select(m => KeyValuePair.Create(m.Name, (JsonNode?)new JsonObject { ["description"] = m.Description, ["$ref"] = "#/$defs/value" }))]),
    };

    private static JsonObject Choice<T>() where T : struct, Enum => new() { ["enum"] = Array([.. Enum.GetNames<T>().Select(n => n.ToLowerInvariant())]) };

    private static JsonObject Flag(string description) => new() { ["type"] = "boolean", ["description"] = description };

    private static JsonObject Text() => new() { ["type"] = "string" };

    private static JsonObject Ref(string name) => new() { ["$ref"] = "#/$defs/" + name };

    private static JsonArray Array(params string[] values) => new([.. values.Select(v => (JsonNode)v)]);
}
