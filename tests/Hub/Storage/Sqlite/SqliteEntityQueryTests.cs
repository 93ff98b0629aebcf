using System.Globalization;
using CsCheck;
using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Storage.Sqlite;

namespace IntegrationHub.Tests.Storage.Sqlite;

/// <summary>Pages of a store that is written to, against a list; with so few recent and sorted rows that every way of answering is taken.</summary>
public sealed class SqliteEntityQueryTests
{
    private const int Entities = 40;

    internal static readonly EntityModel Model = ModelFiles.Compile([("thing.yaml", """
        entity: thing
        label: name
        fields:
          name: { type: text, class: business, indexed: true }
          amount: { type: number, class: business, indexed: true }
          rare: { type: text, class: business, indexed: true }
        """)]);

    /// <summary>What an entity has from now on; without a name it is no longer live.</summary>
    private static readonly Gen<Thing> Things =
        from id in Gen.Int[1, Entities]
        from name in Gen.Int[-1, 3]
        from amount in Gen.Int[-1, 9]
        from rare in Gen.Int[0, 30]
        select new Thing(id, name < 0 ? null : $"n{name}", amount < 0 ? null : amount, $"r{rare}");

    private static readonly Gen<(string Field, FilterOperator Operator, string Value)> Filters = Gen.Select(Gen.Enum<FilterOperator>(), Gen.Int[0, 9], Gen.Int[0, 2])
        .Select((compare, value, field) => field switch
        {
            0 => ("name", compare, value > 6 ? "null" : $"\"n{value % 4}\""),
            1 => ("amount", compare == FilterOperator.StartsWith ? FilterOperator.Less : compare, value == 0 ? "null" : $"{value}"),
            _ => ("rare", compare, $"\"r{value}\""),
        });

    private static readonly Gen<Asked> Questions = Gen.Select(Filters.Array[0, 3], Gen.Int[0, 3], Gen.Bool, Gen.Int[1, 12], (filters, sort, descending, limit) =>
        new Asked(filters, sort switch { 0 => null, 1 => "name", 2 => "amount", _ => "rare" }, descending, limit));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task Pages_are_what_a_list_would_give() =>
        Gen.Select(Things.Array[1, 60].Array[1, 6], Questions.Array[1, 8]).SampleAsync(
            async (batches, questions) =>
            {
                using var folder = new TemporaryFolder();
                await using var store = SqliteStore.Open(new() { Path = folder.File("hub.db"), RecentRows = 6, MostSorted = 4 });
                await store.PrepareModelAsync(Model, Cancel);
                var known = new Dictionary<long, Thing>();
                foreach (var batch in batches)
                {
                    await WriteAsync(store, known, batch.DistinctBy(t => t.Id).ToList());
                    foreach (var asked in questions)
                        await CheckAsync(store, [.. known.Values.Where(t => t.Name is not null)], asked);
                }
            },
            iter: 60,
            threads: 1);

    [Fact]
    public async Task Links_to_an_entity_of_many_keys_are_found_by_each_of_them()
    {
        using var folder = new TemporaryFolder();
        await using var store = SqliteStore.Open(new() { Path = folder.File("hub.db"), RecentRows = 6 });
        await store.PrepareModelAsync(Model, Cancel);
        var type = store.Catalog.EntityType("thing");
        await using (var transaction = await store.BeginAsync(Cancel))
        {
            await transaction.WriteEntitiesAsync([.. Enumerable.Range(1, 20).Select(i => new EntityWrite(
                new() { Id = i, Type = type, Body = "{}"u8.ToArray(), Contributions = 1 }, true, null, [new(new(1, $"k{i * 100}"), 7, i)], []))]);
            await transaction.CommitAsync();
        }

        List<IdentityKey> keys = [.. Enumerable.Range(1, 1500).Select(i => new IdentityKey(1, $"k{i}"))];
        Assert.Equal(Enumerable.Range(1, 15).Select(i => (long)i), (await store.Reader.EntitiesAsync(new(type, 50) { LinkedTo = (7, keys) }, Cancel)).Select(e => e.Id));
        Assert.Empty(await store.Reader.EntitiesAsync(new(type, 50) { LinkedTo = (8, keys) }, Cancel));
        Assert.Empty(await store.Reader.EntitiesAsync(new(type, 50) { LinkedTo = (7, []) }, Cancel));
    }

