using CsCheck;
using IntegrationHub.Storage;
using IntegrationHub.Unify;

namespace IntegrationHub.Tests.Unify;

public sealed class UnifyBatchTests
{
    private const int Records = 9;

    private static readonly Gen<string[]> FewValues = Gen.Int[0, 5].Array[0, 2].Select(v => v.Distinct().Select(i => "v" + i).ToArray());

    private static readonly Gen<Said> Saids =
        from key in Gen.Int[0, 6]
        from a in FewValues
        from b in Gen.Frequency((3, Gen.Const(Array.Empty<string>())), (1, FewValues))
        from name in Gen.Int[0, 5]
        from time in Gen.Int[0, 2]
        from tags in FewValues
        from parent in Gen.Int[0, 9]
        from peers in FewValues
        select new Said("k" + key, a, b, name, time, tags, parent > 6 ? null : "k" + parent, peers);

    private static readonly Gen<(long, Said[])> Change =
        Gen.Select(Gen.Int[1, Records], Gen.Frequency((1, Gen.Const(Array.Empty<Said>())), (2, Saids.Array[1, 2])), (record, said) => ((long)record, said));

    private static readonly Gen<(long Record, Said[] Said)[]> Batches = Change.Array[1, 6].Select(b => b.DistinctBy(r => r.Item1).ToArray());

    [Fact]
    public Task Any_sequence_of_batches_leaves_what_a_fresh_computation_gives() =>
        Batches.Array[1, 8].SampleAsync(
            async batches =>
            {
                await using var rig = await UnifyRig.OpenAsync();
                foreach (var batch in batches)
                {
                    await rig.ApplyAsync(batch);
                    await rig.CheckAsync();
                }
            },
            iter: 60,
            threads: 1);

    [Fact]
    public Task The_same_batch_again_changes_nothing() =>
        Batches.Array[1, 5].SampleAsync(
            async batches =>
            {
                await using var rig = await UnifyRig.OpenAsync();
                foreach (var batch in batches)
                {
                    await rig.ApplyAsync(batch);
                    var before = rig.Query("SELECT id||' '||entity||' '||home FROM contributions");
                    Assert.Empty(await rig.ApplyAsync(batch));
                    Assert.Equal(before, rig.Query("SELECT id||' '||entity||' '||home FROM contributions"));
                }
            },
            iter: 25,
            threads: 1);

    [Fact]
    public Task Any_order_and_batch_size_gives_the_same_entities() =>
        Gen.Select(Batches.Array[1, 6], Gen.Int[1, 5], Gen.Int[0, 1_000_000]).SampleAsync(
            async (batches, size, seed) =>
            {
                await using var rig = await UnifyRig.OpenAsync();
                foreach (var batch in batches)
                    await rig.ApplyAsync(batch);
                var records = rig.Said.Select(r => (r.Key, r.Value)).ToArray();
                new Random(seed).Shuffle(records);
                await using var other = await UnifyRig.OpenAsync();
                foreach (var chunk in records.Chunk(size))
                    await other.ApplyAsync(chunk);
                Assert.Equal(await rig.OutcomeAsync(), await other.OutcomeAsync());
            },
            iter: 30,
            threads: 1);

    [Fact]
    public Task Removing_a_record_undoes_what_adding_it_caused() =>
        Gen.Select(Batches.Array[1, 6], Saids.Array[1, 3]).SampleAsync(
            async (batches, added) =>
            {
                await using var rig = await UnifyRig.OpenAsync();
                foreach (var batch in batches)
                    await rig.ApplyAsync(batch);
                var before = (await rig.AssignmentAsync(), await rig.OutcomeAsync());
                await rig.ApplyAsync((Records + 1, added));
                await rig.ApplyAsync((Records + 1, []));
                Assert.Equal(before.Item1, await rig.AssignmentAsync());
                Assert.Equal(before.Item2, await rig.OutcomeAsync());
                await rig.CheckAsync();
            },
            iter: 100,
            threads: 1);

    [Fact]
    public Task All_withdrawn_and_given_again_finds_its_entities() =>
        Gen.Select(Batches.Array[1, 6], Gen.Int[1, Records]).SampleAsync(
            async (batches, size) =>
            {
                await using var rig = await UnifyRig.OpenAsync();
                foreach (var batch in batches)
                    await rig.ApplyAsync(batch);
                var all = rig.Said.Select(r => (r.Key, r.Value)).ToArray();
                var before = await rig.AssignmentAsync();
                foreach (var chunk in all.Chunk(size))
                    await rig.ApplyAsync([.. chunk.Select(r => (r.Key, Array.Empty<Said>()))]);
                Assert.Empty(await rig.EntitiesAsync());
                await rig.ApplyAsync(all);
                Assert.Equal(before, await rig.AssignmentAsync());
                await rig.CheckAsync();
            },
            iter: 100,
            threads: 1);

