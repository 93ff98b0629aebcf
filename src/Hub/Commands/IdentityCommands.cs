using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Api;
using IntegrationHub.Connections;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;
using IntegrationHub.Unify;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Commands;

/// <summary><c>hub identity</c>: who is who, and why.</summary>
internal static class IdentityCommands
{
    private static readonly Option<string> ByOption = new("--by") { Description = "Who decides. Default: the user of this machine.", DefaultValueFactory = _ => Environment.UserName };
    private static readonly Option<string> ReasonOption = new("--reason") { Description = "Why; kept with the decision.", Required = true };

    public static Command Create() => new("identity", "Who is who: measure, review, decide. Decisions are kept for ever and can be undone.")
    {
        IdentityEvaluateCommand.Create(),
        IdentityReviewCommand.Create(),
        Show(),
        Merge(),
        Split(),
        Forbid(),
        Pin(),
        Undo(),
        Decisions(),
    };

    private static Command Show()
    {
        var id = new Argument<string>("id") { Description = "Id such as customer-12." };
        var command = new Command("show", "The contributions of an entity with the names that 'split' takes, and its keys.") { id };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var (row, binding) = await EntityAsync(workspace, parsed.GetValue(id)!, cancel);
            await OperatorLog.TakeAsync(workspace, LogAction.Read, [MovedFields.Of(binding.Type, [], binding.Type.Identity.Select(i => i.Name))], [new(row.Id, EntityId.Format(binding.Type, row.Id))], [("operation", "identity show")], cancel);
            var lines = new List<IReadOnlyList<string>>();
            foreach (var contribution in await workspace.Store.Reader.ContributionsAsync(row.Id, cancel))
            {
                var keys = ContributionDocument.Keys(contribution, binding).Skip(1).Select(k => $"{workspace.Store.Catalog.Name(k.Kind).Split('.', 2)[1]} {k.Value}");
                lines.Add([ContributionName.Write(workspace.Store.Catalog, contribution), Printing.Time(contribution.ObservedAt), string.Join("; ", keys)]);
            }

            if (parsed.WantsJson())
                Printing.WriteJson(parsed.Out(), lines.Select(l => new { Contribution = l[0], ObservedAt = l[1], Keys = l[2] }));
            else
                Printing.Table(parsed.Out(), ["contribution", "observed", "keys"], lines);
            return Exit.Ok;
        });
        return command;
    }

    private static Command Merge()
    {
        var ids = new Argument<string[]>("ids") { Description = "Two or more entities of one type.", Arity = new(2, 20) };
        var command = new Command("merge", "Make several entities one.") { ids, ReasonOption, ByOption };
        command.SetAction((parsed, cancel) => DecideAsync(parsed, async (workspace, steward) =>
        {
            var rows = new List<long>();
            foreach (var id in parsed.GetValue(ids)!)
                rows.Add((await EntityAsync(workspace, id, cancel)).Row.Id);
            return await workspace.Stewardship(workspace.Log.Writer.Operator).MergeAsync(rows, steward, cancel);
        }, cancel));
        return command;
    }

    private static Command Split()
    {
        var id = new Argument<string>("id") { Description = "The entity." };
        var names = new Argument<string[]>("contributions") { Description = "Contributions to take out, as 'hub identity show' names them.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("split", "Take contributions out of an entity; they become one of their own.") { id, names, ReasonOption, ByOption };
        command.SetAction((parsed, cancel) => DecideAsync(parsed, async (workspace, steward) =>
        {
            var (row, _) = await EntityAsync(workspace, parsed.GetValue(id)!, cancel);
            var keys = parsed.GetValue(names)!.Select(n => ContributionName.Read(workspace.Store.Catalog, n) ?? throw new UsageException($"'{n}' names no contribution; they look like CONNECTION/KEY")).ToList();
            return await workspace.Stewardship(workspace.Log.Writer.Operator).SplitAsync(row.Id, keys, steward, cancel);
        }, cancel));
        return command;
    }

    private static Command Forbid()
    {
        var one = new Argument<string>("one") { Description = "An entity." };
        var other = new Argument<string>("other") { Description = "Another of the same type." };
        var command = new Command("forbid", "Keep two entities apart for ever; a proposal that is refused so does not come again.") { one, other, ReasonOption, ByOption };
        command.SetAction((parsed, cancel) => DecideAsync(parsed, async (workspace, steward) =>
            await workspace.Stewardship(workspace.Log.Writer.Operator).ForbidAsync((await EntityAsync(workspace, parsed.GetValue(one)!, cancel)).Row.Id, (await EntityAsync(workspace, parsed.GetValue(other)!, cancel)).Row.Id, steward, cancel), cancel));
        return command;
    }

    private static Command Pin()
    {
        var id = new Argument<string>("id") { Description = "The entity." };
        var field = new Argument<string>("field") { Description = "The field." };
        var value = new Argument<string>("value") { Description = "The value; JSON for numbers and flags." };
        var command = new Command("pin", "Set a field whatever the sources say.") { id, field, value, ReasonOption, ByOption };
        command.SetAction((parsed, cancel) => DecideAsync(parsed, async (workspace, steward) =>
        {
            var (row, binding) = await EntityAsync(workspace, parsed.GetValue(id)!, cancel);
            var text = parsed.GetValue(value)!;
            var isText = binding.Type.Field(parsed.GetValue(field)!) is not { Kind: Model.FieldKind.Number or Model.FieldKind.Integer or Model.FieldKind.Boolean };
            try
            {
                return await workspace.Stewardship(workspace.Log.Writer.Operator).PinAsync(row.Id, parsed.GetValue(field)!, isText ? JsonValue.Create(text) : JsonNode.Parse(text)!, steward, cancel);
            }
            catch (JsonException)
            {
                throw new UsageException("the value is not the JSON of a number, true or false");
            }
        }, cancel));
        return command;
    }

    private static Command Undo()
    {
        var number = new Argument<long>("decision") { Description = "Number of the decision, as 'hub identity decisions' lists it." };
        var command = new Command("undo", "Put a decision out of force; what it caused goes back.") { number, ReasonOption, ByOption };
        command.SetAction((parsed, cancel) => DecideAsync(parsed, (workspace, steward) => workspace.Stewardship(workspace.Log.Writer.Operator).UndoAsync(parsed.GetValue(number), steward, cancel), cancel));
        return command;
    }

    private static Command Decisions()
    {
        var limit = new Option<int>("--limit") { Description = "How many.", DefaultValueFactory = _ => 50 };
        var command = new Command("decisions", "What was decided, newest first.") { limit };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var rows = await workspace.Store.Reader.DecisionsAsync(long.MaxValue, parsed.GetValue(limit), cancel);
            var (data, subjects) = StewardLog.Shown(workspace, rows);
            if (rows.Count > 0)
                await OperatorLog.TakeAsync(workspace, LogAction.Read, data, subjects, [("operation", "identity decisions"), ("decisions", $"{rows[^1].Number} to {rows[0].Number}")], cancel);
            if (parsed.WantsJson())
                Printing.WriteJson(parsed.Out(), rows.Select(d => DecisionDocument.Of(d, workspace.Store.Catalog)));
            else
                Printing.Table(parsed.Out(), ["number", "kind", "when", "by", "in force", "what", "why"],
                    rows.Select(d => (IReadOnlyList<string>)[$"{d.Number}", d.Kind, Printing.Time(d.At), d.By, d.UndoneBy == 0 ? "yes" : $"undone by {d.UndoneBy}", d.Evidence, d.Reason]));
            return Exit.Ok;
        });
        return command;
    }

    private static async Task<int> DecideAsync(ParseResult parsed, Func<Workspace, Steward, ValueTask<Decided>> decide, CancellationToken cancel)
    {
        await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
        Decided decided;
        try
        {
            decided = await decide(workspace, new(parsed.GetValue(ByOption)!, parsed.GetValue(ReasonOption)!));
        }
        catch (DecisionException e)
        {
            throw new UsageException(e.Message);
        }

        var changes = decided.Changes.Select(c => new { c.Kind, Entity = EntityId.Format(workspace.Bindings.Find(c.Type)!.Type, c.Entity) }).ToList();
        if (parsed.WantsJson())
            Printing.WriteJson(parsed.Out(), new { Decision = decided.Decision.Number, Changes = changes });
        else
            parsed.Out().WriteLine($"decision {decided.Decision.Number}: {(changes.Count == 0 ? "nothing changes now" : string.Join(", ", changes.Select(c => $"{c.Entity} {c.Kind}")))}");
        return Exit.Ok;
    }

    public static async ValueTask<(EntityRow Row, EntityBinding Binding)> EntityAsync(Workspace workspace, string id, CancellationToken cancel)
    {
        if (!EntityId.TryParse(id, workspace.Model, out var type, out var number) || await workspace.Store.Reader.EntityAsync(number, cancel) is not { } row || row.Type != workspace.Bindings.Of(type).Number)
            throw new UsageException($"no entity '{id}'; ids look like customer-12");
        return row.State switch
        {
            EntityState.Merged => throw new UsageException($"{id} is now {EntityId.Format(type, row.MergedInto)}"),
            EntityState.Deleted => throw new UsageException($"{id} is deleted: nothing contributes to it any more"),
            _ => (row, workspace.Bindings.Of(type)),
        };
    }
}
