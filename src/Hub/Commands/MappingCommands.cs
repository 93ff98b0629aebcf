using System.CommandLine;
using IntegrationHub.Connections;
using IntegrationHub.Mapping;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Mapping.Functions;
using IntegrationHub.Yaml;

namespace IntegrationHub.Commands;

/// <summary><c>hub mappings</c>: check, test, and put mapping versions in force.</summary>
internal static class MappingCommands
{
    public static Command Create() => new("mappings", "Check, test, plan, publish and roll back mappings.")
    {
        Validate(),
        Test(),
        Plan(),
        Publish(),
        Rollback(),
        List(),
    };

    private static Command Validate()
    {
        var files = Files();
        var command = new Command("validate", "Check mapping files against the model: every fault with file, line and column.") { files };
        command.SetAction((parsed, _) =>
        {
            var plans = Compile(parsed, parsed.GetValue(files)!);
            if (parsed.WantsJson())
                Printing.WriteJson(parsed.Out(), plans.Select(p => new { file = p.File, source = p.Source, version = p.Hash, rules = p.Rules.Count }));
            else
                foreach (var plan in plans)
                    parsed.Out().WriteLine($"{plan.File}: {plan.Source}, version {plan.Hash}, {plan.Rules.Count} rules");
            return Task.FromResult(Exit.Ok);
        });
        return command;
    }

    private static Command Test()
    {
        var files = Files();
        var coverage = new Option<bool>("--coverage") { Description = "Report the rules, and the missing, null and wrong cases, that no test touches." };
        var command = new Command("test", "Run the tests that stand in mapping files.") { files, coverage };
        command.SetAction((parsed, _) =>
        {
            var failed = 0;
            var total = 0;
            foreach (var plan in Compile(parsed, parsed.GetValue(files)!))
            {
                var report = MappingTests.Run(plan, name => Fixture(plan, name));
                total += report.Results.Count;
                failed += report.Results.Count(r => r.Fault is not null);
                foreach (var result in report.Results)
                    parsed.Out().WriteLine($"{(result.Fault is null ? "ok    " : "FAILED")} {plan.File}:{result.Test.Line}: {result.Test.Name}{(result.Fault is null ? "" : "\n       " + result.Fault.Replace("\n", "\n       ", StringComparison.Ordinal))}");
                if (parsed.GetValue(coverage))
                    WriteCoverage(parsed.Out(), plan, report.Coverage);
            }

            parsed.Out().WriteLine($"{total - failed} of {total} tests passed");
            return Task.FromResult(failed > 0 ? Exit.Problems : Exit.Ok);
        });
        return command;
    }

