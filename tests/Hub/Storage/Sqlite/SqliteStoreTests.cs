using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Storage.Sqlite;

namespace IntegrationHub.Tests.Storage.Sqlite;

public sealed class SqliteStoreTests : IDisposable
{
    private static readonly EntityModel Model = ModelFiles.Compile([("thing.yaml", """
        entity: thing
        label: name
        identity:
          a: { strength: strong }
        fields:
          name: { type: text, class: business, indexed: true, searched: true }
          bodyText: { type: text, class: business, indexed: true }
          amount: { type: number, class: business, indexed: true }
          price: { type: money, class: financial, indexed: true }
          at: { type: time, class: business, indexed: true }
          active: { type: boolean, class: business, indexed: true }
        links:
          parent: { entity: thing }
        """)]);

    private static readonly string?[] Amounts = ["-0", "1e0", "2.0", "3", "30e-1", "1e400", "0.12345678901234567890", "-9007199254740993", null, null, null, null];

    private readonly TemporaryFolder _folder = new();

    private string Database => _folder.File("hub.db");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Second_store_waits_for_the_first_and_then_gives_up()
    {
        await using var one = Open();
        await using var two = SqliteStore.Open(new() { Path = Database, BusyTimeout = TimeSpan.FromMilliseconds(300) });
        await using (await one.BeginAsync(Cancel))
        {
            var refused = await Assert.ThrowsAsync<StoreException>(async () => await two.BeginAsync(Cancel));
            Assert.True(refused.IsTransient);
            Assert.Contains("another process", refused.Message, StringComparison.Ordinal);
        }

        await using var transaction = await two.BeginAsync(Cancel);
        await transaction.SaveDocumentAsync("k", "n", "{}");
        await transaction.CommitAsync();
        Assert.Equal("{}", await one.Reader.DocumentAsync("k", "n", Cancel));
    }

    [Fact]
    public async Task Two_stores_share_the_numbers_of_names()
    {
        await using var one = Open();
        await using var two = Open();
        var numbers = Enumerable.Range(0, 50).Select(i => (i % 2 == 0 ? one : two).Catalog.Connection("c" + (i / 2))).ToList();
        Assert.Equal(Enumerable.Range(0, 25).Select(i => two.Catalog.Connection("c" + i)), Enumerable.Range(0, 25).Select(i => one.Catalog.Connection("c" + i)));
        Assert.Equal("c3", two.Catalog.Name(one.Catalog.Connection("c3")));
        Assert.NotEqual(one.Catalog.Connection("c1"), one.Catalog.EntityType("c1"));
        await one.DisposeAsync();
        await using var again = Open();
        Assert.Equal(numbers[0], again.Catalog.Connection("c0"));
    }

