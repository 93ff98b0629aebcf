using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Unify.Identity.Evaluation;

/// <summary>How well a partition of records into entities agrees with the truth.</summary>
public sealed record PartitionMeasures
{
    public required int Records { get; init; }

    /// <summary>Entities found.</summary>
    public required int Entities { get; init; }

    /// <summary>Of the pairs of records put together, the share that belongs together.</summary>
    public required double PairwisePrecision { get; init; }

    /// <summary>Of the pairs of records that belong together, the share put together.</summary>
    public required double PairwiseRecall { get; init; }

    public double PairwiseF1 => Harmonic(PairwisePrecision, PairwiseRecall);

    /// <summary>B-cubed of Bagga and Baldwin (1998): precision of each record's entity, averaged over records.</summary>
    public required double BcubedPrecision { get; init; }

    public required double BcubedRecall { get; init; }

    public double BcubedF1 => Harmonic(BcubedPrecision, BcubedRecall);

    /// <summary>Entities found that are exactly one true entity.</summary>
    public required int ExactClusters { get; init; }

    /// <summary>Records in the largest entity found.</summary>
    public required int LargestCluster { get; init; }

    /// <summary>Entities found that hold records of several true entities.</summary>
    public required int MixedClusters { get; init; }

    /// <summary>SHA-256 over the entities, each its record ids in ordinal order, the entities in order of their first: independent of the order of records.</summary>
    public required string PartitionSha256 { get; init; }

    /// <param name="ids">Record ids.</param>
    /// <param name="found">For each record a number of its entity.</param>
    /// <param name="truth">For each record a number of its true entity.</param>
    public static PartitionMeasures Of(IReadOnlyList<string> ids, IReadOnlyList<int> found, IReadOnlyList<int> truth)
    {
        var ofFound = new Dictionary<int, int>();
        var ofTruth = new Dictionary<int, int>();
        var both = new Dictionary<(int Found, int Truth), int>();
        for (var i = 0; i < ids.Count; i++)
        {
            ofFound[found[i]] = ofFound.GetValueOrDefault(found[i]) + 1;
            ofTruth[truth[i]] = ofTruth.GetValueOrDefault(truth[i]) + 1;
            both[(found[i], truth[i])] = both.GetValueOrDefault((found[i], truth[i])) + 1;
        }

        var right = both.Values.Sum(Pairs);
        var parts = both.Keys.CountBy(k => k.Found).ToDictionary();
        return new()
        {
            Records = ids.Count,
            Entities = ofFound.Count,
            PairwisePrecision = Share(right, ofFound.Values.Sum(Pairs)),
            PairwiseRecall = Share(right, ofTruth.Values.Sum(Pairs)),
            BcubedPrecision = Share(both.Sum(b => (double)b.Value * b.Value / ofFound[b.Key.Found]), ids.Count),
            BcubedRecall = Share(both.Sum(b => (double)b.Value * b.Value / ofTruth[b.Key.Truth]), ids.Count),
            ExactClusters = both.Count(b => b.Value == ofFound[b.Key.Found] && b.Value == ofTruth[b.Key.Truth]),
            LargestCluster = ofFound.Values.DefaultIfEmpty().Max(),
            MixedClusters = parts.Values.Count(p => p > 1),
            PartitionSha256 = Digest(ids, found),
        };
    }

    private static string Digest(IReadOnlyList<string> ids, IReadOnlyList<int> found)
    {
        var order = Enumerable.Range(0, ids.Count).ToArray();
        Array.Sort(order, (a, b) => string.CompareOrdinal(ids[a], ids[b]));
        var entities = new Dictionary<int, List<string>>();
        var inOrder = new List<List<string>>();
        foreach (var record in order)
        {
            if (!entities.TryGetValue(found[record], out var entity))
                inOrder.Add(entities[found[record]] = entity = []);
            entity.Add(ids[record]);
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var entity in inOrder)
            hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\t', entity) + "\n"));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static long Pairs(int count) => (long)count * (count - 1) / 2;

    private static double Share(double part, double whole) => whole == 0 ? 1 : part / whole;

    private static double Harmonic(double a, double b) => a + b == 0 ? 0 : 2 * a * b / (a + b);
}
