using System.Globalization;
using System.Text;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Reading;

namespace AcmeCrm;

/// <summary>Reads customers by (time of change, id).</summary>
internal sealed class AcmeCrmReader(AcmeCrmClient client)
{
    private const string Times = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>The vendor commits late: a new run begins this much before the end of the last.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(10);

    public IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, CancellationToken cancellationToken) =>
        IncrementalRead.ReadAsync(request.Cursor, ReachBack, (at, cancel) => PageAsync(request, at, cancel), cancellationToken);

    private static string ReachBack(string time) => (DateTimeOffset.Parse(time, CultureInfo.InvariantCulture) - Overlap).UtcDateTime.ToString(Times, CultureInfo.InvariantCulture);

    private async Task<IReadOnlyList<WatermarkedRow>> PageAsync(ReadRequest request, Watermark? at, CancellationToken cancellationToken)
    {
        List<KeyValuePair<string, string>> query = [];
        if (at is not null)
            query.Add(new("since", at.Value));
        if (at?.Key is { } key)
            query.Add(new("after", key));
        var answer = await client.GetAsync("customers", cancellationToken, query).ConfigureAwait(false);
        return
        [
            .. answer.GetProperty("customers").EnumerateArray().Select(customer =>
            {
                var record = new SourceRecord(customer.GetProperty("id").GetString()!, Encoding.UTF8.GetBytes(customer.GetRawText()));
                return new WatermarkedRow(new(customer.GetProperty("updated").GetString()!, record.Id), [request.Bounded(record)]);
            }),
        ];
    }
}