    [Fact]
    public async Task Name_asked_for_inside_a_transaction_is_refused_and_never_hangs()
    {
        await using var store = SqliteStore.Open(new() { Path = Database, BusyTimeout = TimeSpan.FromMilliseconds(100) });
        await using var transaction = await store.BeginAsync(Cancel);
        Assert.Contains("before the transaction begins", Assert.Throws<StoreException>(() => store.Catalog.Connection("late")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_that_fails_says_why_and_its_connection_goes_on()
    {
        await using var store = Open();
        // As SQLite does when the disk fails: the transaction of the read is gone already.
        var failed = Assert.Throws<StoreException>(() => store.Read<int>(db =>
        {
            db.Execute("ROLLBACK");
            throw db.Failure(SQLitePCL.raw.SQLITE_IOERR, "reading");
        }));
        Assert.Contains("check disk space and the disk", failed.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => store.Read<int>(_ => throw new InvalidOperationException()));
        Assert.Empty(await store.Reader.DocumentsAsync("k", Cancel));
    }

    [Fact]
    public async Task Full_disk_undoes_the_batch_and_the_store_goes_on()
    {
        await using var store = Open();
        var pages = await store.LimitPagesAsync(40);
        await using (var transaction = await store.BeginAsync(Cancel))
        {
            var full = await Assert.ThrowsAsync<StoreException>(async () =>
            {
                for (var i = 0; i < 100; i++)
                    await transaction.SaveDocumentAsync("k", "n" + i, $"\"{new string('x', 50_000)}\"");
                await transaction.CommitAsync();
            });
            Assert.Contains("the disk is full", full.Message, StringComparison.Ordinal);
        }

        Assert.Empty(await store.Reader.DocumentsAsync("k", Cancel));
        await store.LimitPagesAsync(pages);
        await using var again = await store.BeginAsync(Cancel);
        await again.SaveDocumentAsync("k", "n", "1");
        await again.CommitAsync();
        Assert.Single(await store.Reader.DocumentsAsync("k", Cancel));
    }

    [Fact]
    public async Task Transaction_without_commit_leaves_nothing()
    {
        await using var store = Open();
        var transaction = await store.BeginAsync(Cancel);
        await transaction.SaveDocumentAsync("k", "n", "1");
        Assert.Equal("1", await transaction.DocumentAsync("k", "n"));
        Assert.Null(await store.Reader.DocumentAsync("k", "n", Cancel));
        await transaction.DisposeAsync();
        await transaction.DisposeAsync();
        Assert.Null(await store.Reader.DocumentAsync("k", "n", Cancel));
        await using var next = await store.BeginAsync(Cancel);
        var second = store.BeginAsync(Cancel);
        Assert.False(second.IsCompleted);
        await next.DisposeAsync();
        await (await second).DisposeAsync();
        await store.DisposeAsync();
        await store.DisposeAsync();
    }

    [Fact]
    public async Task Copy_stands_alone_and_goes_away()
    {
        await using var store = Open();
        var number = store.Catalog.Connection("c");
        await SaveAsync(store, "before");
        await using (var copy = await store.CopyAsync(Cancel))
        {
            Assert.Equal(number, copy.Catalog.Connection("c"));
            await SaveAsync(copy, "copy");
            await SaveAsync(store, "after");
            using var lease = copy.TryLease("x");
            Assert.Equal(["before", "copy"], (await copy.Reader.DocumentsAsync("k", Cancel)).Select(d => d.Name));
        }

        Assert.Equal(["after", "before"], (await store.Reader.DocumentsAsync("k", Cancel)).Select(d => d.Name));
        Assert.DoesNotContain(Directory.GetFileSystemEntries(_folder.Path), f => f.Contains(".try-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Texts_keep_every_character()
    {
        await using var store = Open();
        await using var transaction = await store.BeginAsync(Cancel);
        var (plain, cut) = (new IdentityKey(1, "a"), new IdentityKey(1, "a\0b"));
        await transaction.ApplyKeysAsync([new(plain, 7, 1), new(cut, 8, 1), new(new(1, "😀张"), 9, 1)]);
        Assert.Equal([7L], (await transaction.FindKeysAsync([plain])).Select(k => k.Entity));
        Assert.Equal([8L], (await transaction.FindKeysAsync([cut])).Select(k => k.Entity));
        await transaction.SaveDocumentAsync("k", "a\0b\n😀", "\"x\0y\"");
        Assert.Equal("\"x\0y\"", await transaction.DocumentAsync("k", "a\0b\n😀"));
        await transaction.CommitAsync();
        Assert.Equal(["a\0b\n😀"], (await store.Reader.DocumentsAsync("k", Cancel)).Select(d => d.Name));
    }

    [Fact]
    public async Task Records_round_trip_and_are_paged_without_sorting_the_stream()
    {
        await using var store = Open();
        await using var transaction = await store.BeginAsync(Cancel);
        var row = new RecordRow { Stream = 1, SourceId = "s1", Hash = [1, 2], Version = "v", State = RecordState.Filtered, Mapping = 3, ObservedAt = 4, SeenRun = 5 };
        var part = new RecordRow { Stream = 1, SourceId = "s2", Parent = 1, State = RecordState.Part };
        await transaction.WriteRecordsAsync([new(row, "{}"u8.ToArray(), default), new(part, "[]"u8.ToArray(), "m"u8.ToArray())]);
        row.State = RecordState.Mapped;
        await transaction.WriteRecordsAsync([new(row, null, default)]);
        var found = (await transaction.FindRecordsAsync(1, ["s2", "none", "s1"]));
        Assert.Equal([2L, null, 1L], found.Select(r => r?.Id));
        Assert.Equal((RecordState.Mapped, "v", 3, 4L, 5L), (found[2]!.State, found[2]!.Version, found[2]!.Mapping, found[2]!.ObservedAt, found[2]!.SeenRun));
        Assert.Equal("{}"u8.ToArray(), (await transaction.BodiesAsync([1]))[0].Body);
        Assert.Equal("s2", Assert.Single(await transaction.PartsAsync(1)).SourceId);
        Assert.Equal([1L], (await transaction.RecordsToRemapAsync(1, 9, 0, 10)).Select(r => r.Id));
        Assert.Empty(await transaction.RecordsToRemapAsync(1, 3, 0, 10));
        Assert.Equal([2L], (await transaction.UnseenRecordsAsync(1, 5, 0, 10)).Select(r => r.Id));
        Assert.Equal((2L, 1L), await transaction.CountUnseenAsync(1, 5));
        await transaction.CommitAsync();
        var plan = Explain(store, $"SELECT * FROM records WHERE stream=1 AND mapping<>2 AND id>3 AND state<>{(int)RecordState.Deleted} ORDER BY id LIMIT 4");
        Assert.Equal(["SEARCH records USING INDEX records_live (stream=? AND rowid>?)"], plan);
    }

    [Theory]
    [InlineData("name", false)]
    [InlineData("name", true)]
    [InlineData("amount", false)]
    [InlineData("amount", true)]
    [InlineData("price", false)]
    [InlineData("at", false)]
    [InlineData("at", true)]
    [InlineData("active", true)]
    [InlineData("bodyText", false)]
    [InlineData(null, true)]
    public async Task Pages_give_every_entity_once_in_order(string? sort, bool descending)
    {
        await using var store = await FilledAsync(200);
        var field = sort is null ? null : Model.Find("thing")!.Field(sort);
        var seen = new List<EntityRow>();
        (string?, long)? after = null;
        var pages = 0;
        while (true)
        {
            var page = await store.Reader.EntitiesAsync(Query(store, 7) with { Sort = field, Descending = descending, After = after }, Cancel);
            seen.AddRange(page);
            if (page.Count < 7)
                break;
            after = (field is null ? null : SortValue(page[^1], field), page[^1].Id);
            // Others write meanwhile.
            if (pages++ % 5 == 0)
                await WriteAsync(store, 1000 + pages, pages);
        }

        Assert.Equal(seen.Count, seen.Select(e => e.Id).Distinct().Count());
        Assert.Superset(Enumerable.Range(1, 200).Select(i => (long)i).ToHashSet(), seen.Select(e => e.Id).ToHashSet());
        var whole = await store.Reader.EntitiesAsync(Query(store, 1000) with { Sort = field, Descending = descending }, Cancel);
        Assert.Equal(whole.Where(e => e.Id <= 200).Select(e => e.Id), seen.Where(e => e.Id <= 200).Select(e => e.Id));
        if (field is not null)
            AssertSorted(whole, field, descending);
    }

    [Theory]
    [InlineData("name", FilterOperator.Equal, "\"n3\"", "3 13 23")]
    [InlineData("name", FilterOperator.StartsWith, "\"n1\"", "1 11 21")]
    [InlineData("name", FilterOperator.StartsWith, "\"%\"", "")]
    [InlineData("name", FilterOperator.Equal, "\"' OR 1=1 --\"", "")]
    [InlineData("amount", FilterOperator.Less, "1", "6 7 12 18 19 24")]
    [InlineData("amount", FilterOperator.Equal, "3.0", "3 4 15 16")]
    [InlineData("amount", FilterOperator.GreaterOrEqual, "1e0", "1 2 3 4 5 13 14 15 16 17 25")]
    [InlineData("amount", FilterOperator.Equal, "null", "8 9 10 11 20 21 22 23")]
    [InlineData("at", FilterOperator.Less, "\"2026-01-01T10:00:00+08:00\"", "1 2 8 9 10 16 17 18 24 25")]
    [InlineData("active", FilterOperator.Equal, "true", "3 6 9 12 15 18 21 24")]
    [InlineData("active", FilterOperator.NotEqual, "true", "1 2 4 5 7 8 10 11 13 14 16 17 19 20 22 23 25")]
    [InlineData("price", FilterOperator.Greater, "23", "23 24 25")]
    public async Task Filter_compares_as_the_kind_of_the_field_does(string name, FilterOperator compare, string value, string expected)
    {
        await using var store = await FilledAsync(25);
        var query = Query(store, 100) with { Filters = [new(Model.Find("thing")!.Field(name)!, compare, value)] };
        Assert.Equal(expected, string.Join(' ', (await store.Reader.EntitiesAsync(query, Cancel)).Select(e => e.Id)));
    }

    [Theory]
    [InlineData("name", FilterOperator.Equal, "\"n3\"")]
    [InlineData("name", FilterOperator.StartsWith, "\"n1\"")]
    [InlineData("amount", FilterOperator.Greater, "3")]
    [InlineData("at", FilterOperator.Less, "\"2026-01-01T10:00:00+08:00\"")]
    [InlineData("price", FilterOperator.Equal, "23")]
    public async Task Filter_and_sort_walk_the_index_of_their_field(string name, FilterOperator compare, string value)
    {
        await using var store = await FilledAsync(5);
        var field = Model.Find("thing")!.Field(name)!;
        Assert.Contains(Explain(store, Query(store, 10) with { Filters = [new(field, compare, value)] }), l => l.StartsWith("SEARCH f USING PRIMARY KEY (value", StringComparison.Ordinal));
        var sorted = Explain(store, Query(store, 10) with { Sort = field, After = (value, 3) });
        Assert.Contains(sorted, l => l.StartsWith("SEARCH f USING PRIMARY KEY (value", StringComparison.Ordinal));
        Assert.DoesNotContain(sorted, l => l.Contains("TEMP B-TREE", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Search_a_page_of_a_frequent_word_sorts_nothing(bool descending)
    {
        await using var store = await FilledAsync(5);
        var plan = Explain(store, Query(store, 10) with { Search = "n", Descending = descending, After = ("null", 3) });
        Assert.Contains(plan, l => l.Contains("SCAN s VIRTUAL TABLE", StringComparison.Ordinal));
        Assert.DoesNotContain(plan, l => l.Contains("TEMP B-TREE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Indexes_follow_the_model()
    {
        await using var store = Open();
        await store.PrepareModelAsync(Model, Cancel);
        await store.PrepareModelAsync(Model, Cancel);
        Assert.Equal(18, Explain(store, "", "SELECT name FROM sqlite_schema WHERE name LIKE 'field%'").Count);
        await store.PrepareModelAsync(new([]), Cancel);
        Assert.Empty(Explain(store, "", "SELECT name FROM sqlite_schema WHERE name LIKE 'field%'"));
    }

    [Fact]
    public async Task Field_that_is_indexed_later_finds_what_was_there_before_and_what_others_write()
    {
        var without = ModelFiles.Compile([("thing.yaml", """
            entity: thing
            label: name
            fields:
              name: { type: text, class: business, indexed: true }
            """)]);
        await using var store = Open();
        await store.PrepareModelAsync(without, Cancel);
        await WriteBodyAsync(store, 1, """{"name":"a\u0041\"b","amount":9007199254740993}""");
        await using var other = SqliteStore.Open(new() { Path = Database });
        await other.PrepareModelAsync(Model, Cancel);
        // The one that knows less of the model keeps the columns of the other.
        await WriteBodyAsync(store, 2, """{"name":"b","amount":9007199254740993,"price":{"amount":1.5,"currency":"CNY"}}""");
        await WriteBodyAsync(store, 3, """{"name":"c","amount":9007199254740992}""");

        Assert.Equal([1, 2], await FindAsync("amount", "9007199254740993"));
        Assert.Equal([2], await FindAsync("price", "1.5"));
        Assert.Equal([1], await FindAsync("name", """ "aA\"b" """));

        async Task<List<long>> FindAsync(string name, string value)
        {
            var found = await other.Reader.EntitiesAsync(Query(other, 10) with { Filters = [new(Model.Find("thing")!.Field(name)!, FilterOperator.Equal, value)] }, Cancel);
            return [.. found.Select(e => e.Id)];
        }
    }

    [Theory]
    [InlineData("北京", "1")]
    [InlineData("京", "1")]
    [InlineData("京华", "1")]
    [InlineData("北华", "")]
    [InlineData("科", "1 2")]
    [InlineData("acm", "2 3")]
    [InlineData("ACME gmb", "3")]
    [InlineData("acme GmbH x", "")]
    [InlineData("ＡＣＭＥ", "2 3")]
    [InlineData("muller", "4")]
    [InlineData("Müller", "4")]
    [InlineData("acme 😀", "2 3")]
    [InlineData("😀", "")]
    [InlineData("𠮷", "5")]
    [InlineData("o'brien", "5")]
    [InlineData("\"acme", "2 3")]
    [InlineData("हिन्दी", "6")]
    [InlineData("①", "6")]
    public async Task Words_and_parts_of_names_are_found(string typed, string expected)
    {
        await using var store = await NamedAsync("北京京华科技", "科Acme有限", "Acme GmbH 😀", "Müller & Söhne", "𠮷野家 O'Brien", "हिन्दी ①");
        Assert.Equal(expected, string.Join(' ', (await store.Reader.EntitiesAsync(Query(store, 10) with { Search = typed }, Cancel)).Select(e => e.Id)));
    }

    [Fact]
    public async Task Nothing_typed_is_ever_a_syntax_error()
    {
        await using var store = await NamedAsync("Acme");
        string[] nasty = ["\"", "\"\"", "*", "a*", "a AND", "NOT", "NEAR(a, 5)", "a NEAR b", "text:a", "{text}:a", "^a", "a + b", "-a", "(", ")", "a OR", "'", ";", "\0", "\0a", "a\0\"", "\ud800", "%", "_", "\\", "\u200b", "\ufffd", "́", "a:b", "🇨🇳", "𞤀", "\ue000", "٣", "Ⅷ", "²"];
        foreach (var typed in nasty)
            _ = await store.Reader.EntitiesAsync(Query(store, 10) with { Search = typed }, Cancel);
        foreach (var (one, other) in nasty.SelectMany(a => nasty.Select(b => (a, b))))
            _ = await store.Reader.EntitiesAsync(Query(store, 10) with { Search = one + other + " " + one }, Cancel);
    }

    [Fact]
    public async Task Changed_and_deleted_texts_are_no_longer_found()
    {
        await using var store = await NamedAsync("Acme");
        await using (var transaction = await store.BeginAsync(Cancel))
        {
            await transaction.WriteEntitiesAsync([new(Row(store, 1, "{}"), false, SearchText.Index("Other"), [], [])]);
            await transaction.CommitAsync();
        }

        Assert.Empty(await store.Reader.EntitiesAsync(Query(store, 10) with { Search = "acme" }, Cancel));
        Assert.Single(await store.Reader.EntitiesAsync(Query(store, 10) with { Search = "other" }, Cancel));
    }

    private static async Task SaveAsync(IHubStore store, string name)
    {
        await using var transaction = await store.BeginAsync(Cancel);
        await transaction.SaveDocumentAsync("k", name, "1");
        await transaction.CommitAsync();
    }

    private static EntityQuery Query(SqliteStore store, int limit) => new(store.Catalog.EntityType("thing"), limit);

    private static EntityRow Row(SqliteStore store, long id, string body) => new() { Id = id, Type = store.Catalog.EntityType("thing"), Body = System.Text.Encoding.UTF8.GetBytes(body), Contributions = 1 };

    /// <summary>Values with ties, gaps and awkward numbers, by number of the entity.</summary>
    private static string Body(int i)
    {
        var members = new List<string> { $"\"name\":\"n{i % 10}\"", $"\"bodyText\":\"b{i % 4}\"", $"\"price\":{{\"amount\":{i}.10,\"currency\":\"CNY\"}}", $"\"active\":{(i % 3 == 0 ? "true" : "false")}" };
        if (Amounts[i % Amounts.Length] is { } amount)
            members.Add($"\"amount\":{amount}");
        // The text that is greater is the earlier time.
        members.Add(i % 8 < 3 ? "\"at\":\"2026-01-01T09:00:00+08:00\"" : "\"at\":\"2026-01-01T02:00:00.25Z\"");
        return $"{{{string.Join(',', members.OrderBy(m => m.Length))}}}";
    }

    private async Task<SqliteStore> FilledAsync(int count)
    {
        var store = Open();
        await store.PrepareModelAsync(Model, Cancel);
        await using var transaction = await store.BeginAsync(Cancel);
        await transaction.WriteEntitiesAsync([.. Enumerable.Range(1, count).Select(i => new EntityWrite(Row(store, i, Body(i)), true, null, [], []))]);
        await transaction.CommitAsync();
        return store;
    }

    private static async Task WriteAsync(SqliteStore store, long id, int like)
    {
        await using var transaction = await store.BeginAsync(Cancel);
        await transaction.WriteEntitiesAsync([new(Row(store, id, Body(like)), true, null, [], [])]);
        await transaction.CommitAsync();
    }

    private static async Task WriteBodyAsync(SqliteStore store, long id, string body)
    {
        await using var transaction = await store.BeginAsync(Cancel);
        await transaction.WriteEntitiesAsync([new(Row(store, id, body), true, null, [], [])]);
        await transaction.CommitAsync();
    }

    private async Task<SqliteStore> NamedAsync(params string[] names)
    {
        var store = Open();
        await store.PrepareModelAsync(Model, Cancel);
        await using var transaction = await store.BeginAsync(Cancel);
        await transaction.WriteEntitiesAsync([.. names.Select((n, i) => new EntityWrite(Row(store, i + 1, "{}"), true, SearchText.Index(n), [], []))]);
        await transaction.CommitAsync();
        return store;
    }

    private static string? SortValue(EntityRow row, FieldType field)
    {
        using var document = System.Text.Json.JsonDocument.Parse(row.Body);
        if (!document.RootElement.TryGetProperty(field.Name, out var value))
            return null;
        return (field.Kind == FieldKind.Money ? value.GetProperty("amount") : value).GetRawText();
    }

    private static void AssertSorted(IReadOnlyList<EntityRow> rows, FieldType field, bool descending)
    {
        for (var i = 1; i < rows.Count; i++)
        {
            var (a, b) = (SortValue(rows[i - 1], field), SortValue(rows[i], field));
            var order = (a, b) switch
            {
                (null, null) => 0,
                (null, _) => 2,
                (_, null) => -2,
                _ when field.Kind is FieldKind.Number or FieldKind.Money => double.Parse(a, System.Globalization.CultureInfo.InvariantCulture).CompareTo(double.Parse(b, System.Globalization.CultureInfo.InvariantCulture)),
                _ when field.Kind == FieldKind.Time => DateTimeOffset.Parse(a.Trim('"'), System.Globalization.CultureInfo.InvariantCulture).CompareTo(DateTimeOffset.Parse(b.Trim('"'), System.Globalization.CultureInfo.InvariantCulture)),
                _ => string.CompareOrdinal(a, b),
            };
            if (descending && order is not (2 or -2))
                order = -order;
            Assert.True(order < 0 || (order == 0 && (descending ? rows[i - 1].Id > rows[i].Id : rows[i - 1].Id < rows[i].Id)), $"{a} ({rows[i - 1].Id}) before {b} ({rows[i].Id})");
        }
    }

    private static List<string> Explain(SqliteStore store, EntityQuery query) => Explain(store, store.Read(db => SqliteEntityQuery.Sql(db, query, 1000)));

    private static List<string> Explain(SqliteStore store, string sql, string? whole = null) => store.Read(database =>
    {
        var lines = new List<string>();
        // EXPLAIN alone would not notice that the schema has changed.
        database.Scalar("SELECT count(*) FROM entities");
        using var rows = database.Prepare(whole ?? "EXPLAIN QUERY PLAN " + sql).Query();
        while (rows.Read())
            lines.Add(rows.String(whole is null ? 3 : 0));
        return lines;
    });

    private SqliteStore Open() => SqliteStore.Open(new() { Path = Database, RecentRows = 4 });
}
