namespace IntegrationHub.Sovereignty.Log.Tree;

/// <summary>Where tiles are kept. A tile read may be wider than asked for, never narrower.</summary>
/// <param name="tile">Which hashes are needed.</param>
/// <returns>The hashes one after another, or <c>null</c> when the tile is missing or too short.</returns>
public delegate byte[]? TileSource(Tile tile);

/// <summary>A tree of a certain size over its tiles: root, proofs. Reads each tile once.</summary>
/// <exception cref="LogDamageException">From every member: a tile that the tree needs is missing.</exception>
public sealed class TreeReader(TileSource source, long size)
{
    private readonly Dictionary<(int, long), byte[]> _tiles = [];

    public long Size { get; } = size;

    public byte[] Root() => Size == 0 ? TreeHash.Empty : Range(0, Size);

    /// <summary>The root when the tree was smaller.</summary>
    public byte[] Root(long earlier) => earlier == 0 ? TreeHash.Empty : Range(0, earlier);

    /// <summary>Hash of a leaf.</summary>
    public byte[] Leaf(long index) => Subtree(0, index);

    /// <summary>The audit path of a leaf (RFC 6962 section 2.1.1), from its sibling upwards.</summary>
    public IReadOnlyList<byte[]> Inclusion(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Size);
        var path = new List<byte[]>();
        var (start, end) = (0L, Size);
        while (end - start > 1)
        {
            var middle = start + Split(end - start);
            path.Add(index < middle ? Range(middle, end) : Range(start, middle));
            (start, end) = index < middle ? (start, middle) : (middle, end);
        }

        path.Reverse();
        return path;
    }

    /// <summary>The proof that the tree of an earlier size is a beginning of this one (RFC 6962 section 2.1.2); empty from size 0 and to itself.</summary>
    public IReadOnlyList<byte[]> Consistency(long earlier)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(earlier);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(earlier, Size);
        if (earlier == 0 || earlier == Size)
            return [];
        var proof = new List<byte[]>();
        var (start, end) = (0L, Size);
        while (earlier != end)
        {
            var middle = start + Split(end - start);
            proof.Add(earlier <= middle ? Range(middle, end) : Range(start, middle));
            (start, end) = earlier <= middle ? (start, middle) : (middle, end);
        }

        // The earlier root itself is known to whoever asks, and left out.
        if (start > 0)
            proof.Add(Range(start, end));
        proof.Reverse();
        return proof;
    }

    private byte[] Range(long start, long end)
    {
        var width = end - start;
        if (long.IsPow2(width))
            return Subtree((int)long.Log2(width), start / width);
        var middle = start + Split(width);
        return TreeHash.Node(Range(start, middle), Range(middle, end));
    }

    /// <summary>Hash over the 2^level leaves from index * 2^level on.</summary>
    private byte[] Subtree(int level, long index)
    {
        var (tileLevel, height) = (level / 8, level % 8);
        var first = index << height;
        var hashes = Read(tileLevel, first / Tile.FullWidth);
        var (from, length) = ((int)(first % Tile.FullWidth) * TreeHash.Size, TreeHash.Size << height);
        return from + length <= hashes.Length
            ? TreeHash.Complete(hashes.AsSpan(from, length))
            : throw new LogDamageException($"the tree of size {Size} needs more of {new Tile(tileLevel, first / Tile.FullWidth, Tile.FullWidth).Path} than there is");
    }

    private byte[] Read(int level, long index)
    {
        if (_tiles.TryGetValue((level, index), out var hashes))
            return hashes;
        var tile = new Tile(level, index, (int)Math.Min(Tile.FullWidth, Tile.Hashes(level, Size) - index * Tile.FullWidth));
        return _tiles[(level, index)] = source(tile) ?? throw new LogDamageException($"{tile.Path} is missing or too short");
    }

    private static long Split(long width) => 1L << (int)long.Log2(width - 1);
}
