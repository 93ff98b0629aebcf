using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Sovereignty.Log.Tree;
using IntegrationHub.Storage;

namespace IntegrationHub.Sovereignty.Log;

/// <summary>
/// Checks the log of a store: all that <see cref="LogVerifier"/> does, and what only the store has - what stands beside entries, the index of subjects, older
/// checkpoints, entries not yet signed.
/// </summary>
public sealed class StoreVerification(ILogReader log, LogIdentity identity)
{
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
        var count = log.Count();
        var sums = new IndexSums();
        // The last head even where witnesses have not seen it yet: everything signed is checked.
        var verifier = new LogVerifier(path => path == "checkpoint" ? System.Text.Encoding.UTF8.GetBytes(heads[^1].Note) : _stored.Resource(path), keys)
        {
            CheckEntries = (tile, hashes) => new RowCheck(log, sums, Fault).Check(tile, hashes),
        };
        var head = verifier.Verify(cancellationToken);
        _faults.InsertRange(0, verifier.Faults);
        if (head is null)
            return null;
        if (head.Size != heads[^1].Size)
            Fault($"the checkpoint kept for size {heads[^1].Size} is one of size {head.Size}");
        CheckHeads(heads, keys, head.Size);
        CheckTileCounts();
        new RowCheck(log, sums, Fault).CheckUnsigned(head.Size, count);
        // Where entries could not be read the index has nothing to be compared with.
        if (_faults.Count < LogVerifier.MostFaults)
            new IndexCheck(log, count, sums, Fault).Check(cancellationToken);
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
                    Fault($"the checkpoint kept for size {head.Size} is not one that this log signed");
                else if (!_stored.Tree(size).Root(head.Size).AsSpan().SequenceEqual(checkpoint.Root))
                    Fault($"the checkpoint kept for size {head.Size} signs another root than the tree had: the log was forked");
            }
            catch (Exception e) when (e is FormatException or LogDamageException)
            {
                Fault($"the checkpoint kept for size {head.Size} cannot be checked: {e.Message}");
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
        faults.ForEach(Fault);
    }

    private IEnumerable<string> TileCounts(long size)
    {
        if (log.Bundles(size / Tile.FullWidth, 1).Count > 0)
            yield return $"what entries are searched by is kept of more than the last checkpoint has: a later checkpoint is gone";
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

    private void Fault(string fault)
    {
        lock (_faults)
            if (_faults.Count < LogVerifier.MostFaults)
                _faults.Add(fault);
    }
}
