using System.Text;
using System.Text.Json;
using IntegrationHub.Documents;
using IntegrationHub.Storage;

namespace IntegrationHub.Api;

/// <summary>Runs with their reconciliation statements.</summary>
internal static class RunRoutes
{
    public static void Map(ApiRoutes routes)
    {
        routes.Get("/v1/runs", new("list_runs", "runs", "Runs, newest first")
        {
            Parameters =
            [
                new("connection", Schema.Text(), "Only runs of this connection."),
                new("limit", Schema.Integer(1, routes.Workspace.Config.Api.PageSize, Math.Min(50, routes.Workspace.Config.Api.PageSize)), "Runs per page."),
                new("cursor", Schema.Text(), "'next' of the page before."),
            ],
            Answer = Schema.Page(Schema.Reference("Run")),
            Problems = [ProblemKind.CursorInvalid],
        }, ListAsync);
        routes.Get("/v1/runs/{run}", new("get_run", "runs", "One run")
        {
            Parameters = [new("run", Schema.Integer(1), "Number of the run.") { InPath = true }],
            Answer = Schema.Reference("Run"),
            Problems = [ProblemKind.NotFound],
        }, async request =>
        {
            var run = await request.Reader.RunAsync(request.PathNumber("run"), request.Cancelled) ?? throw ApiRequest.Missing("there is no such run");
            await request.JsonAsync(json => Write(json, run));
        });
    }

    internal static System.Text.Json.Nodes.JsonObject SchemaOf() => Schema.Object(
        ("id", Schema.Integer(1)),
        ("connection", Schema.Text()),
        ("stream", Schema.Text()),
        ("kind", Schema.Text()),
        ("state", Schema.OneOf(["running", "succeeded", "failed", "interrupted", "unbalanced"])),
        ("startedAt", Schema.Time),
        ("endedAt?", Schema.Time),
        ("statement", new System.Text.Json.Nodes.JsonObject { ["type"] = "object", ["description"] = "The reconciliation: read = mapped + unchanged + filtered + rejected, in numbers and content." }),
        ("error?", Schema.Text()));

    internal static void Write(Utf8JsonWriter json, RunRow run)
    {
        json.WriteStartObject();
        json.WriteNumber("id", run.Id);
        json.WriteString("connection", run.Connection);
        json.WriteString("stream", run.Stream);
        json.WriteString("kind", run.Kind);
        json.WriteString("state", run.State);
        json.WriteString("startedAt", DocumentJson.Time(run.StartedAt));
        json.Time("endedAt", run.EndedAt);
        json.WritePropertyName("statement");
        json.WriteRawValue(Encoding.UTF8.GetBytes(run.Statement), skipInputValidation: true);
        if (run.Error is not null)
            json.WriteString("error", run.Error);
        json.WriteEndObject();
    }

    private static async Task ListAsync(ApiRequest request)
    {
        var limit = request.Limit();
        var connection = request.Text("connection");
        var signature = $"runs:{connection}";
        var before = request.Text("cursor") is { } cursor ? request.Cursor.Open<long>(signature, cursor) : long.MaxValue;
        var runs = await request.Reader.RunsBeforeAsync(connection, before, limit + 1, request.Cancelled);
        await request.JsonAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var run in runs.Take(limit))
                Write(json, run);
            json.WriteEndArray();
            json.WriteString("next", runs.Count > limit ? request.Cursor.Seal(signature, runs[limit - 1].Id) : null);
            json.WriteEndObject();
        });
    }
}
