using NSec.Cryptography;

namespace IntegrationHub.Sovereignty.Log.Tree;

/// <summary>
/// The hashes of the tree (RFC 6962 section 2.1): SHA-256 with 0x00 before a leaf and 0x01 before two children. By libsodium, because the platform's
/// hash costs three times as much for inputs this short.
/// </summary>
public static class TreeHash
{
    /// <summary>Bytes of a hash.</summary>
    public const int Size = 32;

    private static readonly HashAlgorithm Sha256 = HashAlgorithm.Sha256;

    /// <summary>The root of a tree without leaves.</summary>
    public static byte[] Empty => Sha256.Hash([]);

    public static byte[] Leaf(ReadOnlySpan<byte> entry)
    {
        var hash = new byte[Size];
        Leaf(entry, hash);
        return hash;
    }

    public static void Leaf(ReadOnlySpan<byte> entry, Span<byte> into)
    {
        IncrementalHash.Initialize(Sha256, out var state);
        IncrementalHash.Update(ref state, [0]);
        IncrementalHash.Update(ref state, entry);
        IncrementalHash.Finalize(ref state, into);
    }

    public static byte[] Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var hash = new byte[Size];
        Node(left, right, hash);
        return hash;
    }

    public static void Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> into)
    {
        Span<byte> both = stackalloc byte[1 + 2 * Size];
        both[0] = 1;
        left.CopyTo(both[1..]);
        right.CopyTo(both[(1 + Size)..]);
        Sha256.Hash(both, into);
    }

    /// <summary>The root over a run of hashes whose number is a power of two.</summary>
    public static byte[] Complete(ReadOnlySpan<byte> hashes)
    {
        Span<byte> level = stackalloc byte[Tile.FullWidth * Size];
        hashes.CopyTo(level);
        for (var width = hashes.Length / Size; width > 1; width /= 2)
            for (var i = 0; i < width / 2; i++)
                Node(level.Slice(2 * i * Size, Size), level.Slice((2 * i + 1) * Size, Size), level.Slice(i * Size, Size));
        return level[..Size].ToArray();
    }
}
