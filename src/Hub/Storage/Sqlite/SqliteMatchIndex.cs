using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;

namespace IntegrationHub.Storage.Sqlite;

/// <summary>The match index within a write transaction of the embedded store.</summary>
internal sealed class SqliteMatchIndex(SqliteDatabase database, SqliteLevels levels, CandidateNotes notes) : IMatchIndex
{
    private const string DecisionColumns = "id, type, kind, at, actor, reason, sides, evidence, undone";

    public ValueTask<IReadOnlyList<long>> CandidatesAsync(int kind, long value, int limit)
    {
        var found = new List<long>();
        // The limit is no parameter: SQLite plans a statement anew when one that stands in LIMIT is bound, which took ten times the search.
        using var rows = database.Prepare("SELECT profile FROM candidates WHERE kind=?1 AND value=?2").Bind(1, kind).Bind(2, value).Query();
        while (found.Count < limit && rows.Read())
            found.Add(rows.Int64(0));
        return new(found);
    }

    public CandidateNote? Recall(int kind, long value) => notes.Recall(kind, value);

    public void Remember(int kind, long value, CandidateNote note) => notes.Remember(kind, value, note);

    public ValueTask<IReadOnlyList<ProfileRow>> ProfilesAsync(IReadOnlyCollection<long> ids)
    {
        var result = new List<ProfileRow>(ids.Count);
        foreach (var id in ids)
        {
            var holders = new List<(long, int)>();
            byte[] hash = [];
            byte[] body = [];
            using var rows = database.Prepare("SELECT h.entity, h.refs, p.body, p.hash FROM profiles p JOIN holders h ON h.profile=p.id WHERE p.id=?1").Bind(1, id).Query();
            while (rows.Read())
            {
                if (holders.Count == 0)
                    (body, hash) = (rows.Bytes(2).ToArray(), rows.Bytes(3).ToArray());
                holders.Add((rows.Int64(0), rows.Int32(1)));
            }

            result.Add(new(id, hash, body, holders));
        }

        return new(result);
    }

    public ValueTask ApplyAsync(IReadOnlyList<ProfileDelta> deltas)
    {
        var hold = database.Prepare("INSERT INTO holders(profile, entity, refs) VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET refs=refs+excluded.refs");
        var added = new List<ProfileDelta>();
        // What is gained comes first, so that a profile that only moves is never taken out in between.
        foreach (var delta in deltas.OrderByDescending(d => d.Delta))
            if (Find(delta) is var id and not 0)
            {
                hold.Bind(1, id).Bind(2, delta.Entity).Bind(3, delta.Delta).Run();
                if (delta.Delta < 0)
                    Release(id, delta);
            }
            else if (delta.Delta > 0)
            {
                added.Add(delta);
            }

        Insert(added);
        return ValueTask.CompletedTask;
    }

    private void Insert(List<ProfileDelta> deltas)
    {
        var last = database.Scalar("SELECT max(id) FROM profiles");
        var profiles = deltas.GroupBy(d => (d.Type, Wide(d.Hash))).Select(g => (Id: ++last, Deltas: g.ToList())).ToList();
        database.Insert("profiles(id, type, hash, body)", profiles, static (to, profile) =>
            to.Bind(1, profile.Id).Bind(2, profile.Deltas[0].Type).BindBlob(3, profile.Deltas[0].Hash).BindBlob(4, profile.Deltas[0].Body()));
        database.Insert("holders(profile, entity, refs)", profiles.SelectMany(p => p.Deltas.Select(d => (p.Id, d.Entity, d.Delta))).ToList(), static (to, holder) =>
            to.Bind(1, holder.Id).Bind(2, holder.Entity).Bind(3, holder.Delta));
        levels["profile_hashes"].Insert(profiles, static (to, profile) => to.Bind(1, Short(profile.Deltas[0].Hash)).Bind(2, profile.Id));
        levels["candidates"].Insert(profiles.SelectMany(p => p.Deltas[0].Candidates.Distinct().Select(c => (p.Id, c.Kind, c.Value))).ToList(), static (to, candidate) =>
            to.Bind(1, candidate.Kind).Bind(2, candidate.Value).Bind(3, candidate.Id));
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
            .Bind(1, delta.Type).BindBlob(2, delta.Hash).Bind(3, Short(delta.Hash)).Query();
        return rows.Read() ? rows.Int64(0) : 0;
    }

    private void Release(long id, ProfileDelta delta)
    {
        database.Prepare("DELETE FROM holders WHERE profile=?1 AND entity=?2 AND refs<=0").Bind(1, id).Bind(2, delta.Entity).Run();
        using (var rows = database.Prepare("SELECT 1 FROM holders WHERE profile=?1 LIMIT 1").Bind(1, id).Query())
            if (rows.Read())
                return;
        database.Prepare("DELETE FROM profiles WHERE id=?1").Bind(1, id).Run();
        notes.Forget(Wide(delta.Hash));
        foreach (var hash in levels["profile_hashes"].OnBoth("DELETE FROM {0} WHERE hash=?1 AND profile=?2"))
            hash.Bind(1, Short(delta.Hash)).Bind(2, id).Run();
        var candidates = levels["candidates"].OnBoth("DELETE FROM {0} WHERE kind=?1 AND value=?2 AND profile=?3");
        foreach (var (kind, value) in delta.Candidates)
        {
            notes.Forget(kind, value);
            foreach (var candidate in candidates)
                candidate.Bind(1, kind).Bind(2, value).Bind(3, id).Run();
        }
    }

    private static UInt128 Wide(byte[] hash) => BinaryPrimitives.ReadUInt128LittleEndian(hash);

    /// <summary>Of a hash only what finds it among all but a few, because index entries are copied often.</summary>
    private static long Short(byte[] hash) => BinaryPrimitives.ReadInt64LittleEndian(hash);
}
