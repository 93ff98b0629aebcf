using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using IntegrationHub.Api;
using IntegrationHub.Connections;
using IntegrationHub.Documents;
using IntegrationHub.Model;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;
using IntegrationHub.Unify;
using IntegrationHub.Yaml;

namespace IntegrationHub.Commands;

/// <summary><c>hub export</c>, <c>hub customers show</c>, <c>hub show</c>, <c>hub changes tail</c>.</summary>
internal static class EntityCommands
{
    private const int Page = 500;
    private const int DefaultChanges = 100;

    public static Command Export()
    {
        var entity = new Argument<string>("entity") { Description = "Name of the entity, such as tender." };
        var outputFile = new Option<FileInfo?>("--out") { Description = "Where to write. Default: standard output." };
        var command = new Command("export", "Write all golden entities of a type as JSON Lines, in order of id. Equal data gives equal bytes.") { entity, outputFile };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var binding = Binding(workspace, parsed.GetValue(entity)!);
            await using var output = parsed.GetValue(outputFile) is { } file ? file.Create() : Console.OpenStandardOutput();
            var documents = new EntityDocument(workspace.Store.Reader, workspace.Bindings);
            long after = 0;
            while (await workspace.Store.Reader.EntitiesByIdAsync(binding.Number, after, Page, cancel) is { Count: > 0 } rows)
            {
                await OperatorLog.TakeAsync(workspace, LogAction.Export, [MovedFields.Of(binding.Type, binding.Type.Fields, [])], rows.Select(r => Subject(binding.Type, r.Id)), [], cancel);
                foreach (var document in await documents.WriteAsync(rows, null, cancel))
                {
                    await output.WriteAsync(document, cancel);
                    await output.WriteAsync("\n"u8.ToArray(), cancel);
                }

                after = rows[^1].Id;
            }

            await output.FlushAsync(cancel);
            return Exit.Ok;
        });
        return command;
    }

    public static Command Customers()
    {
        var show = ShowCommand("show", "Show a customer with its links, or with --explain where a field's value comes from.");
        return new Command("customers", "Customers.") { show };
    }

    public static Command Show() => ShowCommand("show", "Show any entity by its id, such as tender-12.");

    public static Command Changes()
    {
        var after = new Option<long?>("--after") { Description = "Sequence to start behind. Default: 0, with --follow the end of the feed." };
        var limit = new Option<int?>("--limit") { Description = "How many; 0 for all. Default: 100, with --follow all." };
        var follow = new Option<bool>("--follow") { Description = "Wait for further changes; Ctrl-C ends." };
        var tail = new Command("tail", "Print changes as JSON Lines, in order.") { after, limit, follow };
        tail.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var documents = new ChangeDocument(workspace.Store.Reader, workspace.Bindings);
            var at = parsed.GetValue(after) ?? (parsed.GetValue(follow) ? await workspace.Store.Reader.LastChangeAsync(cancel) : 0);
            var left = (parsed.GetValue(limit) ?? (parsed.GetValue(follow) ? 0 : DefaultChanges)) is var most and > 0 ? most : long.MaxValue;
            while (left > 0 && !cancel.IsCancellationRequested)
            {
                var rows = await workspace.Store.Reader.ChangesAsync(new(at, (int)Math.Min(left, Page)), cancel);
                if (rows.Count > 0)
                {
                    var (data, subjects) = ChangeRoutes.Moved(rows, workspace.Bindings);
                    await OperatorLog.TakeAsync(workspace, LogAction.Read, data, subjects, [("after", $"{at}"), ("to", $"{rows[^1].Sequence}")], cancel);
                }

                foreach (var document in await documents.WriteAsync(rows, null, cancel))
                    parsed.Out().WriteLine(Encoding.UTF8.GetString(document));
                if (rows.Count > 0)
                {
                    at = rows[^1].Sequence;
                    left -= rows.Count;
                }
                else if (!parsed.GetValue(follow))
                {
                    break;
                }
                else
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(500), workspace.Time, cancel).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                }
            }

            return Exit.Ok;
        });
        return new Command("changes", "The change feed.") { tail };
    }

    private static Command ShowCommand(string name, string description)
    {
        var id = new Argument<string>("id") { Description = "Id such as customer-12." };
        var explain = new Option<string?>("--explain") { Description = "A field (or * for all): the winning and losing values with their sources." };
        var timeline = new Option<bool>("--timeline") { Description = "What links to it instead, newest first: a customer's tenders, orders and agreements." };
        var command = new Command(name, description) { id, explain, timeline };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            if (!EntityId.TryParse(parsed.GetValue(id)!, workspace.Model, out var type, out var number)
                || await workspace.Store.Reader.EntityAsync(number, cancel) is not { } row || row.Type != workspace.Bindings.Of(type).Number)
            {
                parsed.Error().WriteLine($"no entity '{parsed.GetValue(id)}'; ids look like customer-12");
                return Exit.Usage;
            }

            if (row.State != EntityState.Live)
            {
                parsed.Error().WriteLine(row.State == EntityState.Merged ? $"{parsed.GetValue(id)} is now {EntityId.Format(type, row.MergedInto)}" : $"{parsed.GetValue(id)} is deleted: nothing contributes to it any more");
                return Exit.Problems;
            }

            if (parsed.GetValue(timeline))
            {
                await WriteTimelineAsync(parsed, workspace, type, row, cancel);
                return Exit.Ok;
            }

            var document = parsed.GetValue(explain) is { } field
                ? await new Explanation(workspace).OfAsync(row, workspace.Bindings.Of(type), Fields(type, field), cancel)
                : (await new EntityDocument(workspace.Store.Reader, workspace.Bindings).WriteAsync([row], null, cancel))[0];
            await OperatorLog.TakeAsync(workspace, LogAction.Read, [MovedFields.Of(type, parsed.GetValue(explain) is { } one ? Fields(type, one) : type.Fields, [])], [Subject(type, number)], [], cancel);
            parsed.Out().WriteLine(parsed.WantsJson() ? Encoding.UTF8.GetString(document) : JsonNode.Parse(document)!.ToJsonString(new(Printing.Json) { WriteIndented = true }));
            return Exit.Ok;
        });
        return command;
    }

    private static async Task WriteTimelineAsync(ParseResult parsed, Workspace workspace, EntityType type, EntityRow row, CancellationToken cancel)
    {
        var entries = new List<TimelineEntry>();
        LinkedEntity? after = null;
        do
        {
            var (page, next) = await new Timeline(workspace).ReadAsync(row.Id, Page, after, cancel);
            entries.AddRange(page);
            after = next;
        }
        while (after is not null);

        if (entries.Count > 0)
            await OperatorLog.TakeAsync(workspace, LogAction.Read, [.. entries.Select(e => e.Type).Distinct().Select(t => MovedFields.Of(t, t.Fields.Where(f => f.Name == t.Label || f == Timeline.MainTime(t)), []))],
                entries.Select(e => Subject(e.Type, e.Linked.Id)).Append(Subject(type, row.Id)), [], cancel);
        if (parsed.WantsJson())
            Printing.WriteJson(parsed.Out(), entries.Select(e => new { Entity = e.Type.Name, Id = EntityId.Format(e.Type, e.Linked.Id), e.Label, e.At, e.Link }));
        else
            Printing.Table(parsed.Out(), ["at", "id", "link", "label"], entries.Select(e => (IReadOnlyList<string>)[e.At ?? "", EntityId.Format(e.Type, e.Linked.Id), e.Link, e.Label ?? ""]));
    }

    private static LogSubject Subject(EntityType type, long entity) => new(entity, EntityId.Format(type, entity));

    private static IReadOnlyList<FieldType> Fields(EntityType type, string name) => name == "*" ? type.Fields
        : type.Field(name) is { } field ? [field]
        : throw new UsageException($"{type} has no field '{name}'{NearestName.Hint(name, type.Fields.Select(f => f.Name))}");

    private static EntityBinding Binding(Workspace workspace, string name) =>
        workspace.Bindings.Find(name) ?? (workspace.Model.FindPlural(name) is { } type ? workspace.Bindings.Of(type)
            : throw new UsageException($"no entity '{name}'{NearestName.Hint(name, workspace.Model.Entities.Select(e => e.Name))}"));
}
