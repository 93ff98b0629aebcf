using System.Globalization;
using System.Text.Json.Nodes;
using IntegrationHub.Sdk.Simulation;

namespace IntegrationHub.Connectors.Tests.Kit;

/// <summary>An invented vendor with what most have: a token, a list by time of change, an order to place.</summary>
internal sealed class AcmeSimulator(TimeProvider time) : VendorSimulator(time)
{
    public const string Secret = "acme-secret-5f2c";

    private readonly HashSet<string> _tokens = [];

    public SortedDictionary<int, JsonObject> Items { get; } = [];

    public List<string> Orders { get; } = [];

    public int TokensGiven { get; private set; }

    public void Put(int id, string name, DateTimeOffset updated) =>
        Items[id] = new() { ["id"] = id, ["name"] = name, ["updated"] = updated.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) };

    protected override bool IsData(SimulatedRequest request) => request.Path != "/token";

    protected override void ExpireTokens() => _tokens.Clear();

    protected override SimulatedAnswer RateLimitAnswer() => SimulatedAnswer.Json("""{"error":"slow_down"}""");

    protected override SimulatedAnswer Answer(SimulatedRequest request)
    {
        if (request.Path == "/token")
        {
            if (request.Header("X-Secret") != Secret)
                return SimulatedAnswer.Json("""{"error":"bad_secret"}""");
            TokensGiven++;
            var token = $"tok-{Guid.NewGuid():N}";
            _tokens.Add(token);
            Issued.Add(token);
            return SimulatedAnswer.Of(new { token, expires = 7200 });
        }

        if (!_tokens.Contains((request.Header("Authorization") ?? "").Replace("Bearer ", "", StringComparison.Ordinal)))
            return SimulatedAnswer.Json("""{"error":"expired"}""", 401);
        return request.Path switch
        {
            "/items" => List(request),
            "/orders" when request.Method == "GET" => SimulatedAnswer.Of(new { found = Orders.Contains(request.Parameter("number")!) }),
            "/orders" => Order(request),
            _ => SimulatedAnswer.Json("""{"error":"no_such_path"}""", 404),
        };
    }

    private SimulatedAnswer List(SimulatedRequest request)
    {
        var (since, after) = (request.Parameter("since") ?? "", request.Parameter("after"));
        var page = Items.Values.Select(i => (Item: i, Updated: i["updated"]!.GetValue<string>(), Id: i["id"]!.GetValue<int>()))
            .Where(i => after is null ? string.CompareOrdinal(i.Updated, since) >= 0
                : string.CompareOrdinal(i.Updated, since) > 0 || (i.Updated == since && i.Id > int.Parse(after, CultureInfo.InvariantCulture)))
            .OrderBy(i => i.Updated, StringComparer.Ordinal).ThenBy(i => i.Id).Take(5).Select(i => (JsonNode)i.Item.DeepClone()).ToArray();
        return SimulatedAnswer.Of(new JsonObject { ["items"] = new JsonArray(page) });
    }

    private SimulatedAnswer Order(SimulatedRequest request)
    {
        Orders.Add(request.Json.GetProperty("number").GetString()!);
        return SimulatedAnswer.Of(new { ok = true });
    }
}
