using System.Runtime.InteropServices;
using IntegrationHub.Storage;
using IntegrationHub.Threads;

namespace IntegrationHub.Unify.Identity;

/// <summary>
/// Resolves what of a batch has nothing to do with each other side by side. What is known to belong together is in one piece from the start: what is compared with each other, has a
/// strong key in common or was in one entity. Pieces that meet in an entity are resolved again together, and if that meets another, all are. So who belongs together is what it is when
/// all are resolved in one piece; only new entities may be numbered in another order.
/// </summary>
/// <remarks>
/// In every piece a candidate value has the state that the whole batch gives it. When the batch changes it, the piece whose contributions do opens everybody whom the store lists under the
/// value, so whoever else is concerned meets it. Profiles of a model with other kinds are not opened: who lets several threads read must have none, or this must open them.
/// </remarks>
internal static class MatchRegions
{
    /// <summary>Of fewer a piece would be mostly preparation.</summary>
    private const int SmallestPiece = 2;

    /// <summary>However many processors there are: what a batch comes to does not depend on the machine.</summary>
    private const int MostPieces = 8;

    /// <param name="entities">Rows of entities, loaded when they are not there.</param>
    /// <param name="reopened">Entities to deal out anew although none of their contributions changed.</param>
    /// <returns>Regions that are resolved and have no entity in common.</returns>
    public static async ValueTask<IReadOnlyList<MatchRegion>> ResolveAsync(IUnifyTransaction transaction, EntityBinding binding, IReadOnlyList<Delta> deltas, EntityRows entities, IReadOnlyCollection<long> reopened)
    {
        var hasDecisions = await transaction.Matches.HasDecisionsAsync(binding.Number);
        var batch = BatchCandidates.Of(binding.Plan, deltas);
        if (transaction.ReadsInParallel && !hasDecisions && reopened.Count == 0 && deltas.Count >= 2 * SmallestPiece)
        {
            var pieces = Pieces(deltas, binding.Plan);
            var regions = pieces.ConvertAll(Region);
            await RunAsync(regions);
            if (Join(regions) is not { } joined)
                return regions;
            var again = joined.ConvertAll(together => together.Count == 1 ? regions[together[0]] : Region([.. together.SelectMany(p => pieces[p])]));
            await RunAsync([.. again.Except(regions)]);
            if (Join(again) is null)
                return again;
        }

        var all = Region([.. Enumerable.Range(0, deltas.Count)]);
        await all.ResolveAsync(reopened);
        return [all];

        MatchRegion Region(List<int> piece) => new(transaction, binding, [.. piece.Order().Select(i => deltas[i])], batch, entities, hasDecisions);
    }

    private static Task RunAsync(List<MatchRegion> regions) => SharedWork.Start(regions.Count, 1, (from, _) => regions[from].ResolveAsync([])).FinishAsync();

    /// <summary>Positions of the contributions of each piece.</summary>
    private static List<List<int>> Pieces(IReadOnlyList<Delta> deltas, MatchPlan plan)
    {
        var sets = new DisjointSets(deltas.Count);
        var byEntity = new Dictionary<long, int>(deltas.Count);
        var byKey = new Dictionary<IdentityKey, int>(2 * deltas.Count);
        var byCandidate = new Dictionary<CandidateKey, int>(deltas.Count * plan.Candidates.Length);
        for (var i = 0; i < deltas.Count; i++)
        {
            var delta = deltas[i];
            if (delta.EntityBefore != 0)
                Meet(byEntity, delta.EntityBefore, i);
            if (!delta.IsLive)
                continue;
            foreach (var key in delta.StrongAfter)
                Meet(byKey, key, i);
            foreach (var (rule, value) in delta.ProfileAfter!.Candidates(plan))
                if (!plan.Candidates[rule].OnlyCounts)
                    Meet(byCandidate, new(rule, value), i);
        }

        var size = Math.Max(SmallestPiece, (deltas.Count + MostPieces - 1) / MostPieces);
        var pieces = new List<List<int>>();
        foreach (var together in Enumerable.Range(0, deltas.Count).GroupBy(sets.Find))
        {
            if (pieces.Count == 0 || pieces[^1].Count >= size)
                pieces.Add(new(size));
            pieces[^1].AddRange(together);
        }

        return pieces;

        void Meet<T>(Dictionary<T, int> known, T what, int at)
            where T : notnull
        {
            ref var first = ref CollectionsMarshal.GetValueRefOrAddDefault(known, what, out var exists);
            if (exists)
                sets.Join(first, at);
            else
                first = at;
        }
    }

    /// <summary>Positions of regions that meet in an entity, directly or through others, in lists; <c>null</c> when no two do.</summary>
    private static List<List<int>>? Join(List<MatchRegion> regions)
    {
        var sets = new DisjointSets(regions.Count);
        var known = new Dictionary<long, int>();
        var meet = false;
        for (var i = 0; i < regions.Count; i++)
            foreach (var entity in regions[i].Entities)
                if (!known.TryAdd(entity, i) && sets.Find(known[entity]) != sets.Find(i))
                {
                    sets.Join(known[entity], i);
                    meet = true;
                }

        return meet ? [.. Enumerable.Range(0, regions.Count).GroupBy(sets.Find, (_, together) => together.ToList())] : null;
    }
}
