using CsCheck;
using IntegrationHub.Storage;
using IntegrationHub.Storage.Sqlite;

namespace IntegrationHub.Tests.Storage.Sqlite;

public sealed class SqliteLevelsTests
{
    private const int Recent = 5;

    // Texts that do not sort as people would have it, or hold what ends a text elsewhere.
    private static readonly string[] Values = ["", "\0", "a", "a\0b", "A", "ä", "张伟", "😀", "￿", "zz", "1", "10", "9", " ", "'", "\ud800"];

    private static readonly Gen<(int Value, long Entity, int By)[]> Deltas =
        Gen.Select(Gen.Int[0, Values.Length - 1], Gen.Long[1, 4], Gen.Int[-1, 2]).Array[1, 12].Select(d => d.DistinctBy(x => (x.Item1, x.Item2)).ToArray());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task Keys_are_counted_the_same_in_either_level_and_after_what_was_taken_back() =>
        Gen.Select(Deltas, Gen.Bool).Array[1, 12].SampleAsync(
            async steps =>
            {
                using var folder = new TemporaryFolder();
                await using var store = SqliteStore.Open(new() { Path = folder.File("hub.db"), RecentRows = Recent });
                var references = new SortedDictionary<(string Value, long Entity), int>();
                foreach (var (deltas, isCommitted) in steps)
                {
                    var after = new SortedDictionary<(string Value, long Entity), int>(references);
                    await using (var transaction = await store.BeginAsync(Cancel))
                    {
                        await transaction.ApplyKeysAsync([.. deltas.Select(d => Delta(after, Values[d.Value], d.Entity, d.By)).Where(d => d.Delta != 0)]);
                        if (isCommitted)
                            await transaction.CommitAsync();
                    }

                    references = isCommitted ? after : references;
                    var expected = references.Select(r => $"{Kept(r.Key.Value)} {r.Key.Entity} {r.Value}").Order(StringComparer.Ordinal);
                    Assert.Equal(expected, Query(store, "SELECT value||' '||entity||' '||refs FROM keys").Order(StringComparer.Ordinal));
                    Assert.Equal(references.Select(r => $"{Kept(r.Key.Value)} {r.Key.Entity}").Order(StringComparer.Ordinal), Query(store, "SELECT value||' '||entity FROM entity_keys").Order(StringComparer.Ordinal));
                    Assert.InRange(int.Parse(Query(store, "SELECT count(*) FROM keys_recent")[0], System.Globalization.CultureInfo.InvariantCulture), 0, Recent);
                }
            },
            iter: 150,
            threads: 1);

    [Fact]
    public async Task Records_are_found_in_both_levels_and_by_whoever_opens_the_store_next()
    {
        using var folder = new TemporaryFolder();
        var ids = Enumerable.Range(0, 50).Select(i => $"s{i * 37 % 50}").ToArray();
        await using (var store = SqliteStore.Open(new() { Path = folder.File("hub.db"), RecentRows = Recent }))
            foreach (var some in ids.Chunk(3))
            {
                await using var transaction = await store.BeginAsync(Cancel);
                await transaction.WriteRecordsAsync([.. some.Select(id => new RecordWrite(new() { Stream = 1, SourceId = id }, null, default))]);
                await transaction.CommitAsync();
            }

        await using var next = SqliteStore.Open(new() { Path = folder.File("hub.db"), RecentRows = Recent });
        Assert.Equal(ids, (await next.Reader.FindRecordsAsync(1, ids, Cancel)).Select(r => r?.SourceId));
        Assert.Equal("4 46", Query(next, "SELECT (SELECT count(*) FROM sources_recent)||' '||(SELECT count(*) FROM sources_settled)")[0]);
    }

    [Fact]
    public async Task Key_that_was_none_when_its_record_was_stored_is_not_there_after_it_is_taken_away()
    {
        using var folder = new TemporaryFolder();
        await using var store = SqliteStore.Open(new() { Path = folder.File("hub.db"), RecentRows = Recent });
        await using (var transaction = await store.BeginAsync(Cancel))
        {
            await transaction.ApplyKeysAsync([new(new(1, "v"), 1, -1), new(new(1, "w"), 1, 1)]);
            await transaction.Matches.ApplyAsync([new(1, UInt128.Zero, () => [], [(1, 5)], 1, -1)]);
            await transaction.CommitAsync();
        }

        Assert.Equal(["w"], Query(store, "SELECT value FROM keys UNION SELECT value FROM entity_keys"));
        Assert.Equal(["0"], Query(store, "SELECT count(*) FROM holders"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    public async Task Link_that_is_there_already_is_there_once_and_stops_nobody(int others)
    {
        using var folder = new TemporaryFolder();
        await using var store = SqliteStore.Open(new() { Path = folder.File("hub.db"), RecentRows = Recent });
        await store.PrepareModelAsync(SqliteEntityQueryTests.Model, Cancel);
        await WriteAsync([new(Entity(1), true, null, [Link(1)], [])]);
        await WriteAsync([.. Enumerable.Range(2, others).Select(i => new EntityWrite(Entity(i), true, null, [Link(i)], []))]);
        await WriteAsync([new(Entity(1), false, null, [Link(1)], [])]);
        await WriteAsync([.. Enumerable.Range(2 + others, 40).Select(i => new EntityWrite(Entity(i), true, null, [Link(i)], []))]);
        Assert.Equal(Enumerable.Range(1, 41 + others).Select(i => $"{i}"), Query(store, "SELECT source FROM links ORDER BY source"));

        EntityRow Entity(long id) => new() { Id = id, Type = store.Catalog.EntityType("thing"), Body = "{}"u8.ToArray(), Contributions = 1 };

        LinkRow Link(long id) => new(new(1, "x"), 1, id);

        async Task WriteAsync(IReadOnlyList<EntityWrite> writes)
        {
            await using var transaction = await store.BeginAsync(Cancel);
            await transaction.WriteEntitiesAsync(writes);
            await transaction.CommitAsync();
        }
    }

    private static KeyDelta Delta(SortedDictionary<(string Value, long Entity), int> references, string value, long entity, int by)
    {
        var before = references.GetValueOrDefault((value, entity));
        var delta = Math.Max(by, -before);
        if (before + delta == 0)
            references.Remove((value, entity));
        else
            references[(value, entity)] = before + delta;
        return new(new(1, value), entity, delta);
    }

    /// <summary>What comes back of a text that is no text.</summary>
    private static string Kept(string value) => value.Replace('\ud800', '\ufffd');

    private static List<string> Query(SqliteStore store, string sql) => store.Read(database =>
    {
        var found = new List<string>();
        using var rows = database.Prepare(sql).Query();
        while (rows.Read())
            found.Add(rows.String(0));
        return found;
    });
}
