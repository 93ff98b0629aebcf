using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using WireMock;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;
using WireMock.Types;
using WireMock.Util;

namespace IntegrationHub.Connectors.Tests.Ocds;

/// <summary>
/// Find a Tender's release packages as its API page describes them: strict parameters, base64 cursors, <c>links.next</c>, and the faults a
/// client meets there. Deterministic: a release is in a window by its update time, pages are cut in that order.
/// </summary>
internal sealed partial class FindATenderSimulator : IDisposable
{
    private const string PackagePath = "/api/1.0/ocdsReleasePackages";
    private static readonly string[] Allowed = ["updatedFrom", "updatedTo", "limit", "cursor", "stages"];

    private readonly WireMockServer _server = WireMockServer.Start();
    private readonly List<(DateTimeOffset Updated, string Json)> _releases = [];

    public FindATenderSimulator() =>
        _server.Given(Request.Create().UsingGet()).RespondWith(Response.Create().WithCallback(Answer));

    public string Url => _server.Url!;

    /// <summary>Every question in order: path and query.</summary>
    public List<string> Questions { get; } = [];

    /// <summary>Given the number of the question (from 1), an answer to send instead.</summary>
    public Func<int, ResponseMessage?> Instead { get; set; } = _ => null;

    /// <summary>The last release of a page comes again as the first one of the next page.</summary>
    public bool RepeatsAtPageBreaks { get; init; }

    public void Publish(DateTimeOffset updated, string json) => _releases.Add((updated, json));

    public static ResponseMessage Text(int status, string body, params (string Name, string Value)[] headers) => new()
    {
        StatusCode = status,
        Headers = headers.ToDictionary(h => h.Name, h => new WireMockList<string>(h.Value)),
        BodyData = new BodyData { DetectedBodyType = BodyType.Bytes, BodyAsBytes = Encoding.UTF8.GetBytes(body) },
    };

    public void Dispose() => _server.Dispose();

    private ResponseMessage Answer(IRequestMessage request)
    {
        var uri = new Uri(request.Url);
        Questions.Add(uri.PathAndQuery);
        if (Instead(Questions.Count) is { } instead)
            return instead;
        if (uri.AbsolutePath != PackagePath)
            return Text(404, """{"error":"Not found","exception":"'identifier' is not found"}""");

        var query = uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2))
            .ToDictionary(p => p[0], p => Uri.UnescapeDataString(p.ElementAtOrDefault(1) ?? ""));
        if (query.Keys.FirstOrDefault(k => !Allowed.Contains(k)) is { } unknown)
            return Refuse($"Request parameter '{unknown}' is not recognised, allowed parameters are: {string.Join(", ", Allowed)}");
        foreach (var name in new[] { "updatedFrom", "updatedTo" })
            if (query.TryGetValue(name, out var time) && !Seconds().IsMatch(time))
                return Refuse($"Request parameter '{name}' must have the format YYYY-MM-DDTHH:MM:SS");
        if (query.TryGetValue("limit", out var text) && !(int.TryParse(text, out var number) && number is >= 1 and <= 100))
            return Refuse("Request parameter 'limit' must be between 1 and 100");
        if (query.TryGetValue("cursor", out var cursor) && (cursor.Length > 300 || !Cursor().IsMatch(cursor)))
            return Refuse("Request parameter 'cursor' is not valid");

        // The cursor holds the position and the window it was cut from.
        var (from, to, skip) = (query.GetValueOrDefault("updatedFrom", "0000-00-00T00:00:00"), query.GetValueOrDefault("updatedTo", "9999-99-99T99:99:99"), 0);
        if (cursor is not null)
        {
            var parts = Encoding.ASCII.GetString(Convert.FromBase64String(cursor)).Split('|');
            if (parts.Length < 3)
                return Refuse("Request parameter 'cursor' is not valid");
            (from, to, skip) = (parts[0], parts[1], int.Parse(parts[2], CultureInfo.InvariantCulture));
        }

        return Package(uri, from, to, skip, int.Parse(query.GetValueOrDefault("limit", "100"), CultureInfo.InvariantCulture));
    }

    private ResponseMessage Package(Uri uri, string from, string to, int skip, int limit)
    {
        var window = _releases.OrderBy(r => r.Updated)
            .Where(r => string.CompareOrdinal(Show(r.Updated), from) >= 0 && string.CompareOrdinal(Show(r.Updated), to) < 0).ToList();
        var first = RepeatsAtPageBreaks && skip > 0 ? skip - 1 : skip;
        var page = window.Skip(first).Take(limit).ToList();
        var next = first + page.Count;
        var published = page.Count > 0 ? page[^1].Updated : OcdsRig.Now;
        var links = "";
        if (next < window.Count)
        {
            // Base64 can hold + and /, which the publisher's own rule forbids: pad until it does not.
            var padding = "";
            string encoded;
            do
                encoded = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{from}|{to}|{next}|{padding += "0"}"));
            while (!Cursor().IsMatch(encoded));
            links = $$""","links":{"next":"{{Url}}{{PackagePath}}?cursor={{encoded}}&limit={{limit}}"}""";
        }

        return Text(200, $$"""
            {"uri":{{JsonSerializer.Serialize(uri)}},"version":"1.1","extensions":[],"publishedDate":"{{Show(published)}}Z",
             "publisher":{"name":"Crown Commercial Service","scheme":"GB-GOR","uid":"D2"},
             "license":"http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
             "releases":[{{string.Join(",", page.Select(r => r.Json))}}]{{links}}}
            """, ("Content-Type", "application/json"));
    }

    private static ResponseMessage Refuse(string why) => Text(400,
        JsonSerializer.Serialize(new { timestamp = "2024-01-01T00:00:00", status = 400, error = "Bad Request", message = "Request parameters unknown", path = PackagePath, exception = why }),
        ("Content-Type", "application/json"));

    private static string Show(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\z")]
    private static partial Regex Seconds();

    [GeneratedRegex(@"\A[A-Za-z0-9=]+\z")]
    private static partial Regex Cursor();
}
