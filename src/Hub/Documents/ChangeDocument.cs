using System.Text;
using IntegrationHub.Json;
using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Unify;

namespace IntegrationHub.Documents;

/// <summary>
/// A change as the outside sees it:
/// <c>{"sequence","id","entity","kind","at","cause":{"run","mapping","records":[…]},"fields":{…},"links":{…},"other"?}</c>.
/// Link targets are named by the entities that hold them now.
/// </summary>
public sealed class ChangeDocument(IHubReader reader, Bindings bindings)
{
    private static readonly JsonLimits Limits = new() { MaxDepth = JsonLimits.HighestDepth };

    /// <summary>One JSON object per change; changes of types that the model no longer declares are left out.</summary>
    /// <param name="fields">Names of fields and links to write, or <c>null</c> for all.</param>
    public async ValueTask<IReadOnlyList<byte[]>> WriteAsync(IReadOnlyList<ChangeRow> changes, IReadOnlySet<string>? fields, CancellationToken cancellationToken)
    {
        var rows = changes.Where(c => bindings.Find(c.Type) is not null).ToList();
        var targets = new LinkTargets(reader, bindings);
        var tape = new JsonTape();
        var links = new List<LinkChange>[rows.Count];
        for (var i = 0; i < rows.Count; i++)
            links[i] = Links(tape, rows[i], targets, fields);
        await targets.ResolveAsync(cancellationToken);

        var causes = rows.SelectMany(r => r.Records).Distinct().ToList();
        var records = causes.Zip(await reader.RecordsAsync(causes, cancellationToken)).ToDictionary(c => c.First, c => c.Second);
        var documents = new byte[rows.Count][];
        for (var i = 0; i < rows.Count; i++)
            documents[i] = Write(tape, rows[i], links[i], targets, records, fields);
        return documents;
    }

    private List<LinkChange> Links(JsonTape tape, ChangeRow row, LinkTargets targets, IReadOnlySet<string>? fields)
    {
        var found = new List<LinkChange>();
        // Most changes touch none: laying them out once, when they are written, is enough.
        if (row.Body.AsSpan().IndexOf("\"links\""u8) < 0)
            return found;
        var links = tape.Parse(row.Body, Limits).IsOk ? tape.Find(0, "links"u8) : -1;
        if (links < 0)
            return found;
        foreach (var link in bindings.Find(row.Type)!.Type.Links)
            if (fields?.Contains(link.Name) != false && tape.Find(links, Encoding.UTF8.GetBytes(link.Name)) is var change and >= 0)
            {
                var before = tape.Find(change, "before"u8);
                var after = tape.Find(change, "after"u8);
                found.Add(new(link, before < 0 ? null : targets.Collect(tape, before, link), after < 0 ? null : targets.Collect(tape, after, link)));
            }

        return found;
    }

    private byte[] Write(JsonTape tape, ChangeRow row, List<LinkChange> links, LinkTargets targets, Dictionary<long, RecordRow?> records, IReadOnlySet<string>? only)
    {
        var type = bindings.Find(row.Type)!.Type;
        return DocumentJson.Bytes(json =>
        {
            json.WriteStartObject();
            json.WriteNumber("sequence", row.Sequence);
            json.WriteString("id", EntityId.Format(type, row.Entity));
            json.WriteString("entity", type.Name);
            json.WriteString("kind", row.Kind);
            json.WriteString("at", DocumentJson.Time(row.At));
            json.WriteStartObject("cause");
            json.WriteNumber("run", row.Run);
            json.WriteString("mapping", row.Mapping == 0 ? "" : bindings.Catalog.Name(row.Mapping));
            json.WriteStartArray("records");
            foreach (var record in row.Records.Select(r => records[r]).OfType<RecordRow>())
            {
                var (connection, stream, id) = RecordNames.Of(bindings.Catalog, record);
                json.WriteStartObject();
                json.WriteString("connection", connection);
                json.WriteString("stream", stream);
                json.WriteString("id", id);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();

            var parsed = tape.Parse(row.Body, Limits).IsOk;
            WriteFields(json, tape, parsed ? tape.Find(0, "fields"u8) : -1, only);
            json.WriteStartObject("links");
            foreach (var (link, before, after) in links)
            {
                json.WriteStartObject(link.Name);
                WriteSide(json, "before", link, before, targets);
                WriteSide(json, "after", link, after, targets);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            if (parsed && tape.Find(0, "other"u8) is var other and >= 0)
                json.WriteString("other", tape.GetText(other));
            json.WriteEndObject();
        });
    }

    private static void WriteFields(System.Text.Json.Utf8JsonWriter json, JsonTape tape, int fields, IReadOnlySet<string>? only)
    {
        json.WritePropertyName("fields");
        if (fields < 0 || only is null)
        {
            json.WriteRawValue(fields < 0 ? "{}"u8 : tape.Raw(fields), skipInputValidation: true);
            return;
        }

        json.WriteStartObject();
        foreach (var name in only)
            if (tape.Find(fields, Encoding.UTF8.GetBytes(name)) is var field and >= 0)
            {
                json.WritePropertyName(name);
                json.WriteRawValue(tape.Raw(field), skipInputValidation: true);
            }

        json.WriteEndObject();
    }

    private void WriteSide(System.Text.Json.Utf8JsonWriter json, string side, LinkType link, List<List<IdentityKey>>? references, LinkTargets targets)
    {
        if (references is null)
            return;
        json.WriteStartArray(side);
        foreach (var entity in targets.Of(references))
            json.WriteStringValue(EntityId.Format(bindings.Find(link.Entity)!.Type, entity));
        json.WriteEndArray();
    }

    private sealed record LinkChange(LinkType Link, List<List<IdentityKey>>? Before, List<List<IdentityKey>>? After);
}
