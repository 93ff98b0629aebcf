using System.CommandLine;
using IntegrationHub.Connections;

namespace IntegrationHub.Commands;

/// <summary><c>hub callbacks</c>: events of vendors that wait or were set aside.</summary>
internal static class CallbackCommands
{
    public static Command Create()
    {
        var connection = new Argument<string>("connection") { Description = "Name of the connection in hub.yaml." };
        var waiting = new Option<bool>("--waiting") { Description = "Those that wait for their turn instead of those set aside." };
        var limit = new Option<int>("--limit") { Description = "How many, oldest first.", DefaultValueFactory = _ => 50 };
        var list = new Command("list", "List events that were set aside, with the reason.") { connection, waiting, limit };
        list.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var number = NumberOf(workspace, parsed.GetValue(connection)!);
            var rows = await workspace.Store.Reader.CallbacksAsync(number, null, !parsed.GetValue(waiting), 0, parsed.GetValue(limit), cancel);
            if (parsed.WantsJson())
                Printing.WriteJson(parsed.Out(), rows.Select(r => new { id = r.Id, stream = r.Stream, received = Printing.Time(r.ReceivedAt), reason = r.Error }));
            else if (rows.Count == 0)
                parsed.Out().WriteLine(parsed.GetValue(waiting) ? "no events wait" : "no events were set aside");
            else
                Printing.Table(parsed.Out(), ["id", "stream", "received", "reason"], rows.Select(r => (IReadOnlyList<string>)[$"{r.Id}", r.Stream, Printing.Time(r.ReceivedAt), r.Error ?? ""]));
            return Exit.Ok;
        });

        var retryConnection = new Argument<string>("connection") { Description = "Name of the connection in hub.yaml." };
        var retry = new Command("retry", "Let events that were set aside have another turn; a running hub takes them up at once.") { retryConnection };
        retry.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var number = NumberOf(workspace, parsed.GetValue(retryConnection)!);
            var rows = await workspace.Store.Reader.CallbacksAsync(number, null, setAside: true, 0, int.MaxValue, cancel);
            await using var transaction = await workspace.Store.BeginAsync(cancel);
            foreach (var row in rows)
            {
                row.Error = null;
                await transaction.UpdateCallbackAsync(row);
            }

            await transaction.CommitAsync();
            parsed.Out().WriteLine($"{rows.Count} events wait again");
            return Exit.Ok;
        });
        return new("callbacks", "Events of vendors that could not be read.") { list, retry };
    }

    private static int NumberOf(Workspace workspace, string name)
    {
        var connection = workspace.Connection(name);
        return workspace.Connectors.Get(connection.Connector).Manifest.Callbacks ? workspace.NumberOf(connection)
            : throw new UsageException($"connection '{name}' receives no callbacks: connector '{connection.Connector}' has none");
    }
}
