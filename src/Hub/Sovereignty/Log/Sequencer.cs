using System.Text.Json;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Sovereignty.Log.Tree;
using IntegrationHub.Storage;

namespace IntegrationHub.Sovereignty.Log;

/// <summary>
/// Takes committed entries into the tree and signs its new head. Nothing is signed on trust: the tree so far must have the root that was signed, and
/// what is stored must still hash to what was written. Any number of hubs may do this on one store: entries have their places from their commit, so
/// all build the same tree, and a head goes in only on top of the one it was built on.
/// </summary>
public sealed class Sequencer(IHubStore store, DocumentSeal seal, TimeProvider time)
{
    /// <summary>Entries of one checkpoint at most; more are taken in by the next ones.</summary>
    private const int MostEntries = 100_000;

    private readonly StoredLog _log = new(store.Reader.Log);

    /// <summary>Whether a head is published as soon as it is signed. Otherwise witnesses come first.</summary>
    public bool PublishesAtOnce { get; init; } = true;

    /// <summary>Integrates what was committed so far. Returns the new head, or <c>null</c> when there was nothing new.</summary>
    /// <exception cref="LogDamageException">The stored log is not what was signed or written; names the place. Nothing was signed.</exception>
    public async ValueTask<LogHead?> IntegrateAsync(LogIdentity identity, CancellationToken cancellationToken)
    {
        LogHead? last = null;
        var until = store.Reader.Log.Count();
        while (true)
        {
            var (head, isMore) = await StepAsync(identity, cancellationToken);
            last = head ?? last;
            // What is committed meanwhile is for the next call, or under steady load this one would never end.
            if (!isMore || last?.Size >= until)
                return last;
        }
    }

    /// <summary>Signs the present head with a new key as well as with the old one, from then on with the new one alone.</summary>
    /// <returns>The new identity.</returns>
    public async ValueTask<LogIdentity> RotateAsync(LogIdentity identity, Action<IHubTransaction, VerifierKey> note, CancellationToken cancellationToken)
    {
        await IntegrateAsync(identity, cancellationToken);
        using var old = identity.Signer(seal);
        using var next = NoteSigner.Generate(identity.Origin, NoteAlgorithm.Ed25519);
        await using var transaction = await store.BeginAsync(cancellationToken);
        var head = transaction.Log.Head()!;
        var handover = SignedNote.Sign(CheckedHead(identity, head).Text, old, next);
        var rotated = identity.HandOver(next, handover, seal);
        note(transaction, next.Verifier);
        transaction.Log.SaveHead(head with { Note = handover.ToString(), Published = PublishesAtOnce });
        await rotated.SaveAsync(transaction);
        await transaction.CommitAsync();
        return rotated;
    }

    private async ValueTask<(LogHead? Head, bool IsMore)> StepAsync(LogIdentity identity, CancellationToken cancellationToken)
    {
        await LogAlarm.ThrowIfRaisedAsync(store.Reader, cancellationToken);
        var before = store.Reader.Log.Head(published: false);
        var count = store.Reader.Log.Count();
        var from = before?.Size ?? 0;
        if (count < from)
            throw new LogDamageException($"entries {count} to {from - 1} were signed and are gone; restore the database from a backup that has them");
        if (count == from && before is not null)
            return (null, false);
        if (before is not null)
            CheckEdge(CheckedHead(identity, before));

        var tiles = new Dictionary<(int, long), byte[]>();
        var growth = new TreeGrowth(_log.Hashes, from, (tile, hashes) => tiles[(tile.Level, tile.Index)] = hashes);
        var bundles = new List<LogBundle>();
        while (growth.Size < Math.Min(count, from + MostEntries))
            Append(growth, Math.Min(count, from + MostEntries), bundles);
        growth.Flush();

        var tree = new TreeReader(tile => tiles.GetValueOrDefault((tile.Level, tile.Index)) ?? _log.Hashes(tile), growth.Size);
        using var signer = identity.Signer(seal);
        var checkpoint = new Checkpoint(identity.Origin, growth.Size, tree.Root());
        var head = new LogHead(growth.Size, time.GetUtcNow().ToUnixTimeMilliseconds(), SignedNote.Sign(checkpoint.Text, signer).ToString(), PublishesAtOnce);
        await using var transaction = await store.BeginAsync(cancellationToken);
        // Another hub may have been faster; then this head is forgotten, unseen, and its tree is a beginning of the other's or the other way round.
        if (transaction.Log.Head()?.Size != before?.Size)
            return (null, true);
        foreach (var ((level, index), hashes) in tiles)
            transaction.Log.WriteTile(level, index, hashes);
        foreach (var bundle in bundles)
            transaction.Log.WriteBundle(bundle);
        transaction.Log.SaveHead(head);
        await transaction.CommitAsync();
        return (head, true);
    }

