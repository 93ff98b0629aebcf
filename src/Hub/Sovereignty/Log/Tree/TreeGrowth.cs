namespace IntegrationHub.Sovereignty.Log.Tree;

/// <summary>
/// Appends leaves to a tree. Holds the unfinished tile of each level and nothing else, so that a leaf costs the same however large the tree is.
/// </summary>
public sealed class TreeGrowth
{
    private readonly List<Level> _levels = [];
    private readonly Action<Tile, byte[]> _write;

    /// <param name="source">The tiles of the tree so far.</param>
    /// <param name="size">Its size.</param>
    /// <param name="write">Receives every tile that is full, once, and on <see cref="Flush"/> the unfinished ones that grew.</param>
    /// <exception cref="LogDamageException">An unfinished tile is missing.</exception>
    public TreeGrowth(TileSource source, long size, Action<Tile, byte[]> write)
    {
        _write = write;
        Size = size;
        for (var level = 0; Tile.Hashes(level, size) is > 0 and var hashes; level++)
        {
            var grown = new Level { Full = hashes / Tile.FullWidth };
            var width = (int)(hashes % Tile.FullWidth);
            var tile = new Tile(level, grown.Full, width);
            if (width > 0)
                (source(tile) ?? throw new LogDamageException($"{tile.Path} is missing or too short")).AsSpan(0, width * TreeHash.Size).CopyTo(grown.Hashes);
            grown.Width = width;
            _levels.Add(grown);
        }
    }

    public long Size { get; private set; }

    public void Append(ReadOnlySpan<byte> leafHash)
    {
        Append(0, leafHash);
        Size++;
    }

    /// <summary>Writes the unfinished tiles that grew since the last time.</summary>
    public void Flush()
    {
        for (var level = 0; level < _levels.Count; level++)
            if (_levels[level] is { Grew: true } grown)
            {
                grown.Grew = false;
                if (grown.Width > 0)
                    _write(new(level, grown.Full, grown.Width), grown.Hashes[..(grown.Width * TreeHash.Size)]);
            }
    }

    private void Append(int at, ReadOnlySpan<byte> hash)
    {
        if (at == _levels.Count)
            _levels.Add(new());
        var level = _levels[at];
        hash.CopyTo(level.Hashes.AsSpan(level.Width * TreeHash.Size));
        level.Width++;
        level.Grew = true;
        if (level.Width < Tile.FullWidth)
            return;
        _write(new(at, level.Full, Tile.FullWidth), [.. level.Hashes]);
        level.Full++;
        level.Width = 0;
        Append(at + 1, TreeHash.Complete(level.Hashes));
    }

    private sealed class Level
    {
        public byte[] Hashes { get; } = new byte[Tile.FullWidth * TreeHash.Size];

        /// <summary>Full tiles before the unfinished one.</summary>
        public long Full { get; set; }

        public int Width { get; set; }

        public bool Grew { get; set; }
    }
}
