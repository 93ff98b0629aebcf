using System.Collections.Concurrent;
using IntegrationHub.Json;
using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Commands;

/// <summary>Rows of a CSV file as contributions: every row goes through the mapping, as a record of a source does.</summary>
internal sealed class EvaluationRecords(EvaluationRules rules)
{
    private const int ChunkRows = 2048;

    /// <summary>Strong kinds by number, as in <see cref="IdentityKey.Kind"/>; 0 is the record's own id.</summary>
    private readonly (IdentityKind Kind, JsonName Name)[] _strong = [.. rules.Type.Identity.Where(k => k.Strength == Strength.Strong).Select(k => (k, new JsonName(k.Name)))];

    private readonly ConcurrentBag<(EvaluationMapping Mapping, JsonTape Tape)> _idle = [];

    public MatchPlan Plan { get; } = new(rules.Type);

    /// <summary>Ids of the records, by column <c>record_id</c>, else the first.</summary>
    public List<string> Ids { get; } = [];

    public List<MatchNode> Nodes { get; } = [];

    /// <summary>What each record contributes, JSON; empty unless it was asked for.</summary>
    public List<byte[]> Bodies { get; } = [];

    /// <summary>Kinds of which an entity has one join before the others.</summary>
    public int RankOf(IdentityKey key) => key.Kind > 0 && _strong[key.Kind - 1].Kind.Limit is not null ? 0 : 1;

    /// <param name="keepBodies">Whether to keep what the records contribute, besides what identity sees of it.</param>
    public void Read(FileInfo file, int? shuffle, bool keepBodies)
    {
        using var reader = file.OpenText();
        var rows = CsvRows.Read(reader, file.ToString());
        if (shuffle is { } seed)
        {
            var all = rows.ToArray();
            new Random(seed).Shuffle(all);
            rows = all;
        }

        foreach (var chunk in rows.Chunk(ChunkRows).AsParallel().AsOrdered().WithMergeOptions(ParallelMergeOptions.NotBuffered).Select(c => Read(c, keepBodies)))
            foreach (var (id, node, body) in chunk)
            {
                Ids.Add(id);
                Nodes.Add(node);
                if (body is not null)
                    Bodies.Add(body);
            }
    }

    public static string IdOf(string[] columns, string[] values) => values[Math.Max(0, Array.IndexOf(columns, "record_id"))];

    private List<(string Id, MatchNode Node, byte[]? Body)> Read((string[] Columns, string[] Values)[] rows, bool keepBodies)
    {
        var (mapping, tape) = _idle.TryTake(out var idle) ? idle : (new(rules), new());
        var nodes = new List<(string, MatchNode, byte[]?)>(rows.Length);
        foreach (var (columns, values) in rows)
        {
            var (id, json, observed) = mapping.Map(columns, values);
            var parsed = tape.Parse(json.Array!, json.Offset, json.Count);
            if (!parsed.IsOk)
                throw new InvalidOperationException("a mapped contribution is not JSON: " + parsed);
            var profile = Profile.Read(Plan, tape);
            // Read here so that all threads share the work of hashing.
            _ = (profile.Hash, profile.Candidates(Plan));
            nodes.Add((id, new(profile, Strong(tape, id), observed, id), keepBodies ? [.. json] : null));
        }

        _idle.Add((mapping, tape));
        return nodes;
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
