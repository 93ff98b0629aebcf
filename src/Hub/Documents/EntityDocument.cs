using System.Text;
using IntegrationHub.Json;
using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Unify;

namespace IntegrationHub.Documents;

/// <summary>
/// A golden entity as the outside sees it: <c>{"id","entity", fields in the order of the model, "links":{"buyer":"customer-1","suppliers":["customer-2"]}}</c>.
/// The bytes depend on golden data alone, so that equal data gives equal bytes in every answer and export.
/// </summary>
public sealed class EntityDocument(IHubReader reader, Bindings bindings)
{
    private static readonly JsonLimits Limits = new() { MaxDepth = JsonLimits.HighestDepth };

    /// <summary>One compact JSON object per row.</summary>
    /// <param name="rows">Live entities, of any types.</param>
    /// <param name="fields">Names of fields and links to write, or <c>null</c> for all; <c>id</c> and <c>entity</c> are always there.</param>
    public async ValueTask<byte[][]> WriteAsync(IReadOnlyList<EntityRow> rows, IReadOnlySet<string>? fields, CancellationToken cancellationToken)
    {
        var targets = new LinkTargets(reader, bindings);
        var tape = new JsonTape();
        var references = new List<(LinkType Link, List<List<IdentityKey>> Keys)>[rows.Count];
        for (var i = 0; i < rows.Count; i++)
        {
            references[i] = [];
            var links = Parse(tape, rows[i]) ? tape.Find(0, "links"u8) : -1;
            if (links < 0 || bindings.Find(rows[i].Type) is not { } binding)
                continue;
            foreach (var link in binding.Type.Links)
                if (fields?.Contains(link.Name) != false && tape.Find(links, Encoding.UTF8.GetBytes(link.Name)) is var list and >= 0)
                    references[i].Add((link, targets.Collect(tape, list, link)));
        }

        await targets.ResolveAsync(cancellationToken);
        var output = new Utf8Output();
        var documents = new byte[rows.Count][];
        for (var i = 0; i < rows.Count; i++)
        {
            output.Clear();
            Write(tape, rows[i], references[i], targets, fields, output);
            documents[i] = output.Written.ToArray();
        }

        return documents;
    }

    private void Write(JsonTape tape, EntityRow row, List<(LinkType Link, List<List<IdentityKey>> Keys)> references, LinkTargets targets, IReadOnlySet<string>? fields, Utf8Output output)
    {
        var type = bindings.Find(row.Type)?.Type ?? throw new StoreException($"entity {row.Id} is of a type that the model no longer declares");
        output.Write(Encoding.UTF8.GetBytes($"{{\"id\":\"{EntityId.Format(type, row.Id)}\",\"entity\":\"{type.Name}\""));
        if (Parse(tape, row))
            foreach (var field in type.Fields)
                if (fields?.Contains(field.Name) != false && tape.Find(0, Encoding.UTF8.GetBytes(field.Name)) is var node and >= 0)
                {
                    output.WriteByte((byte)',');
                    output.Write(field.JsonName);
                    tape.WriteTo(node, output);
                }

        if (fields is null || type.Links.Any(l => fields.Contains(l.Name)))
        {
            output.Write(",\"links\":{"u8);
            var first = true;
            foreach (var (link, keys) in references)
                if (targets.Of(keys) is { Count: > 0 } found)
                {
                    var ids = found.Select(e => $"\"{EntityId.Format(bindings.Find(link.Entity)!.Type, e)}\"");
                    output.Write(Encoding.UTF8.GetBytes($"{(first ? "" : ",")}\"{link.Name}\":{(link.Many ? $"[{string.Join(',', ids)}]" : ids.First())}"));
                    first = false;
                }

            output.WriteByte((byte)'}');
        }

        output.WriteByte((byte)'}');
    }

    private static bool Parse(JsonTape tape, EntityRow row) => row.Body.Length > 0 && (tape.Parse(row.Body, Limits).IsOk
        ? true
        : throw new StoreException($"entity {row.Id} cannot be read; restore the store from a backup"));
}
