using System.Globalization;

namespace IntegrationHub.Bench.Data;

/// <summary>Releases of made-up contracting processes, one per process, whose parties come from a pool of organisations.</summary>
internal static class OcdsReleases
{
    private const int Buyers = 400;
    private const int Suppliers = 3_000;

    /// <summary>About 1.5 KB: a tender with an award, a buyer and a supplier.</summary>
    public static string At(int number)
    {
        var random = Generate.RandomAt(23, number);
        var buyer = random.Next(Buyers);
        var supplier = random.Next(Suppliers);
        var amount = random.Next(1_000, 900_000);
        var date = $"2025-{1 + (number % 12):D2}-{1 + (number % 28):D2}T08:{number % 60:D2}:00Z";
        return string.Create(CultureInfo.InvariantCulture, $$$"""
            {"ocid":"ocds-bench1-{{{number:D7}}}","id":"{{{number}}}-award","date":"{{{date}}}","tag":["tender","award"],"initiationType":"tender","language":"en","tender":{"id":"T-{{{number}}}","title":"Road works lot {{{number}}}, section {{{number % 17}}}","description":"Repair of the surface, drainage and markings of the road between the two junctions, with traffic management during the works and two years of maintenance afterwards.","status":"complete","classification":{"scheme":"CPV","id":"45233141","description":"Road-maintenance works"},"value":{"amount":{{{amount}}}.50,"currency":"GBP"},"procurementMethod":"open","mainProcurementCategory":"works","tenderPeriod":{"endDate":"2025-01-15T12:00:00Z"},"contractPeriod":{"startDate":"2025-02-01T00:00:00Z","endDate":"2026-01-31T23:59:59Z"}},"parties":[{{{Buyer(buyer)}}},{{{Supplier(supplier)}}}],"buyer":{"id":"GB-LAE-B{{{buyer:D4}}}","name":"Council of District {{{buyer}}}"},"awards":[{"id":"a{{{number}}}","status":"active","date":"2025-01-20T00:00:00Z","value":{"amount":{{{amount}}},"currency":"GBP"},"suppliers":[{"id":"GB-COH-{{{supplier:D8}}}","name":"Supplier {{{supplier}}} Limited"}]}]}
            """);
    }

    /// <summary>About 0.4 KB: a tender and its buyer.</summary>
    public static string SmallAt(int number)
    {
        var buyer = Generate.RandomAt(29, number).Next(Buyers);
        return string.Create(CultureInfo.InvariantCulture, $$$"""
            {"ocid":"ocds-bench2-{{{number:D7}}}","id":"{{{number}}}","date":"2025-{{{1 + (number % 12):D2}}}-01T08:00:00Z","tag":["tender"],"tender":{"id":"T-{{{number}}}","title":"Lot {{{number}}}","status":"active"},"parties":[{"id":"GB-LAE-B{{{buyer:D4}}}","name":"Council of District {{{buyer}}}","identifier":{"scheme":"GB-LAE","id":"B{{{buyer:D4}}}"},"roles":["buyer"]}]}
            """);
    }

    private static string Buyer(int number) => $$$"""
        {"id":"GB-LAE-B{{{number:D4}}}","name":"Council of District {{{number}}}","identifier":{"scheme":"GB-LAE","id":"B{{{number:D4}}}","legalName":"Council of District {{{number}}}"},"address":{"streetAddress":"{{{number}}} Civic Square","locality":"Town {{{number % 50}}}","postalCode":"AB{{{number % 90}}} 1CD","countryName":"England"},"contactPoint":{"email":"tenders@district{{{number}}}.example"},"roles":["buyer"]}
        """;

    private static string Supplier(int number) => $$$"""
        {"id":"GB-COH-{{{number:D8}}}","name":"Supplier {{{number}}} Limited","identifier":{"scheme":"GB-COH","id":"{{{number:D8}}}"},"address":{"streetAddress":"{{{number}}} Harbour Road","locality":"Town {{{number % 50}}}","countryName":"England"},"details":{"scale":"sme"},"roles":["supplier"]}
        """;
}
