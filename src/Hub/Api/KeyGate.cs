using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using System.Threading.RateLimiting;
using IntegrationHub.Connections.Configuration;

namespace IntegrationHub.Api;

/// <summary>
/// Asks every request for a key unless its route is expressly open, so that a route that forgets to say anything is closed. Three steps in this
/// order: who is it, does it ask too often, may it do this.
/// </summary>
internal static class KeyGate
{
    private const string Item = "apikey";
    private const string RefusalItem = "apikey.refusal";

    public static ApiKey? Of(HttpContext http) => http.Items[Item] as ApiKey;

    public static void Identify(IApplicationBuilder app, ApiKeys keys, KeyUses uses) => app.Use(async (http, next) =>
    {
        if (IsClosed(http))
        {
            var header = http.Request.Headers.Authorization.ToString();
            var token = header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header["Bearer ".Length..].Trim() : "";
            if (token.Length == 0)
            {
                http.Items[RefusalItem] = ProblemKind.KeyMissing;
            }
            else if (await keys.FindAsync(token, http.RequestAborted) is not { } key)
            {
                http.Items[RefusalItem] = ProblemKind.KeyInvalid;
            }
            else
            {
                http.Items[Item] = key;
                if (keys.IsExpired(key))
                    http.Items[RefusalItem] = ProblemKind.KeyExpired;
                else if (keys.IsUseWorthNoting(key))
                    uses.Note(key.Id);
            }
        }

        await next(http);
    });

    public static void Decide(IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        if (IsClosed(http))
        {
            if (http.Items[RefusalItem] is ProblemKind refusal)
            {
                http.Response.Headers.WWWAuthenticate = refusal == ProblemKind.KeyMissing ? "Bearer" : "Bearer error=\"invalid_token\"";
                throw new ProblemException(refusal, "send 'Authorization: Bearer hub_...'; 'hub keys create' makes a key");
            }

            var scope = http.GetEndpoint()!.Metadata.GetMetadata<Operation>()?.Scope ?? http.GetEndpoint()!.Metadata.GetMetadata<NeedsScope>()?.Scope ?? ApiScope.Admin;
            if (!Of(http)!.Allows(scope))
                throw Lacks(scope);
        }

        await next(http);
    });

    public static ProblemException Lacks(ApiScope scope) =>
        new(ProblemKind.ScopeMissing, $"this needs a key with the scope '{Name(scope)}'", [.. Enum.GetValues<ApiScope>().Where(s => s >= scope).Select(Name)]);

    public static string Name(ApiScope scope) => scope.ToString().ToLowerInvariant();

    /// <summary>A bucket of requests for each key, and one for each address that comes without a valid one.</summary>
    public static PartitionedRateLimiter<HttpContext> Limiter(ApiConfig config) => PartitionedRateLimiter.Create<HttpContext, string>(http =>
    {
        if (!IsClosed(http))
            return RateLimitPartition.GetNoLimiter("open");
        var name = Of(http) is { } key ? "key:" + key.Id : "address:" + http.Connection.RemoteIpAddress;
        return RateLimitPartition.GetTokenBucketLimiter(name, _ => new()
        {
            TokenLimit = config.RequestsPerMinute,
            TokensPerPeriod = Math.Max(1, config.RequestsPerMinute / 60),
            ReplenishmentPeriod = TimeSpan.FromSeconds(Math.Max(1, 60.0 / config.RequestsPerMinute)),
            QueueLimit = 0,
            AutoReplenishment = true,
        });
    });

    public static async ValueTask Refuse(HttpContext http, RateLimitLease lease)
    {
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1);
        http.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        await ProblemAnswers.WriteAsync(http, ProblemKind.RateLimited, "wait as long as Retry-After says", null);
    }

    /// <summary>Nothing matched (404) and wrong methods (405) are answered to anybody; they tell nothing but the routes, which are public.</summary>
    private static bool IsClosed(HttpContext http) =>
        http.GetEndpoint() is RouteEndpoint endpoint && endpoint.Metadata.GetMetadata<OpenRoute>() is null;
}

/// <summary>Notes uses of keys beside the requests, which do not wait for the store's writer.</summary>
internal sealed class KeyUses(ApiKeys keys) : BackgroundService
{
    private readonly Channel<string> _used = Channel.CreateBounded<string>(new BoundedChannelOptions(256) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ConcurrentDictionary<string, bool> _waiting = new(StringComparer.Ordinal);

    public void Note(string id)
    {
        if (_waiting.TryAdd(id, true) && !_used.Writer.TryWrite(id))
            _waiting.TryRemove(id, out _);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var id in _used.Reader.ReadAllAsync(stoppingToken))
            try
            {
                await keys.NoteUseAsync(id, stoppingToken);
            }
            catch (Storage.StoreException)
            {
                // The next use is noted.
            }
            finally
            {
                _waiting.TryRemove(id, out _);
            }
    }
}
