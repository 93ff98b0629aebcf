namespace IntegrationHub.Unify.Identity;

/// <summary>What one comparison found about a pair.</summary>
/// <param name="Kind">The identity kind.</param>
/// <param name="Outcome"><c>equal</c>, <c>shared</c>, <c>similar</c>, <c>crossed</c>, <c>unknown</c> or <c>different</c>.</param>
/// <param name="Weight">What it adds to the score.</param>
public sealed record Finding(string Kind, string Outcome, double Weight, string[] A, string[] B);

/// <summary>The sum of the weights of a pair.</summary>
/// <param name="Near">When both were seen about the same time.</param>
/// <param name="Apart">When the two were seen so far apart in time that a number may have been given out again.</param>
/// <param name="Within">Up to which distance in time <see cref="Near"/> is meant.</param>
public readonly record struct PairScore(double Near, double Apart, TimeSpan Within)
{
    /// <summary>By how much sums of the same weights in another order may differ, at the very most: weights are <see cref="Model.Comparison.GreatestWeight"/> at most.</summary>
    internal const double Rounding = 1e-6;

    private const int MostOnStack = 128;

    /// <summary>The score of two contributions; times are Unix milliseconds, 0 when unknown.</summary>
    public double At(long a, long b) => a == 0 || b == 0 || Distance(a, b) <= Within.TotalMilliseconds ? Near : Apart;

    public static long Distance(long a, long b) => a == 0 || b == 0 ? 0 : Math.Abs(a - b);

    /// <summary>Compares two profiles by the plan.</summary>
    /// <param name="isShared">Whether a value of a kind is shared by too many.</param>
    /// <param name="findings">Receives what every comparison found, when asked for.</param>
    public static PairScore Of(MatchPlan plan, Profile a, Profile b, Func<int, string, bool> isShared, List<Finding>? findings = null)
    {
        var (near, apart, within) = (0.0, 0.0, TimeSpan.MaxValue);
        foreach (var comparison in plan.Comparisons)
        {
            if (!Asks(comparison, a, b, out var left, out var right))
                continue;
            var rule = comparison.Rule;
            var (outcome, weight) = Compare(comparison, a, b, left, right, isShared);
            near += weight;
            if (outcome == "equal" && rule.Apart is { } later)
            {
                apart += later;
                within = within < rule.Within ? within : rule.Within;
            }
            else
            {
                apart += weight;
            }

            findings?.Add(new(rule.Kind, outcome, weight, left, right));
        }

        return new(near, apart, within);
    }

    /// <summary>
    /// What a pair scores at least and at most, whichever values of the second profile are shared and whenever the two were seen. Of pairs that are not the
    /// same no more is looked at than it takes to see that they are not, so these bounds are wide.
    /// </summary>
    /// <param name="isShared">Whether a value of a kind that the first profile has is shared by too many.</param>
    public static (double Least, double Most) Range(MatchPlan plan, Profile a, Profile b, Func<int, string, bool> isShared)
    {
        var comparisons = plan.Decisive;
        // What each comparison and those after it can add at most.
        var rest = comparisons.Length < MostOnStack ? stackalloc double[comparisons.Length + 1] : new double[comparisons.Length + 1];
        rest[^1] = 0;
        for (var i = comparisons.Length - 1; i >= 0; i--)
            rest[i] = rest[i + 1] + AtMost(comparisons[i], a, b);
        var (near, apart) = ((Least: 0.0, Most: 0.0), (Least: 0.0, Most: 0.0));
        for (var i = 0; i < comparisons.Length; i++)
        {
            if (Math.Max(near.Most, apart.Most) + rest[i] is var room && room < plan.Rules.Merge - Rounding)
                return (double.NegativeInfinity, room + Rounding);
            var comparison = comparisons[i];
            if (!Asks(comparison, a, b, out var left, out var right))
                continue;
            var rule = comparison.Rule;
            var (outcome, weight) = Compare(comparison, a, b, left, right, isShared);
            var later = outcome == "equal" ? rule.Apart ?? weight : weight;
            // A value that both have is one of the first profile's. That values differ counts only when neither side's are shared.
            var mayBeShared = plan.Shared[comparison.Kind] is not null && (a[comparison.Kind].Length > Profile.MostJoined || (rule.Shared == 0 && !Common(left, right)));
            near = (near.Least + (mayBeShared ? Math.Min(weight, rule.Shared) : weight), near.Most + (mayBeShared ? Math.Max(weight, rule.Shared) : weight));
            apart = (apart.Least + (mayBeShared ? Math.Min(later, rule.Shared) : later), apart.Most + (mayBeShared ? Math.Max(later, rule.Shared) : later));
        }

        return (Math.Max(near.Least, apart.Least), Math.Max(near.Most, apart.Most));
    }

    /// <summary>What a comparison can add to a score at most, told from the bytes of the two profiles.</summary>
    private static double AtMost(PlannedComparison comparison, Profile a, Profile b)
    {
        var left = a.Said(comparison.Kind);
        var right = b.Said(comparison.Kind);
        if (left.IsEmpty || right.IsEmpty)
            return 0;
        if (comparison.Besides.Length > 0)
            return Math.Max(comparison.MostEqual, comparison.MostUnequal);
        return left.SequenceEqual(right) ? comparison.MostEqual
            : Profile.AreSeveral(left) || Profile.AreSeveral(right) ? Math.Max(comparison.MostEqual, comparison.MostUnequal)
            : comparison.MostUnequal;
    }

    /// <summary>Whether a pair says by itself what a comparison asks: both sides have a value, or another kind says the same.</summary>
    public static bool Says(PlannedComparison comparison, Profile a, Profile b, Func<int, string, bool> isShared) =>
        (Counting(comparison, a, isShared).Length > 0 && Counting(comparison, b, isShared).Length > 0) || IsSaid(comparison.Unless, a, b);

    /// <summary>The values of a profile that count when they differ: what is shared by many says nothing.</summary>
    public static string[] Counting(PlannedComparison comparison, Profile profile, Func<int, string, bool> isShared)
    {
        var values = profile[comparison.Kind];
        return comparison.Rule.Shared == 0 && values.Length > 0 && AllShared(comparison.Kind, values, isShared) ? [] : values;
    }

    /// <summary>Whether two sets of values of a kind have an equal or a similar pair.</summary>
    public static bool Alike(PlannedComparison comparison, IReadOnlyCollection<string> a, IReadOnlyCollection<string> b)
    {
        foreach (var one in a)
            foreach (var other in b)
                if (one == other || (comparison.LeastLikeness < 1 && TextLikeness.Of(comparison.Rule.Likeness, one, other, comparison.LeastLikeness) >= comparison.LeastLikeness))
                    return true;
        return false;
    }

    /// <summary>Whether a profile gives a person's name for the name of the entity.</summary>
    public static bool Stands(PlannedComparison comparison, Profile profile)
    {
        if (comparison.Crossed < 0 || profile[comparison.Kind].Length == 0)
            return false;
        foreach (var value in profile[comparison.Kind])
            if (Array.IndexOf(profile[comparison.Crossed], value) < 0)
                return false;
        return true;
    }

    private static (string Outcome, double Weight) Compare(PlannedComparison comparison, Profile a, Profile b, string[] left, string[] right, Func<int, string, bool> isShared)
    {
        var rule = comparison.Rule;
        var equal = false;
        foreach (var value in left)
            if (Array.IndexOf(right, value) >= 0)
            {
                equal = true;
                // Two records under the name of one person tell who was asked, not for which company.
                if (!isShared(comparison.Kind, value))
                    return comparison.Crossed >= 0 && Stands(comparison, a) && Stands(comparison, b) ? ("crossed", rule.CrossedEqual) : ("equal", rule.Equal);
            }

        if (equal)
            return ("shared", rule.Shared);
        // What is shared by many says nothing by being different either.
        if (rule.Shared == 0 && (AllShared(comparison.Kind, left, isShared) || AllShared(comparison.Kind, right, isShared)))
            return ("unknown", 0);
        if (rule.Similar.Count > 0)
        {
            var best = 0.0;
            foreach (var one in left)
                foreach (var other in right)
                    best = Math.Max(best, TextLikeness.Of(rule.Likeness, one, other, comparison.LeastLikeness));
            foreach (var (from, weight) in rule.Similar)
                if (best >= from)
                    return ("similar", weight);
        }

        if (comparison.Crossed >= 0)
        {
            if (Common(left, b[comparison.Crossed]) || Common(right, a[comparison.Crossed]))
                return ("crossed", rule.CrossedEqual);
            var (personA, personB) = (Stands(comparison, a), Stands(comparison, b));
            // Two people may be asked for one company, and who is asked for it may not be told.
            if ((personA && personB) || (personA != personB && (personA ? b : a)[comparison.Crossed].Length == 0))
                return ("unknown", 0);
        }

        return ("different", rule.Different);
    }

    /// <summary>Whether a comparison has anything to compare, and what.</summary>
    private static bool Asks(PlannedComparison comparison, Profile a, Profile b, out string[] left, out string[] right)
    {
        right = [];
        left = Besides(comparison, a);
        return left.Length > 0 && (right = Besides(comparison, b)).Length > 0 && !IsSaid(comparison.Unless, a, b);
    }

    private static string[] Besides(PlannedComparison comparison, Profile profile)
    {
        var values = profile[comparison.Kind];
        foreach (var kind in comparison.Besides)
            if (Common(values, profile[kind]))
                values = [.. values.Except(profile[kind], StringComparer.Ordinal)];
        return values;
    }

    /// <summary>Whether another kind that is equal says the same already.</summary>
    private static bool IsSaid(int[] kinds, Profile a, Profile b)
    {
        foreach (var kind in kinds)
            if (Common(a[kind], b[kind]))
                return true;
        return false;
    }

    public static bool AllShared(int kind, string[] values, Func<int, string, bool> isShared)
    {
        foreach (var value in values)
            if (!isShared(kind, value))
                return false;
        return true;
    }

    public static bool Common(string[] a, string[] b)
    {
        foreach (var value in a)
            if (Array.IndexOf(b, value) >= 0)
                return true;
        return false;
    }
}