    private static byte[]? Fixture(MappingPlan plan, string name)
    {
        var path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(plan.File))!, name);
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    }

    private static void WriteCoverage(TextWriter output, MappingPlan plan, Coverage coverage)
    {
        var rows = plan.Rules.Select(rule => (Rule: rule, Hits: coverage.Of(rule))).ToList();
        output.WriteLine($"{plan.File}: {rows.Count(r => r.Hits.Value > 0)} of {rows.Count} rules gave a value in some test");
        Printing.Table(output, ["  line", "rule", "value", "missing", "null", "fault", ""], rows.Select(r => (IReadOnlyList<string>)
        [
            "  " + r.Rule.Line, r.Rule.Name, Count(r.Hits.Value), Count(r.Hits.Missing), Count(r.Hits.Null), Count(r.Hits.Fault),
            r.Hits.Value == 0 ? "never tested with a value" : r.Rule.Path.Length > 0 && r.Hits.Missing + r.Hits.Null == 0 ? "never tested without" : "",
        ]));
    }

    private static string Count(int number) => number == 0 ? "-" : number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static Command Plan()
    {
        var file = new Argument<FileInfo>("file") { Description = "The mapping file to try." };
        var limit = Limit(20);
        var command = new Command("plan", "Show what publishing a mapping would change in the golden data, field by field. Changes nothing.") { file, limit };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var plan = CompileFor(workspace, parsed.GetValue(file)!);
            var result = await new MappingPublisher(workspace).PlanAsync(plan, parsed.GetValue(limit), cancel);
            await WriteAsync(parsed, workspace, plan, result, "would change", cancel);
            return Exit.Ok;
        });
        return command;
    }

    private static Command Publish()
    {
        var file = new Argument<FileInfo>("file") { Description = "The mapping file to put in force." };
        var limit = Limit(0);
        var command = new Command("publish", "Put a mapping in force and map the kept records again; only what differs is written.") { file, limit };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var plan = CompileFor(workspace, parsed.GetValue(file)!);
            var result = await new MappingPublisher(workspace).PublishAsync(plan, Environment.UserName, parsed.GetValue(limit), cancel);
            await WriteAsync(parsed, workspace, plan, result, "changed", cancel);
            return result.Runs.All(r => r.State == "succeeded") ? Exit.Ok : Exit.Problems;
        });
        return command;
    }

    private static Command Rollback()
    {
        var source = new Argument<string>("source") { Description = "CONNECTOR/STREAM, such as ocds/processes." };
        var to = new Option<string?>("--to") { Description = "The version to go back to. Default: the one before." };
        var limit = Limit(0);
        var command = new Command("rollback", "Put an earlier version of a mapping in force again.") { source, to, limit };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var publisher = new MappingPublisher(workspace);
            var plan = await publisher.EarlierAsync(parsed.GetValue(source)!, parsed.GetValue(to), cancel);
            var result = await publisher.PublishAsync(plan, Environment.UserName, parsed.GetValue(limit), cancel);
            await WriteAsync(parsed, workspace, plan, result, "changed", cancel);
            return result.Runs.All(r => r.State == "succeeded") ? Exit.Ok : Exit.Problems;
        });
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "List mappings with their versions; the one in force is marked.");
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var all = await Publications.AllAsync(workspace.Store.Reader, cancel);
            if (parsed.WantsJson())
                Printing.WriteJson(parsed.Out(), all.Select(p => new { source = p.Source, current = p.Publication.Current, history = p.Publication.History }));
            else
                Printing.Table(parsed.Out(), ["source", "version", "published", "by", ""], all.SelectMany(p => p.Publication.History.Select((e, i) => (IReadOnlyList<string>)
                    [p.Source, e.Hash, Printing.Time(e.At), e.By, i == p.Publication.History.Count - 1 ? "in force" : ""])));
            return Exit.Ok;
        });
        return command;
    }

    private static Option<int> Limit(int shown) => new("--limit") { Description = "How many changed entities to show.", DefaultValueFactory = _ => shown };

    private static Argument<FileInfo[]> Files() => new("files") { Description = "Mapping files. Default: all of the mappings folder.", Arity = ArgumentArity.ZeroOrMore };

    private static IReadOnlyList<MappingPlan> Compile(ParseResult parsed, FileInfo[] files)
    {
        var folder = MappingFolder.Open(CommandWorkspace.Config(parsed).Root);
        var texts = files.Length == 0 ? folder.Mappings() : files.Select(f => (f.ToString(), Read(f)));
        if (!texts.Any())
            parsed.Error().WriteLine($"no mapping files in {folder.Own}");
        return MappingFolder.Compile(texts, folder.Model(), FunctionLibrary.For(FunctionContext.ForTrying));
    }

    private static MappingPlan CompileFor(Workspace workspace, FileInfo file) =>
        MappingCompiler.Compile(file.ToString(), Read(file), workspace.Model, workspace.Functions);

    private static string Read(FileInfo file) => file.Exists ? File.ReadAllText(file.FullName) : throw new InvalidFileException([new(file.ToString(), 1, 1, "there is no such file")]);

    private static async Task WriteAsync(ParseResult parsed, Workspace workspace, MappingPlan plan, PublishResult result, string verb, CancellationToken cancel)
    {
        var output = parsed.Out();
        var changes = result.Changes;
        // Values are shown. Entities that a plan would make are not there yet.
        var shown = new List<LogSubject>();
        foreach (var change in changes.First)
            if (await workspace.Store.Reader.EntityAsync(change.Entity, cancel) is { } row && row.Type == change.Type)
                shown.Add(new(change.Entity, Id(workspace, change)));
        if (changes.First.Count > 0)
            await OperatorLog.TakeAsync(workspace, LogAction.Read, MovedFields.Of(plan), shown, [("operation", "mappings"), ("mapping", $"{plan.Source}@{plan.Hash}")], cancel);
        if (parsed.WantsJson())
        {
            Printing.WriteJson(output, new
            {
                source = plan.Source,
                version = plan.Hash,
                changes = changes.Kinds,
                fields = changes.Fields,
                rejected = result.Rejected,
                runs = result.Runs.Select(r => new { id = r.Id, connection = r.Connection, state = r.State }),
                entities = changes.First.Select(c => new { id = Id(workspace, c), kind = c.Kind, difference = System.Text.Json.Nodes.JsonNode.Parse(c.Body) }),
            });
            return;
        }

        output.WriteLine($"{plan.Source}, version {plan.Hash}: {changes.Count:N0} entities {verb}"
            + (changes.Count == 0 ? "" : " (" + string.Join(", ", changes.Kinds.Select(k => $"{k.Value:N0} {k.Key}")) + ")")
            + (result.Rejected > 0 ? $"; {result.Rejected:N0} records are rejected, see 'hub rejected list'" : ""));
        foreach (var (name, count) in changes.Fields.OrderByDescending(n => n.Value).ThenBy(n => n.Key, StringComparer.Ordinal))
            output.WriteLine($"  {name}: {count:N0}");
        foreach (var change in changes.First)
            output.WriteLine($"  {change.Kind} {Id(workspace, change)} {System.Text.Encoding.UTF8.GetString(change.Body)}");
        if (changes.First.Count > 0 && changes.Count > changes.First.Count)
            output.WriteLine($"  ... and {changes.Count - changes.First.Count:N0} more (--limit)");
    }

    private static string Id(Workspace workspace, Storage.ChangeRow change) => $"{workspace.Store.Catalog.Name(change.Type)}-{change.Entity}";
}
