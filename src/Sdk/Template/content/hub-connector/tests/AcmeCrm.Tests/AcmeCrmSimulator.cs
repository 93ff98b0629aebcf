using System.Globalization;
using System.Text.Json.Nodes;
using IntegrationHub.Sdk.Simulation;

namespace AcmeCrm.Tests;

/// <summary>The vendor, as its documentation says: a key, and customers by time of change, twenty at most. Write yours from the documentation, not from the connector.</summary>
internal sealed class AcmeCrmSimulator(TimeProvider time) : VendorSimulator(time)
{
    public const string ApiKey = "simulated-key-5f2c9a";

    private const int RowsAtOnce = 20;

    public SortedDictionary<string, JsonObject> Customers { get; } = new(StringComparer.Ordinal);

    public void Put(string id, string name, DateTimeOffset updated) => Customers[id] = new()
    {
        ["id"] = id,
        ["name"] = name,
        ["email"] = $"{id}@company.example",
        ["updated"] = updated.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
    };

    protected override bool IsData(SimulatedRequest request) => true;

    protected override SimulatedAnswer RateLimitAnswer() => SimulatedAnswer.Json("""{"error":"slow_down"}""");

    protected override SimulatedAnswer Answer(SimulatedRequest request)
    {
        if (request.Header("Authorization") != "Bearer " + ApiKey)
            return SimulatedAnswer.Json("""{"error":"bad_key"}""", 401);
        return (request.Method, request.Path) switch
        {
            ("GET", "/customers") => List(request.Parameter("since") ?? "", request.Parameter("after")),
            _ => SimulatedAnswer.Json("""{"error":"no_such_path"}""", 404),
        };
    }

    private SimulatedAnswer List(string since, string? after)
    {
        var rows = Customers.Values.Select(c => (Customer: c, Updated: c["updated"]!.GetValue<string>(), Id: c["id"]!.GetValue<string>()))
            .Where(c => string.CompareOrdinal(c.Updated, since) is var order && (order > 0 || (order == 0 && (after is null || string.CompareOrdinal(c.Id, after) > 0))))
            .OrderBy(c => c.Updated, StringComparer.Ordinal).ThenBy(c => c.Id, StringComparer.Ordinal).Take(RowsAtOnce);
        return SimulatedAnswer.Of(new JsonObject { ["customers"] = new JsonArray([.. rows.Select(c => c.Customer.DeepClone())]) });
    }
}
