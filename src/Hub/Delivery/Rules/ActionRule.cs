using IntegrationHub.Connections;
using IntegrationHub.Mapping;
using IntegrationHub.Mapping.JsonPath;
using IntegrationHub.Sdk.Actions;
using IntegrationHub.Yaml;

namespace IntegrationHub.Delivery.Rules;

/// <summary>When a change matches, actions are carried out at vendors. One file in <c>mappings/rules</c>; docs/guides/rules.md.</summary>
internal sealed record ActionRule
{
    /// <summary>What the subscription of a rule begins with.</summary>
    public const string Prefix = "rule:";

    public required string Name { get; init; }

    public required string File { get; init; }

    /// <summary>Of the change alone; <see cref="When"/> sees more.</summary>
    public required ChangeFilter Filter { get; init; }

    /// <summary>Over the document of <see cref="RuleDocument"/>.</summary>
    public JsonPathCondition? When { get; init; }

    /// <summary>Act only when no further matching change of the entity came for so long.</summary>
    public TimeSpan? UnchangedFor { get; init; }

    public required IReadOnlyList<RuleStep> Steps { get; init; }

    public SubscriptionStart Start { get; init; }

    public required string Text { get; init; }
}

/// <summary>One action of a rule.</summary>
/// <param name="Input">Built from the document of <see cref="RuleDocument"/>.</param>
internal sealed record RuleStep(string Connection, string Action, JsonShape Input);

/// <summary>Reads the rules of a workspace.</summary>
internal static class RuleReader
{
    /// <exception cref="InvalidFileException">With every fault of every file.</exception>
    public static IReadOnlyList<ActionRule> ReadAll(Workspace workspace)
    {
        var rules = new List<ActionRule>();
        var faults = new List<Diagnostic>();
        foreach (var (file, text) in workspace.Folder.Rules())
        {
            var diagnostics = new Diagnostics(file);
            if (Read(text, workspace, diagnostics) is { } rule)
                rules.Add(rule);
            faults.AddRange(diagnostics.All);
        }

        foreach (var twice in rules.GroupBy(r => r.Name).Where(g => g.Count() > 1))
            faults.Add(new(twice.Last().File, 1, 1, $"rule '{twice.Key}' stands in {twice.First().File} already"));
        return faults.Count == 0 ? rules : throw new InvalidFileException(faults);
    }

    private static ActionRule? Read(string text, Workspace workspace, Diagnostics diagnostics)
    {
        if (YamlSection.Over(YamlNode.Parse(text, diagnostics), "a rule file", diagnostics) is not { } section)
            return null;
        var name = section.Text("rule", required: true) ?? "";
        if (!SubscriptionReader.IsName(name) && section.Get("rule") is { } named)
            diagnostics.Add(named, $"rule: '{name}': expected 1 to 64 lower-case letters, digits, - and _");
        section.Text("description");
        var filter = SubscriptionReader.Filter(section, workspace.Model, diagnostics);
        var unchanged = Duration(section, diagnostics);
        var start = SubscriptionReader.Start(section, diagnostics);
        if (section.Require("do") is { } steps && steps.Kind != YamlKind.List)
            diagnostics.Add(steps, "do: expected a list of actions, each with connection, action and input");
        else if (section.Get("do") is { Items.Count: 0 } empty)
            diagnostics.Add(empty, "do: a rule needs an action at least");
        var read = section.List("do").Select(s => Step(s, workspace, diagnostics)).OfType<RuleStep>().ToList();
        section.Finish();
        return diagnostics.Any ? null : new()
        {
            Name = name,
            File = diagnostics.File,
            Filter = filter with { When = null },
            When = filter.When,
            UnchangedFor = unchanged,
            Steps = read,
            Start = start,
            Text = text,
        };
    }

    private static RuleStep? Step(YamlNode node, Workspace workspace, Diagnostics diagnostics)
    {
        if (YamlSection.Over(node, "an entry of 'do:'", diagnostics) is not { } section)
            return null;
        var connection = section.Text("connection", required: true);
        var action = section.Text("action", required: true);
        var input = section.Require("input");
        section.Finish();
        if (connection is null || action is null || input is null)
            return null;
        if (workspace.Config.Connection(connection) is not { } config)
        {
            diagnostics.Add(section.Get("connection")!, $"connection: no connection '{connection}' in hub.yaml{NearestName.Hint(connection, workspace.Config.Connections.Select(c => c.Name))}");
            return null;
        }

        var actions = workspace.Connectors.Get(config.Connector).Manifest.Actions;
        if (actions.FirstOrDefault(a => a.Name == action) is not { } known)
        {
            diagnostics.Add(section.Get("action")!, $"action: connector '{config.Connector}' has no action '{action}'{NearestName.Hint(action, actions.Select(a => a.Name))}");
            return null;
        }

        CheckInput(input, known, diagnostics);
        return MappingCompiler.CompileShape(input, workspace.Model, workspace.Functions, diagnostics) is { } shape ? new(connection, action, shape) : null;
    }

    private static void CheckInput(YamlNode input, ActionManifest action, Diagnostics diagnostics)
    {
        string[] names = [.. action.Fields.Select(f => f.Name)];
        if (input.Kind != YamlKind.Map)
        {
            diagnostics.Add(input, $"input: expected a map of what '{action.Name}' takes: {string.Join(", ", names)}");
            return;
        }

        // A map of an operator such as $first gives the whole input; what it gives is seen when it is built.
        if (input.Members.Any(m => m.Key.Text.StartsWith('$')))
            return;
        foreach (var (key, _) in input.Members.Where(m => !names.Contains(m.Key.Text, StringComparer.Ordinal)))
            diagnostics.Add(key, $"input: action '{action.Name}' takes no '{key.Text}'{NearestName.Hint(key.Text, names)}");
        foreach (var missing in action.Fields.Where(f => f.Required && f.Default is null && input[f.Name] is null))
            diagnostics.Add(input, $"input: action '{action.Name}' needs '{missing.Name}'");
    }

    private static TimeSpan? Duration(YamlSection section, Diagnostics diagnostics)
    {
        if (section.Text("unchangedFor") is not { } text)
            return null;
        if (text.Length > 1 && int.TryParse(text[..^1], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) && number > 0)
            switch (text[^1])
            {
                case 'm' when number <= 525_600:
                    return TimeSpan.FromMinutes(number);
                case 'h' when number <= 8_760:
                    return TimeSpan.FromHours(number);
                case 'd' when number <= 365:
                    return TimeSpan.FromDays(number);
            }

        diagnostics.Add(section.Get("unchangedFor")!, $"unchangedFor: expected a time up to a year such as 30m, 72h or 3d, found '{text}'");
        return null;
    }
}
