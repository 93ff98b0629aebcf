using System.CommandLine;
using System.Text.Json;
using IntegrationHub.Connections.Actions;
using IntegrationHub.Sdk;
using IntegrationHub.Yaml;

namespace IntegrationHub.Commands;

/// <summary><c>hub act</c>: carries out an action at a vendor.</summary>
internal static class ActCommand
{
    public static Command Create()
    {
        var connection = new Argument<string>("connection") { Description = "Name of the connection in hub.yaml." };
        var action = new Argument<string>("action") { Description = "Name of the action ('hub connectors show' lists them)." };
        var input = new Option<string>("--input") { Description = "File with the input as JSON; - reads standard input.", Required = true };
        var key = new Option<string?>("--key") { Description = "Name of this one action: with the same key it is never done twice. Default: a new one, printed." };
        var command = new Command("act", "Carry out an action at a vendor, such as sending a message.") { connection, action, input, key };
        command.SetAction(async (parsed, cancel) =>
        {
            var name = parsed.GetValue(key) ?? Guid.NewGuid().ToString();
            var text = parsed.GetValue(input) is "-" ? await Console.In.ReadToEndAsync(cancel) : await ReadAsync(parsed.GetValue(input)!, cancel);
            JsonDocument body;
            try
            {
                body = JsonDocument.Parse(text);
            }
            catch (JsonException e)
            {
                parsed.Error().WriteLine($"{parsed.GetValue(input)}: not JSON (line {e.LineNumber + 1})");
                return Exit.Usage;
            }

            using var _ = body;
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var connector = workspace.Connectors.Get(workspace.Connection(parsed.GetValue(connection)!).Connector).Manifest;
            if (connector.Actions.All(a => a.Name != parsed.GetValue(action)))
                throw new UsageException(connector.Actions.Count == 0 ? $"connector '{connector.Id}' has no actions"
                    : $"connector '{connector.Id}' has no action '{parsed.GetValue(action)}'{NearestName.Hint(parsed.GetValue(action)!, connector.Actions.Select(a => a.Name))}; it has {string.Join(", ", connector.Actions.Select(a => a.Name))}");
            if (parsed.GetValue(key) is null)
                parsed.Error().WriteLine($"key {name} (use it to send the same action again)");
            try
            {
                var outcome = await new ActionRunner(workspace).RunAsync(parsed.GetValue(connection)!, parsed.GetValue(action)!, name, body.RootElement, new(workspace.Log.Writer.Operator, null), cancel);
                Printing.WriteJson(parsed.Out(), new { output = outcome.Output, replayed = outcome.Replayed });
                return Exit.Ok;
            }
            catch (ConnectorException e) when (e.MayHaveHappened)
            {
                parsed.Error().WriteLine($"{e.Message}\nWhether it was carried out is not known: ask again with --key {name}, which does not carry it out twice.");
                return Exit.Environment;
            }
            catch (ConnectorException e) when (e.Kind is ConnectorErrorKind.Permanent or ConnectorErrorKind.BadRecord)
            {
                // Faulty input, or the vendor's refusal: nothing around the hub is wrong.
                parsed.Error().WriteLine(e.Message);
                return Exit.Problems;
            }
            catch (ActionConflictException e)
            {
                parsed.Error().WriteLine(e.Message);
                return Exit.Problems;
            }
        });
        return command;
    }

    private static async Task<string> ReadAsync(string file, CancellationToken cancel) =>
        File.Exists(file) ? await File.ReadAllTextAsync(file, cancel) : throw new InvalidFileException([new(file, 1, 1, "there is no such file")]);
}
