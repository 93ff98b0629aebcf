namespace IntegrationHub.Model;

/// <summary>
/// How contributions of one entity type are recognised as the same without a strong key: pairs that share a candidate value are compared
/// kind by kind, the weights are added, and the sum decides. Weights are log2 likelihood ratios in the sense of Fellegi and Sunter (1969).
/// </summary>
public sealed record MatchingRules
{
    /// <summary>Which pairs are compared at all: those that share a value of one kind, or of every kind of a list.</summary>
    public required IReadOnlyList<CandidateRule> Candidates { get; init; }

    public required IReadOnlyList<Comparison> Comparisons { get; init; }

    /// <summary>From this sum on, two contributions are the same without anybody asked.</summary>
    public required double Merge { get; init; }

    /// <summary>From this sum on, the pair is proposed to a person.</summary>
    public required double Propose { get; init; }

    /// <summary>A candidate value that more different contributions share is no reason to compare them.</summary>
    public int MostCandidates { get; init; } = 100;

    /// <summary>How many parts, each held together by strong keys, may be chained to one entity by comparisons.</summary>
    public int MostChained { get; init; } = 50;

    /// <summary>The comparison by which an entity is called, or <c>null</c>.</summary>
    public Comparison? Guard => Comparisons.FirstOrDefault(c => c.Guard);
}

/// <summary>Kinds whose values, taken together, make a pair worth comparing.</summary>
/// <param name="Kinds">Names of identity kinds.</param>
public sealed record CandidateRule(IReadOnlyList<string> Kinds);

/// <summary>How likeness of two texts is measured.</summary>
public enum Likeness
{
    /// <summary>One less the share of insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).</summary>
    Edit,

    /// <summary>Jaro-Winkler, for names of people in alphabets.</summary>
    Jaro,
}

/// <summary>What one kind of identity value says about a pair; a kind that one side does not have says nothing.</summary>
public sealed record Comparison(string Kind)
{
    /// <summary>No weight is further from 0: it would leave nothing of the others in a sum.</summary>
    public const double GreatestWeight = 10_000;

    /// <summary>Weight when a value is equal.</summary>
    public double Equal { get; init; }

    /// <summary>Weight when an equal value is shared by too many (<see cref="IdentityKind.Shared"/>).</summary>
    public double Shared { get; init; }

    /// <summary>Weight when an equal value was seen on the two sides at times further apart than <see cref="Within"/>: numbers are given out again.</summary>
    public double? Apart { get; init; }

    /// <summary>See <see cref="Apart"/>.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.MaxValue;

    /// <summary>Weights by least likeness, the greatest likeness first.</summary>
    public IReadOnlyList<SimilarLevel> Similar { get; init; } = [];

    public Likeness Likeness { get; init; }

    /// <summary>Weight when both sides have values and none are alike.</summary>
    public double Different { get; init; }

    /// <summary>
    /// A kind with whose values these are compared crosswise when they differ: the name of one side is the contact of the other, because somebody
    /// entered the person for the company.
    /// </summary>
    public string? Crossed { get; init; }

    /// <summary>Weight when the crosswise comparison finds an equal value.</summary>
    public double CrossedEqual { get; init; }

    /// <summary>Not counted when one of these kinds is equal already, because it says the same.</summary>
    public IReadOnlyList<string> Unless { get; init; } = [];

    /// <summary>Values that the same contribution also gives as one of these kinds are left out.</summary>
    public IReadOnlyList<string> Besides { get; init; } = [];

    /// <summary>Entities that go by quite different values of this kind are not joined by comparisons, whatever the pair says.</summary>
    public bool Guard { get; init; }

    /// <summary>
    /// What the entities have of this kind counts too when two are joined by a comparison: a pair of which one side does not have the kind loses
    /// <see cref="Different"/> when its entities have nothing in common.
    /// </summary>
    public bool Whole { get; init; }
}

/// <summary>What a likeness counts that reaches a level.</summary>
/// <param name="From">The least likeness, between 0 and 1.</param>
/// <param name="Weight">What it counts.</param>
public sealed record SimilarLevel(double From, double Weight);
