namespace IntegrationHub.Sovereignty.Log.Tree;

/// <summary>Checks proofs by themselves, without tiles (RFC 9162 sections 2.1.3.2 and 2.1.4.2, which accept exactly the proofs of RFC 6962).</summary>
public static class TreeProof
{
    /// <summary>Whether a leaf stands at an index of the tree with this size and root.</summary>
    public static bool Includes(ReadOnlySpan<byte> leafHash, long index, long size, IReadOnlyList<byte[]> proof, ReadOnlySpan<byte> root)
    {
        if (index < 0 || index >= size)
            return false;
        var (fn, sn) = (index, size - 1);
        var hash = leafHash.ToArray();
        foreach (var sibling in proof)
        {
            if (sn == 0 || sibling.Length != TreeHash.Size)
                return false;
            if ((fn & 1) == 1 || fn == sn)
            {
                hash = TreeHash.Node(sibling, hash);
                while ((fn & 1) == 0 && fn != 0)
                    (fn, sn) = (fn >> 1, sn >> 1);
            }
            else
            {
                hash = TreeHash.Node(hash, sibling);
            }

            (fn, sn) = (fn >> 1, sn >> 1);
        }

        return sn == 0 && root.SequenceEqual(hash);
    }

    /// <summary>Whether the tree of the first size is a beginning of the tree of the second.</summary>
    public static bool Extends(long size1, ReadOnlySpan<byte> root1, long size2, ReadOnlySpan<byte> root2, IReadOnlyList<byte[]> proof)
    {
        if (size1 < 0 || size1 > size2 || proof.Any(p => p.Length != TreeHash.Size))
            return false;
        if (size1 == 0)
            return proof.Count == 0 && root1.SequenceEqual(TreeHash.Empty);
        if (size1 == size2)
            return proof.Count == 0 && root1.SequenceEqual(root2);
        // Where the first tree is complete, its root stands for the first hash of the proof.
        var path = long.IsPow2(size1) ? [root1.ToArray(), .. proof] : proof;
        if (path.Count == 0)
            return false;
        var (fn, sn) = (size1 - 1, size2 - 1);
        while ((fn & 1) == 1)
            (fn, sn) = (fn >> 1, sn >> 1);
        var (first, second) = (path[0], path[0]);
        foreach (var hash in path.Skip(1))
        {
            if (sn == 0)
                return false;
            if ((fn & 1) == 1 || fn == sn)
            {
                first = TreeHash.Node(hash, first);
                second = TreeHash.Node(hash, second);
                while ((fn & 1) == 0 && fn != 0)
                    (fn, sn) = (fn >> 1, sn >> 1);
            }
            else
            {
                second = TreeHash.Node(second, hash);
            }

            (fn, sn) = (fn >> 1, sn >> 1);
        }

        return sn == 0 && root1.SequenceEqual(first) && root2.SequenceEqual(second);
    }
}
