using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Json;
using IntegrationHub.Mapping.JsonPath;
using IntegrationHub.Model;
using IntegrationHub.Yaml;

namespace IntegrationHub.Mapping;

/// <summary>A compiled mapping file, bound to the model. Immutable; run it with <see cref="Mapper"/>.</summary>
public sealed class MappingPlan
{
    internal MappingPlan(string file, string text, string connector, string stream, ContributionPlan[] contributions, JsonOutline outline, IReadOnlyList<Rule> rules, IReadOnlyList<MappingTest> tests)
    {
        File = file;
        Text = text;
        Connector = connector;
        Stream = stream;
        Contributions = contributions;
        Outline = outline;
        Rules = rules;
        Tests = tests;
        Hash = HashOf(text);
    }

    public string File { get; }

    /// <summary>The file's text; what is published.</summary>
    public string Text { get; }

    /// <summary>Id of the connector whose records it maps.</summary>
    public string Connector { get; }

    public string Stream { get; }

    /// <summary>The version: first 16 hexadecimal digits of SHA-256 over the text.</summary>
    public string Hash { get; }

    /// <summary>The version that a text is.</summary>
    public static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];

    public IReadOnlyList<Rule> Rules { get; }

    public IReadOnlyList<MappingTest> Tests { get; }

    internal ContributionPlan[] Contributions { get; }

    /// <summary>What the paths of all rules ask for.</summary>
    internal JsonOutline Outline { get; }

    /// <summary>Entity types it contributes to, one per entry of <c>contributes:</c>.</summary>
    public IReadOnlyList<EntityType> Entities => [.. Contributions.Select(c => c.Entity)];

    public string Source => $"{Connector}/{Stream}";
}

/// <summary>One entry of <c>contributes:</c>.</summary>
internal sealed record ContributionPlan
{
    public required EntityType Entity { get; init; }

    public JsonPathCondition? When { get; init; }

    public JsonPathQuery? Each { get; init; }

    public required RuleExpression Key { get; init; }

    public RuleExpression? ObservedAt { get; init; }

    public required IdentityPlan[] Identity { get; init; }

    public required (FieldType Field, RuleExpression Value)[] Fields { get; init; }

    public required LinkPlan[] Links { get; init; }

    /// <summary>The start of the JSON, up to the key's value.</summary>
    public required byte[] Opening { get; init; }
}

/// <summary>A link: how to name its target, once or for each node of a path.</summary>
internal sealed record LinkPlan(LinkType Link, byte[] Name, JsonPathQuery? Each, JsonPathCondition? When, RuleExpression? Key, IdentityPlan[] Identity);

/// <summary>One kind of identity value; a value that failed its check goes by another name.</summary>
internal sealed record IdentityPlan(IdentityKind Kind, byte[] Name, byte[] DemotedName, RuleExpression Value);

/// <summary>An expression with the rule it belongs to.</summary>
internal sealed record RuleExpression(Rule Rule, Expression Expression);

/// <summary>One entry of <c>tests:</c>.</summary>
/// <param name="Given">Inline JSON, or <c>null</c> when <paramref name="GivenFile"/> names a file.</param>
/// <param name="Expect">Entity names to the values (or lists of values) that must come out.</param>
/// <param name="Rejects">Text that the reason of the rejection must hold, when the record must be rejected.</param>
public sealed record MappingTest(string Name, string? Given, string? GivenFile, YamlNode? Expect, string? Rejects, int Line);
