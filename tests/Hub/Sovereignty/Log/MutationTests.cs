using System.Globalization;
using CsCheck;
using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Sovereignty.Log.Tree;

namespace IntegrationHub.Tests.Sovereignty.Log;

/// <summary>
/// Whoever can write to the database changes it in every way there is; a verification must notice each, and name the place where there is one. Each
/// change is made alone, noticed, and taken back. HUB_MUTATIONS says how many (default 250; the full measure is 1,000).
/// </summary>
public sealed class MutationTests
{
    private const int Entries = 1_300;

    private static readonly (string Table, string Column)[] Bytes =
        [("log_entries", "entry"), ("log_entries", "hash"), ("log_tiles", "hashes"), ("log_heads", "note")];

    [Fact]
    public async Task Every_change_of_the_stored_log_is_noticed_and_named()
    {
        await using var rig = new LogRig();
        await rig.FillAsync(Entries / 2);
        await rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
        rig.Time.Advance(TimeSpan.FromHours(1));
        await rig.FillAsync(Entries / 2);
        await rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
        Assert.Empty((await rig.VerifyAsync()).Faults);

        var seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        var mutations = int.Parse(Environment.GetEnvironmentVariable("HUB_MUTATIONS") ?? "250", CultureInfo.InvariantCulture);
        for (var i = 0; i < mutations; i++)
        {
            var (what, named) = i % 16 < 10 ? Mutate(rig, random, i % 16, out var undo) : BesideMutations.Mutate(rig, random, i % 16 - 10, out undo);
            var faults = (await rig.VerifyAsync()).Faults;
            Assert.True(faults.Count > 0, $"seed {seed}, mutation {i}: {what} was not noticed");
            Assert.True(faults.Any(f => f.Contains(named, StringComparison.Ordinal)), $"seed {seed}, mutation {i}: {what} is not named by '{named}' in: {string.Join("; ", faults)}");
            undo();
        }

        Assert.Empty((await rig.VerifyAsync()).Faults);
    }

    private static (string What, string Named) Mutate(LogRig rig, Random random, int kind, out Action undo)
    {
        var at = random.Next(Entries);
        var row = rig.Log.Entries(at, 1)[0];
        var indexed = rig.Indexed(at);
        undo = () => rig.Tamper("INSERT OR REPLACE INTO log_entries(seq, act, at, indexed, hash, entry) VALUES($s,$c,$a,$i,$h,$e)", ("$s", row.Sequence), ("$c", row.Act), ("$a", row.At), ("$i", indexed), ("$h", row.Hash), ("$e", row.Entry));
        var place = $"entry {at}";
        switch (kind)
        {
            case 0 or 1:
                return FlipBit(rig, random, out undo);
            case 2:
                var edited = row.Entry.ToArray();
                edited[random.Next(edited.Length)] ^= (byte)(1 << random.Next(8));
                rig.Tamper("UPDATE log_entries SET entry=$e, hash=$h WHERE seq=$s", ("$e", edited), ("$h", TreeHash.Leaf(edited)), ("$s", at));
                return ("an entry edited with its hash", place);
            case 3:
                rig.Tamper("DELETE FROM log_entries WHERE seq=$s", ("$s", at));
                return ("a deleted entry", place);
            case 4:
                var other = rig.Log.Entries((at + 1 + random.Next(Entries - 1)) % Entries, 1)[0];
                Put(rig, at, other);
                Put(rig, other.Sequence, row);
                var one = undo;
                undo = () =>
                {
                    one();
                    Put(rig, other.Sequence, other);
                };
                return ("two entries swapped", place);
            case 5:
                var copied = rig.Log.Entries((at + 1) % Entries, 1)[0];
                Put(rig, at, copied);
                return ("an entry duplicated over another", place);
            case 6:
                rig.Tamper("UPDATE log_entries SET at=at+$d WHERE seq=$s", ("$d", 1 + random.Next(100_000)), ("$s", at));
                return ("the time beside an entry changed", place);
            case 7:
                rig.Tamper("UPDATE log_entries SET act=act-1 WHERE seq=$s", ("$s", Math.Max(1, at)));
                undo = () => rig.Tamper("UPDATE log_entries SET act=act+1 WHERE seq=$s", ("$s", Math.Max(1, at)));
                return ("an entry moved to another act", $"entry {Math.Max(1, at)}");
            case 8:
                return CutTile(rig, random, out undo);
            default:
                return TakeHead(rig, out undo);
        }
    }

    private static void Put(LogRig rig, long sequence, IntegrationHub.Storage.LogRow row) =>
        rig.Tamper("UPDATE log_entries SET act=$c, at=$a, hash=$h, entry=$e WHERE seq=$s", ("$s", sequence), ("$c", sequence == row.Sequence ? row.Act : sequence), ("$a", row.At), ("$h", row.Hash), ("$e", row.Entry));

