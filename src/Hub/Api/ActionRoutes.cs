using System.Globalization;
using System.Text.Json;
using IntegrationHub.Connections.Actions;
using IntegrationHub.Sdk;

namespace IntegrationHub.Api;

/// <summary>Actions at vendors, each carried out once for its Idempotency-Key.</summary>
internal static class ActionRoutes
{
    public static void Map(ApiRoutes routes)
    {
        var actions = new ActionRunner(routes.Workspace);
        routes.Post("/v1/connections/{name}/actions/{action}", new("run_action", "connections", "Carry out an action at a vendor")
        {
            Description = "The header Idempotency-Key names this one action: sent again with the same key and body, it is answered with what came out the first time. 'hub connectors show' lists actions and their input.",
            Scope = ApiScope.Act,
            Parameters = [new("name", Schema.Text(), "Name in hub.yaml.") { InPath = true }, new("action", Schema.Text(), "Name of the action.") { InPath = true }],
            Body = Schema.Any,
            Answer = Schema.Object(("output", Schema.Any), ("replayed", Schema.Flag)),
            Problems = [ProblemKind.NotFound, ProblemKind.BodyInvalid, ProblemKind.IdempotencyKeyMissing, ProblemKind.IdempotencyKeyReused, ProblemKind.ActionUnderWay, ProblemKind.ActionRefused, ProblemKind.ActionUncertain, ProblemKind.VendorUnavailable, ProblemKind.ConnectionUnusable, ProblemKind.BodyTooLarge, ProblemKind.MediaTypeUnsupported],
        }, request => RunAsync(request, actions));
    }

    private static async Task RunAsync(ApiRequest request, ActionRunner actions)
    {
        var name = request.Path("name");
        if (request.Workspace.Config.Connection(name) is null)
            throw ApiRequest.Missing("there is no such connection in hub.yaml");
        var key = request.Http.Request.Headers["Idempotency-Key"].ToString();
        if (key.Length is 0 or > 200)
            throw new ProblemException(ProblemKind.IdempotencyKeyMissing, "send a header Idempotency-Key of 1 to 200 characters, a new one for every new action");
        using var body = await request.BodyAsync();
        var input = body?.RootElement ?? JsonDocument.Parse("{}").RootElement;
        ActionOutcome outcome;
        try
        {
            outcome = await actions.RunAsync(name, request.Path("action"), key, input, ReadLog.Caller(request.Http, request.Workspace), request.Cancelled);
        }
        catch (ActionConflictException e)
        {
            throw new ProblemException(e.IsUnderWay ? ProblemKind.ActionUnderWay : ProblemKind.IdempotencyKeyReused, e.Message);
        }
        catch (ConnectorException e)
        {
            if (e.RetryAfter is { } pause)
                request.Http.Response.Headers.RetryAfter = Math.Ceiling(pause.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            throw new ProblemException(Kind(e), e.Message);
        }

        await request.JsonAsync(json =>
        {
            json.WriteStartObject();
            json.WritePropertyName("output");
            outcome.Output.WriteTo(json);
            json.WriteBoolean("replayed", outcome.Replayed);
            json.WriteEndObject();
        });
    }

    private static ProblemKind Kind(ConnectorException e) => e switch
    {
        { MayHaveHappened: true } => ProblemKind.ActionUncertain,
        { Kind: ConnectorErrorKind.Permanent or ConnectorErrorKind.BadRecord } => ProblemKind.ActionRefused,
        { Kind: ConnectorErrorKind.Configuration } => ProblemKind.ConnectionUnusable,
        _ => ProblemKind.VendorUnavailable,
    };
}