    [Fact]
    public async Task Unmerging_gives_back_the_earlier_ids_and_says_so()
    {
        await using var rig = await UnifyRig.OpenAsync();
        await rig.ApplyAsync((1, [new("k1", ["v1"], [])]), (2, [new("k2", ["v2"], [])]));
        var before = await rig.AssignmentAsync();
        var merge = await rig.ApplyAsync((3, [new("k3", ["v1", "v2"], [], Name: 7)]));
        Assert.Equal([(1, "updated"), (2, "merged")], merge.Select(c => (c.Entity, c.Kind)).Order());
        Assert.Equal(1, (await rig.Store.Reader.EntityAsync(2, TestContext.Current.CancellationToken))!.MergedInto);
        var split = await rig.ApplyAsync((3, []));
        Assert.Equal([(1, "updated"), (2, "split")], split.Select(c => (c.Entity, c.Kind)).Order());
        Assert.Equal(before, await rig.AssignmentAsync());
        Assert.Contains("\"other\":\"thing-1\"", System.Text.Encoding.UTF8.GetString(split.Single(c => c.Kind == "split").Body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Part_cut_off_twice_keeps_the_number_it_got_first()
    {
        await using var rig = await UnifyRig.OpenAsync();
        await rig.ApplyAsync((1, [new("k1", ["v1"], [])]), (2, [new("k2", ["v1"], [])]));
        await rig.ApplyAsync((2, [new("k2", ["v2"], [])]));
        var cut = await rig.AssignmentAsync();
        await rig.ApplyAsync((2, [new("k2", ["v1"], [])]));
        Assert.Single(await rig.EntitiesAsync());
        await rig.ApplyAsync((2, [new("k2", ["v2"], [])]));
        Assert.Equal(cut, await rig.AssignmentAsync());
    }

    [Fact]
    public async Task One_contribution_that_changes_sides_leaves_both_their_numbers()
    {
        await using var rig = await UnifyRig.OpenAsync();
        await rig.ApplyAsync((1, [new("k1", ["v1"], [])]));
        await rig.ApplyAsync((2, [new("k2", ["v1"], [])]));
        await rig.ApplyAsync((3, [new("k3", ["v3"], [])]));
        await rig.ApplyAsync((1, [new("k1", ["v3"], [])]));
        Assert.Equal([2L, 1L, 2L], (await rig.AssignmentAsync()).Values);
        await rig.CheckAsync();
    }

    [Fact]
    public async Task Record_that_stands_twice_in_a_batch_counts_as_it_stands_last()
    {
        await using var rig = await UnifyRig.OpenAsync();
        await rig.ApplyAsync((1, [new("k1", ["v1"], [])]));
        await rig.ApplyAsync((1, [new("k1", ["v2"], [])]), (1, [new("k1", ["v3"], [])]));
        await rig.CheckAsync();
    }

    [Fact]
    public async Task Source_time_alone_can_change_the_winner()
    {
        await using var rig = await UnifyRig.OpenAsync();
        await rig.ApplyAsync((1, [new("k1", ["v1"], [], Name: 1, Time: 1)]), (2, [new("k2", ["v1"], [], Name: 2, Time: 2)]));
        Assert.NotEmpty(await rig.ApplyAsync((1, [new("k1", ["v1"], [], Name: 1, Time: 3)])));
        await rig.CheckAsync();
    }

    [Fact]
    public async Task Entity_with_many_contributions_gains_more_without_reading_them()
    {
        await using var rig = await UnifyRig.OpenAsync();
        foreach (var chunk in Enumerable.Range(1, 20_000).Chunk(5_000))
            await rig.ApplyAsync([.. chunk.Select(Hot)]);
        Assert.Equal(20_000, Assert.Single(await rig.EntitiesAsync()).Contributions);

        var rows = 0;
        foreach (var chunk in Enumerable.Range(20_001, 1_000).Chunk(100))
            await rig.ApplyAsync(t => new CountingTransaction(t, n => rows += n), [.. chunk.Select(Hot)]);
        var hot = Assert.Single(await rig.EntitiesAsync());
        Assert.Equal(21_000, hot.Contributions);
        Assert.True(rows < 50, $"{rows} contributions of the entity were read");

        // Others that it takes in are read, but not what it has already.
        await rig.ApplyAsync((30_001, [new("x1", ["x"], [])]), (30_002, [new("x2", ["x"], [])]));
        rows = 0;
        await rig.ApplyAsync(t => new CountingTransaction(t, n => rows += n), (30_003, [new("x3", ["x", "hot"], [])]));
        Assert.Equal(21_003, Assert.Single(await rig.EntitiesAsync()).Contributions);
        Assert.Equal(2, rows);

        static (long, Said[]) Hot(int i) => (i, [new("h" + i, ["hot"], [], Name: i, Time: i % 100)]);
    }
}
