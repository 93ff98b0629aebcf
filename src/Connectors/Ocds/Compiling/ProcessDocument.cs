using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connectors.Ocds.Compiling;

/// <summary>
/// Builds the document of one contracting process:
/// <c>{"ocid", "releases": [{"id","date","tag","publisher","license","uri"}], "compiledRelease": {...}}</c>.
/// </summary>
internal static class ProcessDocument
{
    private static readonly string[] Provenance = ["publisher", "license", "uri"];

    // Chinese and other text stays readable in the stored document; nothing here is put into HTML.
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Assembles the parts; their order does not matter.</summary>
    /// <exception cref="ConnectorException">Of kind <see cref="ConnectorErrorKind.BadRecord"/>: a part is damaged, or one of several releases has no date.</exception>
    public static ReadOnlyMemory<byte> Assemble(string ocid, IReadOnlyList<KeptRecord> parts)
    {
        var used = Choose(ocid, [.. parts.Select(Release.Parse)]);
        var document = new JsonObject
        {
            ["ocid"] = ocid,
            ["releases"] = new JsonArray([.. used.Select(Describe)]),
        };

        var published = used is [{ IsCompiled: true }] ? used[0].Body["id"]?.DeepClone() : null;
        var compiled = ReleaseMerge.Merge(ocid, used);
        if (published is not null)
            compiled["id"] = published;
        EmbeddedOrganizations.AddToParties(compiled);
        document["compiledRelease"] = compiled;

        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes, Writing))
            document.WriteTo(writer);
        return bytes.WrittenMemory;
    }

    /// <summary>
    /// The releases to merge, in order: by the text of their date, ties by id. Releases that a publisher compiled count only when there
    /// is nothing else; then it is the newest.
    /// </summary>
    private static List<Release> Choose(string ocid, List<Release> parts)
    {
        var releases = parts.FindAll(part => !part.IsCompiled);
        if (releases.Count == 0)
            return [parts.OrderBy(part => part.Date, StringComparer.Ordinal).ThenBy(part => part.PartId, StringComparer.Ordinal).Last()];

        if (releases.Count > 1 && releases.Find(release => string.IsNullOrEmpty(release.Date)) is { } undated)
            throw new ConnectorException(ConnectorErrorKind.BadRecord,
                $"process '{ocid}' has {releases.Count} releases and '{undated.PartId}' has no date, so their order is unknown; the publisher must date it");
        return [.. releases.OrderBy(release => release.Date, StringComparer.Ordinal).ThenBy(release => release.PartId, StringComparer.Ordinal)];
    }

    private static JsonObject Describe(Release release)
    {
        var described = new JsonObject();
        if (release.Body["id"] is JsonValue id)
            described["id"] = id.DeepClone();
        if (release.Date is not null)
            described["date"] = release.Date;
        described["tag"] = new JsonArray([.. release.Tags.Select(tag => tag?.DeepClone())]);
        foreach (var name in Provenance)
            if (release.MetadataText(name) is { Length: > 0 } text)
                described[name] = text;
        return described;
    }
}
