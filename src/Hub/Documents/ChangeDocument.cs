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
    public async ValueTask<IReadOnlyList<byte[]>> WriteAsync(IReadOnlyList<ChangeRow> changes, CancellationToken cancellationToken)
    {
        var rows = changes.Where(c => bindings.Find(c.Type) is not null).ToList();
        var targets = new LinkTargets(reader, bindings);
        var tape = new JsonTape();
        var links = new List<LinkChange>[rows.Count];
        for (var i = 0; i < rows.Count; i++)
            links[i] = Links(tape, rows[i], targets);
        await targets.ResolveAsync(cancellationToken);

        var records = new Dictionary<long, RecordRow?>();
        foreach (var id in rows.SelectMany(r => r.Records).Distinct())
            records[id] = await reader.RecordAsync(id, cancellationToken);
        var documents = new byte[rows.Count][];
        for (var i = 0; i < rows.Count; i++)
            documents[i] = Write(tape, rows[i], links[i], targets, records);
        return documents;
    }

    private static List<LinkChange> Links(JsonTape tape, ChangeRow row, LinkTargets targets, EntityBinding binding)
    {
        var found = new List<LinkChange>();
        var links = tape.Parse(row.Body, Limits).IsOk ? tape.Find(0, "links"u8) : -1;
        if (links < 0)
            return found;
        foreach (var link in binding.Type.Links)
            if (tape.Find(links, Encoding.UTF8.GetBytes(link.Name)) is var change and >= 0)
            {
                var before = tape.Find(change, "before"u8);
                var after = tape.Find(change, "after"u8);
                found.Add(new(link, before < 0 ? null : targets.Collect(tape, before, link), after < 0 ? null : targets.Collect(tape, after, link)));
            }

        return found;
    }

    private List<LinkChange> Links(JsonTape tape, ChangeRow row, LinkTargets targets) => Links(tape, row, targets, bindings.Find(row.Type)!);

    private byte[] Write(JsonTape tape, ChangeRow row, List<LinkChange> links, LinkTargets targets, Dictionary<long, RecordRow?> records)
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
            json.WritePropertyName("fields");
            json.WriteRawValue(parsed && tape.Find(0, "fields"u8) is var fields and >= 0 ? tape.Raw(fields) : "{}"u8, skipInputValidation: true);
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
