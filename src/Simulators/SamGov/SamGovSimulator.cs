using System.Globalization;
using System.Text.Json.Nodes;
using IntegrationHub.Sdk.Simulation;

namespace IntegrationHub.Simulators.SamGov;

/// <summary>
/// A simulated SAM.gov, Get Opportunities API v2: the key in a parameter, mandatory dates of at most a year, offset as the number of a page, at most 1,000 notices a page, the newest
/// first. The notices are real ones of February 2026 (a work of the U.S. government, public domain) with new ids and dates; the persons to contact are made up.
/// </summary>
public sealed class SamGovSimulator : VendorSimulator
{
    private const string Dates = "MM/dd/yyyy";

    private static readonly Dictionary<string, string> Types = new()
    {
        ["u"] = "Justification",
        ["p"] = "Presolicitation",
        ["a"] = "Award Notice",
        ["r"] = "Sources Sought",
        ["s"] = "Special Notice",
        ["o"] = "Solicitation",
        ["g"] = "Sale of Surplus Property",
        ["k"] = "Combined Synopsis/Solicitation",
        ["i"] = "Intent to Bundle Requirements (DoD-Funded)",
    };

    private static readonly string[] Known =
        ["api_key", "postedFrom", "postedTo", "limit", "offset", "ptype", "noticeid", "solnum", "title", "organizationCode", "organizationName", "state", "zip", "typeOfSetAside", "typeOfSetAsideDescription", "ncode", "ccode", "rdlfrom", "rdlto"];

    private readonly JsonArray _samples;

    /// <summary>Starts without notices.</summary>
    public SamGovSimulator(TimeProvider time, int port = 0) : base(time, port)
    {
        using var stream = typeof(SamGovSimulator).Assembly.GetManifestResourceStream("sam-gov-opportunities.json")!;
        _samples = JsonNode.Parse(stream)!.AsArray();
    }

    /// <summary>The key that is accepted.</summary>
    public string Key { get; } = "SAM-3f9a21c7-simulated";

    /// <summary>The notices by id.</summary>
    public SortedDictionary<string, JsonObject> Notices { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds a notice in the likeness of a real one.</summary>
    /// <param name="number">Makes its id and chooses the real one.</param>
    /// <param name="posted">The day of posting.</param>
    public JsonObject Post(int number, DateOnly posted)
    {
        var notice = (JsonObject)_samples[number % _samples.Count]!.DeepClone();
        var id = number.ToString("x32", CultureInfo.InvariantCulture);
        notice["noticeId"] = id;
        notice["postedDate"] = posted.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        notice["uiLink"] = $"https://sam.gov/workspace/contract/opp/{id}/view";
        // Justifications and some awards name nobody.
        if (number % 17 == 7 && notice["award"] is JsonObject award)
            award["awardee"] = null;
        return Notices[id] = notice;
    }

    /// <inheritdoc/>
    protected override bool IsData(SimulatedRequest request) => true;

    /// <inheritdoc/>
    protected override SimulatedAnswer RateLimitAnswer() => SimulatedAnswer.Of(new
    {
        code = "900804",
        message = "Message throttled out",
        description = "You have exceeded your quota",
        nextAccessTime = Now.AddMinutes(2).UtcDateTime.ToString("yyyy-MMM-dd HH:mm:ss'+0000 UTC'", CultureInfo.InvariantCulture),
    }, 429);

    /// <inheritdoc/>
    protected override SimulatedAnswer Answer(SimulatedRequest request)
    {
        if (request.Path is not ("/opportunities/v2/search" or "/prod/opportunities/v2/search") || request.Method != "GET")
            return Refusal(404, "NOT_FOUND", "no data");
        if (request.Parameter("api_key") is not { Length: > 0 } key)
            return Refusal(403, "API_KEY_MISSING", "No api_key was supplied");
        if (key != Key)
            return Refusal(403, "API_KEY_INVALID", "An invalid api_key was supplied");
        if (request.Query.FirstOrDefault(p => !Known.Contains(p.Key)).Key is { } unknown)
            return Refusal(400, "BAD_REQUEST", $"Unknown parameter {unknown}");
        if (request.Parameter("postedFrom") is not { } first || request.Parameter("postedTo") is not { } last)
            return Refusal(400, "BAD_REQUEST", "PostedFrom and PostedTo are mandatory");
        if (!TryDate(first, out var from) || !TryDate(last, out var to))
            return Refusal(400, "BAD_REQUEST", "Invalid Date Entered. Expected date format is MM/dd/yyyy");
        if (to < from || to > from.AddYears(1))
            return Refusal(400, "BAD_REQUEST", "Date range must be 1 year(s) apart");
        if (!int.TryParse(request.Parameter("limit") ?? "1", NumberStyles.None, CultureInfo.InvariantCulture, out var limit) || limit > 1000)
            return Refusal(400, "BAD_REQUEST", "Limit valid range is 0-1000. Please provide valid input.");
        if (!int.TryParse(request.Parameter("offset") ?? "0", NumberStyles.None, CultureInfo.InvariantCulture, out var page))
            return Refusal(400, "BAD_REQUEST", "Offset must be a number");
        var types = request.Query.Where(p => p.Key == "ptype").Select(p => p.Value).ToList();
        if (types.FirstOrDefault(t => !Types.ContainsKey(t)) is { } wrong)
            return Refusal(400, "BAD_REQUEST", $"Invalid ptype {wrong}");

        var found = Notices.Values.Where(n => DateOnly.Parse((string)n["postedDate"]!, CultureInfo.InvariantCulture) is var posted && posted >= from && posted <= to)
            .Where(n => types.Count == 0 || types.Any(t => Types[t] == (string?)n["type"]))
            .Where(n => request.Parameter("ncode") is not { } code || ((string?)n["naicsCode"] ?? "").StartsWith(code, StringComparison.Ordinal))
            .Where(n => request.Parameter("state") is not { } state || (string?)(n["placeOfPerformance"] as JsonObject)?["state"]?["code"] == state)
            .OrderByDescending(n => (string?)n["postedDate"], StringComparer.Ordinal).ThenByDescending(n => (string?)n["noticeId"], StringComparer.Ordinal).ToList();
        return SimulatedAnswer.Json(new JsonObject
        {
            ["totalRecords"] = found.Count,
            ["limit"] = limit,
            ["offset"] = page,
            ["opportunitiesData"] = new JsonArray([.. found.Skip(page * limit).Take(limit).Select(n => n.DeepClone())]),
            ["links"] = new JsonArray(),
        }.ToJsonString());
    }

    private static bool TryDate(string text, out DateOnly date) => DateOnly.TryParseExact(text, Dates, CultureInfo.InvariantCulture, DateTimeStyles.None, out date);

    private static SimulatedAnswer Refusal(int status, string code, string message) => SimulatedAnswer.Of(new { error = new { code, message } }, status);
}
