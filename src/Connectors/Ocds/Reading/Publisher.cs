using System.Globalization;

namespace IntegrationHub.Connectors.Ocds.Reading;

/// <summary>Where each publisher stands and how its questions are written.</summary>
internal static class Publisher
{
    /// <summary>The publisher's server, unless the configuration names another.</summary>
    public static Uri Server(OcdsOptions options) => new(options.Url ?? options.Style switch
    {
        OcdsStyle.FindATender => "https://www.find-tender.service.gov.uk",
        OcdsStyle.ContractsFinder => "https://www.contractsfinder.service.gov.uk",
        OcdsStyle.Austender => "https://api.tenders.gov.au",
        OcdsStyle.Armenia => "https://armeps.am/ocds/release",
        _ => throw new InvalidOperationException("Validation lets no 'package' source without a url pass."),
    });

    public static bool IsAskedByTime(OcdsStyle style) =>
        style is OcdsStyle.FindATender or OcdsStyle.ContractsFinder or OcdsStyle.Austender;

    /// <summary>The first page of a window, for publishers that are asked by time.</summary>
    public static Uri Window(OcdsOptions options, DateTimeOffset from, DateTimeOffset to)
    {
        var server = Server(options).AbsoluteUri.TrimEnd('/');
        var stages = options.Stages is null ? "" : "&stages=" + string.Join(',', options.Stages);
        var (first, last) = (Seconds(from), Seconds(to));
        return new Uri(options.Style switch
        {
            OcdsStyle.FindATender => $"{server}/api/1.0/ocdsReleasePackages?updatedFrom={first}&updatedTo={last}&limit={options.PageSize}{stages}",
            OcdsStyle.ContractsFinder => $"{server}/Published/Notices/OCDS/Search?publishedFrom={first}&publishedTo={last}&limit={options.PageSize}{stages}",
            OcdsStyle.Austender => $"{server}/ocds/findByDates/contractLastModified/{first}Z/{last}Z",
            _ => throw new InvalidOperationException($"{options.Style} is not asked by time."),
        });
    }

    /// <summary>The first page of a publisher with one list.</summary>
    public static Uri List(OcdsOptions options, long? offset)
    {
        var server = Server(options);
        if (options.Style != OcdsStyle.Armenia)
            return server;
        var start = offset ?? options.From?.ToUnixTimeMilliseconds();
        var query = string.Create(CultureInfo.InvariantCulture, $"limit={options.PageSize}{(start is null ? "" : $"&offset={start}")}");
        return new UriBuilder(server) { Query = query }.Uri;
    }

    /// <summary>Armenia: the place in milliseconds that a page's address names.</summary>
    public static long? OffsetOf(Uri page)
    {
        foreach (var pair in page.Query.TrimStart('?').Split('&'))
            if (pair.StartsWith("offset=", StringComparison.Ordinal)
                && long.TryParse(pair.AsSpan("offset=".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
                return offset;
        return null;
    }

    /// <summary>Exactly 19 characters without a zone, as Find a Tender demands.</summary>
    private static string Seconds(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
}
