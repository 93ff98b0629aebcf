using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Sovereignty.Log.Tree;
using IntegrationHub.Storage.Sqlite;

namespace IntegrationHub.Tests.Sovereignty.Log;

public sealed class SequencerTests
{
    [Fact]
    public async Task An_empty_log_is_signed_and_grows_consistently()
    {
        await using var rig = new LogRig();
        var heads = new List<Checkpoint>();
        foreach (var entries in new[] { 0, 1, 254, 1, 1, 700 })
        {
            await rig.FillAsync(entries);
            var head = await rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
            var note = SignedNote.Parse(head!.Note);
            Assert.True(note.IsSignedBy((await rig.Sovereignty.IdentityAsync(LogRig.Cancel)).Current));
            heads.Add(Checkpoint.Parse(note.Text));
            Assert.Null(await rig.Sovereignty.IntegrateAsync(LogRig.Cancel));
        }

        Assert.Equal([0, 1, 255, 256, 257, 957], heads.Select(h => h.Size));
        Assert.All(heads, h => Assert.Equal("log.test/rig", h.Origin));
        for (var i = 1; i < heads.Count; i++)
            Assert.True(TreeProof.Extends(heads[i - 1].Size, heads[i - 1].Root, heads[i].Size, heads[i].Root, rig.Sovereignty.Stored.Tree(heads[i].Size).Consistency(heads[i - 1].Size)));
        Assert.Equal(heads[^1].Root, Tree.NaiveTree.Root([.. rig.Log.Entries(0, 2_000).Select(r => r.Entry)]));
        Assert.Empty((await rig.VerifyAsync()).Faults);
    }

    [Fact]
    public async Task A_flipped_bit_before_signing_stops_signing_names_the_entry_and_stays_an_alarm()
    {
        await using var rig = new LogRig();
        await rig.FillAsync(300);
        await rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
        await rig.FillAsync(50);
        Assert.Equal(1, rig.Tamper("UPDATE log_entries SET entry=CAST(replace(CAST(entry AS TEXT), '\"action\":\"read\"', '\"action\":\"reae\"') AS BLOB) WHERE seq=321"));
        var damage = await Assert.ThrowsAsync<LogDamageException>(() => rig.Sovereignty.IntegrateAsync(LogRig.Cancel).AsTask());
        Assert.Contains("entry 321", damage.Message, StringComparison.Ordinal);
        Assert.Equal(300, rig.Log.Head(published: false)!.Size);
        // Mending it in silence does not lift the alarm.
        rig.Tamper("UPDATE log_entries SET entry=CAST(replace(CAST(entry AS TEXT), '\"action\":\"reae\"', '\"action\":\"read\"') AS BLOB) WHERE seq=321");
        await Assert.ThrowsAsync<LogDamageException>(() => rig.Sovereignty.IntegrateAsync(LogRig.Cancel).AsTask());
        Assert.Empty((await rig.VerifyAsync()).Faults);
        await LogAlarm.ClearAsync(rig.Store, LogRig.Cancel);
        Assert.Equal(350, (await rig.Sovereignty.IntegrateAsync(LogRig.Cancel))!.Size);
    }

