using System.CommandLine;
using IntegrationHub.Connections;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Unify;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Commands;

/// <summary><c>hub identity review</c>: entities that may be one, for a person to decide.</summary>
internal static class IdentityReviewCommand
{
    public static Command Create()
    {
        var what = new Argument<string>("what") { Description = "An entity type such as customer, or one entity such as customer-12.", DefaultValueFactory = _ => "customer" };
        var limit = new Option<int>("--limit") { Description = "How many proposals.", DefaultValueFactory = _ => 20 };
        var values = new Option<int>("--values") { Description = "How many shared values to look at.", DefaultValueFactory = _ => 100_000 };
        var command = new Command("review", "Proposals of what may be one, best first, with what speaks for it. Accept with 'merge', refuse with 'forbid'.") { what, limit, values };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var (binding, entity) = workspace.Bindings.Find(parsed.GetValue(what)!) is { } type ? (type, 0)
                : await IdentityCommands.EntityAsync(workspace, parsed.GetValue(what)!, cancel) is var (row, of) ? (of, row.Id) : default;
            var proposals = await new Proposals(workspace.Store.Reader, binding).FindAsync(entity, parsed.GetValue(limit), parsed.GetValue(values), cancel);
            if (proposals.Count > 0)
                await OperatorLog.TakeAsync(workspace, LogAction.Read, [MovedFields.Of(binding.Type, [], binding.Type.Identity.Select(i => i.Name))],
                    proposals.SelectMany(p => new[] { p.A, p.B }).Select(e => new LogSubject(e, EntityId.Format(binding.Type, e))), [("operation", "identity review")], cancel);
            if (parsed.WantsJson())
            {
                Printing.WriteJson(parsed.Out(), proposals.Select(p => new { A = EntityId.Format(binding.Type, p.A), B = EntityId.Format(binding.Type, p.B), p.Score, p.Findings }));
                return Exit.Ok;
            }

            foreach (var proposal in proposals)
            {
                parsed.Out().WriteLine($"{EntityId.Format(binding.Type, proposal.A)}  {EntityId.Format(binding.Type, proposal.B)}  score {proposal.Score:0.0}");
                foreach (var finding in proposal.Findings)
                    parsed.Out().WriteLine($"    {finding.Weight,5:+0.0;-0.0;0.0}  {finding.Kind} {finding.Outcome}: {string.Join(", ", finding.A)}{(finding.Outcome == "equal" ? "" : " / " + string.Join(", ", finding.B))}");
            }

            if (proposals.Count == 0)
                parsed.Out().WriteLine("nothing to propose");
            return Exit.Ok;
        });
        return command;
    }
}
