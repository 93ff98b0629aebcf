using System.Text;
using IntegrationHub.Sovereignty.Log.Tree;

namespace IntegrationHub.Tests.Sovereignty.Log.Tree;

/// <summary>A tree of the leaves "leaf 0", "leaf 1", ..., its tiles in memory.</summary>
internal sealed class TreeRig
{
    public Dictionary<(int, long), byte[]> Tiles { get; } = [];

    public long Size { get; private set; }

    public static byte[] Leaf(long index) => Encoding.UTF8.GetBytes($"leaf {index}");

    public static byte[][] Leaves(int size) => [.. Enumerable.Range(0, size).Select(i => Leaf(i))];

    /// <summary>Grows to a size, in a growth of its own, as a process that was started anew would.</summary>
    public TreeRig GrowTo(long size)
    {
        var growth = new TreeGrowth(Read, Size, (tile, hashes) => Tiles[(tile.Level, tile.Index)] = hashes);
        for (var i = Size; i < size; i++)
            growth.Append(TreeHash.Leaf(Leaf(i)));
        growth.Flush();
        Size = size;
        return this;
    }

    public TreeReader Tree(long? size = null) => new(Read, size ?? Size);

    public byte[]? Read(Tile tile) => Tiles.TryGetValue((tile.Level, tile.Index), out var hashes) && hashes.Length >= tile.Width * TreeHash.Size ? hashes : null;
}
