using System.Globalization;
using System.Text;
using System.Text.Json;
using IntegrationHub.Sdk.Simulation;

namespace IntegrationHub.Connectors.Tests.Declarative;

/// <summary>How a simulated vendor lets callers in.</summary>
internal enum ApiAuth
{
    HeaderKey,
    Basic,
    ClientCredentials,
    RefreshToken,
    OwnToken,
}

/// <summary>How it pages.</summary>
internal enum ApiPaging
{
    Page,
    Offset,
    Token,
    Url,
    Link,
}

/// <summary>In which order it lists.</summary>
internal enum ApiOrder
{
    ById,
    OldestFirst,
    NewestFirst,
}

/// <summary>
/// A vendor of the usual kind, in many styles: it checks credentials, parameters and page sizes, forgets tokens, spends refresh tokens once, lets page tokens run out, and
/// tells errors by status or by a code under HTTP 200.
/// </summary>
internal sealed class ApiVendor(ApiAuth auth, ApiPaging paging, ApiOrder order, bool codesUnder200 = false)
    : VendorSimulator(new JumpingClock(new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero)))
{
    public const string Key = "key-5d1f0a77", User = "hub", Password = "pass-9c2e41aa", ClientId = "client-1", ClientSecret = "client-secret-77aa", FirstRefresh = "refresh-0-b81c", HookSecret = "hook-secret-42e0";
    private const int MostRows = 4;

    private static readonly string[] Parameters = ["page", "offset", "cursor", "after", "limit", "since", "access_token"];

    private readonly Dictionary<string, DateTimeOffset> _tokens = [];
    private readonly Dictionary<string, string> _created = [];
    private string _refresh = FirstRefresh;
    private int _issued;

    public List<Item> Items { get; } = [];

    /// <summary>The last row of a page stands at the beginning of the next one too.</summary>
    public bool RepeatsRows { get; set; }

    /// <summary>Page tokens are refused once.</summary>
    public bool ForgetsPages { get; set; }

    /// <summary>Things made by the action.</summary>
    public int Created => _created.Count;

    public sealed record Item(string Id, DateTimeOffset Changed, string Name);

    protected override bool IsData(SimulatedRequest request) => request.Path != "/oauth/token";

    protected override void ExpireTokens() => _tokens.Clear();

    protected override SimulatedAnswer RateLimitAnswer() => codesUnder200 ? Refusal(200, "1429", "too many calls") : Refusal(429, "1429", "too many calls");

    protected override SimulatedAnswer Answer(SimulatedRequest request)
    {
        if (request is { Method: "POST", Path: "/oauth/token" })
            return Grant(request);
        if (!IsAdmitted(request))
            return codesUnder200 ? Refusal(200, "1401", "token expired") : Refusal(401, "unauthorized", "who are you");
        return (request.Method, request.Path) switch
        {
            ("GET", "/v1/items") => List(request),
            ("POST", "/v1/items") => Create(request),
            ("GET", var path) when path.StartsWith("/v1/items/", StringComparison.Ordinal) && Items.Find(i => i.Id == path["/v1/items/".Length..]) is { } item => SimulatedAnswer.Of(new { item = Shape(item) }),
            ("GET", var path) when path.StartsWith("/v1/items/", StringComparison.Ordinal) => SimulatedAnswer.Of(new { code = "1404" }, codesUnder200 ? 200 : 404),
            _ => Refusal(404, "not_found", "no such place"),
        };
    }

    private static SimulatedAnswer Refusal(int status, string code, string message) => SimulatedAnswer.Of(new { code, message }, status);

    private bool IsAdmitted(SimulatedRequest request) => auth switch
    {
        ApiAuth.HeaderKey => request.Header("X-Api-Key") == Key,
        ApiAuth.Basic => request.Header("Authorization") == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}")),
        ApiAuth.OwnToken => request.Parameter("access_token") is { } token && IsAlive(token),
        _ => request.Header("Authorization") is ['B', 'e', 'a', 'r', 'e', 'r', ' ', .. var token] && IsAlive(token),
    };

    private bool IsAlive(string token) => _tokens.TryGetValue(token, out var end) && end > Now;

    private SimulatedAnswer Grant(SimulatedRequest request)
    {
        if (auth == ApiAuth.OwnToken)
            return request.Json is var own && own.GetProperty("app").GetString() == ClientId && own.GetProperty("secret").GetString() == ClientSecret
                ? SimulatedAnswer.Of(new { code = 0, data = new { token = Issue(), expire = 7200 } })
                : Refusal(200, "4001", "wrong app or secret");
        var form = request.Text.Split('&').Select(p => p.Split('=')).ToDictionary(p => Uri.UnescapeDataString(p[0]), p => Uri.UnescapeDataString(p[1]));
        if (request.Header("Content-Type") is not ['a', 'p', 'p', 'l', 'i', 'c', 'a', 't', 'i', 'o', 'n', '/', 'x', '-', 'w', 'w', 'w', ..] || form.GetValueOrDefault("client_id") != ClientId || form.GetValueOrDefault("client_secret") != ClientSecret)
            return SimulatedAnswer.Of(new { error = "invalid_client" }, 401);
        if (auth == ApiAuth.ClientCredentials)
            return form["grant_type"] == "client_credentials" ? SimulatedAnswer.Of(new { access_token = Issue(), token_type = "Bearer", expires_in = 3600 }) : SimulatedAnswer.Of(new { error = "unsupported_grant_type" }, 400);
        if (form["grant_type"] != "refresh_token" || form["refresh_token"] != _refresh)
            return SimulatedAnswer.Of(new { error = "invalid_grant" }, 400);
        // Spent: the next one is another.
        _refresh = $"refresh-{_issued + 1}-0f3d";
        Issued.Add(_refresh);
        return SimulatedAnswer.Of(new { access_token = Issue(), expires_in = 3600, refresh_token = _refresh });
    }

    private string Issue()
    {
        var token = $"token-{++_issued}-{Guid.NewGuid():N}";
        _tokens[token] = Now.AddHours(1);
        Issued.Add(token);
        return token;
    }

    private SimulatedAnswer List(SimulatedRequest request)
    {
        if (request.Query.FirstOrDefault(p => !Parameters.Contains(p.Key)).Key is { } unknown)
            return Refusal(400, "bad_parameter", unknown);
        var rows = Items.AsEnumerable();
        if (request.Parameter("since") is { } since)
        {
            if (!DateTimeOffset.TryParse(since, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var from))
                return Refusal(400, "bad_parameter", "since");
            rows = rows.Where(i => i.Changed >= from);
        }

        var list = (order switch
        {
            ApiOrder.OldestFirst => rows.OrderBy(i => i.Changed).ThenBy(i => i.Id, StringComparer.Ordinal),
            ApiOrder.NewestFirst => rows.OrderByDescending(i => i.Changed).ThenByDescending(i => i.Id, StringComparer.Ordinal),
            _ => rows.OrderBy(i => i.Id, StringComparer.Ordinal),
        }).ToList();
        var limit = int.Parse(request.Parameter("limit") ?? "2", CultureInfo.InvariantCulture);
        if (limit is < 1 or > MostRows)
            return Refusal(400, "bad_parameter", $"limit has to be 1 to {MostRows}");
        var total = list.Count;
        var start = paging switch
        {
            ApiPaging.Page => (int.Parse(request.Parameter("page") ?? "1", CultureInfo.InvariantCulture) - 1) * limit,
            ApiPaging.Offset => int.Parse(request.Parameter("offset") ?? "0", CultureInfo.InvariantCulture),
            _ => 0,
        };
        if (start < 0)
            return Refusal(400, "bad_parameter", "page");
        if (request.Parameter(paging == ApiPaging.Token ? "cursor" : "after") is { } place)
        {
            if (ForgetsPages)
            {
                ForgetsPages = false;
                return Refusal(400, "cursor_expired", "begin again");
            }

            // Behind the row that the token names, wherever that stands now.
            var last = JsonSerializer.Deserialize<Item>(Convert.FromHexString(place))!;
            list = [.. list.Where(i => Behind(i, last))];
        }

        var page = list.Skip(RepeatsRows && start > 0 ? start - 1 : start).Take(limit).ToList();
        var more = list.Count > start + limit;
        var next = more && paging is not (ApiPaging.Page or ApiPaging.Offset) ? Convert.ToHexString(JsonSerializer.SerializeToUtf8Bytes(page[RepeatsRows && page.Count > 1 ? ^2 : ^1] with { Name = "" })) : null;
        var address = next is null ? null : $"{(paging == ApiPaging.Url ? Address : new Uri("https://ignored.example.com/"))}v1/items?limit={limit}&after={next}" + (request.Parameter("since") is { } same ? "&since=" + Uri.EscapeDataString(same) : "");
        return SimulatedAnswer.Of(new { code = "0", data = page.Select(Shape), total, next = paging == ApiPaging.Url ? address : next }) with
        {
            Headers = paging == ApiPaging.Link && next is not null ? [new("Link", $"</v1/items?limit={limit}>; rel=\"first\", </v1/items?limit={limit}&after={next}>; title=\"a, b\"; rel=\"next\"")] : [],
        };
    }

    private bool Behind(Item item, Item last) => order switch
    {
        ApiOrder.ById => string.CompareOrdinal(item.Id, last.Id) > 0,
        ApiOrder.OldestFirst => (item.Changed, item.Id).CompareTo((last.Changed, last.Id)) > 0,
        _ => (item.Changed, item.Id).CompareTo((last.Changed, last.Id)) < 0,
    };

    private SimulatedAnswer Create(SimulatedRequest request)
    {
        if (request.Header("Idempotency-Key") is not { Length: > 0 } key)
            return Refusal(400, "bad_request", "Idempotency-Key");
        if (request.Json.TryGetProperty("amount", out var amount) && amount.ValueKind != JsonValueKind.Number)
            return Refusal(400, "bad_request", "amount is a number");
        if (!_created.TryGetValue(key, out var id))
            _created[key] = id = $"made-{_created.Count + 1}-{request.Json.GetProperty("name").GetString()}";
        return SimulatedAnswer.Of(new { code = "0", item = new { id } }, 201);
    }

    private static object Shape(Item item) => new { id = item.Id, changed = item.Changed.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), name = item.Name, contact = new { email = $"{item.Id}@example.com" } };
}
