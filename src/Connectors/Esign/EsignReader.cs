using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Reading;

namespace IntegrationHub.Connectors.Esign;

/// <summary>
/// Reads sign flows. e签宝 lists by time of start and of finish, not of change: a run reads the flows that began since the last one, those that ended since, and those that
/// were still open. The cursor carries the open ones.
/// </summary>
internal sealed class EsignReader(EsignClient client, EsignOptions options, TimeProvider time)
{
    private const int PageSize = 100;

    /// <summary>A cursor may be 64 KiB; more open flows than this are found by reading from the oldest of them again.</summary>
    private const int MostOpen = 1_200;

    private static readonly TimeSpan Window = TimeSpan.FromDays(30);
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(30);
    private static readonly HashSet<int> Open = [0, 1];
    private static readonly string[] Lists = ["Start", "Finish"];

    /// <summary>Lists the flows of the last second.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var now = Milliseconds(time.GetUtcNow());
        await foreach (var _ in PagesAsync("Start", now - 1000, now, cancellationToken).ConfigureAwait(false))
            return;
    }

    public async IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var position = Parse(request.Cursor) ?? new(Milliseconds(time.GetUtcNow().AddDays(-options.Days)), []);
        // A little ahead: the vendor's clock may be.
        var until = Milliseconds(time.GetUtcNow() + TimeSpan.FromMinutes(10));
        var read = new HashSet<string>(StringComparer.Ordinal);
        var open = new List<string>();

        foreach (var id in position.Open)
            if (await ReadOneAsync(id).ConfigureAwait(false) is { } item)
                yield return item;
        for (var from = position.Reached; from < until;)
        {
            var to = Math.Min(until, from + (long)Window.TotalMilliseconds);
            foreach (var which in Lists)
                await foreach (var page in PagesAsync(which, from, to, cancellationToken).ConfigureAwait(false))
                    foreach (var id in page.Items)
                        if (await ReadOneAsync(id).ConfigureAwait(false) is { } item)
                            yield return item;
            from = to;
            yield return Checkpoint(from, from == until);
        }

        Checkpoint Checkpoint(long reached, bool isEnd) => new(JsonSerializer.Serialize(
            new Position(isEnd ? until - (long)Overlap.TotalMilliseconds : reached, [.. (isEnd ? open : [.. open, .. position.Open.Where(o => !read.Contains(o))]).TakeLast(MostOpen)])));

        async Task<StreamItem?> ReadOneAsync(string id)
        {
            if (!read.Add(id))
                return null;
            var item = await FlowAsync(request, id, cancellationToken).ConfigureAwait(false);
            if (item is SourceRecord record && IsOpen(record))
                open.Add(id);
            return item;
        }
    }

    /// <summary>The flow as it is now, with its id, which the detail itself does not say.</summary>
    public async Task<StreamItem> FlowAsync(ReadRequest request, string id, CancellationToken cancellationToken)
    {
        JsonElement detail;
        try
        {
            detail = await client.GetAsync($"/v3/sign-flow/{Uri.EscapeDataString(id)}/detail", cancellationToken).ConfigureAwait(false);
        }
        catch (ConnectorException e) when (e.Code == EsignErrors.NotFound)
        {
            return new DeletedRecord(id);
        }

        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("signFlowId", id);
            foreach (var member in detail.EnumerateObject())
            {
                json.WritePropertyName(member.Name);
                json.WriteRawValue(JsonMarshal.GetRawUtf8Value(member.Value), skipInputValidation: true);
            }

            json.WriteEndObject();
        }

        return request.Bounded(new(id, body.ToArray()));
    }

    /// <summary>Flows that began (or ended) in a time, page by page until the vendor's total.</summary>
    public IAsyncEnumerable<Page<string>> PagesAsync(string which, long from, long to, CancellationToken cancellationToken) =>
        Pager.ByNumberAsync(1, 1, async (number, cancel) =>
        {
            var data = await client.PostAsync("/v3/organizations/sign-flow-list", new JsonObject
            {
                ["pageNum"] = number,
                ["pageSize"] = PageSize,
                [$"signFlow{which}TimeFrom"] = from,
                [$"signFlow{which}TimeTo"] = to,
            }, cancel).ConfigureAwait(false);
            return new Page<string>([.. data.GetProperty("signFlowInfos").EnumerateArray().Select(f => f.GetProperty("signFlowId").GetString()!)])
            {
                IsLast = number * PageSize >= data.GetProperty("total").GetInt64(),
            };
        }, cancellationToken);

    private static bool IsOpen(SourceRecord record)
    {
        using var flow = JsonDocument.Parse(record.Body);
        return flow.RootElement.TryGetProperty("signFlowStatus", out var status) && Open.Contains(status.GetInt32());
    }

    private static long Milliseconds(DateTimeOffset at) => at.ToUnixTimeMilliseconds();

    private static Position? Parse(string? cursor) => cursor is null ? null : JsonSerializer.Deserialize<Position>(cursor);

    /// <summary>Flows that began or ended before Reached are read; those in Open were not at their end.</summary>
    private sealed record Position(long Reached, IReadOnlyList<string> Open);
}