    /// <summary>One bit of any bytes that are stored.</summary>
    private static (string, string) FlipBit(LogRig rig, Random random, out Action undo)
    {
        var (table, column) = Bytes[random.Next(Bytes.Length)];
        var key = table switch
        {
            "log_entries" => (long)random.Next(Entries),
            "log_heads" => rig.Log.Heads()[random.Next(2)].Size,
            _ => random.Next(Entries / Tile.FullWidth + 1),
        };
        // A signature line may be spelled in one way only; the note is text, so bits that stay in it count.
        var where = table switch { "log_entries" => "seq=$k", "log_heads" => "size=$k", _ => "level=0 AND idx=$k" };
        byte[] before = table switch
        {
            "log_entries" when column == "entry" => rig.Log.Entries(key, 1)[0].Entry,
            "log_entries" => rig.Log.Entries(key, 1)[0].Hash,
            "log_heads" => System.Text.Encoding.UTF8.GetBytes(rig.Log.Heads().Single(h => h.Size == key).Note),
            _ => rig.Log.Tile(0, key)!,
        };
        var after = before.ToArray();
        after[random.Next(after.Length)] ^= (byte)(1 << random.Next(8));
        var cast = table == "log_heads" ? "CAST($b AS TEXT)" : "$b";
        rig.Tamper($"UPDATE {table} SET {column}={cast} WHERE {where}", ("$b", after), ("$k", key));
        undo = () => rig.Tamper($"UPDATE {table} SET {column}={cast} WHERE {where}", ("$b", before), ("$k", key));
        return ($"a bit of {table}.{column} {key}", table switch { "log_entries" => $"entry {key}", "log_heads" => "checkpoint", _ => $"tile/0/{key:D3}" });
    }

    private static (string, string) CutTile(LogRig rig, Random random, out Action undo)
    {
        var tiles = Tile.Of(Entries).ToList();
        var tile = tiles[random.Next(tiles.Count)];
        var before = rig.Log.Tile(tile.Level, tile.Index)!;
        var left = random.Next(tile.Width * TreeHash.Size);
        if (left == 0)
            rig.Tamper("DELETE FROM log_tiles WHERE level=$l AND idx=$i", ("$l", tile.Level), ("$i", tile.Index));
        else
            rig.Tamper("UPDATE log_tiles SET hashes=substr(hashes, 1, $n) WHERE level=$l AND idx=$i", ("$n", left), ("$l", tile.Level), ("$i", tile.Index));
        undo = () => rig.Tamper("INSERT OR REPLACE INTO log_tiles(level, idx, hashes) VALUES($l,$i,$b)", ("$l", tile.Level), ("$i", tile.Index), ("$b", before));
        return ($"{tile.Path} cut to {left} bytes", tile.Path);
    }

    private static (string, string) TakeHead(LogRig rig, out Action undo)
    {
        var last = rig.Log.Heads()[^1];
        rig.Tamper("DELETE FROM log_heads WHERE size=$s", ("$s", last.Size));
        undo = () => rig.Tamper("INSERT INTO log_heads(size, at, note, published) VALUES($s,$a,$n,1)", ("$s", last.Size), ("$a", last.At), ("$n", last.Note));
        return ("the last checkpoint taken away", "a later checkpoint is gone");
    }

    [Fact]
    public async Task An_export_that_is_changed_anywhere_is_noticed()
    {
        await using var rig = new LogRig();
        await rig.FillAsync(600);
        await rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
        using var folder = new TemporaryFolder();
        var identity = await rig.Sovereignty.IdentityAsync(LogRig.Cancel);
        LogExport.Write(rig.Sovereignty.Stored, identity, folder.Path, LogRig.Cancel);
        var files = Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("vkey", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(1 + Tile.Of(600).Count() + 3, files.Count);
        Gen.Select(Gen.Int[0, files.Count - 1], Gen.Int[0, int.MaxValue], Gen.Int[0, 7]).Sample((file, position, bit) =>
        {
            var before = File.ReadAllBytes(files[file]);
            var after = before.ToArray();
            after[position % after.Length] ^= (byte)(1 << bit);
            File.WriteAllBytes(files[file], after);
            var verifier = new LogVerifier(LogExport.Read(folder.Path), [identity.Current]);
            verifier.Verify(LogRig.Cancel);
            File.WriteAllBytes(files[file], before);
            Assert.NotEmpty(verifier.Faults);
        }, iter: 150, threads: 1);
        var sound = new LogVerifier(LogExport.Read(folder.Path), [identity.Current]);
        Assert.Equal(600, sound.Verify(LogRig.Cancel)!.Size);
        Assert.Empty(sound.Faults);
    }

    [Fact]
    public async Task A_remembered_checkpoint_finds_out_a_rollback_a_rewriting_and_another_log()
    {
        await using var rig = new LogRig();
        await rig.FillAsync(600);
        await rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
        var identity = await rig.Sovereignty.IdentityAsync(LogRig.Cancel);
        var head = Checkpoint.Parse(SignedNote.Parse(rig.Sovereignty.Stored.Checkpoint!).Text);
        Assert.Empty(Faults(new(head.Origin, 300, rig.Sovereignty.Stored.Tree(600).Root(300))));
        Assert.Contains("rolled back", Assert.Single(Faults(head with { Size = 601 })), StringComparison.Ordinal);
        Assert.Contains("rewritten", Assert.Single(Faults(head with { Size = 599 })), StringComparison.Ordinal);
        Assert.Contains("log.test/other", Assert.Single(Faults(head with { Origin = "log.test/other" })), StringComparison.Ordinal);

        IReadOnlyList<string> Faults(Checkpoint remembered)
        {
            var verifier = new LogVerifier(rig.Sovereignty.Stored.Resource, [identity.Current]);
            Assert.Equal(verifier.Continues(remembered, head), verifier.Faults.Count == 0);
            return verifier.Faults;
        }
    }
}
