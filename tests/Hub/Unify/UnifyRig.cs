using System.Text;
using IntegrationHub.Json;
using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Storage.Sqlite;
using IntegrationHub.Unify;

namespace IntegrationHub.Tests.Unify;

/// <summary>What a record says about one thing, in the terms of the tests.</summary>
internal sealed record Said(string Key, string[] A, string[] B, int Name = 0, int Time = 0, string[]? Tags = null, string? Parent = null, string[]? Peers = null)
{
    public byte[] Body
    {
        get
        {
            var members = new List<string> { $"\"entity\":\"thing\",\"key\":\"{Key}\"" };
            var identity = new List<string>();
            if (A.Length > 0)
                identity.Add($"\"a\":[{Quoted(A)}]");
            if (B.Length > 0)
                identity.Add($"\"b\":[{Quoted(B)}]");
            identity.Add("\"hint\":[\"same\"]");
            members.Add($"\"identity\":{{{string.Join(',', identity)}}}");
            members.Add($"\"fields\":{{\"name\":\"n{Name}\",\"amount\":{Name % 3}.{Name % 2}0,\"tags\":[{Quoted(Tags ?? [])}]}}");
            var links = new List<string>();
            if (Parent is not null)
                links.Add($"\"parent\":[{{\"key\":\"{Parent}\"}}]");
            if (Peers is { Length: > 0 })
                links.Add($"\"peers\":[{string.Join(',', Peers.Select(p => $"{{\"identity\":{{\"a\":[\"{p}\"]}}}}"))}]");
            if (links.Count > 0)
                members.Add($"\"links\":{{{string.Join(',', links)}}}");
            return Encoding.UTF8.GetBytes($"{{{string.Join(',', members)}}}");
        }
    }

    private static string Quoted(string[] texts) => string.Join(',', texts.Select(t => $"\"{t}\""));
}

