using System.Buffers.Binary;
using System.Text;
using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Storage.Sqlite;
using IntegrationHub.Unify;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Tests.Unify.Identity;

/// <summary>What one record says about a client; 0 and empty stand for nothing, <c>|</c> stands between several values of a contact or place.</summary>
internal sealed record Client(int Code, int Register, int Mobile, int Mail, string Name, string Contact, int Day)
{
    public string Place { get; init; } = "";

    public int Site { get; init; }

    public int OtherSite { get; init; }

    public byte[] Body
    {
        get
        {
            var identity = new List<string>();
            void Say(string kind, bool said, string value)
            {
                if (said)
                    identity.Add($"\"{kind}\":[\"{value.Replace("|", "\",\"", StringComparison.Ordinal)}\"]");
            }

            Say("code", Code > 0, $"C{Code}");
            Say("register", Register > 0, $"R{Register}");
            Say("mobile", Mobile > 0, $"M{Mobile}");
            Say("email", Mail > 0, $"E{Mail}");
            Say("name", Name.Length > 0, Name);
            Say("stem", Name.Length > 6, Name.Length > 6 ? Name[..3] : "");
            Say("contact", Contact.Length > 0, Contact);
            Say("site", Site > 0, OtherSite > 0 ? $"S{Site}|S{OtherSite}" : $"S{Site}");
            Say("place", Place.Length > 0, Place);
            return Encoding.UTF8.GetBytes($"{{\"entity\":\"client\",\"key\":\"k\",\"identity\":{{{string.Join(',', identity)}}},\"fields\":{{\"name\":\"{Name}\"}}}}");
        }
    }

    public long Time => Day == 0 ? 0 : 86_400_000L * Day;
}

