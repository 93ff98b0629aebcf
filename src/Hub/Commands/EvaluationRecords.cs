using System.Collections.Concurrent;
using System.Text.Json;
using IntegrationHub.Json;
using IntegrationHub.Mapping;
using IntegrationHub.Storage;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Commands;

/// <summary>Rows of a CSV file as contributions: every row goes through the mapping, as a record of a source does.</summary>
internal sealed class EvaluationRecords(EvaluationRules rules)
{
    private const int ChunkRows = 2048;

    private readonly ConcurrentBag<(Mapper Mapper, JsonTape Tape)> _idle = [];

    public MatchPlan Plan { get; } = new(rules.Type);

    /// <summary>Ids of the records, by column <c>record_id</c>, else the first.</summary>
    public List<string> Ids { get; } = [];

    public List<MatchNode> Nodes { get; } = [];

    /// <summary>Strong kinds by number, as in <see cref="IdentityKey.Kind"/>; 0 is the record's own id.</summary>
    private string[] StrongKinds { get; } = [.. rules.Type.Identity.Where(k => k.Strength == Model.Strength.Strong).Select(k => k.Name)];

    /// <summary>Kinds of which an entity has one join before the others.</summary>
    public int RankOf(IdentityKey key) => key.Kind > 0 && rules.Type.IdentityKind(StrongKinds[key.Kind - 1])!.Limit is not null ? 0 : 1;

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
        foreach (var (columns, values) in rows)
        {
            var id = values[Math.Max(0, Array.IndexOf(columns, "record_id"))];
            Write(buffer, columns, values);
            var mapped = mapper.Map(buffer.GetBuffer(), 0, (int)buffer.Length);
            if (mapped.Rejection is { } rejection)
                throw new UsageException($"record {id}: rejected by {rejection.Rule} ({rejection.Path}): {rejection.Reason}");
            if (mapped.Contributions is not [var contribution])
                throw new UsageException($"record {id}: the mapping makes {mapped.Contributions.Count} contributions of it, and one is needed");
            var parsed = tape.Parse(mapped.Json(contribution).ToArray());
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
    public static void Write(MemoryStream buffer, string[] columns, string[] values)
    {
        buffer.SetLength(0);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        for (var i = 0; i < values.Length; i++)
            if (values[i].Length > 0)
                json.WriteString(columns[i], values[i]);
        json.WriteEndObject();
    }

    private List<IdentityKey> Strong(JsonTape tape, string id)
    {
        var keys = new List<IdentityKey> { new(0, id) };
        var identity = tape.Find(0, "identity"u8);
        for (var kind = 0; kind < StrongKinds.Length && identity >= 0; kind++)
            if (tape.Find(identity, System.Text.Encoding.UTF8.GetBytes(StrongKinds[kind])) is >= 0 and var values)
                foreach (var value in tape.Children(values))
                    if (tape.GetText(value) is var text && !rules.Type.Identity.First(k => k.Name == StrongKinds[kind]).Blocks(text))
                        keys.Add(new(kind + 1, text));
        return keys;
    }
}
