using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;

namespace IntegrationHub.Storage.Sqlite;

/// <summary>The match index within a write transaction of the embedded store.</summary>
internal sealed class SqliteMatchIndex(SqliteDatabase database, SqliteLevels levels, CandidateNotes notes) : IMatchIndex
{
    private const int ListedBytes = sizeof(int) + sizeof(long);
    private const string DecisionColumns = "id, type, kind, at, actor, reason, sides, evidence, undone";

    public ValueTask<long[]> CandidatesAsync(int kind, long value, int limit)
    {
        var found = new List<long>();
        // The limit is no parameter: SQLite plans a statement anew when one that stands in LIMIT is bound, which took ten times the search.
        using var rows = database.Prepare("SELECT profile FROM candidates WHERE kind=?1 AND value=?2").Bind(1, kind).Bind(2, value).Query();
        while (found.Count < limit && rows.Read())
            found.Add(rows.Int64(0));
        return new([.. found]);
    }

    public CandidateNote? Recall(int kind, long value) => notes.Recall(kind, value);

    public void Remember(int kind, long value, CandidateNote note) => notes.Remember(kind, value, note);

    public ValueTask<List<ProfileRow>> ProfilesAsync(IReadOnlyCollection<long> ids)
    {
        var result = new List<ProfileRow>(ids.Count);
        foreach (var id in ids)
        {
            var holders = new List<(long, int)>();
            UInt128 hash = 0;
            byte[] body = [];
            using var rows = database.Prepare("SELECT h.entity, h.refs, p.body, p.hash FROM profiles p JOIN holders h ON h.profile=p.id WHERE p.id=?1").Bind(1, id).Query();
            while (rows.Read())
            {
                if (holders.Count == 0)
                    (body, hash) = (rows.Bytes(2).ToArray(), BinaryPrimitives.ReadUInt128LittleEndian(rows.Bytes(3)));
                holders.Add((rows.Int64(0), rows.Int32(1)));
            }

            result.Add(new(id, hash, body, [.. holders]));
        }

        return new(result);
    }

