using IntegrationHub.Connections;
using IntegrationHub.Sovereignty.Log.Tree;

namespace IntegrationHub.Api;

/// <summary>
/// The sovereignty log as c2sp.org/tlog-tiles has it, below <c>/log</c>. What proves is open: checkpoint, tiles of hashes and keys tell nobody
/// anything. What tells needs a key: entries say which systems there are and how busy, unless <c>log: { public: true }</c>. See docs/decisions/0009.
/// </summary>
internal static class LogRoutes
{
    private const string Immutable = "public, max-age=31536000, immutable";

    public static void Map(IEndpointRouteBuilder endpoints, Workspace workspace)
    {
        var log = workspace.Log;
        Open("/log/checkpoint", http => TextAsync(http, log.Stored.Checkpoint));
        Open("/log/vkey", async http => await TextAsync(http, string.Concat((await log.IdentityAsync(http.RequestAborted)).Keys.Reverse().Select(k => k.Vkey + "\n"))));
        Open("/log/tile/{level:int}/{**index}", http => TileAsync(http, log.Stored.Resource));
        var entries = endpoints.MapMethods("/log/tile/entries/{**index}", ["GET"], http => TileAsync(http, log.Stored.Resource));
        entries.WithMetadata(log.Config.Public ? OpenRoute.Instance : new NeedsScope(ApiScope.Read));

        void Open(string pattern, RequestDelegate handle) => endpoints.MapMethods(pattern, ["GET"], handle).WithMetadata(OpenRoute.Instance);
    }

    private static Task TextAsync(HttpContext http, string? text)
    {
        if (text is null)
            throw ApiRequest.Missing("nothing was signed yet");
        http.Response.Headers.CacheControl = "no-cache";
        return Answer.WriteAsync(http, "text/plain; charset=utf-8", System.Text.Encoding.UTF8.GetBytes(text));
    }

    private static Task TileAsync(HttpContext http, Func<Tile, byte[]?> find)
    {
        if (!Tile.TryParse(http.Request.Path.Value!["/log/".Length..], out var tile) || find(tile) is not { } bytes)
            throw ApiRequest.Missing("the published log has no such tile; the checkpoint tells its size");
        http.Response.Headers.CacheControl = Immutable;
        return Answer.WriteAsync(http, "application/octet-stream", bytes);
    }
}
