using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Sovereignty.Log.Tree;
using IntegrationHub.Storage;

namespace IntegrationHub.Sovereignty.Log;

/// <summary>
/// Checks the log of a store: all that <see cref="LogVerifier"/> does, and what only the store has - hashes beside entries, older checkpoints, entries
/// not yet signed.
/// </summary>
public sealed class StoreVerification(ILogReader log, LogIdentity identity)
{
    private const int Page = 4_096;

    private readonly StoredLog _stored = new(log);
    private readonly List<string> _faults = [];

    public IReadOnlyList<string> Faults => _faults;

    /// <summary>The head that was checked; <c>null</c> when there is none.</summary>
    public Checkpoint? Verify(CancellationToken cancellationToken)
    {
        var heads = log.Heads();
        if (heads.Count == 0)
        {
            _faults.Add(log.Tiles(0) > 0 ? "the signed checkpoints are gone" : "nothing was signed yet; 'hub log checkpoint' signs what there is");
            return null;
        }

        var keys = identity.Keys.Select(k => k.Verifier).ToList();
        // The last head even where witnesses have not seen it yet: everything signed is checked.
        var verifier = new LogVerifier(path => path == "checkpoint" ? System.Text.Encoding.UTF8.GetBytes(heads[^1].Note)
            : Tile.TryParse(path, out var tile) && tile.Level == Tile.Entries ? Bundle(tile) : _stored.Resource(path), keys);
        var head = verifier.Verify(cancellationToken);
        _faults.AddRange(verifier.Faults);
        if (head is null)
            return null;
        if (head.Size != heads[^1].Size)
            _faults.Add($"the checkpoint kept for size {heads[^1].Size} is one of size {head.Size}");
        CheckHeads(heads, keys, head.Size);
        CheckTileCounts();
        CheckUnsigned(head.Size, cancellationToken);
        return head;
    }

    private void CheckHeads(IReadOnlyList<LogHead> heads, List<VerifierKey> keys, long size)
    {
        foreach (var head in heads.SkipLast(1))
            try
            {
                var note = SignedNote.Parse(head.Note);
                var checkpoint = Checkpoint.Parse(note.Text);
                if (checkpoint.Origin != identity.Origin || checkpoint.Size != head.Size || !keys.Any(note.IsSignedBy))
                    _faults.Add($"the checkpoint kept for size {head.Size} is not one that this log signed");
                else if (!_stored.Tree(size).Root(head.Size).AsSpan().SequenceEqual(checkpoint.Root))
                    _faults.Add($"the checkpoint kept for size {head.Size} signs another root than the tree had: the log was forked");
            }
            catch (Exception e) when (e is FormatException or LogDamageException)
            {
                _faults.Add($"the checkpoint kept for size {head.Size} cannot be checked: {e.Message}");
            }
    }

    /// <summary>Tiles grow in the transaction of their checkpoint: more of them than it needs means that it was taken away.</summary>
    private void CheckTileCounts()
    {
        List<string> faults;
        long size;
        // A hub that signs meanwhile adds tiles and a head together; only a look without one in between counts.
        do
        {
            size = log.Head(published: false)?.Size ?? 0;
            faults = [.. TileCounts(size)];
        }
        while ((log.Head(published: false)?.Size ?? 0) != size);
        _faults.AddRange(faults);
    }

    private IEnumerable<string> TileCounts(long size)
    {
        for (var level = 0; level == 0 || Tile.Hashes(level, size) > 0; level++)
        {
            var hashes = Tile.Hashes(level, size);
            var tiles = (hashes + Tile.FullWidth - 1) / Tile.FullWidth;
            if (log.Tiles(level) > tiles)
                yield return $"level {level} has {log.Tiles(level)} tiles, the last checkpoint needs {tiles}: a later checkpoint is gone";
            else if (tiles > 0 && log.Tile(level, tiles - 1)?.Length is { } length && length != (hashes - (tiles - 1) * Tile.FullWidth) * TreeHash.Size)
                yield return $"tile {tiles - 1} of level {level} has {length / TreeHash.Size} hashes, the last checkpoint needs {hashes - (tiles - 1) * Tile.FullWidth}";
        }
    }

    /// <summary>A bundle, whose rows are looked at on the way: what stands beside an entry is not signed, but must agree with it.</summary>
    private byte[]? Bundle(Tile tile)
    {
        var first = tile.Index * Tile.FullWidth;
        // With the row before, which may be of the same act.
        var rows = log.Entries(Math.Max(0, first - 1), first == 0 ? tile.Width : tile.Width + 1);
        var hashes = _stored.Hashes(tile with { Level = 0 });
        var from = first == 0 ? 0 : 1;
        if (rows.Count != tile.Width + from || rows[0].Sequence != first - from || rows[^1].Sequence != first + tile.Width - 1)
            return Missing(rows, first, tile.Width);
        for (var i = from; i < rows.Count; i++)
        {
            var row = rows[i];
            if (hashes is not null && !row.Hash.AsSpan().SequenceEqual(hashes.AsSpan((i - from) * TreeHash.Size, TreeHash.Size)))
                Fault($"entry {row.Sequence}: the hash kept beside it is not the signed one");
            if (!EntryJson.Agrees(row, i > 0 ? rows[i - 1] : null))
                Fault($"entry {row.Sequence}: the time or act kept beside it is not the one it says");
        }

        return StoredLog.Bundle(from == 0 ? rows : [.. rows.Skip(from)]);
    }

    private byte[]? Missing(IReadOnlyList<LogRow> rows, long first, int width)
    {
        var there = rows.Select(r => r.Sequence).ToHashSet();
        for (var sequence = first; sequence < first + width; sequence++)
            if (!there.Contains(sequence))
                Fault($"entry {sequence} is missing");
        return null;
    }

    private void Fault(string fault)
    {
        lock (_faults)
            if (_faults.Count < LogVerifier.MostFaults)
                _faults.Add(fault);
    }

    private void CheckUnsigned(long signed, CancellationToken cancellationToken)
    {
        var next = signed;
        while (log.Entries(next, Page) is { Count: > 0 } rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var row in rows)
            {
                if (row.Sequence != next)
                    _faults.Add($"entries {next} to {row.Sequence - 1} are missing (not signed yet)");
                if (!TreeHash.Leaf(row.Entry).AsSpan().SequenceEqual(row.Hash))
                    _faults.Add($"entry {row.Sequence} is not what was written (not signed yet)");
                next = row.Sequence + 1;
            }
        }
    }
}
