using System.Text.Json;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Host;

namespace IntegrationHub.Api;

/// <summary>Configured connections, and starting their syncs.</summary>
internal static class ConnectionRoutes
{
    public static void Map(ApiRoutes routes)
    {
        var runs = routes.Services.GetRequiredService<RunService>();
        routes.Get("/v1/connections", new("list_connections", "connections", "Connections with the state of their streams")
        {
            Answer = Schema.Object(("data", Schema.List(Schema.Object(
                ("name", Schema.Text()),
                ("connector", Schema.Text()),
                ("schedule", Schema.Optional(Schema.Text())),
                ("region", Schema.Optional(Schema.Text())),
                ("running", Schema.Flag),
                ("blocked", Schema.Optional(Schema.Text())),
                ("streams", Schema.List(Schema.Object(
                    ("name", Schema.Text()), ("records", Schema.Integer(0)), ("rejected", Schema.Integer(0)), ("mapping", Schema.Optional(Schema.Text()))))))))),
        }, request => ListAsync(request, runs));
        routes.Post("/v1/connections/{name}/sync", new("sync_connection", "connections", "Start a sync")
        {
            Description = "Answers as soon as the first run has begun; follow it under Location.",
            Scope = ApiScope.Sync,
            Status = 202,
            Parameters = [new("name", Schema.Text(), "Name in hub.yaml.") { InPath = true }],
            Body = Schema.Object(("stream?", Schema.Text()), ("full?", Schema.Flag)),
            Answer = Schema.Object(("connection", Schema.Text()), ("run", new System.Text.Json.Nodes.JsonObject { ["oneOf"] = new System.Text.Json.Nodes.JsonArray(Schema.Reference("Run"), new System.Text.Json.Nodes.JsonObject { ["type"] = "null" }) })),
            Problems = [ProblemKind.NotFound, ProblemKind.BodyInvalid, ProblemKind.ConnectionBusy, ProblemKind.ConnectionUnusable, ProblemKind.BodyTooLarge, ProblemKind.MediaTypeUnsupported],
        }, request => SyncAsync(request, runs));
    }

    private static async Task ListAsync(ApiRequest request, RunService runs)
    {
        var workspace = request.Workspace;
        var streams = new List<(ConnectionConfig Connection, List<(string Name, long Records, long Rejected, string? Mapping)> Streams)>();
        foreach (var connection in workspace.Config.Connections)
        {
            var connector = workspace.Connectors.All.FirstOrDefault(c => c.Manifest.Id == connection.Connector);
            var found = new List<(string, long, long, string?)>();
            foreach (var stream in connector?.Manifest.Streams ?? [])
            {
                var (records, rejected) = await request.Reader.CountStreamAsync(workspace.Store.Catalog.Stream(connection.Name, stream.Name), request.Cancelled);
                found.Add((stream.Name, records, rejected, workspace.PlanFor(connection.Connector, stream.Name)?.Hash));
            }

            streams.Add((connection, found));
        }

        await request.JsonAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var (connection, found) in streams)
            {
                json.WriteStartObject();
                json.WriteString("name", connection.Name);
                json.WriteString("connector", connection.Connector);
                json.WriteString("schedule", connection.Schedule);
                json.WriteString("region", connection.Region);
                json.WriteBoolean("running", runs.IsRunning(connection.Name));
                json.WriteString("blocked", workspace.Supervisor.Blocked.GetValueOrDefault(connection.Name));
                json.WriteStartArray("streams");
                foreach (var (name, records, rejected, mapping) in found)
                {
                    json.WriteStartObject();
                    json.WriteString("name", name);
                    json.WriteNumber("records", records);
                    json.WriteNumber("rejected", rejected);
                    json.WriteString("mapping", mapping);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static async Task SyncAsync(ApiRequest request, RunService runs)
    {
        using var body = await request.BodyAsync();
        var (stream, full) = Read(body);
        var name = request.Path("name");
        if (request.Workspace.Config.Connection(name) is null)
            throw ApiRequest.Missing("there is no such connection in hub.yaml");
        var streams = request.Workspace.Connectors.All.FirstOrDefault(c => c.Manifest.Id == request.Workspace.Config.Connection(name)?.Connector)?.Manifest.Streams.Select(s => s.Name).ToList();
        if (stream is not null && streams is not null && !streams.Contains(stream))
            throw new ProblemException(ProblemKind.ConnectionUnusable, "'stream' names no stream of the connection", streams);
        var run = await runs.StartAsync(name, stream, full, request.Cancelled);
        request.Http.Response.StatusCode = StatusCodes.Status202Accepted;
        if (run is not null)
            request.Http.Response.Headers.Location = $"/v1/runs/{run.Id}";
        await request.JsonAsync(json =>
        {
            json.WriteStartObject();
            json.WriteString("connection", name);
            json.WritePropertyName("run");
            if (run is null)
                json.WriteNullValue();
            else
                RunRoutes.Write(json, run);
            json.WriteEndObject();
        });
    }

    private static (string? Stream, bool Full) Read(JsonDocument? body)
    {
        string? stream = null;
        var full = false;
        if (body is null)
            return (stream, full);
        foreach (var property in body.RootElement.EnumerateObject())
            switch (property.Name, property.Value.ValueKind)
            {
                case ("stream", JsonValueKind.String):
                    stream = property.Value.GetString();
                    break;
                case ("full", JsonValueKind.True or JsonValueKind.False):
                    full = property.Value.GetBoolean();
                    break;
                default:
                    throw new ProblemException(ProblemKind.BodyInvalid, "expected an object of 'stream' (text) and 'full' (true or false), both optional", ["stream", "full"]);
            }

        return (stream, full);
    }
}
