using System.Text.Json;
using IntegrationHub.Model;

namespace IntegrationHub.Api;

/// <summary>The unified model as it is in force, extensions of the integrator included.</summary>
internal static class ModelRoutes
{
    public static void Map(ApiRoutes routes)
    {
        routes.Get("/v1/model", new("get_model", "model", "Entities, fields, identity and links")
        {
            Answer = Schema.Object(("entities", Schema.List(Schema.Object(
                ("name", Schema.Text()),
                ("plural", Schema.Text()),
                ("description", Schema.Text()),
                ("label", Schema.Optional(Schema.Text())),
                ("identity", Schema.List(Schema.Object(("name", Schema.Text()), ("strength", Schema.OneOf(Enum.GetNames<Strength>().Select(Lower))), ("description", Schema.Text())))),
                ("fields", Schema.List(Schema.Reference("ModelField"))),
                ("links", Schema.List(Schema.Object(("name", Schema.Text()), ("entity", Schema.Text()), ("many", Schema.Flag), ("description", Schema.Text())))))))),
        }, GetAsync);
    }

    internal static System.Text.Json.Nodes.JsonObject SchemaOf() => Schema.Object(
        ("name", Schema.Text()),
        ("type", Schema.OneOf(Enum.GetNames<FieldKind>().Select(Lower))),
        ("many", Schema.Flag),
        ("class?", Schema.OneOf(Enum.GetNames<Classification>().Select(Lower))),
        ("description", Schema.Text()),
        ("values?", Schema.List(Schema.Text())),
        ("indexed?", Schema.Flag),
        ("searched?", Schema.Flag),
        ("survivorship?", Schema.OneOf(Enum.GetNames<Survivorship>().Select(Lower))),
        ("fields?", Schema.List(Schema.Reference("ModelField"))));

    private static Task GetAsync(ApiRequest request) => request.JsonAsync(json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("entities");
        foreach (var entity in request.Workspace.Model.Entities)
        {
            json.WriteStartObject();
            json.WriteString("name", entity.Name);
            json.WriteString("plural", entity.Plural);
            json.WriteString("description", entity.Description);
            json.WriteString("label", entity.Label);
            json.WriteStartArray("identity");
            foreach (var kind in entity.Identity)
            {
                json.WriteStartObject();
                json.WriteString("name", kind.Name);
                json.WriteString("strength", Lower(kind.Strength.ToString()));
                json.WriteString("description", kind.Description);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            Write(json, entity.Fields, nested: false);
            json.WriteStartArray("links");
            foreach (var link in entity.Links)
            {
                json.WriteStartObject();
                json.WriteString("name", link.Name);
                json.WriteString("entity", link.Entity);
                json.WriteBoolean("many", link.Many);
                json.WriteString("description", link.Description);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter json, IReadOnlyList<FieldType> fields, bool nested)
    {
        json.WriteStartArray("fields");
        foreach (var field in fields)
        {
            json.WriteStartObject();
            json.WriteString("name", field.Name);
            json.WriteString("type", Lower(field.Kind.ToString()));
            json.WriteBoolean("many", field.Many);
            json.WriteString("description", field.Description);
            if (!nested)
            {
                json.WriteString("class", Lower(field.Class.ToString()));
                json.WriteBoolean("indexed", field.Indexed && !field.Many);
                json.WriteBoolean("searched", field.Searched);
                json.WriteString("survivorship", Lower(field.Survivorship.ToString()));
            }

            if (field.Values.Count > 0)
            {
                json.WriteStartArray("values");
                foreach (var value in field.Values)
                    json.WriteStringValue(value);
                json.WriteEndArray();
            }

            if (field.Fields.Count > 0)
                Write(json, field.Fields, nested: true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string Lower(string name) => name.ToLowerInvariant();
}