    [Fact]
    public async Task Index_that_another_process_let_go_of_is_done_without()
    {
        using var folder = new TemporaryFolder();
        await using var store = SqliteStore.Open(new() { Path = folder.File("hub.db") });
        await store.PrepareModelAsync(Model, Cancel);
        var known = new Dictionary<long, Thing>();
        await WriteAsync(store, known, [new(1, "n1", 3, "r1"), new(2, "n2", null, "r2"), new(3, "n1", 1, "r3")]);
        await using (var other = SqliteStore.Open(new() { Path = folder.File("hub.db") }))
            await other.PrepareModelAsync(new([]), Cancel);
        await WriteAsync(store, known, [new(4, "n1", 2, "r4"), new(1, "n2", 3, "r1")]);
        foreach (var sort in new[] { null, "name", "amount" })
            await CheckAsync(store, [.. known.Values], new([("name", FilterOperator.Equal, "\"n1\"")], sort, false, 2));
    }

    private static async Task WriteAsync(SqliteStore store, Dictionary<long, Thing> known, List<Thing> things)
    {
        await using var transaction = await store.BeginAsync(Cancel);
        await transaction.WriteEntitiesAsync([.. things.Select(t => new EntityWrite(
            new() { Id = t.Id, Type = store.Catalog.EntityType("thing"), State = t.Name is null ? EntityState.Deleted : EntityState.Live, Body = t.Body, Contributions = 1 }, !known.ContainsKey(t.Id), null, [], []))]);
        await transaction.CommitAsync();
        foreach (var thing in things)
            known[thing.Id] = thing;
    }

    private static async Task CheckAsync(SqliteStore store, List<Thing> live, Asked asked)
    {
        var expected = live.Where(t => asked.Filters.All(f => t.Meets(f.Field, f.Operator, f.Value))).ToList();
        expected.Sort((a, b) => asked.Compare(a, b));
        var query = new EntityQuery(store.Catalog.EntityType("thing"), asked.Limit)
        {
            Filters = [.. asked.Filters.Select(f => new EntityFilter(Model.Find("thing")!.Field(f.Field)!, f.Operator, f.Value))],
            Sort = asked.Sort is null ? null : Model.Find("thing")!.Field(asked.Sort),
            Descending = asked.Descending,
        };
        var found = new List<long>();
        while (true)
        {
            var page = await store.Reader.EntitiesAsync(query, Cancel);
            found.AddRange(page.Select(e => e.Id));
            if (page.Count < asked.Limit)
                break;
            var last = live.Single(t => t.Id == page[^1].Id);
            query = query with { After = (asked.Sort is null ? null : last.Json(asked.Sort), last.Id) };
        }

        Assert.Equal(expected.Select(t => t.Id), found);
    }

    private sealed record Asked((string Field, FilterOperator Operator, string Value)[] Filters, string? Sort, bool Descending, int Limit)
    {
        public int Compare(Thing a, Thing b)
        {
            if (Sort is not null && (a.Json(Sort) is null) != (b.Json(Sort) is null))
                return a.Json(Sort) is null ? 1 : -1;
            var order = Sort is null ? 0 : a.CompareTo(Sort, b.Json(Sort));
            order = order == 0 ? a.Id.CompareTo(b.Id) : order;
            return Descending ? -order : order;
        }

        public override string ToString() => $"{string.Join(" and ", Filters)} sort {Sort}{(Descending ? " descending" : "")} limit {Limit}";
    }

    private sealed record Thing(long Id, string? Name, int? Amount, string Rare)
    {
        public byte[] Body => Name is null
            ? []
            : System.Text.Encoding.UTF8.GetBytes($$"""{"name":"{{Name}}",{{(Amount is null ? "" : string.Create(CultureInfo.InvariantCulture, $"\"amount\":{Amount},"))}}"rare":"{{Rare}}"}""");

        public string? Json(string field) => field switch
        {
            "name" => $"\"{Name}\"",
            "amount" => Amount?.ToString(CultureInfo.InvariantCulture),
            _ => $"\"{Rare}\"",
        };

        public int CompareTo(string field, string? value) => (Json(field), value) switch
        {
            (null, null) => 0,
            (null, _) => -1,
            (_, null) => 1,
            var (own, other) => field == "amount" ? int.Parse(own, CultureInfo.InvariantCulture).CompareTo(int.Parse(other, CultureInfo.InvariantCulture)) : string.CompareOrdinal(own.Trim('"'), other.Trim('"')),
        };

        public bool Meets(string field, FilterOperator compare, string value)
        {
            if (value == "null")
                return Json(field) is null == (compare == FilterOperator.Equal);
            var order = CompareTo(field, value);
            return compare switch
            {
                FilterOperator.Equal => order == 0,
                FilterOperator.NotEqual => order != 0,
                _ when Json(field) is null => false,
                FilterOperator.Less => order < 0,
                FilterOperator.LessOrEqual => order <= 0,
                FilterOperator.Greater => order > 0,
                FilterOperator.GreaterOrEqual => order >= 0,
                _ => Json(field)!.Trim('"').StartsWith(value.Trim('"'), StringComparison.Ordinal),
            };
        }
    }
}
