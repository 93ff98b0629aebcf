using IntegrationHub.Sovereignty.Log.Tree;
using IntegrationHub.Storage;

namespace IntegrationHub.Sovereignty.Log;

/// <summary>Looks through the signed log again, a few bundles at a time, so that what decays or is tampered with long after it was signed is found.</summary>
public sealed class LogScrub(ILogReader log)
{
    private readonly StoredLog _stored = new(log);
    private long _next;

    /// <summary>Checks the next bundles; begins anew behind the last.</summary>
    /// <exception cref="LogDamageException">Names the first place that is not what was signed.</exception>
    public void Check(int bundles)
    {
        var full = (log.Head(published: false)?.Size ?? 0) / Tile.FullWidth;
        for (var i = 0; i < Math.Min(bundles, full); i++, _next++)
        {
            _next = _next < full ? _next : 0;
            CheckBundle(log, _stored, new(0, _next, Tile.FullWidth));
            CheckParents(_next, full * Tile.FullWidth);
        }
    }

    /// <summary>The entries of a leaf tile must have its hashes.</summary>
    internal static void CheckBundle(ILogReader log, StoredLog stored, Tile tile)
    {
        var hashes = stored.Hashes(tile) ?? throw new LogDamageException($"{tile.Path} is missing or too short");
        var first = tile.Index * Tile.FullWidth;
        var rows = log.Entries(first, tile.Width);
        for (var i = 0; i < tile.Width; i++)
        {
            if (i >= rows.Count || rows[i].Sequence != first + i)
                throw Sequencer.Missing(first + i);
            var hash = TreeHash.Leaf(rows[i].Entry);
            if (!hash.AsSpan().SequenceEqual(rows[i].Hash))
                throw Sequencer.Altered(first + i);
            if (!hashes.AsSpan(i * TreeHash.Size, TreeHash.Size).SequenceEqual(hash))
                throw new LogDamageException($"entry {first + i} is not what was signed: {tile.Path} has another hash in its place");
        }
    }

    /// <summary>A full tile must have its hash in the level above, and so on up.</summary>
    private void CheckParents(long index, long leaves)
    {
        for (var level = 0; Tile.Hashes(level + 1, leaves) > index; level++)
        {
            var tile = new Tile(level, index, Tile.FullWidth);
            var parent = new Tile(level + 1, index / Tile.FullWidth, (int)(index % Tile.FullWidth) + 1);
            if (_stored.Hashes(tile) is not { } hashes || _stored.Hashes(parent) is not { } above || !above.AsSpan()[^TreeHash.Size..].SequenceEqual(TreeHash.Complete(hashes)))
                throw new LogDamageException($"{tile.Path} does not have the hash that {parent.Path} holds of it");
            if (parent.IsPartial)
                return;
            index /= Tile.FullWidth;
        }
    }
}
