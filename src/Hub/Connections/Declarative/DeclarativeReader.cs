using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Reading;

namespace IntegrationHub.Connections.Declarative;

/// <summary>
/// Reads a stream in one of four ways: the whole list; what changed, in ascending order (<see cref="IncrementalRead"/>); what changed, in any order; or one window of
/// time after the other. A checkpoint follows every page that has another one behind it.
/// </summary>
internal sealed class DeclarativeReader(DeclarativeClient client, StreamPlan stream, ReadRequest request, TimeProvider time)
{
    /// <summary>The next run begins at the beginning.</summary>
    private static readonly Checkpoint StartOver = new("");

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly ListWalk _walk = new(client, stream, request);

    public IAsyncEnumerable<StreamItem> ReadAsync(CancellationToken cancellationToken) => stream switch
    {
        { Since: { IsAscending: true } since } => IncrementalRead.ReadAsync(request.Cursor, value => ReachBack(since, value), (at, cancel) => BehindAsync(since, at, cancel), cancellationToken),
        { Since: { } since } => ChangedAsync(since, cancellationToken),
        { Windows: { } windows } => WindowsAsync(windows, cancellationToken),
        _ => WholeAsync(cancellationToken),
    };

    private async IAsyncEnumerable<StreamItem> WholeAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in _walk.PagesAsync(client.Settings, Parse().Page, cancellationToken))
        {
            foreach (var row in page.Items)
                yield return row.Item;
            if (page.Next is { Length: > 0 } next)
                yield return Checkpoint(new() { Page = next });
        }

        yield return StartOver;
    }

    /// <summary>
    /// The rows behind a value that is done. A value is done when a row with a greater one, or the end of the list, was seen, so that rows with equal values are never torn
    /// apart; and because only first pages are asked for, rows that move meanwhile skip nothing. Where rows of one value fill several pages, these are read
    /// until a pass brings nothing new.
    /// </summary>
    private async Task<IReadOnlyList<WatermarkedRow>> BehindAsync(SincePlan since, Watermark? at, CancellationToken cancellationToken)
    {
        var found = new Dictionary<(string, string?), Row>();
        var values = new Values(client.Settings).With("since", at?.Value ?? From(since));
        int before, pages;
        do
        {
            (before, pages) = (found.Count, 0);
            var rows = new List<Row>();
            await foreach (var page in _walk.PagesAsync(values, null, cancellationToken))
            {
                pages++;
                // A row without a value stands with the row before it.
                var value = at?.Value ?? "";
                rows.AddRange(page.Items.Select(r => r with { Value = value = r.Value ?? value }).Where(r => at?.Key is null || r.Value != at.Value));
                if (page.Next is null || rows.Count == 0)
                    continue;
                var last = rows[^1].Value;
                if (rows.FindIndex(r => r.Value == last) is > 0 and var whole)
                {
                    rows.RemoveRange(whole, rows.Count - whole);
                    break;
                }
            }

            foreach (var row in rows)
                found.TryAdd((row.Key, row.Value), row);
        }
        while (pages > 1 && found.Count > before);

        return [.. found.Values.OrderBy(r => since.Format.Parse(r.Value) ?? decimal.MinValue).Select(r => new WatermarkedRow(new(r.Value!, "done"), [r.Item]))];
    }

    /// <summary>The list in whatever order, again and again from the greatest value until nothing new comes: what moves while the list is read is in the next pass.</summary>
    private async IAsyncEnumerable<StreamItem> ChangedAsync(SincePlan since, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var position = Parse();
        var (greatest, page) = (position.Greatest, position.Page);
        var from = position.Done ? Since(greatest) : position.Since ?? From(since);
        // Rows of this run that the overlap brings again.
        var seen = new Dictionary<(string Key, string? Value), decimal?>();
        while (true)
        {
            var news = false;
            await foreach (var list in _walk.PagesAsync(new Values(client.Settings).With("since", from), page, cancellationToken))
            {
                foreach (var row in list.Items)
                {
                    var value = since.Format.Parse(row.Value);
                    if (value is not null && !seen.TryAdd((row.Key, row.Value), value))
                        continue;
                    news |= value is not null;
                    if (value is not null && (since.Format.Parse(greatest) is not { } most || value > most))
                        greatest = row.Value;
                    yield return row.Item;
                }

                if (since.Format.Parse(greatest) is { } reached)
                    foreach (var old in seen.Where(s => s.Value < reached - since.Overlap).Select(s => s.Key).ToList())
                        seen.Remove(old);
                if (list.Next is { Length: > 0 } next)
                    yield return Checkpoint(new() { Since = from, Greatest = greatest, Page = next });
            }

            if (greatest is null || !news)
                break;
            from = Since(greatest);
            page = null;
            yield return Checkpoint(new() { Since = from, Greatest = greatest });
        }

        yield return greatest is null ? StartOver : Checkpoint(new() { Greatest = greatest, Done = true });

        string? Since(string? value) => value is null ? From(since) : ReachBack(since, value);
    }

    private async IAsyncEnumerable<StreamItem> WindowsAsync(WindowPlan windows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var position = Parse();
        var end = (Floor(time.GetUtcNow() + windows.Ahead, windows) / windows.Unit.Ticks + 1) * windows.Unit.Ticks;
        var start = position.From ?? Floor(Moment(windows.Format, windows.From), windows);
        var (page, resumed) = (position.Page, position.To);
        while (start < end)
        {
            var next = resumed ?? Math.Min(start + windows.Length.Ticks, end);
            var values = new Values(client.Settings).With("from", windows.Format.Write(start)).With("to", windows.Format.Write(next - windows.Unit.Ticks));
            await foreach (var list in _walk.PagesAsync(values, page, cancellationToken))
            {
                foreach (var row in list.Items)
                    yield return row.Item;
                if (list.Next is { Length: > 0 } place)
                    yield return Checkpoint(new() { From = start, To = next, Page = place });
            }

            (start, page, resumed) = (next, null, null);
            if (start < end)
                yield return Checkpoint(new() { From = start });
        }

        yield return Checkpoint(new() { From = Floor(new DateTimeOffset(end - windows.Overlap.Ticks, TimeSpan.Zero), windows) });
    }

    private static long Floor(DateTimeOffset moment, WindowPlan windows) => moment.UtcTicks / windows.Unit.Ticks * windows.Unit.Ticks;

    private DateTimeOffset Moment(ValueFormat format, Template from)
    {
        var text = from.Fill(client.Settings);
        return format.Time(text) ?? new ValueFormat("iso").Time(text)
            ?? throw new ConnectorException(ConnectorErrorKind.Configuration, $"stream '{stream.Name}': the settings do not say where to begin");
    }

    private string? From(SincePlan since) => since.From?.Fill(client.Settings) is not { } text ? null
        : since.Format.Parse(text) is { } value ? since.Format.Write(value)
        : new ValueFormat("iso").Parse(text) is { } moment ? since.Format.Write(moment) : text;

    private static string ReachBack(SincePlan since, string value) => since.Format.Parse(value) is { } number ? since.Format.Write(number - since.Overlap) : value;

    private static Checkpoint Checkpoint(Position position) => new(JsonSerializer.Serialize(position, Json));

    private Position Parse()
    {
        try
        {
            return string.IsNullOrEmpty(request.Cursor) ? new() : JsonSerializer.Deserialize<Position>(request.Cursor, Json) ?? new();
        }
        catch (JsonException e)
        {
            throw new ConnectorException(ConnectorErrorKind.Configuration, "the stored cursor is not one of this connector; read from the beginning with 'hub sync CONNECTION --full'", e);
        }
    }

    private sealed record Position
    {
        /// <summary>Where the next page of this run is.</summary>
        public string? Page { get; init; }

        /// <summary>What this run asked for.</summary>
        public string? Since { get; init; }

        /// <summary>The greatest value that was seen.</summary>
        public string? Greatest { get; init; }

        /// <summary>A run ended here, so that the next one reaches back.</summary>
        public bool Done { get; init; }

        /// <summary>The first tick of the window.</summary>
        public long? From { get; init; }

        /// <summary>The tick behind the window, inside it.</summary>
        public long? To { get; init; }
    }
}
