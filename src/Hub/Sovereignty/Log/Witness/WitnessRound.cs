using System.Globalization;
using System.Net;
using System.Text;
using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Storage;

namespace IntegrationHub.Sovereignty.Log.Witness;

/// <summary>
/// Takes the newest checkpoint to the witnesses and publishes it when enough have signed. A witness that has seen more of this log than there is, or
/// another tree, is what tells that the database is an older copy or was forked.
/// </summary>
public sealed class WitnessRound(IHubStore store, SovereigntyLog log, HttpClient http)
{
    private readonly Dictionary<string, long> _seen = [];
    private long _asked = -1;

    /// <exception cref="LogDamageException">A witness remembers what this log no longer has.</exception>
    /// <exception cref="WitnessException">Too few have signed.</exception>
    public async Task PublishAsync(CancellationToken cancellationToken)
    {
        // The first time also what was published: a database that was put back has to be found out before it grows.
        if (log.Config.Quorum == 0 || store.Reader.Log.Head(published: false) is not { } head || (head.Published && _asked >= 0))
            return;
        var note = SignedNote.Parse(head.Note);
        var checkpoint = Checkpoint.Parse(note.Text);
        var answers = await Task.WhenAll(log.Config.Witnesses.Select(w => AskAsync(w, note, checkpoint, cancellationToken)));
        var signatures = answers.Select(a => a.Signature).OfType<NoteSignature>().ToList();
        if (signatures.Count < log.Config.Quorum)
            throw new WitnessException($"{signatures.Count} of {log.Config.Quorum} witnesses signed size {head.Size}: {string.Join("; ", answers.Select(a => a.Fault).OfType<string>())}");
        _asked = head.Size;
        if (head.Published)
            return;
        await using var transaction = await store.BeginAsync(cancellationToken);
        var witnessed = note with { Signatures = [.. note.Signatures.Where(s => !log.Config.Witnesses.Any(w => s.IsBy(w.Key))), .. signatures] };
        if (transaction.Log.Head() is { } present && present.Size == head.Size && !present.Published)
            transaction.Log.SaveHead(head with { Note = witnessed.ToString(), Published = true });
        await transaction.CommitAsync();
    }

    private async Task<(NoteSignature? Signature, string? Fault)> AskAsync(LogWitness witness, SignedNote note, Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        var old = _seen.GetValueOrDefault(witness.Key.ToString());
        try
        {
            // A second time with the size that the witness names.
            for (var attempt = 0; attempt < 2; attempt++)
            {
                var request = new WitnessRequest(old, log.Stored.Tree(checkpoint.Size).Consistency(old), note);
                using var answer = await http.PostAsync(new Uri(witness.Address, "add-checkpoint"), new StringContent(request.ToString(), new UTF8Encoding(false), "text/plain"), cancellationToken);
                var text = await answer.Content.ReadAsStringAsync(cancellationToken);
                if (answer.StatusCode == HttpStatusCode.OK)
                    return Accept(witness, note, checkpoint, text);
                if (answer.StatusCode != HttpStatusCode.Conflict)
                    return (null, $"{witness.Key.Name} answered {(int)answer.StatusCode}");
                old = Conflict(witness, checkpoint, old, text);
            }

            return (null, $"{witness.Key.Name} is asked by another hub at the same time");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return (null, $"{witness.Key.Name} did not answer");
        }
    }

    private (NoteSignature?, string?) Accept(LogWitness witness, SignedNote note, Checkpoint checkpoint, string text)
    {
        try
        {
            var signatures = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(NoteSignature.Parse).Where(s => s.IsBy(witness.Key)).ToList();
            if (signatures.Count == 0 || !(note with { Signatures = signatures }).IsSignedBy(witness.Key))
                return (null, $"{witness.Key.Name} signed with another key than hub.yaml has for it");
            _seen[witness.Key.ToString()] = checkpoint.Size;
            return (signatures[0], null);
        }
        catch (FormatException e)
        {
            return (null, $"{witness.Key.Name} answered with something that is no signature ({e.Message})");
        }
    }

    private long Conflict(LogWitness witness, Checkpoint checkpoint, long old, string text)
    {
        if (!long.TryParse(text.TrimEnd('\n'), NumberStyles.None, CultureInfo.InvariantCulture, out var seen) || (seen == old && old == checkpoint.Size))
            throw new LogDamageException($"witness {witness.Key.Name} has signed another tree of size {checkpoint.Size}: the log was forked");
        if (seen > checkpoint.Size)
            throw new LogDamageException($"witness {witness.Key.Name} has seen {seen} entries, here are {checkpoint.Size}: this database is an older copy; restore the newest one");
        return _seen[witness.Key.ToString()] = seen;
    }
}
