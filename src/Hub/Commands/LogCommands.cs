using System.CommandLine;
using IntegrationHub.Connections;
using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Sovereignty.Log.Witness;

namespace IntegrationHub.Commands;

/// <summary><c>hub log</c>: the sovereignty log.</summary>
internal static class LogCommands
{
    public static Command Log() => new("log", "The sovereignty log: whose data moved where, in a form that anyone can check.")
    {
        LogVerifyCommand.Create(),
        Prove(),
        Consistency(),
        Export(),
        Checkpoint(),
        LogFindCommand.Create(),
        LogFindCommand.Disclose(),
        RotateKey(),
    };

    /// <summary>Opens the log and signs what was committed so far; a hub that runs does the same all the time.</summary>
    /// <exception cref="LogDamageException">It is damaged.</exception>
    public static async Task IntegrateAsync(Workspace workspace, CancellationToken cancel)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        var witnesses = new WitnessRound(workspace.Store, workspace.Log, http);
        await witnesses.PublishAsync(cancel);
        await workspace.Log.IntegrateAsync(cancel);
        await witnesses.PublishAsync(cancel);
    }

    /// <summary>The same at the end of a command that did something else, which does not fail when the log cannot be signed now.</summary>
    public static async Task SignAsync(Workspace workspace, ParseResult parsed)
    {
        try
        {
            await IntegrateAsync(workspace, CancellationToken.None);
        }
        catch (Exception e) when (e is LogDamageException or WitnessException)
        {
            parsed.Error().WriteLine($"the sovereignty log has no new checkpoint: {e.Message}");
        }
    }

    /// <summary>Writes a text to a file, or to standard output.</summary>
    public static async Task WriteAsync(ParseResult parsed, FileInfo? file, string text, CancellationToken cancel)
    {
        if (file is null)
            parsed.Out().Write(text);
        else
            await File.WriteAllTextAsync(file.FullName, text, cancel);
    }

    private static Command Prove()
    {
        var index = new Argument<long>("index") { Description = "Index of the entry, as 'hub log find' shows it." };
        var output = new Option<FileInfo?>("--out") { Description = "Where to write. Default: standard output." };
        var command = new Command("prove", "Write a proof that an entry stands in the log (c2sp.org/tlog-proof). It verifies offline: hub log verify --proof FILE --key VKEY.") { index, output };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            await IntegrateAsync(workspace, cancel);
            var note = SignedNote.Parse(workspace.Log.Stored.Checkpoint ?? throw new UsageException("nothing was published yet"));
            var size = Sovereignty.Log.Notes.Checkpoint.Parse(note.Text).Size;
            var at = parsed.GetValue(index);
            if (at < 0 || at >= size)
                throw new UsageException($"the log has the entries 0 to {size - 1}");
            var entry = workspace.Store.Reader.Log.Entries(at, 1)[0].Entry;
            await WriteAsync(parsed, parsed.GetValue(output), new InclusionProof(at, workspace.Log.Stored.Tree(size).Inclusion(at), note, entry).ToString(), cancel);
            return Exit.Ok;
        });
        return command;
    }

    private static Command Consistency()
    {
        var old = new Argument<long>("old") { Description = "The smaller size." };
        var now = new Argument<long?>("new") { Description = "The larger size. Default: the present one.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("consistency", "Print the proof that the log of one size is a beginning of the log of another (RFC 6962), a hash in base64 on each line.") { old, now };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            await IntegrateAsync(workspace, cancel);
            var size = workspace.Store.Reader.Log.Head(published: true)?.Size ?? 0;
            var (from, to) = (parsed.GetValue(old), parsed.GetValue(now) ?? size);
            if (from < 0 || from > to || to > size)
                throw new UsageException($"expected two sizes from 0 to {size}, the smaller one first");
            foreach (var hash in workspace.Log.Stored.Tree(to).Consistency(from))
                parsed.Out().WriteLine(Convert.ToBase64String(hash));
            return Exit.Ok;
        });
        return command;
    }

    private static Command Export()
    {
        var folder = new Argument<DirectoryInfo>("folder") { Description = "Where to write; an earlier export there is continued." };
        var command = new Command("export", "Write the log as static files (c2sp.org/tlog-tiles): checkpoint, tiles, entries and vkey. Serve them or hand them over; they need no hub.") { folder };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            await IntegrateAsync(workspace, cancel);
            LogExport.Write(workspace.Log.Stored, await workspace.Log.IdentityAsync(cancel), parsed.GetValue(folder)!.FullName, cancel);
            parsed.Error().WriteLine($"{workspace.Store.Reader.Log.Head(published: true)!.Size} entries; the key is in {Path.Combine(parsed.GetValue(folder)!.ToString(), "vkey")}, give it to auditors by another way than the files");
            return Exit.Ok;
        });
        return command;
    }

    private static Command Checkpoint()
    {
        var command = new Command("checkpoint", "Sign what was committed so far and print the checkpoint.");
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            await IntegrateAsync(workspace, cancel);
            var note = workspace.Log.Stored.Checkpoint!;
            if (parsed.WantsJson())
            {
                var read = Sovereignty.Log.Notes.Checkpoint.Parse(SignedNote.Parse(note).Text);
                Printing.WriteJson(parsed.Out(), new { origin = read.Origin, size = read.Size, root = Convert.ToBase64String(read.Root), vkey = (await workspace.Log.IdentityAsync(cancel)).Current.ToString(), note });
            }
            else
            {
                parsed.Out().Write(note);
            }

            return Exit.Ok;
        });
        return command;
    }

    private static Command RotateKey()
    {
        var command = new Command("rotate-key", "Let a new key sign from now on. Old checkpoints stay verifiable; one checkpoint signed by both keys leads from the old to the new.");
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var key = await workspace.Log.RotateAsync(cancel);
            await IntegrateAsync(workspace, cancel);
            parsed.Out().WriteLine(key);
            return Exit.Ok;
        });
        return command;
    }
}
