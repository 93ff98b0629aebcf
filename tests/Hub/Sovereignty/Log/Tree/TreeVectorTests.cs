using System.Text.Json.Nodes;
using IntegrationHub.Sovereignty.Log.Tree;

namespace IntegrationHub.Tests.Sovereignty.Log.Tree;

public sealed class TreeVectorTests
{
    private static readonly JsonNode Vectors = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Sovereignty", "Log", "Data", "merkle-vectors.json")))!;

    [Fact]
    public void Roots_are_those_of_the_vectors()
    {
        Assert.Equal(6, Vectors["roots"]!.AsArray().Count);
        Assert.All(Vectors["roots"]!.AsArray(), v => Assert.Equal(Bytes(v!["root"]), new TreeRig().GrowTo((long)v["size"]!).Tree().Root()));
    }

    [Fact]
    public void Inclusion_proofs_of_the_vectors_are_accepted_or_refused()
    {
        Assert.Equal(4, Vectors["inclusion"]!.AsArray().Count);
        Assert.All(Vectors["inclusion"]!.AsArray(), v => Assert.Equal((bool)v!["valid"]!,
            TreeProof.Includes(Bytes(v["leaf_hash"]), (long)v["index"]!, (long)v["size"]!, Proof(v), Bytes(v["root"]))));
    }

    [Fact]
    public void Consistency_proofs_of_the_vectors_are_accepted_and_given()
    {
        var vector = Assert.Single(Vectors["consistency"]!.AsArray())!;
        Assert.True(TreeProof.Extends((long)vector["size1"]!, Bytes(vector["root1"]), (long)vector["size2"]!, Bytes(vector["root2"]), Proof(vector)));
        Assert.Equal(Proof(vector), new TreeRig().GrowTo(7).Tree().Consistency(3));
    }

    private static List<byte[]> Proof(JsonNode vector) => [.. vector["proof"]!.AsArray().Select(Bytes)];

    private static byte[] Bytes(JsonNode? base64) => Convert.FromBase64String((string)base64!);
}
