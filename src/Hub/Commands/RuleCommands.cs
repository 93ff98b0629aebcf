using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using IntegrationHub.Delivery;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Unify;
using IntegrationHub.Yaml;

namespace IntegrationHub.Commands;

/// <summary><c>hub rules</c>: actions that changes lead to.</summary>
internal static class RuleCommands
{
    public static Command Create()
    {
        var list = new Command("list", "Check the rules and list them; 'hub subscriptions list' shows how they stand.");
        list.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var rules = Subscriptions.Open(workspace).Rules;
            if (parsed.WantsJson())
                Printing.WriteJson(parsed.Out(), rules.Select(r => new { rule = r.Name, file = r.File, actions = r.Steps.Select(s => $"{s.Connection}/{s.Action}"), unchangedFor = r.UnchangedFor?.ToString() }));
            else if (rules.Count == 0)
                parsed.Out().WriteLine("no rules; they are files in mappings/rules beside hub.yaml");
            else
                Printing.Table(parsed.Out(), ["rule", "actions", "file"], rules.Select(r => (IReadOnlyList<string>)[r.Name, string.Join(", ", r.Steps.Select(s => $"{s.Connection}/{s.Action}")), r.File]));
            return Exit.Ok;
        });

        var name = new Argument<string>("rule") { Description = "Name of the rule." };
        var last = new Option<int>("--last") { Description = "How many of the last changes to look at.", DefaultValueFactory = _ => 1_000 };
        last.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<int>() is < 1 or > 1_000_000)
                r.AddError("--last: expected 1 to 1000000");
        });
        var tryOut = new Command("try", "Show what a rule would have done about the last changes, as things are now. Nothing is done.") { name, last };
        tryOut.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var subscriptions = Subscriptions.Open(workspace);
            var rule = subscriptions.Rules.FirstOrDefault(r => r.Name == parsed.GetValue(name))
                ?? throw new UsageException($"there is no rule '{parsed.GetValue(name)}'{NearestName.Hint(parsed.GetValue(name)!, subscriptions.Rules.Select(r => r.Name))}");
            var found = await subscriptions.TryRuleAsync(rule, parsed.GetValue(last), cancel);
            if (found.Count > 0)
                await OperatorLog.TakeAsync(workspace, LogAction.Read, [], [.. found.Select(f => f.Change.Subject).Distinct().Select(s => new LogSubject(EntityId.TryParse(s, workspace.Model, out _, out var number) ? number : 0, s))], [("rule", rule.Name)], cancel);
            foreach (var (change, steps) in found)
                foreach (var (step, input, fault) in steps)
                    parsed.Out().WriteLine(new JsonObject
                    {
                        ["sequence"] = change.Sequence,
                        ["entity"] = change.Subject,
                        ["connection"] = step.Connection,
                        ["action"] = step.Action,
                        [input is null ? "fault" : "input"] = input is null ? fault : JsonNode.Parse(Encoding.UTF8.GetString(input)),
                    }.ToJsonString(Printing.Json));
            parsed.Error().WriteLine($"{found.Count} of the last {parsed.GetValue(last)} changes");
            return found.Any(f => f.Steps.Any(s => s.Fault is not null)) ? Exit.Problems : Exit.Ok;
        });
        return new("rules", "Actions that changes lead to.") { list, tryOut };
    }
}
