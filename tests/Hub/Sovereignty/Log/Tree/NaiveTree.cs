using System.Security.Cryptography;

namespace IntegrationHub.Tests.Sovereignty.Log.Tree;

/// <summary>RFC 6962 section 2.1 word for word: slow, over all leaves, with the platform's hash. The second opinion.</summary>
internal static class NaiveTree
{
    public static byte[] LeafHash(byte[] leaf) => SHA256.HashData([0, .. leaf]);

    public static byte[] Root(ReadOnlySpan<byte[]> leaves)
    {
        if (leaves.Length == 0)
            return SHA256.HashData([]);
        if (leaves.Length == 1)
            return LeafHash(leaves[0]);
        var k = 1;
        while (k * 2 < leaves.Length)
            k *= 2;
        return SHA256.HashData([1, .. Root(leaves[..k]), .. Root(leaves[k..])]);
    }
}
