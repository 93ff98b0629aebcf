using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Runs;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;
using IntegrationHub.Yaml;

namespace IntegrationHub.Commands;

/// <summary><c>hub sync</c>, <c>hub runs</c>, <c>hub rejected</c>, <c>hub quarantine</c>.</summary>
internal static class RunCommands
{
    private const int ShownIssues = 5;

    public static Command Sync()
    {
        var connection = new Argument<string>("connection") { Description = "Name of the connection in hub.yaml." };
        var stream = new Option<string?>("--stream") { Description = "Only this stream." };
        var full = new Option<bool>("--full") { Description = "Read from the beginning instead of from where the last run ended." };
        var command = new Command("sync", "Read what is new from a connection. Ctrl-C commits the batch in hand and ends.") { connection, stream, full };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, CancellationToken.None);
            var runs = await new Runner(workspace).SyncAsync(parsed.GetValue(connection)!, parsed.GetValue(stream), parsed.GetValue(full), cancel);
            await LogCommands.SignAsync(workspace, parsed);
            foreach (var run in runs)
                Write(parsed, run);
            if (runs.Count == 0)
                parsed.Error().WriteLine("nothing was run: no mapping is in force for its streams, or another run has them in hand ('hub runs')");
            return runs.Count > 0 && runs.All(r => r.State == "succeeded") ? Exit.Ok : runs.Any(r => r.State == "failed") ? Exit.Environment : Exit.Problems;
        });
        return command;
    }

    public static Command Runs()
    {
        var limit = new Option<int>("--limit") { Description = "How many, newest first.", DefaultValueFactory = _ => 20 };
        var connection = new Option<string?>("--connection") { Description = "Only runs of this connection." };
        var id = new Argument<long>("id") { Description = "Number of the run." };
        var show = new Command("show", "Show one run with its reconciliation statement.") { id };
        show.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            if (await workspace.Store.Reader.RunAsync(parsed.GetValue(id), cancel) is not { } run)
                return NotFound(parsed, $"no run {parsed.GetValue(id)}; 'hub runs' lists them");
            Write(parsed, run);
            return Exit.Ok;
        });
        var command = new Command("runs", "List runs, newest first.") { limit, connection, show };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var runs = await workspace.Store.Reader.RunsAsync(parsed.GetValue(connection), parsed.GetValue(limit), cancel);
            if (parsed.WantsJson())
                Printing.WriteJson(parsed.Out(), runs.Select(Json));
            else
                Printing.Table(parsed.Out(), ["run", "kind", "stream", "state", "started", "read", "mapped", "unchanged", "filtered", "rejected", "changes"], runs.Select(r =>
                {
                    var statement = JsonNode.Parse(r.Statement)!;
                    return (IReadOnlyList<string>)[$"{r.Id}", r.Kind, $"{r.Connection}/{r.Stream}", r.State, Printing.Time(r.StartedAt), $"{statement["read"]}", $"{statement["mapped"]}", $"{statement["unchanged"]}", $"{statement["filtered"]}", $"{statement["rejected"]}", $"{statement["changes"]}"];
                }));
            return Exit.Ok;
        });
        return command;
    }

    public static Command Rejected()
    {
        var id = new Argument<long>("id") { Description = "Number of the rejection." };
        var connection = new Option<string?>("--stream") { Description = "CONNECTION/STREAM." };
        var limit = new Option<int>("--limit") { Description = "How many.", DefaultValueFactory = _ => 50 };
        var list = new Command("list", "List rejected records with rule, place and reason.") { connection, limit };
        list.SetAction((parsed, cancel) => ListRejectedAsync(parsed, parsed.GetValue(connection), parsed.GetValue(limit), cancel));
        var body = new Option<bool>("--body") { Description = "Print the record as the source said it. It may hold personal data." };
        var show = new Command("show", "Show one rejected record.") { id, body };
        show.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            if (await workspace.Store.Reader.RejectedAsync(parsed.GetValue(id), cancel) is not { } rejected)
                return NotFound(parsed, $"no rejection {parsed.GetValue(id)}; 'hub rejected list' lists them");
            Printing.WriteJson(parsed.Out(), Json(workspace, rejected));
            if (parsed.GetValue(body))
            {
                await OperatorLog.TakeAsync(workspace, LogAction.Read, [], [], [("rejected", $"{rejected.Id}"), ("stream", workspace.Store.Catalog.Name(rejected.Stream))], cancel);
                await WriteBodiesAsync(parsed, workspace, rejected, cancel);
            }

            return Exit.Ok;
        });
        var retryId = new Argument<long?>("id") { Description = "Number of the rejection. Default: all.", Arity = ArgumentArity.ZeroOrOne };
        var retry = new Command("retry", "Map rejected records again, with the mapping now in force.") { retryId };
        retry.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var chosen = parsed.GetValue(retryId) is { } one
                ? [await workspace.Store.Reader.RejectedAsync(one, cancel) ?? throw new StoreException($"no rejection {one}; 'hub rejected list' lists them")]
                : (await workspace.Store.Reader.RejectedAsync(null, 0, int.MaxValue, cancel)).Where(r => r.Record != 0).ToList();
            var (mapped, still) = (0, 0);
            foreach (var rejected in chosen)
            {
                var run = (await new Runner(workspace).RetryAsync(rejected, Timeout.InfiniteTimeSpan, cancel))!;
                var statement = JsonNode.Parse(run.Statement)!;
                if (run.State != "succeeded" || (int?)statement["rejected"] > 0)
                    still++;
                else if ((int?)statement["read"] > 0)
                    mapped++;
            }

            var gone = chosen.Count - mapped - still;
            parsed.Out().WriteLine($"{mapped} of {chosen.Count} are mapped now" + (gone > 0 ? $"; {gone} had been mended or deleted meanwhile" : ""));
            return still == 0 ? Exit.Ok : Exit.Problems;
        });
        var command = new Command("rejected", "Records that could not be mapped or read.") { list, show, retry };
        command.SetAction((parsed, cancel) => ListRejectedAsync(parsed, null, 50, cancel));
        return command;
    }

    public static Command Quarantine()
    {
        var stream = new Argument<string>("stream") { Description = "CONNECTION/STREAM." };
        var approve = new Command("approve", "Carry the waiting deletes out.") { stream };
        approve.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            if (await FindAsync(workspace, parsed.GetValue(stream)!, cancel) is not { } waiting)
                return NotFound(parsed, $"no deletes of '{parsed.GetValue(stream)}' are waiting; 'hub quarantine' lists those that are");
            Write(parsed, await new Runner(workspace).ApproveDeletesAsync(parsed.GetValue(stream)!, waiting, cancel));
            return Exit.Ok;
        });
        var discardStream = new Argument<string>("stream") { Description = "CONNECTION/STREAM." };
        var discard = new Command("discard", "Keep the records; the next complete read decides anew.") { discardStream };
        discard.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            if (await FindAsync(workspace, parsed.GetValue(discardStream)!, cancel) is not { } waiting)
                return NotFound(parsed, $"no deletes of '{parsed.GetValue(discardStream)}' are waiting; 'hub quarantine' lists those that are");
            await using var transaction = await workspace.Store.BeginAsync(cancel);
            AbsenceSweep.Decided(workspace, transaction, parsed.GetValue(discardStream)!, "block", waiting.Unseen);
            await transaction.SaveDocumentAsync(AbsenceSweep.Kind, parsed.GetValue(discardStream)!, null);
            await transaction.CommitAsync();
            return Exit.Ok;
        });
        var command = new Command("quarantine", "Deletes that wait because too much of a stream vanished at once.") { approve, discard };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var waiting = (await workspace.Store.Reader.DocumentsAsync(AbsenceSweep.Kind, cancel)).Select(d => (d.Name, Quarantine: JsonSerializer.Deserialize<Connections.Runs.Quarantine>(d.Json)!)).ToList();
            if (parsed.WantsJson())
                Printing.WriteJson(parsed.Out(), waiting.Select(w => new { stream = w.Name, run = w.Quarantine.Run, unseen = w.Quarantine.Unseen, live = w.Quarantine.Live, at = Printing.Time(w.Quarantine.At) }));
            else
                Printing.Table(parsed.Out(), ["stream", "run", "unseen", "of", "since"], waiting.Select(w => (IReadOnlyList<string>)[w.Name, $"{w.Quarantine.Run}", $"{w.Quarantine.Unseen}", $"{w.Quarantine.Live}", Printing.Time(w.Quarantine.At)]));
            return Exit.Ok;
        });
        return command;
    }

    /// <summary>One run, for people with the whole statement.</summary>
    public static void Write(ParseResult parsed, RunRow run)
    {
        if (parsed.WantsJson())
        {
            Printing.WriteJson(parsed.Out(), Json(run));
            return;
        }

        var statement = JsonNode.Parse(run.Statement)!.AsObject();
        parsed.Out().WriteLine($"run {run.Id} ({run.Kind} of {run.Connection}/{run.Stream}) {run.State}");
        if (statement["read"] is { } read)
            parsed.Out().WriteLine($"  read {read} = mapped {statement["mapped"]} + unchanged {statement["unchanged"]} + filtered {statement["filtered"]} + rejected {statement["rejected"]}; deleted {statement["deleted"]}; {statement["changes"]} changes");
        var issues = (statement["issues"]?.AsObject() ?? []).OrderByDescending(i => (long)i.Value!).ToList();
        foreach (var (issue, count) in issues.Take(ShownIssues))
            parsed.Out().WriteLine($"  issue, {count} times: {issue}");
        if (issues.Count > ShownIssues)
            parsed.Out().WriteLine($"  ... and {issues.Count - ShownIssues} other kinds of issue (hub runs show {run.Id} --json)");
        if (run.Error is { } error)
            parsed.Out().WriteLine("  " + error);
    }

    private static object Json(RunRow run) => new
    {
        id = run.Id,
        connection = run.Connection,
        stream = run.Stream,
        kind = run.Kind,
        state = run.State,
        startedAt = Printing.Time(run.StartedAt),
        endedAt = Printing.Time(run.EndedAt),
        statement = JsonNode.Parse(run.Statement),
        error = run.Error,
    };

    private static object Json(Workspace workspace, RejectedRow row) => new
    {
        id = row.Id,
        stream = workspace.Store.Catalog.Name(row.Stream),
        where = row.Where,
        rule = row.Rule,
        path = row.Path,
        found = row.Found,
        reason = row.Reason,
        at = Printing.Time(row.At),
        run = row.Run,
    };

    private static async Task<int> ListRejectedAsync(ParseResult parsed, string? stream, int limit, CancellationToken cancel)
    {
        await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
        int? number = null;
        if (stream is not null)
        {
            var known = workspace.Config.Connections.SelectMany(c => workspace.Connectors.Get(c.Connector).Manifest.Streams.Select(s => $"{c.Name}/{s.Name}")).ToList();
            if (!known.Contains(stream))
                return NotFound(parsed, $"no stream '{stream}'{NearestName.Hint(stream, known)}");
            number = workspace.Store.Catalog.Stream(stream[..stream.IndexOf('/')], stream[(stream.IndexOf('/') + 1)..]);
        }

        var rows = await workspace.Store.Reader.RejectedAsync(number, 0, limit, cancel);
        if (parsed.WantsJson())
            Printing.WriteJson(parsed.Out(), rows.Select(r => Json(workspace, r)));
        else
            Printing.Table(parsed.Out(), ["id", "stream", "where", "rule", "found", "reason"], rows.Select(r => (IReadOnlyList<string>)[$"{r.Id}", workspace.Store.Catalog.Name(r.Stream), r.Where, r.Rule, r.Found, r.Reason]));
        return Exit.Ok;
    }

    private static async Task WriteBodiesAsync(ParseResult parsed, Workspace workspace, RejectedRow rejected, CancellationToken cancel)
    {
        var parts = rejected.Record == 0 ? [] : await workspace.Store.Reader.PartsAsync(rejected.Record, cancel);
        var bodies = rejected.Record == 0 ? [rejected.Body]
            : parts.Count > 0 ? [.. parts.Select(p => p.Body)]
            : new[] { (await workspace.Store.Reader.RecordBodyAsync(rejected.Record, cancel))?.Body ?? [] };
        foreach (var body in bodies)
            parsed.Out().WriteLine(System.Text.Encoding.UTF8.GetString(body));
    }

    private static async ValueTask<Connections.Runs.Quarantine?> FindAsync(Workspace workspace, string stream, CancellationToken cancel) =>
        await workspace.Store.Reader.DocumentAsync(AbsenceSweep.Kind, stream, cancel) is { } json ? JsonSerializer.Deserialize<Connections.Runs.Quarantine>(json) : null;

    private static int NotFound(ParseResult parsed, string message)
    {
        parsed.Error().WriteLine(message);
        return Exit.Usage;
    }
}
