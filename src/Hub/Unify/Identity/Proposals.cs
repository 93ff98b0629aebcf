using IntegrationHub.Storage;

namespace IntegrationHub.Unify.Identity;

/// <summary>Two entities that may be one, with what speaks for it and against it.</summary>
/// <param name="Score">Sum of the weights; what is common weighs less.</param>
public sealed record Proposal(long A, long B, double Score, IReadOnlyList<Finding> Findings);

/// <summary>
/// Finds entities that may be one for a person to decide. Entities that share a value of a candidate kind, hints among them, are compared by the best
/// pair of their contributions. Equal values are weighed by how many entities have them: the weight of the model is that of a value two have. Pairs
/// that somebody decided about are not proposed again.
/// </summary>
public sealed class Proposals(IHubReader reader, EntityBinding binding)
{
    private const int Page = 1000;
    private const int MostDecisions = 100_000;

    /// <summary>Contributions of a large entity that are compared.</summary>
    private const int MostCompared = 50;

    private readonly Dictionary<long, IReadOnlyList<Profile>> _profiles = [];
    private readonly Dictionary<(int Kind, string Value), int> _holders = [];

    /// <summary>The best proposals, best first.</summary>
    /// <param name="entity">Only those with this entity, or 0 for all.</param>
    /// <param name="limit">How many.</param>
    /// <param name="values">How many shared values to look at; the rest is not looked at.</param>
    public async ValueTask<IReadOnlyList<Proposal>> FindAsync(long entity, int limit, int values, CancellationToken cancellationToken)
    {
        var apart = await DecidedAsync(cancellationToken);
        var pairs = new HashSet<(long, long)>();
        var found = new List<Proposal>();
        await foreach (var holders in SharedAsync(entity, values, cancellationToken))
            for (var i = 0; i < holders.Count; i++)
                for (var j = i + 1; j < holders.Count; j++)
                    if ((entity == 0 || holders[i] == entity || holders[j] == entity) && pairs.Add((holders[i], holders[j]))
                        && await CompareAsync(holders[i], holders[j], apart, cancellationToken) is { } proposal)
                        found.Add(proposal);
        return [.. found.OrderByDescending(p => p.Score).ThenBy(p => p.A).ThenBy(p => p.B).Take(limit)];
    }

    private async IAsyncEnumerable<IReadOnlyList<long>> SharedAsync(long entity, int values, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var kinds = binding.Plan.Rules.Candidates.Where(c => c.Kinds.Count == 1).Select(c => (Name: c.Kinds[0], Number: binding.Kind(c.Kinds[0].TrimEnd('?'), c.Kinds[0].EndsWith('?')))).Where(k => k.Number >= 0).ToList();
        var most = binding.Plan.Rules.MostCandidates;
        if (entity != 0)
        {
            foreach (var key in await reader.KeysAsync(entity, cancellationToken))
                if (kinds.Any(k => k.Number == key.Kind))
                    if (await reader.HoldersAsync(key, most + 1, cancellationToken) is { Count: > 1 } holders && holders.Count <= most)
                        yield return Counted(kinds, key, holders);
            yield break;
        }

        foreach (var (_, number) in kinds)
        {
            var after = "";
            while (values > 0 && await reader.SharedValuesAsync(number, after, Math.Min(Page, values), cancellationToken) is { Count: > 0 } page)
            {
                values -= page.Count;
                after = page[^1].Value;
                foreach (var (value, entities) in page)
                    if (entities <= most)
                        yield return Counted(kinds, new(number, value), await reader.HoldersAsync(new(number, value), most, cancellationToken));
            }
        }
    }

    private IReadOnlyList<long> Counted(List<(string Name, int Number)> kinds, IdentityKey key, IReadOnlyList<long> holders)
    {
        var name = kinds.First(k => k.Number == key.Kind).Name;
        for (var kind = 0; kind < binding.Plan.Kinds.Length; kind++)
            if (binding.Plan.Kinds[kind] == name)
                _holders[(kind, key.Value)] = holders.Count;
        return holders;
    }

    private async ValueTask<Proposal?> CompareAsync(long a, long b, HashSet<(string, string)> apart, CancellationToken cancellationToken)
    {
        var (left, right) = (await ProfilesAsync(a, cancellationToken), await ProfilesAsync(b, cancellationToken));
        if (_keys[a].Any(x => _keys[b].Any(y => apart.Contains((x, y)) || apart.Contains((y, x)))))
            return null;
        foreach (var (kind, most) in binding.Plan.Limits)
            if (left.Concat(right).SelectMany(p => p[kind]).Distinct(StringComparer.Ordinal).Count() > most)
                return null;
        Proposal? best = null;
        foreach (var one in left)
            foreach (var other in right)
            {
                var findings = new List<Finding>();
                PairScore.Of(binding.Plan, one, other, (_, _) => false, findings);
                var weighed = findings.Select(Weigh).ToList();
                var score = weighed.Sum(f => f.Weight);
                if (score >= binding.Plan.Rules.Propose && score > (best?.Score ?? double.MinValue))
                    best = new(a, b, score, weighed);
            }

        return best;
    }

    /// <summary>Term frequency: each doubling of the number of entities that have the value takes one from its weight.</summary>
    private Finding Weigh(Finding finding)
    {
        if (finding.Outcome != "equal")
            return finding;
        var kind = Enumerable.Range(0, binding.Plan.Kinds.Length).First(k => binding.Plan.Kinds[k] == finding.Kind);
        var holders = finding.A.Intersect(finding.B, StringComparer.Ordinal).Select(v => _holders.GetValueOrDefault((kind, v), 2)).DefaultIfEmpty(2).Min();
        return finding with { Weight = Math.Round(Math.Max(0, finding.Weight + 1 - Math.Log2(Math.Max(2, holders))), 2) };
    }

    private readonly Dictionary<long, IReadOnlyList<string>> _keys = [];

    private async ValueTask<IReadOnlyList<Profile>> ProfilesAsync(long entity, CancellationToken cancellationToken)
    {
        if (_profiles.TryGetValue(entity, out var profiles))
            return profiles;
        var rows = await reader.ContributionsAsync(entity, cancellationToken);
        _keys[entity] = [.. rows.Select(r => EntityBinding.SourceKeyValue(r.Connection, r.Key))];
        return _profiles[entity] = [.. rows.Take(MostCompared).Select(r => ContributionDocument.Identity(r, binding).Profile).DistinctBy(p => p.Hash)];
    }

    /// <summary>Pairs of source keys that somebody keeps apart.</summary>
    private async ValueTask<HashSet<(string, string)>> DecidedAsync(CancellationToken cancellationToken)
    {
        var apart = new HashSet<(string, string)>();
        var before = long.MaxValue;
        for (var read = 0; read < MostDecisions && await reader.DecisionsAsync(before, Page, cancellationToken) is { Count: > 0 } page; read += page.Count)
        {
            before = page[^1].Number;
            foreach (var decision in page.Where(d => d.Type == binding.Number && d.UndoneBy == 0 && d.Kind is "forbid" or "split"))
                apart.UnionWith(decision.Left.SelectMany(l => decision.Right.Select(r => (l, r))));
        }

        return apart;
    }
}
