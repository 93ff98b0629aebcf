using System.Collections.Concurrent;
using System.Text.Encodings.Web;
using System.Text.Json;
using IntegrationHub.Json;
using IntegrationHub.Mapping;
using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Commands;

/// <summary>Rows of a CSV file as contributions: every row goes through the mapping, as a record of a source does.</summary>
internal sealed class EvaluationRecords(EvaluationRules rules)
{
    private const int ChunkRows = 2048;

    /// <summary>As sources write it: Chinese as it is, not as escapes.</summary>
    public static JsonWriterOptions Plain { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Strong kinds by number, as in <see cref="IdentityKey.Kind"/>; 0 is the record's own id.</summary>
    private readonly (IdentityKind Kind, JsonName Name)[] _strong = [.. rules.Type.Identity.Where(k => k.Strength == Strength.Strong).Select(k => (k, new JsonName(k.Name)))];

    private readonly ConcurrentBag<(Mapper Mapper, JsonTape Tape)> _idle = [];

    public MatchPlan Plan { get; } = new(rules.Type);

    /// <summary>Ids of the records, by column <c>record_id</c>, else the first.</summary>
    public List<string> Ids { get; } = [];

    public List<MatchNode> Nodes { get; } = [];

    /// <summary>Kinds of which an entity has one join before the others.</summary>
    public int RankOf(IdentityKey key) => key.Kind > 0 && _strong[key.Kind - 1].Kind.Limit is not null ? 0 : 1;

    public void Read(FileInfo file, int? shuffle)
    {
        using var reader = file.OpenText();
        var rows = CsvRows.Read(reader, file.ToString());
        if (shuffle is { } seed)
        {
            var all = rows.ToArray();
            new Random(seed).Shuffle(all);
            rows = all;
        }

        foreach (var chunk in rows.Chunk(ChunkRows).AsParallel().AsOrdered().WithMergeOptions(ParallelMergeOptions.NotBuffered).Select(Map))
            foreach (var (id, node) in chunk)
            {
                Ids.Add(id);
                Nodes.Add(node);
            }
    }

    private List<(string Id, MatchNode Node)> Map((string[] Columns, string[] Values)[] rows)
    {
        var (mapper, tape) = _idle.TryTake(out var idle) ? idle : (new(rules.Mapping), new());
        var nodes = new List<(string, MatchNode)>(rows.Length);
        using var buffer = new MemoryStream();
        using var json = new Utf8JsonWriter(buffer, Plain);
        foreach (var (columns, values) in rows)
        {
            var id = values[Math.Max(0, Array.IndexOf(columns, "record_id"))];
            Write(json, buffer, columns, values);
            var mapped = mapper.Map(buffer.GetBuffer(), 0, (int)buffer.Length);
            if (mapped.Rejection is { } rejection)
                throw new UsageException($"record {id}: rejected by {rejection.Rule} ({rejection.Path}): {rejection.Reason}");
            if (mapped.Contributions is not [var contribution])
                throw new UsageException($"record {id}: the mapping makes {mapped.Contributions.Count} contributions of it, and one is needed");
            var parsed = tape.Parse(mapped.Output.Array, contribution.Start, contribution.Length);
            if (!parsed.IsOk)
                throw new InvalidOperationException("a mapped contribution is not JSON: " + parsed);
            var profile = Profile.Read(Plan, tape);
            // Read here so that all threads share the work of hashing.
            _ = (profile.Hash, profile.Candidates(Plan));
            nodes.Add((id, new(profile, Strong(tape, id), contribution.ObservedAt, id)));
        }

        _idle.Add((mapper, tape));
        return nodes;
    }

    /// <summary>A row as a record: an object of its values that are not empty.</summary>
    /// <param name="json">Writes to the buffer.</param>
    public static void Write(Utf8JsonWriter json, MemoryStream buffer, string[] columns, string[] values)
    {
        buffer.SetLength(0);
        json.Reset();
        json.WriteStartObject();
        for (var i = 0; i < values.Length; i++)
            if (values[i].Length > 0)
                json.WriteString(columns[i], values[i]);
        json.WriteEndObject();
        json.Flush();
    }

    private List<IdentityKey> Strong(JsonTape tape, string id)
    {
        var keys = new List<IdentityKey> { new(0, id) };
        var identity = tape.Find(0, "identity"u8);
        for (var i = 0; i < _strong.Length && identity >= 0; i++)
            if (tape.Find(identity, _strong[i].Name) is >= 0 and var values)
                foreach (var value in tape.Children(values))
                    if (tape.GetText(value) is var text && !_strong[i].Kind.Blocks(text))
                        keys.Add(new(i + 1, text));
        return keys;
    }
}
