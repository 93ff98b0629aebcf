using IntegrationHub.Connections.Callbacks;
using IntegrationHub.Sdk.Callbacks;

namespace IntegrationHub.Api;

/// <summary>
/// Where vendors send their callbacks: <c>/callbacks/CONNECTION</c>. Open to all, because vendors have no key of ours; the connector verifies the vendor's signature.
/// </summary>
internal static class CallbackRoutes
{
    public static void Map(IEndpointRouteBuilder endpoints, CallbackDesk desk) =>
        endpoints.MapMethods("/callbacks/{connection}", ["GET", "POST"], http => ReceiveAsync(http, desk)).WithMetadata(OpenRoute.Instance);

    private static async Task ReceiveAsync(HttpContext http, CallbackDesk desk)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        var request = new CallbackRequest
        {
            Method = http.Request.Method.ToUpperInvariant(),
            Query = [.. http.Request.Query.SelectMany(p => p.Value.Select(v => KeyValuePair.Create(p.Key, v ?? "")))],
            Headers = http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            Body = body.ToArray(),
        };

        var answer = await desk.ReceiveAsync((string)http.Request.RouteValues["connection"]!, request, http.RequestAborted)
            ?? throw ApiRequest.Missing("no connection of that name receives callbacks");
        http.Response.StatusCode = answer.Status;
        http.Response.ContentType = answer.ContentType;
        http.Response.ContentLength = answer.Body.Length;
        await http.Response.Body.WriteAsync(answer.Body, http.RequestAborted);
    }
}
