using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Reading;

namespace IntegrationHub.Connectors.Kingdee;

/// <summary>
/// Reads forms. Asks for what follows the last row by (time of change, key) instead of passing over rows, because documents that are changed meanwhile would shift the
/// pages. One record is one document: its header fields by name, and its lines in a list under the entity's name.
/// </summary>
internal sealed class KingdeeReader(KingdeeClient client, KingdeeOptions options)
{
    /// <summary>Documents whose lines are asked for together; their keys stand in one filter.</summary>
    private const int DocumentsTogether = 200;

    private const string LocalTime = "yyyy-MM-dd'T'HH:mm:ss.fff";

    public IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        var form = KingdeeForm.All.First(f => f.Stream == request.Stream);
        return IncrementalRead.ReadAsync(request.Cursor, value => form.Changed is null ? null : ReachBack(value), (at, cancel) => PageAsync(form, request, at, cancel), cancellationToken);
    }

    private async Task<IReadOnlyList<WatermarkedRow>> PageAsync(KingdeeForm form, ReadRequest request, Watermark? at, CancellationToken cancellationToken)
    {
        var fields = Fields(form);
        var changed = form.Changed is null ? -1 : fields.IndexOf(form.Changed);
        if (form.Changed is not null && changed < 0)
            throw new ConnectorException(ConnectorErrorKind.Configuration, $"withoutFields: {form.Stream} cannot be read without {form.Changed}");
        var limit = form.Lines is null ? options.PageSize : Math.Min(options.PageSize, DocumentsTogether);
        var order = form.Changed is null ? $"{form.Key} ASC" : $"{form.Changed} ASC,{form.Key} ASC";
        var rows = await client.QueryAsync(form.Id, fields, Behind(form, at), order, 0, limit, cancellationToken).ConfigureAwait(false);

        // A site whose clock is finer than the milliseconds it tells gives rows of the last instant again.
        var fresh = rows.Select(row => (Row: row, At: new Watermark(changed < 0 ? "" : row[changed].ToString().Trim(), row[0].ToString())))
            .Where(r => at?.Key is null || r.At.Value != at.Value || IsBehind(form, r.At.Key!, at.Key)).ToList();
        if (fresh.Count == 0 && rows.Count == limit)
            throw new ConnectorException(ConnectorErrorKind.Permanent, $"{form.Id}: more than {limit} rows of one instant; raise 'pageSize'");
        var lines = form.Lines is null ? null : await LinesAsync(form, [.. fresh.Select(r => r.At.Key!)], cancellationToken).ConfigureAwait(false);
        return [.. fresh.Select(r => new WatermarkedRow(r.At, [request.Bounded(Record(form, fields, r.Row, r.At, lines))]))];
    }

    private List<string> Fields(KingdeeForm form) =>
        [form.Key, .. form.Fields.Except(Named(options.WithoutFields, form)), .. Named(options.MoreFields, form)];

    private static IEnumerable<string> Named(IEnumerable<string> names, KingdeeForm form) =>
        names.Where(n => n.StartsWith(form.Stream + ".", StringComparison.Ordinal)).Select(n => n[(form.Stream.Length + 1)..]);

    private static string Behind(KingdeeForm form, Watermark? at)
    {
        if (at is null || (at.Key is null && at.Value.Length == 0))
            return "";
        var key = at.Key is null ? "" : $"{form.Key}>{(form.NumericKey ? at.Key : KingdeeClient.Quote(at.Key))}";
        if (form.Changed is not { } changed)
            return key;
        // Documents that were never changed stand first.
        if (at.Value.Length == 0)
            return $"({changed} is not null or {key})";
        var value = KingdeeClient.Quote(at.Value.Replace('T', ' '));
        return at.Key is null ? $"{changed}>={value}" : $"({changed}>{value} or ({changed}={value} and {key}))";
    }

    private static bool IsBehind(KingdeeForm form, string key, string last) => form.NumericKey
        ? long.Parse(key, CultureInfo.InvariantCulture) > long.Parse(last, CultureInfo.InvariantCulture)
        : string.CompareOrdinal(key, last) > 0;

    private async Task<ILookup<string, JsonElement>> LinesAsync(KingdeeForm form, IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        List<string> fields = [form.Key, form.LineKey, .. form.LineFields.Except(Named(options.WithoutFields, form))];
        var found = new List<JsonElement>();
        if (keys.Count == 0)
            return found.ToLookup(_ => "");
        var filter = $"{form.Key} in ({string.Join(',', keys)})";
        await foreach (var page in Pager.ByNumberAsync(0, options.PageSize, async (start, cancel) =>
            new Page<JsonElement>(await client.QueryAsync(form.Id, fields, filter, $"{form.Key} ASC,{form.LineKey} ASC", (int)start, options.PageSize, cancel).ConfigureAwait(false)), cancellationToken).ConfigureAwait(false))
            found.AddRange(page.Items);
        return found.DistinctBy(line => line[1].ToString()).ToLookup(line => line[0].ToString());
    }

    private SourceRecord Record(KingdeeForm form, List<string> fields, JsonElement row, Watermark at, ILookup<string, JsonElement>? lines)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            WriteCells(json, fields, row, from: 0);
            if (form.Lines is { } entity)
            {
                List<string> names = [form.Key, form.LineKey, .. form.LineFields.Except(Named(options.WithoutFields, form))];
                json.WriteStartArray(entity);
                foreach (var line in lines![at.Key!])
                {
                    json.WriteStartObject();
                    WriteCells(json, names, line, from: 1);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return new(at.Key!, body.ToArray()) { Version = at.Value, ObservedAt = Time(at.Value) };
    }

    private static void WriteCells(Utf8JsonWriter json, List<string> names, JsonElement row, int from)
    {
        for (var i = from; i < names.Count; i++)
        {
            json.WritePropertyName(names[i]);
            json.WriteRawValue(JsonMarshal.GetRawUtf8Value(row[i]), skipInputValidation: true);
        }
    }

    private string ReachBack(string value) =>
        Local(value) is { } time ? (time - options.Overlap).ToString(LocalTime, CultureInfo.InvariantCulture) : value;

    /// <summary>Times of the ERP are China's clock without a zone.</summary>
    private static DateTimeOffset? Time(string value) => Local(value) is { } time ? new(time, TimeSpan.FromHours(8)) : null;

    private static DateTime? Local(string value) =>
        DateTime.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? DateTime.SpecifyKind(time, DateTimeKind.Unspecified) : null;
}
