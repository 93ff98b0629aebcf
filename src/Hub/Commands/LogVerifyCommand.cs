using System.CommandLine;
using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Sovereignty.Log.Notes;

namespace IntegrationHub.Commands;

/// <summary><c>hub log verify</c>: the hub's own log, an exported folder, or a single proof.</summary>
internal static class LogVerifyCommand
{
    public static Command Create()
    {
        var folder = new Option<DirectoryInfo?>("--dir") { Description = "Check an exported folder instead of this hub's log; needs no hub." };
        var proof = new Option<FileInfo?>("--proof") { Description = "Check one proof file instead." };
        var key = new Option<string?>("--key") { Description = "The log's key (vkey) as you were given it. Default: the remembered one, else the one that comes with the log." };
        var remember = new Option<FileInfo?>("--remember") { Description = "File with the checkpoint of your last visit: the log must continue it. Written anew when nothing is wrong." };
        var command = new Command("verify", "Check every entry, tile and signature. Exit code 1 and the places when something is wrong.") { folder, proof, key, remember };
        command.Validators.Add(r =>
        {
            if (r.GetValue(folder) is not null && r.GetValue(proof) is not null)
                r.AddError("--dir and --proof exclude each other");
        });
        command.SetAction(async (parsed, cancel) =>
        {
            try
            {
                var trusted = parsed.GetValue(key) is { } given ? Key(given) : null;
                var remembered = parsed.GetValue(remember) is { } file ? RememberedLog.Read(file.FullName) : null;
                if (parsed.GetValue(proof) is { } single)
                    return await ProofAsync(parsed, single, trusted ?? (remembered is null ? null : VerifierKey.Parse(remembered.Vkey)), cancel);
                return parsed.GetValue(folder) is { } exported
                    ? Folder(parsed, exported.FullName, trusted, remembered, parsed.GetValue(remember), cancel)
                    : await StoreAsync(parsed, trusted, remembered, parsed.GetValue(remember), cancel);
            }
            catch (FormatException e)
            {
                throw new UsageException(e.Message);
            }
        });
        return command;
    }

    private static VerifierKey Key(string given)
    {
        try
        {
            return VerifierKey.Parse(given);
        }
        catch (FormatException e)
        {
            throw new UsageException($"--key: {e.Message}; 'hub log checkpoint --json' prints a log's key");
        }
    }

    private static async Task<int> StoreAsync(ParseResult parsed, VerifierKey? trusted, RememberedLog? remembered, FileInfo? remember, CancellationToken cancel)
    {
        await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
        var identity = await workspace.Log.IdentityAsync(cancel);
        if (await LogAlarm.FindAsync(workspace.Store.Reader, cancel) is null)
            await LogCommands.IntegrateAsync(workspace, cancel);
        var verification = new StoreVerification(workspace.Store.Reader.Log, identity);
        var head = verification.Verify(cancel);
        var faults = verification.Faults.ToList();
        if (head is not null)
        {
            var verifier = new LogVerifier(workspace.Log.Stored.Resource, [identity.Current]);
            faults.AddRange(Trust(verifier, head, identity.Current, [.. identity.Keys.Select(k => k.Verifier)], Handovers(identity), trusted, remembered));
        }

        if (faults.Count == 0)
            await LogAlarm.ClearAsync(workspace.Store, cancel);
        return Tell(parsed, head, faults, identity.Current, workspace.Store.Reader.Log.Head(published: false)?.Note, remember);
    }

    private static int Folder(ParseResult parsed, string folder, VerifierKey? trusted, RememberedLog? remembered, FileInfo? remember, CancellationToken cancel)
    {
        var resources = LogExport.Read(folder);
        if (resources("vkey") is not { } keys)
            throw new UsageException($"{folder} holds no exported log: there is no vkey");
        var known = System.Text.Encoding.UTF8.GetString(keys).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(VerifierKey.Parse).ToList();
        if (trusted is null && remembered is null)
            parsed.Error().WriteLine($"no --key was given: trusting {known[0]}, which came with the files. Compare it with what you were given another way.");
        var verifier = new LogVerifier(resources, [known[0]]);
        var head = verifier.Verify(cancel);
        var faults = verifier.Faults.ToList();
        if (head is not null)
            faults.AddRange(Trust(verifier, head, known[0], known, LogExport.Handovers(folder), trusted, remembered));
        return Tell(parsed, head, faults, known[0], resources("checkpoint") is { } note ? System.Text.Encoding.UTF8.GetString(note) : null, remember);
    }

    /// <summary>Whether this is the log that was meant, and continues what was seen of it.</summary>
    private static List<string> Trust(
        LogVerifier verifier, Checkpoint head, VerifierKey current, IReadOnlyList<VerifierKey> known, IReadOnlyList<SignedNote> handovers, VerifierKey? trusted, RememberedLog? remembered)
    {
        var faults = new List<string>();
        if (trusted is not null && !RememberedLog.Leads(trusted, current, handovers, known))
            faults.Add($"the log is signed by {current}, expected {trusted}: another key, and no handover leads to it");
        if (remembered is null)
            return faults;
        if (!RememberedLog.Leads(VerifierKey.Parse(remembered.Vkey), current, handovers, known))
            faults.Add($"the log is signed by {current}, remembered is {remembered.Vkey}: another key, and no handover leads to it");
        var before = verifier.Faults.Count;
        verifier.Continues(remembered.Checkpoint, head);
        faults.AddRange(verifier.Faults.Skip(before));
        return faults;
    }

    private static IReadOnlyList<SignedNote> Handovers(LogIdentity identity) => [.. identity.Keys.Select(k => k.Handover).OfType<string>().Select(SignedNote.Parse)];

    private static int Tell(ParseResult parsed, Checkpoint? head, List<string> faults, VerifierKey key, string? note, FileInfo? remember)
    {
        if (faults.Count == 0 && remember is not null)
            new RememberedLog(key.ToString(), note!).Write(remember.FullName);
        if (parsed.WantsJson())
            Printing.WriteJson(parsed.Out(), new { ok = faults.Count == 0, origin = head?.Origin, size = head?.Size, root = head is null ? null : Convert.ToBase64String(head.Root), vkey = key.ToString(), faults });
        else if (faults.Count == 0)
            parsed.Out().WriteLine($"{head!.Origin}: {head.Size} entries, all as signed; root {Convert.ToBase64String(head.Root)}");
        else
            foreach (var fault in faults)
                parsed.Error().WriteLine(fault);
        return faults.Count == 0 ? Exit.Ok : Exit.Problems;
    }

    private static async Task<int> ProofAsync(ParseResult parsed, FileInfo file, VerifierKey? key, CancellationToken cancel)
    {
        if (key is null)
            throw new UsageException("a proof is worth what its key is: give the log's key with --key");
        var proof = InclusionProof.Parse(await File.ReadAllTextAsync(file.FullName, cancel));
        var head = Checkpoint.Parse(proof.Checkpoint.Text);
        var fault = head.Origin != key.Name || !proof.Checkpoint.IsSignedBy(key) ? $"the checkpoint of the proof is not signed by {key}"
            : proof.Extra.Length == 0 ? "the proof does not come with its entry (the line 'extra')"
            : !proof.Proves(proof.Extra) ? "the entry does not stand where the proof says"
            : null;
        if (fault is not null)
        {
            parsed.Error().WriteLine(fault);
            return Exit.Problems;
        }

        parsed.Error().WriteLine($"entry {proof.Index} of {head.Size} of {head.Origin}:");
        parsed.Out().WriteLine(System.Text.Encoding.UTF8.GetString(proof.Extra));
        return Exit.Ok;
    }
}