    public ValueTask ApplyAsync(IReadOnlyList<ProfileDelta> deltas)
    {
        var hold = database.Prepare("INSERT INTO holders(profile, entity, refs) VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET refs=refs+excluded.refs");
        var added = new List<ProfileDelta>();
        var left = new Dictionary<long, LeftProfile>();
        // What is gained comes first, so that a profile that only moves is never taken out in between.
        foreach (var delta in deltas.OrderByDescending(d => d.Delta))
            if (Find(delta) is var id and not 0)
            {
                hold.Bind(1, id).Bind(2, delta.Entity).Bind(3, delta.Delta).Run();
                // Once, also when another takes away what it never had, as under a model that read its record otherwise.
                if (delta.Delta < 0 && IsLeft(id, delta.Entity))
                    left[id] = new(id, delta.Type, delta.Hash, Listed(id));
            }
            else if (delta.Delta > 0)
            {
                added.Add(delta);
            }

        var profiles = added.GroupBy(d => (d.Type, d.Hash)).Select(g => new NewProfile(g.ToList())).ToList();
        Succeed(left.Values, profiles);
        Release(left.Values.Where(l => !l.IsTaken));
        Insert(profiles.FindAll(p => p.Id == 0));
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Gives new profiles the numbers of those that nobody has any more and that were listed under some of the same values, as when a record changes: only what
    /// differs is written then, and each of the rest would be at a random place.
    /// </summary>
    private void Succeed(IReadOnlyCollection<LeftProfile> left, List<NewProfile> profiles)
    {
        if (left.Count == 0 || profiles.Count == 0)
            return;
        var byValue = new Dictionary<(int Type, (int, long)), LeftProfile>();
        foreach (var profile in left)
            foreach (var value in profile.Listed)
                byValue[(profile.Type, value)] = profile;
        foreach (var profile in profiles)
        {
            var best = profile.Candidates.Select(c => byValue.GetValueOrDefault((profile.Type, c))).OfType<LeftProfile>().Where(l => !l.IsTaken)
                .CountBy(l => l).OrderByDescending(l => l.Value).Select(l => l.Key).FirstOrDefault();
            if (best is null)
                continue;
            best.IsTaken = true;
            profile.Id = best.Id;
            Unlist(best, best.Listed.Except(profile.Candidates));
            database.Prepare("UPDATE profiles SET hash=?2, body=?3, listed=?4 WHERE id=?1")
                .Bind(1, profile.Id).BindBlob(2, Bytes(profile.Hash)).BindBlob(3, profile.Body()).BindBlob(4, Bytes(profile.Candidates)).Run();
            List([profile], profile.Candidates.Except(best.Listed).Select(c => (profile.Id, c.Kind, c.Value)).ToList());
        }
    }

    private void Release(IEnumerable<LeftProfile> profiles)
    {
        foreach (var profile in profiles)
        {
            database.Prepare("DELETE FROM profiles WHERE id=?1").Bind(1, profile.Id).Run();
            Unlist(profile, profile.Listed);
        }
    }

    private void Insert(List<NewProfile> profiles)
    {
        var last = database.Scalar("SELECT max(id) FROM profiles");
        foreach (var profile in profiles)
            profile.Id = ++last;
        database.Insert("profiles(id, type, hash, body, listed)", profiles, static (to, profile) =>
            to.Bind(1, profile.Id).Bind(2, profile.Type).BindBlob(3, Bytes(profile.Hash)).BindBlob(4, profile.Body()).BindBlob(5, Bytes(profile.Candidates)));
        List(profiles, profiles.SelectMany(p => p.Candidates.Select(c => (p.Id, c.Kind, c.Value))).ToList());
    }

    /// <summary>Notes who has a profile, and enters it under its hash and under candidate values.</summary>
    private void List(List<NewProfile> profiles, List<(long Id, int Kind, long Value)> candidates)
    {
        database.Insert("holders(profile, entity, refs)", profiles.SelectMany(p => p.Holders.Select(h => (p.Id, h.Entity, h.Delta))).ToList(), static (to, holder) =>
            to.Bind(1, holder.Id).Bind(2, holder.Entity).Bind(3, holder.Delta));
        levels["profile_hashes"].Insert(profiles, static (to, profile) => to.Bind(1, Short(profile.Hash)).Bind(2, profile.Id));
        levels["candidates"].Insert(candidates, static (to, candidate) => to.Bind(1, candidate.Kind).Bind(2, candidate.Value).Bind(3, candidate.Id));
    }

    /// <summary>Takes a profile from under its hash and candidate values.</summary>
    private void Unlist(LeftProfile profile, IEnumerable<(int Kind, long Value)> values)
    {
        notes.Forget(profile.Hash);
        foreach (var hash in levels["profile_hashes"].OnBoth("DELETE FROM {0} WHERE hash=?1 AND profile=?2"))
            hash.Bind(1, Short(profile.Hash)).Bind(2, profile.Id).Run();
        var candidates = levels["candidates"].OnBoth("DELETE FROM {0} WHERE kind=?1 AND value=?2 AND profile=?3");
        foreach (var (kind, value) in values)
        {
            notes.Forget(kind, value);
            foreach (var candidate in candidates)
                candidate.Bind(1, kind).Bind(2, value).Bind(3, profile.Id).Run();
        }
    }

    public ValueTask<long> ComponentAsync(long entity)
    {
        using var rows = database.Prepare("SELECT component FROM contested WHERE entity=?1").Bind(1, entity).Query();
        return new(rows.Read() ? rows.Int64(0) : 0);
    }

    public ValueTask<IReadOnlyList<long>> EntitiesOfComponentAsync(long component)
    {
        var found = new List<long>();
        using var rows = database.Prepare("SELECT entity FROM contested WHERE component=?1").Bind(1, component).Query();
        while (rows.Read())
            found.Add(rows.Int64(0));
        return new(found);
    }

    public ValueTask SetComponentAsync(long entity, long component)
    {
        if (component == 0)
            database.Prepare("DELETE FROM contested WHERE entity=?1").Bind(1, entity).Run();
        else
            database.Prepare("INSERT INTO contested(entity, component) VALUES(?1,?2) ON CONFLICT(entity) DO UPDATE SET component=excluded.component").Bind(1, entity).Bind(2, component).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> HasDecisionsAsync(int type)
    {
        using var rows = database.Prepare("SELECT 1 FROM decision_keys WHERE type=?1 LIMIT 1").Bind(1, type).Query();
        return new(rows.Read());
    }

    public ValueTask<IReadOnlyList<DecisionRow>> DecisionsOfAsync(int type, IReadOnlyList<string> sourceKeys)
    {
        var numbers = new SortedSet<long>();
        foreach (var key in sourceKeys)
        {
            using var rows = database.Prepare("SELECT decision FROM decision_keys WHERE type=?1 AND key=?2").Bind(1, type).Bind(2, key).Query();
            while (rows.Read())
                numbers.Add(rows.Int64(0));
        }

        return new([.. numbers.Select(n => ReadDecision(database, n)!)]);
    }

    public ValueTask<DecisionRow?> DecisionAsync(long number) => new(ReadDecision(database, number));

    public ValueTask AppendDecisionAsync(DecisionRow decision)
    {
        decision.Number = database.Scalar("SELECT max(id) FROM decisions") + 1;
        database.Prepare("INSERT INTO decisions(id, type, kind, at, actor, reason, sides, evidence, undone) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,0)")
            .Bind(1, decision.Number).Bind(2, decision.Type).Bind(3, decision.Kind).Bind(4, decision.At).Bind(5, decision.By).Bind(6, decision.Reason)
            .Bind(7, JsonSerializer.Serialize(new[] { decision.Left, decision.Right })).Bind(8, decision.Evidence).Run();
        if (decision.Kind == "undo")
        {
            var undone = long.Parse(decision.Left[0], CultureInfo.InvariantCulture);
            database.Prepare("UPDATE decisions SET undone=?2 WHERE id=?1").Bind(1, undone).Bind(2, decision.Number).Run();
            database.Prepare("DELETE FROM decision_keys WHERE decision=?1").Bind(1, undone).Run();
            return ValueTask.CompletedTask;
        }

        var key = database.Prepare("INSERT INTO decision_keys(type, key, decision) VALUES(?1,?2,?3) ON CONFLICT DO NOTHING");
        foreach (var side in decision.Left.Concat(decision.Right))
            key.Bind(1, decision.Type).Bind(2, side).Bind(3, decision.Number).Run();
        return ValueTask.CompletedTask;
    }

    internal static DecisionRow? ReadDecision(SqliteDatabase database, long number)
    {
        using var rows = database.Prepare($"SELECT {DecisionColumns} FROM decisions WHERE id=?1").Bind(1, number).Query();
        return rows.Read() ? ReadDecision(rows) : null;
    }

    internal static List<DecisionRow> ReadDecisions(SqliteDatabase database, long before, int limit)
    {
        var found = new List<DecisionRow>();
        using var rows = database.Prepare($"SELECT {DecisionColumns} FROM decisions WHERE id<?1 ORDER BY id DESC LIMIT ?2").Bind(1, before).Bind(2, limit).Query();
        while (rows.Read())
            found.Add(ReadDecision(rows));
        return found;
    }

    private static DecisionRow ReadDecision(SqliteRows rows)
    {
        var sides = JsonSerializer.Deserialize<string[][]>(rows.String(6))!;
        return new()
        {
            Number = rows.Int64(0),
            Type = rows.Int32(1),
            Kind = rows.String(2),
            At = rows.Int64(3),
            By = rows.String(4),
            Reason = rows.String(5),
            Left = sides[0],
            Right = sides[1],
            Evidence = rows.String(7),
            UndoneBy = rows.Int64(8),
        };
    }

    private long Find(ProfileDelta delta)
    {
        using var rows = database.Prepare("SELECT p.id FROM profile_hashes h CROSS JOIN profiles p ON p.id=h.profile WHERE h.hash=?3 AND p.type=?1 AND p.hash=?2")
            .Bind(1, delta.Type).BindBlob(2, Bytes(delta.Hash)).Bind(3, Short(delta.Hash)).Query();
        return rows.Read() ? rows.Int64(0) : 0;
    }

    /// <summary>Whether nobody has a profile any more after an entity lost it.</summary>
    private bool IsLeft(long id, long entity)
    {
        database.Prepare("DELETE FROM holders WHERE profile=?1 AND entity=?2 AND refs<=0").Bind(1, id).Bind(2, entity).Run();
        using var rows = database.Prepare("SELECT 1 FROM holders WHERE profile=?1 LIMIT 1").Bind(1, id).Query();
        return !rows.Read();
    }

    /// <summary>The candidate values that a profile is listed under: those of the model by which it was written.</summary>
    private (int Kind, long Value)[] Listed(long id)
    {
        using var rows = database.Prepare("SELECT listed FROM profiles WHERE id=?1").Bind(1, id).Query();
        if (!rows.Read())
            return [];
        var bytes = rows.Bytes(0);
        var listed = new (int, long)[bytes.Length / ListedBytes];
        for (var i = 0; i < listed.Length; i++)
            listed[i] = (BinaryPrimitives.ReadInt32LittleEndian(bytes[(i * ListedBytes)..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[((i * ListedBytes) + sizeof(int))..]));
        return listed;
    }

    private static byte[] Bytes((int Kind, long Value)[] listed)
    {
        var bytes = new byte[listed.Length * ListedBytes];
        for (var i = 0; i < listed.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * ListedBytes), listed[i].Kind);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan((i * ListedBytes) + sizeof(int)), listed[i].Value);
        }

        return bytes;
    }

    private static byte[] Bytes(UInt128 hash)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, hash);
        return bytes;
    }

    /// <summary>Of a hash only what finds it among all but a few, because index entries are copied often.</summary>
    private static long Short(UInt128 hash) => (long)(ulong)hash;

    /// <summary>A profile that nobody has any more.</summary>
    private sealed class LeftProfile(long id, int type, UInt128 hash, (int Kind, long Value)[] listed)
    {
        public long Id { get; } = id;

        public int Type { get; } = type;

        public UInt128 Hash { get; } = hash;

        public (int Kind, long Value)[] Listed { get; } = listed;

        /// <summary>Another goes by its number now.</summary>
        public bool IsTaken { get; set; }
    }

    /// <summary>A profile that nobody had, with those who have it now.</summary>
    private sealed class NewProfile(List<ProfileDelta> holders)
    {
        public List<ProfileDelta> Holders { get; } = holders;

        public int Type { get; } = holders[0].Type;

        public UInt128 Hash { get; } = holders[0].Hash;

        public Func<byte[]> Body { get; } = holders[0].Body;

        public (int Kind, long Value)[] Candidates { get; } = [.. holders[0].Candidates.Distinct()];

        public long Id { get; set; }
    }
}
