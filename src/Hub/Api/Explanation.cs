using System.Text;
using System.Text.Json.Nodes;
using IntegrationHub.Connections;
using IntegrationHub.Documents;
using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Unify;

namespace IntegrationHub.Api;

/// <summary>Tells where the fields of an entity come from: every value that was offered, the winning one first.</summary>
public sealed class Explanation(Workspace workspace)
{
    /// <summary>
    /// <c>{"title":{"rule":"latest","candidates":[{"value","wins","source":{connection,stream,record,observedAt,mapping,part?}}]}}</c>; fields without a
    /// value are left out.
    /// </summary>
    public async ValueTask<byte[]> OfAsync(EntityRow row, EntityBinding binding, IReadOnlyList<FieldType> fields, CancellationToken cancellationToken)
    {
        var rows = (await workspace.Store.Reader.ContributionsAsync(row.Id, cancellationToken)).ToDictionary(c => c.Id);
        var inputs = rows.Values.Select(c => new FoldInput(c.Id, c.Connection, workspace.ConnectorOf(c.Connection), c.ObservedAt, c.Body)).ToList();
        await using var origin = new FieldOrigin(workspace);
        var sources = new List<(FieldType Field, List<(string Value, bool Wins, Source Source)> Candidates)>();
        var fold = new GoldenFold();
        foreach (var field in fields)
        {
            var candidates = new List<(string, bool, Source)>();
            foreach (var (from, value) in fold.Candidates(binding.Type, field, inputs))
                candidates.Add((value, candidates.Count == 0 || field.Survivorship == Survivorship.Collect, await SourceAsync(rows[from.Id], field, origin, cancellationToken)));
            if (candidates.Count > 0)
                sources.Add((field, candidates));
        }

        return DocumentJson.Bytes(json =>
        {
            json.WriteStartObject();
            foreach (var (field, candidates) in sources)
            {
                json.WriteStartObject(field.Name);
                json.WriteString("rule", field.Survivorship.ToString().ToLowerInvariant());
                if (field.Prefer.Count > 0)
                {
                    json.WriteStartArray("prefer");
                    foreach (var connector in field.Prefer)
                        json.WriteStringValue(connector);
                    json.WriteEndArray();
                }

                json.WriteStartArray("candidates");
                foreach (var (value, wins, source) in candidates)
                {
                    json.WriteStartObject();
                    json.WritePropertyName("value");
                    json.WriteRawValue(Encoding.UTF8.GetBytes(value), skipInputValidation: true);
                    json.WriteBoolean("wins", wins);
                    json.WriteStartObject("source");
                    json.WriteString("connection", source.Connection);
                    json.WriteString("stream", source.Stream);
                    json.WriteString("record", source.Record);
                    json.Time("observedAt", source.ObservedAt);
                    json.WriteString("mapping", source.Mapping);
                    if (source.Part is { } part)
                    {
                        json.WriteStartObject("part");
                        json.WriteString("id", part.Id);
                        json.Time("observedAt", part.ObservedAt);
                        json.WriteEndObject();
                    }

                    json.WriteEndObject();
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        });
    }

    internal static JsonObject SchemaOf() => Schema.Object(
        ("rule", Schema.OneOf(Enum.GetNames<Survivorship>().Select(n => n.ToLowerInvariant()))),
        ("prefer?", Schema.List(Schema.Text())),
        ("candidates", Schema.List(Schema.Object(
            ("value", Schema.Any),
            ("wins", Schema.Flag),
            ("source", Schema.Object(
                ("connection", Schema.Text()),
                ("stream", Schema.Text()),
                ("record", Schema.Text()),
                ("observedAt?", Schema.Time),
                ("mapping", Schema.Text()),
                ("part?", Schema.Object(("id", Schema.Text()), ("observedAt?", Schema.Time)))))))));

    private async ValueTask<Source> SourceAsync(ContributionRow row, FieldType field, FieldOrigin origin, CancellationToken cancellationToken)
    {
        var record = await workspace.Store.Reader.RecordAsync(row.Record, cancellationToken);
        var name = RecordNames.Of(workspace.Store.Catalog, record);
        var mapping = row.Mapping == 0 ? "" : workspace.Store.Catalog.Name(row.Mapping);
        return new(name.Connection, name.Stream, name.Id, row.ObservedAt, mapping, await origin.PartAsync(row, record, field, cancellationToken));
    }

    private sealed record Source(string Connection, string Stream, string Record, long ObservedAt, string Mapping, OriginPart? Part);
}
