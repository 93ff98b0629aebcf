using System.Runtime.CompilerServices;
using System.Text.Json;

namespace IntegrationHub.Client;

/// <summary>
/// Reads from one hub: golden entities and the change feed. Safe for use by many at once. Requests wait where the hub asks for a pause; everything else that is no
/// success is a <see cref="HubProblemException"/>, and what the network does an <see cref="HttpRequestException"/>.
/// </summary>
public sealed class HubClient : IDisposable
{
    private readonly HttpClient? _own;
    private readonly HubExchange _exchange;

    /// <summary>A client with a connection pool of its own.</summary>
    /// <param name="address">Of the hub, such as <c>https://hub.example/</c>.</param>
    /// <param name="key">An API key, <c>hub_…</c>.</param>
    public HubClient(Uri address, string key)
        : this(new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { BaseAddress = address }, new HubClientOptions { Key = key })
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        _own = Http;
    }

    /// <summary>A client over yours, which stays yours.</summary>
    /// <param name="http">Its base address is the hub's.</param>
    /// <param name="options">The key, and how to ask.</param>
    public HubClient(HttpClient http, HubClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(options);
        if (http.BaseAddress is not { IsAbsoluteUri: true } address)
            throw new ArgumentException("set BaseAddress to the hub's address, such as https://hub.example/", nameof(http));
        Http = http;
        _exchange = new(http, new Uri(address.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/"), options);
    }

    private HttpClient Http { get; }

    /// <summary>One entity. Of one that another took in, the survivor comes: compare <see cref="HubEntity.Id"/>.</summary>
    /// <param name="plural">Its type as the API names it, such as <c>customers</c>.</param>
    /// <param name="id">Such as <c>customer-12</c>.</param>
    /// <param name="explain">Fields whose origins to tell, in <c>explain</c> of the JSON: names with commas, or <c>*</c>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="HubProblemException"><c>not_found</c>; <c>deleted</c>; others.</exception>
    public async Task<HubEntity> GetAsync(string plural, string id, string? explain = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(plural);
        ArgumentException.ThrowIfNullOrEmpty(id);
        var address = $"v1/{Uri.EscapeDataString(plural)}/{Uri.EscapeDataString(id)}{(explain is null ? "" : "?explain=" + Uri.EscapeDataString(explain))}";
        var (json, found, tag) = (await _exchange.JsonAsync(address, null, cancellationToken).ConfigureAwait(false))!.Value;
        return new(json, found, tag);
    }

    /// <summary>The present state of an entity, or <c>null</c> when it is the one that is known.</summary>
    /// <param name="known">From <see cref="GetAsync"/> or from here.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<HubEntity?> GetIfChangedAsync(HubEntity known, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(known);
        return await _exchange.JsonAsync(known.Address.AbsoluteUri, known.Tag, cancellationToken).ConfigureAwait(false) is var (json, found, tag) ? new(json, found, tag) : null;
    }

    /// <summary>All entities that a query finds, page by page as they are asked for.</summary>
    /// <param name="plural">The type as the API names it, such as <c>customers</c>.</param>
    /// <param name="query">Which; all when left out.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<HubEntity> ListAsync(string plural, EntityQuery? query = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(plural);
        var address = (query ?? new()).Address(plural);
        string? cursor = null;
        do
        {
            var page = cursor is null ? address : $"{address}{(address.Contains('?', StringComparison.Ordinal) ? '&' : '?')}cursor={Uri.EscapeDataString(cursor)}";
            var (json, found, _) = (await _exchange.JsonAsync(page, null, cancellationToken).ConfigureAwait(false))!.Value;
            foreach (var entity in json.GetProperty("data").EnumerateArray())
                yield return new(entity, new Uri(found, $"{plural}/{Uri.EscapeDataString(entity.GetProperty("id").GetString()!)}"), null);
            cursor = json.GetProperty("next") is { ValueKind: JsonValueKind.String } next ? next.GetString() : null;
        }
        while (cursor is not null);
    }

    /// <summary>The change feed from a place on. Nothing is asked before it is enumerated.</summary>
    public ChangeFeed Changes(ChangesQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return new(_exchange, query);
    }

    /// <inheritdoc/>
    public void Dispose() => _own?.Dispose();
}
