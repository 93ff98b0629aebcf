using System.Text.Json;
using IntegrationHub.Documents;
using IntegrationHub.Host;
using IntegrationHub.Sdk;
using IntegrationHub.Storage;

namespace IntegrationHub.Api;

/// <summary>Records that could not be mapped. What they hold is shown to keys of scope admin only.</summary>
internal static class RejectedRoutes
{
    public static void Map(ApiRoutes routes)
    {
        var runs = routes.Services.GetRequiredService<RunService>();
        var number = new Parameter("rejected", Schema.Integer(1), "Number of the rejection.") { InPath = true };
        routes.Get("/v1/rejected", new("list_rejected", "rejected", "Rejected records, oldest first")
        {
            Parameters =
            [
                new("connection", Schema.Text(), "Only of this connection; needs 'stream' too."),
                new("stream", Schema.Text(), "Only of this stream; needs 'connection' too."),
                new("limit", Schema.Integer(1, routes.Workspace.Config.Api.PageSize, Math.Min(50, routes.Workspace.Config.Api.PageSize)), "Rejections per page."),
                new("cursor", Schema.Text(), "'next' of the page before."),
            ],
            Answer = Schema.Page(Schema.Reference("Rejected")),
            Problems = [ProblemKind.CursorInvalid],
        }, ListAsync);
        routes.Get("/v1/rejected/{rejected}", new("get_rejected", "rejected", "One rejection")
        {
            Parameters = [number, new("body", Schema.Flag, "With the record itself as base64; needs a key of scope admin.")],
            Answer = Schema.Reference("Rejected"),
            Problems = [ProblemKind.NotFound],
        }, GetAsync);
        routes.Post("/v1/rejected/{rejected}/retry", new("retry_rejected", "rejected", "Map a rejected record again")
        {
            Scope = ApiScope.Sync,
            Parameters = [number],
            Answer = Schema.Reference("Run"),
            Problems = [ProblemKind.NotFound, ProblemKind.RetryImpossible, ProblemKind.ConnectionBusy],
        }, request => RetryAsync(request, runs));
    }

    internal static System.Text.Json.Nodes.JsonObject SchemaOf() => Schema.Object(
        ("id", Schema.Integer(1)),
        ("connection", Schema.Text()),
        ("stream", Schema.Text()),
        ("where", Schema.Text()),
        ("rule", Schema.Text()),
        ("path", Schema.Text()),
        ("found", Schema.Text()),
        ("reason", Schema.Text()),
        ("at", Schema.Time),
        ("run", Schema.Integer()),
        ("body?", Schema.Text("byte")));

    private static async Task ListAsync(ApiRequest request)
    {
        var limit = request.Limit();
        var (connection, stream) = (request.Text("connection"), request.Text("stream"));
        if (connection is null != stream is null)
            throw new ProblemException(ProblemKind.ParameterInvalid, "give 'connection' and 'stream' together");
        if (connection is not null && request.Workspace.Config.Connection(connection) is null)
            throw new ProblemException(ProblemKind.ParameterInvalid, "'connection' is not in hub.yaml", [.. request.Workspace.Config.Connections.Select(c => c.Name)]);
        int? number = connection is null ? null : StreamNumber(request.Workspace, connection, stream!);
        var signature = $"rejected:{number}";
        var after = request.Text("cursor") is { } cursor ? request.Cursor.Open<long>(signature, cursor) : 0;
        var rows = await request.Reader.RejectedAsync(number, after, limit + 1, request.Cancelled);
        await request.JsonAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var row in rows.Take(limit))
                Write(json, row, request.Workspace.Store.Catalog, null);
            json.WriteEndArray();
            json.WriteString("next", rows.Count > limit ? request.Cursor.Seal(signature, rows[limit - 1].Id) : null);
            json.WriteEndObject();
        });
    }

    private static async Task GetAsync(ApiRequest request)
    {
        var wanted = request.Text("body") switch
        {
            null or "false" => false,
            "true" => true,
            _ => throw new ProblemException(ProblemKind.ParameterInvalid, "'body' must be true or false"),
        };
        if (wanted && !KeyGate.Of(request.Http)!.Allows(ApiScope.Admin))
            throw KeyGate.Lacks(ApiScope.Admin);
        var row = await FindAsync(request);
        byte[]? body = null;
        if (wanted)
        {
            await request.LogAsync([], [], ("rejected", $"{row.Id}"), ("stream", request.Workspace.Store.Catalog.Name(row.Stream)));
            body = await BodyAsync(request, row);
        }

        await request.JsonAsync(json => Write(json, row, request.Workspace.Store.Catalog, body));
    }

    /// <summary>The record as its source said it. What was put together of several is shown as the JSON array of its parts.</summary>
    private static async ValueTask<byte[]> BodyAsync(ApiRequest request, RejectedRow row)
    {
        if (row.Record == 0)
            return row.Body;
        if (await request.Reader.RecordBodyAsync(row.Record, request.Cancelled) is { Body.Length: > 0 } record)
            return record.Body;
        var parts = await request.Reader.PartsAsync(row.Record, request.Cancelled);
        return [.. "["u8, .. parts.SelectMany((p, i) => i == 0 ? p.Body : [(byte)',', .. p.Body]), (byte)']'];
    }

    /// <summary>The catalog gives a number to every name it is asked for, so only names that exist may be asked.</summary>
    private static int StreamNumber(Connections.Workspace workspace, string connection, string stream)
    {
        var streams = workspace.Connectors.Get(workspace.Connection(connection).Connector).Manifest.Streams.Select(s => s.Name).ToList();
        return streams.Contains(stream) ? workspace.Store.Catalog.Stream(connection, stream)
            : throw new ProblemException(ProblemKind.ParameterInvalid, "'stream' is not one of the connection's", streams);
    }

    private static async Task RetryAsync(ApiRequest request, RunService runs)
    {
        var row = await FindAsync(request);
        try
        {
            var run = await runs.RetryAsync(row, request.Cancelled);
            await request.JsonAsync(json => RunRoutes.Write(json, run));
        }
        catch (ConnectorException e)
        {
            throw new ProblemException(ProblemKind.RetryImpossible, e.Message);
        }
    }

    private static async ValueTask<RejectedRow> FindAsync(ApiRequest request) =>
        await request.Reader.RejectedAsync(request.PathNumber("rejected"), request.Cancelled) ?? throw ApiRequest.Missing("there is no such rejection; it may have been mapped since");

    private static void Write(Utf8JsonWriter json, RejectedRow row, Catalog catalog, byte[]? body)
    {
        var (connection, stream) = RecordNames.Stream(catalog, row.Stream);
        json.WriteStartObject();
        json.WriteNumber("id", row.Id);
        json.WriteString("connection", connection);
        json.WriteString("stream", stream);
        json.WriteString("where", row.Record != 0 && row.Where.StartsWith(RecordNames.Group, StringComparison.Ordinal) ? row.Where[RecordNames.Group.Length..] : row.Where);
        json.WriteString("rule", row.Rule);
        json.WriteString("path", row.Path);
        json.WriteString("found", row.Found);
        json.WriteString("reason", row.Reason);
        json.WriteString("at", DocumentJson.Time(row.At));
        json.WriteNumber("run", row.Run);
        if (body is not null)
            json.WriteBase64String("body", body);
        json.WriteEndObject();
    }
}