    [Fact]
    public async Task Scrubbing_finds_an_old_entry_that_was_edited_with_its_hash()
    {
        await using var rig = new LogRig();
        await rig.FillAsync(1_000);
        await rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
        var entry = rig.Log.Entries(517, 1)[0].Entry;
        entry[^3] ^= 1;
        rig.Tamper("UPDATE log_entries SET entry=$e, hash=$h WHERE seq=517", ("$e", entry), ("$h", TreeHash.Leaf(entry)));
        var scrub = new LogScrub(rig.Log);
        scrub.Check(2);
        Assert.Contains("entry 517", Assert.Throws<LogDamageException>(() => scrub.Check(1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_hubs_on_one_store_never_fork()
    {
        await using var rig = new LogRig();
        await using var second = SqliteStore.Open(new() { Path = rig.File });
        var hubs = new[] { (rig.Store, rig.Sovereignty), (second, rig.Open(second)) };
        await Task.WhenAll(hubs.SelectMany(hub => new[] { Task.Run(() => WriteAsync(hub.Item1, hub.Item2)), Task.Run(() => SignAsync(hub.Item2)) }));
        await rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
        Assert.Equal(400, rig.Log.Head(published: false)!.Size);
        Assert.Equal(400, rig.Log.Entries(0, 1_000).Count);
        Assert.Empty((await rig.VerifyAsync()).Faults);

        static async Task WriteAsync(SqliteStore store, SovereigntyLog log)
        {
            for (var i = 0; i < 100; i++)
                await log.Writer.WriteAsync(store, [new(LogAction.Read, "hub"), new(LogAction.Export, "hub")], LogRig.Cancel);
        }

        static async Task SignAsync(SovereigntyLog log)
        {
            for (var i = 0; i < 30; i++)
                await log.IntegrateAsync(LogRig.Cancel);
        }
    }

    [Fact]
    public async Task A_verification_beside_a_hub_that_writes_and_signs_finds_no_fault()
    {
        await using var rig = new LogRig();
        await rig.FillAsync(700);
        await rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(LogRig.Cancel);
        var writing = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
                await rig.WriteAsync(new(LogAction.Map, "hub") { Subjects = [new(i % 90, $"contact-{i % 90}"), new(100 + i, $"contact-{100 + i}")] }, new(LogAction.Export, "hub"));
        }, LogRig.Cancel);
        var signing = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                await rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
        }, LogRig.Cancel);
        for (var i = 0; i < 25 || rig.Log.Count() < 900; i++)
            Assert.Empty((await rig.VerifyAsync()).Faults);
        await stop.CancelAsync();
        await Task.WhenAll(writing, signing);
    }

    [Fact]
    public async Task A_rotated_key_signs_from_then_on_and_old_checkpoints_stay_verifiable()
    {
        await using var rig = new LogRig();
        await rig.FillAsync(10);
        var before = (await rig.Sovereignty.IntegrateAsync(LogRig.Cancel))!;
        var old = (await rig.Sovereignty.IdentityAsync(LogRig.Cancel)).Current;
        var next = await rig.Sovereignty.RotateAsync(LogRig.Cancel);
        Assert.NotEqual(old, next);
        await rig.FillAsync(10);
        var after = SignedNote.Parse((await rig.Sovereignty.IntegrateAsync(LogRig.Cancel))!.Note);
        Assert.True(after.IsSignedBy(next));
        Assert.False(after.IsSignedBy(old));
        Assert.Empty((await rig.VerifyAsync()).Faults);
        Assert.True(SignedNote.Parse(before.Note).IsSignedBy(old));

        var identity = await rig.Sovereignty.IdentityAsync(LogRig.Cancel);
        var handovers = identity.Keys.Select(k => k.Handover).OfType<string>().Select(SignedNote.Parse).ToList();
        var known = identity.Keys.Select(k => k.Verifier).ToList();
        Assert.True(RememberedLog.Leads(old, next, handovers, known));
        using var stranger = NoteSigner.Generate("log.test/rig", NoteAlgorithm.Ed25519);
        Assert.False(RememberedLog.Leads(stranger.Verifier, next, handovers, known));
        Assert.False(RememberedLog.Leads(old, stranger.Verifier, handovers, [.. known, stranger.Verifier]));
        Assert.All(identity.Keys.SkipLast(1), k => Assert.Null(k.Seed));
    }

    [Fact]
    public async Task Another_origin_is_an_alarm()
    {
        await using var rig = new LogRig();
        await rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
        var other = new SovereigntyLog(rig.Store, new() { Origin = "log.test/other" }, "test", "", p => new byte[32], rig.Time);
        Assert.Contains("log.test/rig", (await Assert.ThrowsAsync<LogDamageException>(() => other.IdentityAsync(LogRig.Cancel).AsTask())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_whose_key_is_gone_is_not_begun_anew()
    {
        await using var rig = new LogRig();
        await rig.FillAsync(3);
        await rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
        rig.Tamper("DELETE FROM documents WHERE kind='log'");
        await Assert.ThrowsAsync<LogDamageException>(() => rig.Sovereignty.IdentityAsync(LogRig.Cancel).AsTask());
    }

    [Fact]
    public async Task Of_published_heads_the_last_of_each_hour_stays()
    {
        await using var rig = new LogRig();
        for (var i = 0; i < 8; i++)
        {
            await rig.FillAsync(1);
            await rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
            rig.Time.Advance(TimeSpan.FromMinutes(25));
        }

        Assert.Equal([3, 5, 8], rig.Log.Heads().Select(h => h.Size));
        Assert.Empty((await rig.VerifyAsync()).Faults);
    }
}