/// <summary>A real store with batches applied to it, and a naive second opinion on what must be in it.</summary>
internal sealed class UnifyRig : IAsyncDisposable
{
    private const string ModelText = """
        entity: thing
        label: name
        identity:
          a: { strength: strong }
          b: { strength: strong }
          hint: { strength: hint }
        fields:
          name: { type: text, class: business, indexed: true, searched: true }
          amount: { type: number, class: business, survivorship: max }
          tags: { type: text, many: true, class: business, survivorship: collect }
        links:
          parent: { entity: thing }
          peers: { entity: thing, many: true }
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<long, Said[]> _said = [];

    private UnifyRig(SqliteStore store)
    {
        Store = store;
    }

    public SqliteStore Store { get; private set; }

    public Bindings Bindings { get; private set; } = null!;

    public EntityBinding Thing => Bindings.Find("thing")!;

    /// <summary>What records say now.</summary>
    public IReadOnlyDictionary<long, Said[]> Said => _said;

    public static async Task<UnifyRig> OpenAsync()
    {
        var rig = new UnifyRig(null!);
        rig.Store = SqliteStore.Open(new() { Path = rig._folder.File("hub.db"), RecentRows = 8 });
        var model = ModelFiles.Compile([("thing.yaml", ModelText)]);
        await rig.Store.PrepareModelAsync(model, TestContext.Current.CancellationToken);
        rig.Bindings = new(model, rig.Store.Catalog);
        return rig;
    }

    public Task<IReadOnlyList<ChangeRow>> ApplyAsync(params (long Record, Said[] Said)[] batch) => ApplyAsync(t => t, batch);

    public async Task<IReadOnlyList<ChangeRow>> ApplyAsync(Func<IHubTransaction, IHubTransaction> wrap, params (long Record, Said[] Said)[] batch)
    {
        await using var transaction = await Store.BeginAsync(TestContext.Current.CancellationToken);
        var records = batch.Select(r => new RecordContributions(
            new() { Id = r.Record, Stream = 1, SourceId = "r" + r.Record }, Connection(r.Record), [.. r.Said.Select(s => new NewContribution(Thing, s.Key, s.Time, s.Body))]));
        var changes = await new UnifyBatch(wrap(transaction), Bindings, Connector).ApplyAsync([.. records], new(1, 1, 1000));
        await transaction.CommitAsync();
        foreach (var (record, said) in batch)
            _said[record] = said;
        return changes;
    }

    public async Task<List<EntityRow>> EntitiesAsync() =>
        [.. await Store.Reader.EntitiesAsync(new(Thing.Number, 100_000), TestContext.Current.CancellationToken)];

    /// <summary>Entity by contribution, told by record, key and position among equal keys.</summary>
    public async Task<SortedDictionary<string, long>> AssignmentAsync()
    {
        var assignment = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var entity in await EntitiesAsync())
            foreach (var row in await Store.Reader.ContributionsAsync(entity.Id, TestContext.Current.CancellationToken))
                assignment.Add($"{row.Record}/{row.Key}/{row.Id}", entity.Id);
        return assignment;
    }

    /// <summary>Golden bodies with the contributions below them; says nothing about numbers.</summary>
    public async Task<List<string>> OutcomeAsync()
    {
        var outcome = new List<string>();
        foreach (var entity in await EntitiesAsync())
        {
            var rows = await Store.Reader.ContributionsAsync(entity.Id, TestContext.Current.CancellationToken);
            outcome.Add(Encoding.UTF8.GetString(entity.Body) + " <- " + string.Join(" ", rows.Select(r => r.Record + ":" + Encoding.UTF8.GetString(r.Body)).Order(StringComparer.Ordinal)));
        }

        outcome.Sort(StringComparer.Ordinal);
        return outcome;
    }

    /// <summary>Checks everything that must hold after any sequence of batches.</summary>
    public async Task CheckAsync()
    {
        var entities = await EntitiesAsync();
        var rows = new Dictionary<long, IReadOnlyList<ContributionRow>>();
        foreach (var entity in entities)
            rows[entity.Id] = await Store.Reader.ContributionsAsync(entity.Id, TestContext.Current.CancellationToken);

        // Every live contribution is there, once.
        var expected = _said.SelectMany(r => r.Value.Select(s => $"{r.Key} {s.Time} {Encoding.UTF8.GetString(s.Body)}")).Order(StringComparer.Ordinal);
        var stored = rows.Values.SelectMany(r => r).Select(c => $"{c.Record} {c.ObservedAt} {Encoding.UTF8.GetString(c.Body)}").Order(StringComparer.Ordinal);
        Assert.Equal(expected, stored);

        // The partition is that of the connected components.
        var parts = rows.Values.Select(r => string.Join(",", r.Select(c => c.Id).Order())).Order(StringComparer.Ordinal);
        Assert.Equal(Components([.. rows.Values.SelectMany(r => r)]), parts);

        var fold = new GoldenFold();
        foreach (var entity in entities)
        {
            var golden = fold.Fold(Thing.Type, [.. rows[entity.Id].Reverse().Select(c => new FoldInput(c.Id, c.Connection, Connector(c.Connection), c.ObservedAt, c.Body))]);
            Assert.Equal(Encoding.UTF8.GetString(golden.Body), Encoding.UTF8.GetString(entity.Body));
            Assert.Equal(Encoding.UTF8.GetString(golden.Origins), Encoding.UTF8.GetString(entity.Origins));
            Assert.Equal(rows[entity.Id].Count, entity.Contributions);
            Assert.True(rows[entity.Id].Where(c => c.Owns != 0).Min(c => c.Owns) == entity.Id, $"entity {entity.Id} does not go by {string.Join(',', rows[entity.Id].Select(c => c.Owns))}");
        }

        var keys = rows.SelectMany(e => e.Value.SelectMany(c => ContributionDocument.Keys(c, Thing)).CountBy(k => k).Select(k => $"{k.Key.Kind} {k.Key.Value} {e.Key} {k.Value}"));
        Assert.Equal(keys.Order(StringComparer.Ordinal), Query("SELECT kind||' '||value||' '||entity||' '||refs FROM keys"));
        var links = entities.SelectMany(e => ContributionDocument.Links(Tape(e.Body), e.Id, Thing, Bindings)).Distinct().Select(l => $"{l.Target.Kind} {l.Target.Value} {l.Name} {l.From}");
        Assert.Equal(links.Order(StringComparer.Ordinal), Query("SELECT kind||' '||value||' '||name||' '||source FROM links"));
        Assert.Equal(entities.Select(e => $"{e.Id}").Order(StringComparer.Ordinal), Query("SELECT rowid FROM search"));
        await CheckChangesAsync(entities);
    }

    private static JsonTape Tape(byte[] body)
    {
        var tape = new JsonTape();
        Assert.True(tape.Parse(body).IsOk);
        return tape;
    }

    public List<string> Query(string sql)
    {
        var found = Store.Read(database =>
        {
            var texts = new List<string>();
            using var rows = database.Prepare(sql).Query();
            while (rows.Read())
                texts.Add(rows.String(0));
            return texts;
        });
        found.Sort(StringComparer.Ordinal);
        return found;
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _folder.Dispose();
    }

    private static int Connection(long record) => 1 + (int)(record % 2);

    private static string Connector(int connection) => "connector" + connection;

    private List<string> Components(List<ContributionRow> rows)
    {
        var component = Enumerable.Range(0, rows.Count).ToArray();
        var keys = rows.Select(r => ContributionDocument.Keys(r, Thing).Where(k => Thing.StrongKinds.Contains(k.Kind)).ToHashSet()).ToList();
        for (var i = 0; i < rows.Count; i++)
            for (var j = 0; j < i; j++)
                if (component[i] != component[j] && keys[i].Overlaps(keys[j]))
                {
                    var (from, to) = (component[i], component[j]);
                    for (var k = 0; k < component.Length; k++)
                        component[k] = component[k] == from ? to : component[k];
                }

        return [.. Enumerable.Range(0, rows.Count).GroupBy(i => component[i]).Select(g => string.Join(",", g.Select(i => rows[i].Id).Order())).Order(StringComparer.Ordinal)];
    }

    /// <summary>Somebody who reads the feed from the start knows exactly the live entities.</summary>
    private async Task CheckChangesAsync(List<EntityRow> entities)
    {
        var known = new Dictionary<long, Dictionary<string, string>>();
        var versions = new Dictionary<long, (long Version, long Sequence)>();
        long sequence = 0;
        foreach (var change in await Store.Reader.ChangesAsync(new(0, int.MaxValue), TestContext.Current.CancellationToken))
        {
            Assert.Equal(++sequence, change.Sequence);
            Assert.Equal(change.Kind is "updated" or "merged" or "deleted", known.ContainsKey(change.Entity));
            versions[change.Entity] = (versions.GetValueOrDefault(change.Entity).Version + 1, sequence);
            var values = known.TryGetValue(change.Entity, out var present) ? present : known[change.Entity] = [];
            var tape = new JsonTape();
            Assert.True(tape.Parse(change.Body).IsOk);
            Assert.Equal(change.Kind is "merged" or "split", tape.Find(0, "other"u8) >= 0);
            foreach (var part in new[] { "fields", "links" })
                if (tape.Find(0, Encoding.UTF8.GetBytes(part)) is var node and >= 0)
                    foreach (var child in tape.Children(node))
                    {
                        var name = $"{part}.{tape.GetText(child - 1)}";
                        Assert.Equal(values.GetValueOrDefault(name), Side(tape, child, "before"u8));
                        if (Side(tape, child, "after"u8) is { } after)
                            values[name] = after;
                        else
                            values.Remove(name);
                    }

            if (change.Kind is "merged" or "deleted")
            {
                Assert.Empty(values);
                known.Remove(change.Entity);
            }
        }

        Assert.Equal(entities.Select(e => e.Id), known.Keys.Order());
        foreach (var entity in entities)
        {
            Assert.Equal(Encoding.UTF8.GetString(entity.Body), Written(known[entity.Id]));
            Assert.Equal(versions[entity.Id], (entity.Version, entity.ChangeSequence));
        }
    }

    private static string? Side(JsonTape tape, int node, ReadOnlySpan<byte> side)
    {
        var found = tape.Find(node, side);
        if (found < 0)
            return null;
        var output = new Utf8Output();
        tape.WriteTo(found, output);
        return Encoding.UTF8.GetString(output.Written);
    }

    private string Written(Dictionary<string, string> values)
    {
        var fields = Thing.Type.Fields.Where(f => values.ContainsKey("fields." + f.Name)).Select(f => $"\"{f.Name}\":{values["fields." + f.Name]}").ToList();
        var links = Thing.Type.Links.Where(l => values.ContainsKey("links." + l.Name)).Select(l => $"\"{l.Name}\":{values["links." + l.Name]}").ToList();
        if (links.Count > 0)
            fields.Add($"\"links\":{{{string.Join(',', links)}}}");
        return $"{{{string.Join(',', fields)}}}";
    }
}
