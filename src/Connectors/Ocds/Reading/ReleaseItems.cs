using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connectors.Ocds.Reading;

/// <summary>Turns one JSON value (a release, a record, or a small package on one line) into records with raw bytes.</summary>
internal sealed class ReleaseItems
{
    private const int MaxIdLength = 1024;

    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly int _maxRecordBytes;
    private readonly List<StreamItem> _items = [];

    private ReleaseItems(int maxRecordBytes) => _maxRecordBytes = maxRecordBytes;

    /// <summary>Never throws for what the value holds: whatever cannot be used becomes a <see cref="BadRecord"/>.</summary>
    public static List<StreamItem> From(ReadOnlyMemory<byte> json, PackageHeader header, Place place, int maxRecordBytes)
    {
        var items = new ReleaseItems(maxRecordBytes);
        using var document = StrictJson.Parse(json, out var fault);
        if (document is null)
            items.AddBad(json, place, json.Span.TrimStart(" \t\r\n"u8).StartsWith("<"u8) ? "it is a web page or XML, not JSON" : fault);
        else
            items.Add(document.RootElement, json, header, place);
        return items._items;
    }

    private void Add(JsonElement value, ReadOnlyMemory<byte> raw, PackageHeader header, Place place)
    {
        var hasOcid = Has(value, "ocid");
        if (hasOcid && (Has(value, "releases") || Has(value, "compiledRelease") || Has(value, "versionedRelease")))
            AddRecord(value, raw, header, place);
        else if (hasOcid || Has(value, "initiationType"))
            AddRelease(value, raw, header, place, recordOcid: null);
        else if (Has(value, "releases") || Has(value, "records"))
            AddPackage(value, place);
        else
            AddBad(raw, place, "it is neither a release (no ocid) nor a record nor a package");
    }

    private void AddPackage(JsonElement package, Place place)
    {
        var header = PackageHeader.From(name => package.TryGetProperty(name, out var member) ? member : null);
        foreach (var array in new[] { "releases", "records" })
        {
            if (!package.TryGetProperty(array, out var elements) || elements.ValueKind != JsonValueKind.Array)
                continue;
            var index = 0;
            foreach (var element in elements.EnumerateArray())
                Add(element, Raw(element), header, place.At(array, index++));
        }
    }

    /// <summary>
    /// A record carries its releases, or only links to them; with links, what the publisher compiled is the best there is.
    /// </summary>
    private void AddRecord(JsonElement record, ReadOnlyMemory<byte> raw, PackageHeader header, Place place)
    {
        var ocid = TextOf(record, "ocid");
        var embedded = 0;
        if (record.TryGetProperty("releases", out var releases) && releases.ValueKind == JsonValueKind.Array)
        {
            var index = -1;
            foreach (var release in releases.EnumerateArray())
            {
                index++;
                if (Has(release, "url") && !Has(release, "ocid"))
                    continue;
                embedded++;
                AddRelease(release, Raw(release), header, place.At("releases", index), ocid);
            }
        }

        if (embedded > 0)
            return;
        if (record.TryGetProperty("compiledRelease", out var compiled) && compiled.ValueKind == JsonValueKind.Object)
            AddRelease(compiled, Raw(compiled), header, place.At("compiledRelease"), ocid, isCompiledOfRecord: true);
        else
            AddBad(raw, place, "the record only links to its releases and has no compiledRelease; read the publisher's release packages instead");
    }

    private void AddRelease(
        JsonElement release, ReadOnlyMemory<byte> raw, PackageHeader header, Place place, string? recordOcid, bool isCompiledOfRecord = false)
    {
        if (release.ValueKind != JsonValueKind.Object)
        {
            AddBad(raw, place, "a release must be a JSON object");
            return;
        }

        var ocid = TextOf(release, "ocid") ?? recordOcid;
        var id = isCompiledOfRecord ? "compiled" : IdOf(release, raw);
        var fault = raw.Length > _maxRecordBytes ? $"it has {raw.Length} bytes, more than the limit of {_maxRecordBytes}"
            : string.IsNullOrWhiteSpace(ocid) ? "it has no ocid, so it belongs to no process"
            : ocid.Length + id.Length > MaxIdLength ? $"ocid and id together have more than {MaxIdLength} characters"
            : ocid.Any(char.IsControl) || id.Any(char.IsControl) ? "ocid or id holds control characters"
            : null;
        if (fault is not null)
        {
            AddBad(raw, place, fault);
            return;
        }

        _items.Add(new SourceRecord($"{ocid}/{id}", raw)
        {
            Group = ocid,
            ObservedAt = Dates.TryParse(TextOf(release, "date"), out var date) ? date : null,
            Version = header.SortableDate,
            Metadata = Metadata(header, place),
        });
    }

    private void AddBad(ReadOnlyMemory<byte> raw, Place place, string reason) =>
        _items.Add(new BadRecord(place.ToString(), reason, raw.Length > _maxRecordBytes ? default : raw) { Length = raw.Length });

    private static string IdOf(JsonElement release, ReadOnlyMemory<byte> raw)
    {
        if (release.TryGetProperty("id", out var id))
        {
            if (id.ValueKind == JsonValueKind.String && id.GetString() is { Length: > 0 } text)
                return text;
            if (id.ValueKind == JsonValueKind.Number)
                return id.GetRawText();
        }

        return "sha256-" + Convert.ToHexStringLower(SHA256.HashData(raw.Span));
    }

    private static byte[] Metadata(PackageHeader header, Place place)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes, Writing))
        {
            writer.WriteStartObject();
            Write(writer, "uri", header.Uri);
            Write(writer, "publishedDate", header.PublishedDate);
            Write(writer, "publisher", header.Publisher);
            Write(writer, "license", header.License);
            Write(writer, "version", header.Version);
            Write(writer, place.IsPage ? "page" : "file", place.Source);
            Write(writer, "position", place.Within);
            writer.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is { Length: > 0 })
            writer.WriteString(name, value);
    }

    private static bool Has(JsonElement value, string name) => value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out _);

    private static string? TextOf(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String
            ? member.GetString()
            : null;

    private static byte[] Raw(JsonElement element) => JsonMarshal.GetRawUtf8Value(element).ToArray();
}

/// <summary>Where a value stands, for people.</summary>
/// <param name="Source">The file's name or the page's address.</param>
/// <param name="Within">The place in it.</param>
/// <param name="IsPage">Whether the source is a page.</param>
internal sealed record Place(string Source, string Within, bool IsPage)
{
    public Place At(string name, long? index = null)
    {
        var step = index is null ? name : string.Create(CultureInfo.InvariantCulture, $"{name}[{index}]");
        return this with { Within = Within.Length == 0 ? step : $"{Within}.{step}" };
    }

    public override string ToString() => Within.Length == 0 ? Source : $"{Source}, {Within}";
}
