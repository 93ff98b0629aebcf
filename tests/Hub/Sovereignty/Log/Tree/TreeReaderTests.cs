using CsCheck;
using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Sovereignty.Log.Tree;

namespace IntegrationHub.Tests.Sovereignty.Log.Tree;

public sealed class TreeReaderTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(65_537)]
    [InlineData(70_000)]
    public void Root_and_proofs_are_those_of_the_standard(int size)
    {
        var rig = new TreeRig().GrowTo(size);
        var tree = rig.Tree();
        var leaves = TreeRig.Leaves(size);
        var root = NaiveTree.Root(leaves);
        Assert.Equal(root, tree.Root());
        foreach (var index in new[] { 0, 1, 254, 255, 256, 65_535, 65_536, size / 2, size - 1 }.Where(i => i >= 0 && i < size).Distinct())
            Assert.True(TreeProof.Includes(NaiveTree.LeafHash(leaves[index]), index, size, tree.Inclusion(index), root), $"leaf {index}");
        foreach (var earlier in new[] { 0, 1, 2, 3, 255, 256, 257, 65_535, 65_536, 65_537, size / 2, size - 1, size }.Where(i => i >= 0 && i <= size).Distinct())
            Assert.True(TreeProof.Extends(earlier, NaiveTree.Root(leaves.AsSpan(0, earlier)), size, root, tree.Consistency(earlier)), $"size {earlier}");
    }

    [Fact]
    public void Proofs_of_every_leaf_and_every_pair_of_sizes_up_to_70_hold()
    {
        var rig = new TreeRig().GrowTo(70);
        var leaves = TreeRig.Leaves(70);
        for (var size = 0; size <= 70; size++)
        {
            var root = NaiveTree.Root(leaves.AsSpan(0, size));
            for (var index = 0; index < size; index++)
                Assert.True(TreeProof.Includes(NaiveTree.LeafHash(leaves[index]), index, size, rig.Tree(size).Inclusion(index), root));
            for (var earlier = 0; earlier <= size; earlier++)
                Assert.True(TreeProof.Extends(earlier, NaiveTree.Root(leaves.AsSpan(0, earlier)), size, root, rig.Tree(size).Consistency(earlier)));
        }
    }

    [Fact]
    public void A_proof_with_one_flipped_bit_or_a_wrong_place_proves_nothing() => Gen.Select(Gen.Int[2, 600], Gen.Int[0, 599], Gen.Int[0, int.MaxValue]).Sample((size, at, random) =>
    {
        var index = at % size;
        var tree = new TreeRig().GrowTo(size).Tree();
        var (root, leaf, proof) = (tree.Root(), tree.Leaf(index), tree.Inclusion(index).Select(h => h.ToArray()).ToList());
        Assert.True(TreeProof.Includes(leaf, index, size, proof, root));
        Assert.False(TreeProof.Includes(leaf, (index + 1) % size, size, proof, root));
        Assert.False(TreeProof.Includes(leaf, index, size, [.. proof, leaf], root));
        Assert.False(TreeProof.Includes(leaf, index, size, proof[..^1], root));
        proof[random % proof.Count][random % 32] ^= (byte)(1 << (random % 8));
        Assert.False(TreeProof.Includes(leaf, index, size, proof, root));
    }, iter: 200);

    [Fact]
    public void A_rewritten_beginning_is_no_beginning() => Gen.Select(Gen.Int[1, 400], Gen.Int[1, 400], Gen.Int[0, int.MaxValue]).Sample((a, b, random) =>
    {
        var (earlier, size) = (Math.Min(a, b), Math.Max(a, b));
        var tree = new TreeRig().GrowTo(size).Tree();
        var (root1, root2, proof) = (tree.Root(earlier), tree.Root(), tree.Consistency(earlier));
        Assert.True(TreeProof.Extends(earlier, root1, size, root2, proof));
        root1[random % 32] ^= (byte)(1 << (random % 8));
        Assert.False(TreeProof.Extends(earlier, root1, size, root2, proof));
    }, iter: 200);

    [Fact]
    public void Growing_in_any_steps_gives_the_same_tiles() => Gen.Int[0, 700].List[0, 6].Sample(steps =>
    {
        var stepwise = new TreeRig();
        foreach (var step in steps)
            stepwise.GrowTo(stepwise.Size + step);
        var whole = new TreeRig().GrowTo(stepwise.Size);
        Assert.Equal(whole.Tiles.Count, stepwise.Tiles.Count);
        Assert.All(whole.Tiles, t => Assert.Equal(t.Value, stepwise.Tiles[t.Key]));
        Assert.All(Tile.Of(whole.Size), t => Assert.Equal(t.Width * TreeHash.Size, whole.Tiles[(t.Level, t.Index)].Length));
        Assert.Equal(Tile.Of(whole.Size).Count(), whole.Tiles.Count);
    }, iter: 60);

    [Fact]
    public void A_missing_or_short_tile_is_named()
    {
        var rig = new TreeRig().GrowTo(600);
        rig.Tiles[(0, 1)] = rig.Tiles[(0, 1)][..320];
        Assert.Contains("tile/0/001", Assert.Throws<LogDamageException>(() => rig.Tree().Inclusion(300)).Message, StringComparison.Ordinal);
        rig.Tiles.Remove((1, 0));
        Assert.Contains("tile/1/000.p/2", Assert.Throws<LogDamageException>(() => rig.Tree().Root()).Message, StringComparison.Ordinal);
    }
}