    /// <summary>Takes in the entries up to the end of a bundle.</summary>
    private void Append(TreeGrowth growth, long end, List<LogBundle> bundles)
    {
        var index = growth.Size / Tile.FullWidth;
        var first = index * Tile.FullWidth;
        var isFull = first + Tile.FullWidth <= end;
        // What is searched by is of the whole bundle, the part of it that is in the tree already included.
        var next = isFull ? first : growth.Size;
        var (earliest, latest) = (long.MaxValue, long.MinValue);
        var reader = new EntryReader();
        var hash = new byte[TreeHash.Size];
        store.Reader.Log.Visit(next, Math.Min(end, first + Tile.FullWidth), (in LogView row) =>
        {
            if (row.Sequence != next)
                throw Missing(next);
            TreeHash.Leaf(row.Entry, hash);
            if (!row.Hash.SequenceEqual(hash))
                throw Altered(row.Sequence);
            if (isFull)
                Read(reader, row);
            if (row.Sequence >= growth.Size)
                growth.Append(hash);
            (earliest, latest) = (Math.Min(earliest, row.At), Math.Max(latest, row.At));
            next++;
        });
        if (next < Math.Min(end, first + Tile.FullWidth))
            throw Missing(next);
        if (isFull)
            bundles.Add(new(index, earliest, latest, reader.TakeTerms()));
    }

    private static void Read(EntryReader reader, in LogView row)
    {
        try
        {
            reader.Read(row.Entry);
        }
        catch (JsonException)
        {
            throw new LogDamageException($"entry {row.Sequence} is no entry: it cannot be read as JSON");
        }
    }

    /// <summary>The signed checkpoint of a head.</summary>
    private static Checkpoint CheckedHead(LogIdentity identity, LogHead head)
    {
        try
        {
            var note = SignedNote.Parse(head.Note);
            var checkpoint = Checkpoint.Parse(note.Text);
            if (note.IsSignedBy(identity.Current) && checkpoint.Origin == identity.Origin && checkpoint.Size == head.Size)
                return checkpoint;
        }
        catch (FormatException)
        {
            // Told below.
        }

        throw new LogDamageException($"the stored checkpoint of size {head.Size} is not what this log's key signed");
    }

    /// <summary>The tree so far must have the root that was signed, and the last entries must be what the tree says.</summary>
    private void CheckEdge(Checkpoint signed)
    {
        if (!_log.Tree(signed.Size).Root().AsSpan().SequenceEqual(signed.Root))
            throw new LogDamageException($"the stored tiles do not have the root that was signed for size {signed.Size}; 'hub log verify' names the place");
        var first = signed.Size / Tile.FullWidth * Tile.FullWidth;
        if (first < signed.Size)
            LogScrub.CheckBundle(store.Reader.Log, _log, new(0, first / Tile.FullWidth, (int)(signed.Size - first)));
    }

    internal static LogDamageException Altered(long sequence) => new($"entry {sequence} is not what was written: its bytes do not have its hash");

    internal static LogDamageException Missing(long sequence) => new($"entry {sequence} is missing");
}
