using System.Globalization;
using IntegrationHub.Yaml;

namespace IntegrationHub.Model;

/// <summary>Reads <c>identity:</c> and <c>matching:</c> of a model file.</summary>
internal static class IdentitySection
{
    private const int MostSimilarLevels = 8;

    public static IdentityKind Kind(string name, YamlSection section, Diagnostics diagnostics)
    {
        var kind = new IdentityKind(name, section.Choice("strength", Strength.Hint), section.Text("description") ?? "")
        {
            Limit = Count(section, "limit", diagnostics),
            Shared = Count(section, "shared", diagnostics),
            Blocked = section.Texts("blocked"),
        };
        return kind;
    }

    public static MatchingRules? Matching(YamlNode? node, List<IdentityKind> kinds, Diagnostics diagnostics)
    {
        if (YamlSection.Over(node, "matching", diagnostics) is not { } section)
            return null;
        var rules = new MatchingRules
        {
            Candidates = [.. section.List("candidates").Select(c => Candidate(c, kinds, diagnostics))],
            Comparisons = [.. section.Map("compare").Select(c => Compare(c.Key, c.Value, kinds, diagnostics)).OfType<Comparison>()],
            Merge = Number(section, "merge", diagnostics) ?? double.PositiveInfinity,
            Propose = Number(section, "propose", diagnostics) ?? double.PositiveInfinity,
            MostCandidates = Count(section, "mostCandidates", diagnostics) ?? 100,
            MostChained = Count(section, "mostChained", diagnostics) ?? 50,
        };
        section.Finish();
        if (rules.Comparisons.Count(c => c.Guard) > 1)
            diagnostics.Add(section.Node, "matching: only one comparison can have 'guard: true'");
        return rules;
    }

    private static CandidateRule Candidate(YamlNode node, List<IdentityKind> kinds, Diagnostics diagnostics)
    {
        var parts = node.Kind == YamlKind.List ? node.Items : [node];
        foreach (var part in parts)
            Known(part, part.Kind == YamlKind.Scalar ? part.Text : null, kinds, diagnostics);
        return new([.. parts.Where(p => p.Kind == YamlKind.Scalar).Select(p => p.Text)]);
    }

    private static Comparison? Compare(YamlNode key, YamlNode node, List<IdentityKind> kinds, Diagnostics diagnostics)
    {
        Known(key, key.Text, kinds, diagnostics);
        if (YamlSection.Over(node, $"comparison '{key.Text}'", diagnostics) is not { } section)
            return null;
        var crossed = section.Text("crossed");
        if (crossed is not null)
            Known(section.Get("crossed")!, crossed, kinds, diagnostics);
        var unless = Kinds(section, "unless", kinds, diagnostics);
        var besides = Kinds(section, "besides", kinds, diagnostics);
        var comparison = new Comparison(key.Text)
        {
            Equal = Weight(section, "equal", diagnostics) ?? 0,
            Shared = Weight(section, "shared", diagnostics) ?? 0,
            Apart = Weight(section, "apart", diagnostics),
            Within = Count(section, "withinDays", diagnostics) is { } days ? TimeSpan.FromDays(days) : TimeSpan.MaxValue,
            Similar = Levels(section, diagnostics),
            Likeness = section.Choice("likeness", Likeness.Edit),
            Different = Weight(section, "different", diagnostics) ?? 0,
            Crossed = crossed,
            CrossedEqual = Weight(section, "crossedEqual", diagnostics) ?? 0,
            Unless = unless,
            Besides = besides,
            Guard = section.Flag("guard"),
            Whole = section.Flag("whole"),
        };
        section.Finish();
        if (comparison.Apart is null != (comparison.Within == TimeSpan.MaxValue))
            diagnostics.Add(node, $"comparison '{key.Text}': 'apart' and 'withinDays' go together");
        if (comparison.Apart > comparison.Equal)
            diagnostics.Add(node, $"comparison '{key.Text}': 'apart' ({comparison.Apart}) may not be more than 'equal' ({comparison.Equal}): values seen at distant times are no surer");
        return comparison;
    }

    private static List<SimilarLevel> Levels(YamlSection section, Diagnostics diagnostics)
    {
        var levels = new List<SimilarLevel>();
        foreach (var (key, value) in section.Map("similar").Take(MostSimilarLevels))
            if (!TryNumber(key, out var from) || from is <= 0 or >= 1)
                diagnostics.Add(key, $"similar: expected a likeness between 0 and 1, found {key}");
            else if (!TryNumber(value, out var weight) || !IsWeight(weight))
                diagnostics.Add(value, $"similar: expected a weight from -{Comparison.GreatestWeight} to {Comparison.GreatestWeight}, found {value}");
            else
                levels.Add(new(from, weight));
        return [.. levels.OrderByDescending(l => l.From)];
    }

    private static IReadOnlyList<string> Kinds(YamlSection section, string name, List<IdentityKind> kinds, Diagnostics diagnostics)
    {
        var names = section.Texts(name);
        foreach (var kind in names)
            Known(section.Get(name)!, kind, kinds, diagnostics);
        return names;
    }

    private static void Known(YamlNode node, string? name, List<IdentityKind> kinds, Diagnostics diagnostics)
    {
        if (name is null || kinds.All(k => k.Name != name.TrimEnd('?')))
            diagnostics.Add(node, $"matching: no identity kind {node}{(name is null ? "" : NearestName.Hint(name, kinds.Select(k => k.Name)))}");
    }

    private static double? Number(YamlSection section, string name, Diagnostics diagnostics)
    {
        if (section.Get(name) is not { } node)
            return null;
        if (TryNumber(node, out var number))
            return number;
        diagnostics.Add(node, $"'{name}': expected a number, found {node}");
        return null;
    }

    private static double? Weight(YamlSection section, string name, Diagnostics diagnostics)
    {
        var weight = Number(section, name, diagnostics);
        if (weight is not { } found || IsWeight(found))
            return weight;
        diagnostics.Add(section.Get(name)!, $"'{name}': expected a weight from -{Comparison.GreatestWeight} to {Comparison.GreatestWeight}, found {section.Get(name)}");
        return null;
    }

    private static int? Count(YamlSection section, string name, Diagnostics diagnostics)
    {
        if (section.Get(name) is not { } node)
            return null;
        if (node.Kind == YamlKind.Scalar && int.TryParse(node.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0)
            return count;
        diagnostics.Add(node, $"'{name}': expected a whole number above 0, found {node}");
        return null;
    }

    private static bool IsWeight(double number) => Math.Abs(number) <= Comparison.GreatestWeight;

    private static bool TryNumber(YamlNode node, out double number)
    {
        number = 0;
        return node.Kind == YamlKind.Scalar && double.TryParse(node.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);
    }
}
