using IntegrationHub.Connections;
using IntegrationHub.Documents;

namespace IntegrationHub.Api;

/// <summary>Mappings in force, their texts and their publications.</summary>
internal static class MappingRoutes
{
    public static void Map(ApiRoutes routes)
    {
        routes.Get("/v1/mappings", new("list_mappings", "mappings", "Mappings in force")
        {
            Answer = Schema.Object(("data", Schema.List(Schema.Object(
                ("source", Schema.Text()), ("version", Schema.Text()), ("publishedAt", Schema.Time), ("publishedBy", Schema.Text()), ("entities", Schema.List(Schema.Text())))))),
        }, ListAsync);
        routes.Get("/v1/mappings/{connector}/{stream}", new("get_mapping", "mappings", "One mapping with its text and history")
        {
            Parameters =
            [
                new("connector", Schema.Text(), "Id of the connector.") { InPath = true },
                new("stream", Schema.Text(), "Name of the stream.") { InPath = true },
                new("version", Schema.Text(), "A version of the history instead of the one in force."),
            ],
            Answer = Schema.Object(
                ("source", Schema.Text()),
                ("version", Schema.Text()),
                ("text", Schema.Text()),
                ("history", Schema.List(Schema.Object(("version", Schema.Text()), ("at", Schema.Time), ("by", Schema.Text()))))),
            Problems = [ProblemKind.NotFound],
        }, GetAsync);
    }

    private static async Task ListAsync(ApiRequest request)
    {
        var publications = await Publications.AllAsync(request.Reader, request.Cancelled);
        await request.JsonAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var (source, publication) in publications)
            {
                var latest = publication.History[^1];
                json.WriteStartObject();
                json.WriteString("source", source);
                json.WriteString("version", publication.Current);
                json.WriteString("publishedAt", DocumentJson.Time(latest.At));
                json.WriteString("publishedBy", latest.By);
                json.WriteStartArray("entities");
                foreach (var entity in request.Workspace.Plans.FirstOrDefault(p => p.Source == source)?.Entities.Select(e => e.Name).Distinct() ?? [])
                    json.WriteStringValue(entity);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static async Task GetAsync(ApiRequest request)
    {
        var source = $"{request.Path("connector")}/{request.Path("stream")}";
        var publication = await Publications.FindAsync(request.Reader, source, request.Cancelled) ?? throw ApiRequest.Missing("no mapping is published for this stream");
        var version = request.Text("version") ?? publication.Current;
        if (publication.History.All(e => e.Hash != version))
            throw new ProblemException(ProblemKind.NotFound, "there is no such version of this mapping", [.. publication.History.Select(e => e.Hash).Distinct()]);
        var text = request.Workspace.Plans.FirstOrDefault(p => p.Source == source && p.Hash == version)?.Text
            ?? await Publications.TextAsync(request.Reader, version, request.Cancelled)
            ?? throw ApiRequest.Missing("the text of this version is not kept");
        await request.JsonAsync(json =>
        {
            json.WriteStartObject();
            json.WriteString("source", source);
            json.WriteString("version", version);
            json.WriteString("text", text);
            json.WriteStartArray("history");
            foreach (var publishing in publication.History)
            {
                json.WriteStartObject();
                json.WriteString("version", publishing.Hash);
                json.WriteString("at", DocumentJson.Time(publishing.At));
                json.WriteString("by", publishing.By);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }
}
