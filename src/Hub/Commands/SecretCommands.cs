using System.CommandLine;

namespace IntegrationHub.Commands;

/// <summary><c>hub secrets</c>: the hub's own encrypted store of secrets, used in hub.yaml as <c>${secret:NAME}</c>.</summary>
internal static class SecretCommands
{
    public static Command Secrets()
    {
        var name = new Argument<string>("name") { Description = "Name of the secret." };
        var set = new Command("set", "Keep a secret. The value is read from standard input, so that it stands in no history.") { name };
        set.SetAction(async (parsed, cancel) =>
        {
            if (!Console.IsInputRedirected)
                parsed.Error().Write($"value of {parsed.GetValue(name)}: ");
            var value = Console.IsInputRedirected ? (await Console.In.ReadToEndAsync(cancel)).TrimEnd('\r', '\n') : ReadHidden();
            if (value.Length == 0)
            {
                parsed.Error().WriteLine("the value is empty; nothing was kept");
                return Exit.Usage;
            }

            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            await workspace.Secrets.SetAsync(parsed.GetValue(name)!, value, cancel);
            parsed.Out().WriteLine($"kept; use it in hub.yaml as ${{secret:{parsed.GetValue(name)}}}");
            return Exit.Ok;
        });
        var list = new Command("list", "List the names of secrets.");
        list.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var names = await workspace.Secrets.NamesAsync(cancel);
            if (parsed.WantsJson())
                Printing.WriteJson(parsed.Out(), names);
            else
                foreach (var known in names)
                    parsed.Out().WriteLine(known);
            return Exit.Ok;
        });
        var removed = new Argument<string>("name") { Description = "Name of the secret." };
        var remove = new Command("remove", "Forget a secret.") { removed };
        remove.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            if (!(await workspace.Secrets.NamesAsync(cancel)).Contains(parsed.GetValue(removed)))
            {
                parsed.Error().WriteLine($"no secret '{parsed.GetValue(removed)}'; 'hub secrets list' shows their names");
                return Exit.Usage;
            }

            await workspace.Secrets.RemoveAsync(parsed.GetValue(removed)!, cancel);
            return Exit.Ok;
        });
        return new Command("secrets", "Keep secrets for connections, encrypted.") { set, list, remove };
    }

    private static string ReadHidden()
    {
        var value = new System.Text.StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
            if (key.Key != ConsoleKey.Backspace)
                value.Append(key.KeyChar);
            else if (value.Length > 0)
                value.Length--;
        Console.Error.WriteLine();
        return value.ToString();
    }
}
