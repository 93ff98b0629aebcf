using IntegrationHub.Model;

namespace IntegrationHub.Unify.Identity;

/// <summary>The matching rules of one entity type, with kinds as positions in a <see cref="Profile"/>. Immutable.</summary>
public sealed class MatchPlan
{
    public MatchPlan(EntityType type)
    {
        Type = type;
        Rules = type.Matching ?? new() { Candidates = [], Comparisons = [], Merge = double.PositiveInfinity, Propose = double.PositiveInfinity };
        var limited = type.Identity.Where(k => k.Limit is not null).ToList();
        Kinds = [.. Rules.Candidates.SelectMany(c => c.Kinds)
            .Concat(Rules.Comparisons.SelectMany(c => c.Unless.Append(c.Kind).Concat(c.Besides).Concat(c.Crossed is null ? [] : [c.Crossed])))
            .Concat(limited.Select(k => k.Name)).Distinct().Order(StringComparer.Ordinal)];
        Comparisons = [.. Rules.Comparisons.Select(c => new PlannedComparison(c, Kind(c.Kind), c.Crossed is null ? -1 : Kind(c.Crossed), [.. c.Unless.Select(Kind)], [.. c.Besides.Select(Kind)]))];
        Decisive = [.. Comparisons.OrderByDescending(c => Math.Max(c.MostEqual, c.MostUnequal) - Math.Min(0, c.Rule.Different))];
        Guard = Comparisons.FirstOrDefault(c => c.Rule.Guard);
        Whole = [.. Comparisons.Where(c => c.Rule.Whole)];
        Limits = [.. limited.Select(k => (Kind(k.Name), k.Limit!.Value))];
        var merging = Rules.Candidates.Where(c => c.Kinds.Count > 1 || (type.IdentityKind(c.Kinds[0].TrimEnd('?')) is { Strength: not Strength.Hint } && !c.Kinds[0].EndsWith('?'))).ToList();
        var counted = type.Identity.Where(k => k.Shared is not null && Kinds.Contains(k.Name) && !merging.Any(c => c.Kinds is [var only] && only == k.Name));
        Candidates =
        [
            .. merging.Select(c => Planned(c, onlyCounts: false)),
            .. counted.Select(k => Planned(new([k.Name]), onlyCounts: true)),
        ];
        Shared = new SharedRule?[Kinds.Length];
        for (var i = 0; i < Candidates.Length; i++)
            if (Candidates[i].Kinds is [var only] && type.IdentityKind(Kinds[only])?.Shared is { } most)
                Shared[only] = new(i, most, Worthless: Rules.Comparisons.All(c => c.Kind != Kinds[only] || c.Shared == 0));
    }

    public EntityType Type { get; }

    public MatchingRules Rules { get; }

    /// <summary>Names of the kinds in a profile, in order; a demoted kind ends in <c>?</c>.</summary>
    public string[] Kinds { get; }

    public PlannedComparison[] Comparisons { get; }

    /// <summary>The comparisons, those first that can say most.</summary>
    internal PlannedComparison[] Decisive { get; }

    public PlannedComparison? Guard { get; }

    /// <summary>Comparisons that look at what entities have when a pair does not say.</summary>
    public PlannedComparison[] Whole { get; }

    /// <summary>Kinds of which an entity holds only so many values.</summary>
    public (int Kind, int Most)[] Limits { get; }

    /// <summary>The rules that find pairs to merge. One over a single hint finds proposals only and is not among them.</summary>
    public Candidate[] Candidates { get; }

    /// <summary>For kinds whose values can be shared by too many, by position.</summary>
    public SharedRule?[] Shared { get; }

    /// <summary>Whether anything but plain strong keys decides about this type.</summary>
    public bool Decides => Candidates.Length > 0 || Limits.Length > 0;

    /// <summary>Of a rule's value that so few have, nothing depends on who they are: it is no reason to leave anything out, and it is shared by nobody.</summary>
    public int FewOf(int rule) => SharedOf(rule) is { } shared ? Math.Min(Rules.MostCandidates, shared.Most) : Rules.MostCandidates;

    /// <summary>When a value that a rule finds by itself is shared by too many; <c>null</c> when it never is.</summary>
    public SharedRule? SharedOf(int rule) => Candidates[rule].Kinds is [var kind] ? Shared[kind] : null;

    private Candidate Planned(CandidateRule rule, bool onlyCounts) => new(
        rule,
        [.. rule.Kinds.Select(Kind)],
        [.. rule.Kinds.Select(k => Comparisons.FirstOrDefault(c => c.Rule.Kind == k)?.Besides.Where(b => rule.Kinds.Contains(Kinds[b])).ToArray() ?? [])],
        onlyCounts);

    private int Kind(string name)
    {
        for (var i = 0; i < Kinds.Length; i++)
            if (Kinds[i] == name)
                return i;
        return -1;
    }
}

/// <summary>A candidate rule with its kinds as positions.</summary>
/// <param name="Besides">For each kind the kinds of the same rule whose values it may not repeat: a person entered under their own name says one thing, not two.</param>
/// <param name="OnlyCounts">Kept only to know by how many a value is shared; no pair is compared because of it.</param>
public sealed record Candidate(CandidateRule Rule, int[] Kinds, int[][] Besides, bool OnlyCounts)
{
    /// <summary>The name under which the store keeps the rule's values.</summary>
    public string Name => "=" + string.Join('+', Rule.Kinds);
}

/// <summary>When a value is shared by too many.</summary>
/// <param name="Rule">The candidate rule that counts it.</param>
/// <param name="Most">Under how many names it may be seen.</param>
/// <param name="Worthless">Whether a shared value says nothing at all.</param>
public sealed record SharedRule(int Rule, int Most, bool Worthless);

/// <summary>A comparison with its kinds as positions; <see cref="Crossed"/> is -1 when there is none.</summary>
public sealed record PlannedComparison(Comparison Rule, int Kind, int Crossed, int[] Unless, int[] Besides)
{
    /// <summary>The least likeness that counts as alike.</summary>
    public double LeastLikeness { get; } = Rule.Similar.Count > 0 ? Rule.Similar[^1].From : 1;

    /// <summary>What it adds to a score at most when both sides have a value in common.</summary>
    internal double MostEqual { get; } = new[] { 0, Rule.Equal, Rule.Apart ?? 0, Rule.Shared, Rule.CrossedEqual }.Max();

    /// <summary>What it adds at most when they have none.</summary>
    internal double MostUnequal { get; } = Rule.Similar.Select(s => s.Weight).Concat([0, Rule.Shared, Rule.CrossedEqual, Rule.Different]).Max();
}