/// <summary>A real store with a type that is matched, guarded and limited, and the definition of identity applied to the same records at once.</summary>
internal sealed class MatchRig : IAsyncDisposable
{
    public const string ModelText = """
        entity: client
        label: name
        identity:
          code: { strength: strong, limit: 1 }
          register: { strength: strong }
          mobile: { strength: joint, shared: 2, blocked: ["M9"] }
          email: { strength: joint, limit: 3 }
          name: { strength: hint }
          stem: { strength: hint, shared: 1 }
          site: { strength: hint, shared: 1 }
          contact: { strength: evidence }
          place: { strength: evidence }
        matching:
          candidates: [mobile, email, [name, contact]]
          compare:
            mobile: { equal: 7, apart: 3, withinDays: 10 }
            email: { equal: 8 }
            name: { equal: 6, similar: { 0.7: 4 }, different: -5, crossed: contact, crossedEqual: 3, guard: true }
            stem: { equal: 3, shared: 0 }
            site: { equal: 2, shared: 0, different: -5 }
            contact: { equal: 4, besides: [name] }
            place: { different: -7, whole: true }
          merge: 10
          propose: 5
          mostCandidates: 6
          mostChained: 4
        fields:
          name: { type: text, class: business }
        links:
          peer: { entity: client }
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly SortedDictionary<long, Client> _said = [];
    private bool _inPieces;

    public SqliteStore Store { get; private set; } = null!;

    public Bindings Bindings { get; private set; } = null!;

    public EntityBinding Type => Bindings.Find("client")!;

    public static async Task<MatchRig> OpenAsync()
    {
        var rig = new MatchRig();
        rig.Store = rig.OpenAnother();
        await rig.UseAsync(text => text);
        return rig;
    }

    /// <summary>Goes on with another model.</summary>
    /// <param name="change">Makes its text of the usual one.</param>
    public async Task UseAsync(Func<string, string> change)
    {
        var model = ModelFiles.Compile([("client.yaml", change(ModelText))]);
        await Store.PrepareModelAsync(model, TestContext.Current.CancellationToken);
        Bindings = new(model, Store.Catalog);
    }

    public string ConnectorOf(int connection) => connection == 1 ? "crm" : GoldenFold.Steward;

    /// <summary>Applies a batch; <c>null</c> withdraws a record. Every other batch is resolved in pieces, if it has several.</summary>
    public async Task<IReadOnlyList<ChangeRow>> ApplyAsync(params (long Record, Client? Said)[] batch)
    {
        await using var transaction = await Store.BeginAsync(TestContext.Current.CancellationToken);
        _inPieces = !_inPieces;
        var changes = await ApplyAsync(_inPieces ? new ParallelTransaction(transaction) : transaction, batch);
        await transaction.CommitAsync();
        foreach (var (record, said) in batch)
            if (said is null)
                _said.Remove(record);
            else
                _said[record] = said;
        return changes;
    }

    /// <summary>Applies a batch in a transaction of whatever store, which is committed or not; what is said is not kept.</summary>
    public ValueTask<IReadOnlyList<ChangeRow>> ApplyAsync(IHubTransaction transaction, params (long Record, Client? Said)[] batch)
    {
        var records = batch.Select(r => new RecordContributions(
            new() { Id = r.Record, Stream = 1, SourceId = "r" + r.Record }, 1, r.Said is { } said ? [new NewContribution(Type, "k" + r.Record, said.Time, said.Body)] : []));
        return new UnifyBatch(transaction, Bindings, ConnectorOf).ApplyAsync([.. records], new(1, 1, 1000));
    }

    /// <summary>Another process at work on the same store.</summary>
    public SqliteStore OpenAnother() => SqliteStore.Open(new() { Path = _folder.File("hub.db"), RecentRows = 4 });

    /// <summary>What a record says now.</summary>
    public Client? Said(long record) => _said.GetValueOrDefault(record);

    /// <summary>The entities as lines: records, golden body; without numbers.</summary>
    public async Task<List<string>> OutcomeAsync() => [.. (await LinesAsync(withNumbers: false)).Order(StringComparer.Ordinal)];

    public async Task<List<string>> LinesAsync(bool withNumbers)
    {
        var lines = new List<string>();
        foreach (var entity in await Store.Reader.EntitiesAsync(new(Type.Number, 100_000), TestContext.Current.CancellationToken))
        {
            var rows = await Store.Reader.ContributionsAsync(entity.Id, TestContext.Current.CancellationToken);
            lines.Add($"{(withNumbers ? entity.Id + " " : "")}{string.Join(',', rows.Where(r => r.Connection == 1).Select(r => r.Record).Order())} {Encoding.UTF8.GetString(entity.Body)}");
        }

        return lines;
    }

    /// <summary>Records by entity, in the words of the definition.</summary>
    public List<string> Defined()
    {
        var (records, entity, _) = Partitioned();
        return [.. Enumerable.Range(0, records.Count).GroupBy(i => entity[i]).Select(g => Joined(g.Select(i => records[i])))];
    }

    /// <summary>Records that are connected and yet more than one entity, in the words of the definition.</summary>
    private IEnumerable<string> Contested()
    {
        var (records, entity, connected) = Partitioned();
        return Enumerable.Range(0, records.Count).GroupBy(i => connected[i]).Where(g => g.Select(i => entity[i]).Distinct().Count() > 1).Select(g => Joined(g.Select(i => records[i])));
    }

    private static string Joined(IEnumerable<long> records) => string.Join(',', records.Order());

    private (List<long> Records, int[] Entity, int[] Connected) Partitioned()
    {
        var records = _said.Keys.ToList();
        var nodes = records.Select(r =>
        {
            var row = new ContributionRow { Record = r, Type = Type.Number, Key = "k" + r, Connection = 1, Body = _said[r].Body, ObservedAt = _said[r].Time };
            var (keys, profile) = ContributionDocument.Identity(row, Type);
            return new MatchNode(profile, [.. keys.Where(k => Type.StrongKinds.Contains(k.Kind))], row.ObservedAt, keys[0].Value, row.Record);
        }).ToList();
        var (entity, connected) = Partition.Of(Type.Plan, nodes, [], Type.RankOf);
        return (records, entity, connected);
    }

    public async Task CheckAsync()
    {
        var stored = (await LinesAsync(withNumbers: false)).Select(l => l.Split(' ')[0]).Order(StringComparer.Ordinal);
        Assert.Equal(Defined().Order(StringComparer.Ordinal), stored);
    }

    /// <summary>Everything the match index holds, and everything it must hold.</summary>
    public void CheckIndex()
    {
        Assert.Equal(Listed().Order(StringComparer.Ordinal), Query("SELECT profile||' '||kind||' '||value FROM candidates").Order(StringComparer.Ordinal));
        Assert.Equal(Query("SELECT id FROM profiles").Order(), Query("SELECT profile FROM profile_hashes").Order());
        Assert.Empty(Query("SELECT id FROM profiles WHERE id NOT IN (SELECT profile FROM holders)"));
        Assert.Empty(Query("SELECT entity FROM holders WHERE refs<=0 OR entity NOT IN (SELECT id FROM entities WHERE state=0)"));
        Assert.Equal(Chained().Order(), Query("SELECT id FROM entities WHERE state=0 AND chained<>0").Order());
        Assert.Empty(Query("SELECT entity FROM contested WHERE entity NOT IN (SELECT id FROM entities WHERE state=0)"));
        var contested = Query("SELECT group_concat(c.record) FROM contested t JOIN contributions c ON c.entity=t.entity WHERE c.body IS NOT NULL GROUP BY t.component");
        Assert.Equal(Contested().Order(StringComparer.Ordinal), contested.Select(c => Joined(c.Split(',').Select(n => long.Parse(n, System.Globalization.CultureInfo.InvariantCulture)))).Order(StringComparer.Ordinal));
    }

    /// <summary>Each profile with the candidate values it has by the model.</summary>
    private IEnumerable<string> Listed() =>
        from row in Query("SELECT id||' '||hex(hash)||' '||hex(body) FROM profiles")
        let parts = row.Split(' ')
        let profile = Profile.FromBytes(Type.Plan, Convert.FromHexString(parts[2]), BinaryPrimitives.ReadUInt128LittleEndian(Convert.FromHexString(parts[1])))
        from candidate in profile.Candidates(Type.Plan).Distinct()
        select $"{parts[0]} {Type.CandidateKinds[candidate.Rule]} {candidate.Value}";

    /// <summary>Entities whose contributions are not connected by strong keys alone.</summary>
    private IEnumerable<string> Chained()
    {
        foreach (var entity in Store.Reader.EntitiesAsync(new(Type.Number, 100_000), default).AsTask().GetAwaiter().GetResult())
        {
            var rows = Store.Reader.ContributionsAsync(entity.Id, default).AsTask().GetAwaiter().GetResult();
            var sets = new DisjointSets(rows.Count);
            foreach (var holders in rows.SelectMany((r, i) => ContributionDocument.Keys(r, Type).Where(k => Type.StrongKinds.Contains(k.Kind)).Select(k => (Key: k, Row: i))).GroupBy(k => k.Key))
                foreach (var holder in holders)
                    sets.Join(holders.First().Row, holder.Row);
            if (Enumerable.Range(0, rows.Count).Select(sets.Find).Distinct().Count() > 1)
                yield return entity.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    public List<string> Query(string sql)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={_folder.File("hub.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(reader.GetValue(0).ToString()!);
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _folder.Dispose();
    }
}
