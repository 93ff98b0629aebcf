using System.Text;
using System.Text.Json.Nodes;
using IntegrationHub.Yaml;

namespace IntegrationHub.Mapping;

/// <summary>How one test of a mapping file went.</summary>
/// <param name="Test">The test.</param>
/// <param name="Fault">What was expected and what came, or <c>null</c> when it passed.</param>
public sealed record MappingTestResult(MappingTest Test, string? Fault);

/// <summary>All tests of a file.</summary>
public sealed record MappingTestReport(IReadOnlyList<MappingTestResult> Results, Coverage Coverage);

/// <summary>
/// Runs the tests that stand in a mapping file. What a test expects must be there; what it does not name may be anything. Contributions are
/// compared by entity: a map for one, a list for several in order. Of each, fields are named directly, and <c>key</c>, <c>observedAt</c>, <c>identity</c> and
/// <c>links</c> with a <c>$</c> before.
/// </summary>
public static class MappingTests
{
    /// <param name="plan">The compiled file.</param>
    /// <param name="readFixture">Reads a file that a test names, relative to the mapping file; <c>null</c> when it cannot be read.</param>
    public static MappingTestReport Run(MappingPlan plan, Func<string, byte[]?> readFixture)
    {
        var mapper = new Mapper(plan) { Coverage = new(plan.Rules.Count) };
        return new([.. plan.Tests.Select(t => new MappingTestResult(t, Run(mapper, t, readFixture)))], mapper.Coverage);
    }

    private static string? Run(Mapper mapper, MappingTest test, Func<string, byte[]?> readFixture)
    {
        if ((test.GivenFile is { } file ? readFixture(file) : Encoding.UTF8.GetBytes(test.Given!)) is not { } given)
            return $"given: the file '{test.GivenFile}' cannot be read";
        var mapped = mapper.Map(given);
        if (test.Rejects is { } reason)
            return mapped.Rejection is null ? "expected the record to be rejected, but it was mapped"
                : $"{mapped.Rejection.Rule}: {mapped.Rejection.Reason}".Contains(reason, StringComparison.Ordinal) ? null
                : $"expected a rejection because of '{reason}', found {mapped.Rejection.Rule}: {mapped.Rejection.Reason}";
        if (mapped.Rejection is { } rejection)
            return $"rejected by {rejection.Rule} ({rejection.Path}): {rejection.Reason}";

        var found = mapped.Contributions.Select(c => JsonNode.Parse(mapped.Json(c))!.AsObject()).ToLookup(c => (string)c["entity"]!);
        var faults = new List<string>();
        foreach (var (entity, expected) in test.Expect!.Members)
        {
            var actual = found[entity.Text].ToList();
            var wanted = expected.Kind == YamlKind.List ? expected.Items : [expected];
            if (expected.IsNull || wanted.Count == 0)
                wanted = [];
            if (actual.Count != wanted.Count)
                faults.Add($"{entity.Text}: expected {wanted.Count} contribution(s), found {actual.Count}");
            for (var i = 0; i < Math.Min(actual.Count, wanted.Count); i++)
                Compare($"{entity.Text}{(wanted.Count > 1 ? $"[{i}]" : "")}", wanted[i], actual[i], faults);
        }

        return faults.Count == 0 ? null : string.Join('\n', faults);
    }

    private static void Compare(string place, YamlNode expected, JsonObject contribution, List<string> faults)
    {
        foreach (var (name, value) in expected.Members)
        {
            var actual = name.Text.StartsWith('$') ? contribution[name.Text[1..]] : contribution["fields"]?[name.Text];
            var wanted = JsonNode.Parse(YamlJson.Write(value));
            // Number texts count: 1.10 is not 1.1 where somebody wrote 1.10.
            if ((actual?.ToJsonString() ?? "nothing") != (wanted?.ToJsonString() ?? "nothing"))
                faults.Add($"{place}.{name.Text}: expected {wanted?.ToJsonString() ?? "nothing"}, found {actual?.ToJsonString() ?? "nothing"}");
        }
    }
}
