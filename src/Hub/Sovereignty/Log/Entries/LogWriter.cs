using System.Buffers.Text;
using System.Security.Cryptography;
using IntegrationHub.Sovereignty.Log.Tree;
using IntegrationHub.Storage;

namespace IntegrationHub.Sovereignty.Log.Entries;

/// <summary>Writes what was done into the log, in the transaction of what was done. This is the one door: whoever moves data calls it.</summary>
/// <param name="hub">Name of the workspace.</param>
/// <param name="region">Where this hub and its data stand, or empty.</param>
/// <param name="key">Commits to who asked and from where; 32 bytes.</param>
public sealed class LogWriter(string hub, string region, byte[] key, TimeProvider time)
{
    private const int ActBytes = 12;

    /// <summary>The hub itself, as one end of a movement.</summary>
    public LogPlace Here { get; } = new("hub", region.Length == 0 ? null : region);

    /// <inheritdoc cref="LogConfig.IsWritten"/>
    internal bool IsOn { get; init; } = true;

    /// <summary>A person at the command line: a commitment to the account's name.</summary>
    public string Operator => $"operator:{Commit("account", Environment.UserName)}";

    /// <summary>A commitment to something that is not an entity, such as an address.</summary>
    public string Commit(string kind, string value)
    {
        var text = $"{kind}:{value}";
        return LogCommitments.Write(LogCommitments.Of(key, text.Length <= 100 ? text : $"{kind}:{Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)))}"));
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Appends the entries of one act.</summary>
    public void Write(IHubTransaction transaction, params IReadOnlyList<LogEntry> entries) => Write(transaction, Now, entries);

    /// <summary>Notes an act that writes nothing else, such as a read: durable when it comes back, without waiting for whoever writes into the store, and in the log soon (<see cref="SovereigntyLog.TakeNotesAsync"/>).</summary>
    /// <exception cref="StoreException">It cannot be noted; then it may not be done.</exception>
    public Task NoteAsync(IJournal journal, LogEntry entry) => IsOn ? journal.AppendAsync(new LogNote(Now, entry).ToBytes()) : Task.CompletedTask;

    /// <param name="at">When it was done, in unix milliseconds.</param>
    internal void Write(IHubTransaction transaction, long at, IReadOnlyList<LogEntry> entries)
    {
        if (!IsOn || entries.Count == 0)
            return;
        var commitments = Commitments(transaction.Log, entries);
        var act = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(ActBytes));
        var written = new List<NewLogEntry>(entries.Count);
        foreach (var entry in entries)
            foreach (var (part, bytes) in EntryJson.Write(entry, act, hub, at, commitments))
                written.Add(new(bytes, TreeHash.Leaf(bytes), Subjects(part)));
        transaction.Log.Append(written, at);
    }

    /// <summary>Appends the entries of an act that writes nothing else, such as a read; it is durable when this comes back.</summary>
    public async ValueTask WriteAsync(IHubStore store, IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken)
    {
        if (!IsOn)
            return;
        await using var transaction = await store.BeginAsync(cancellationToken);
        Write(transaction, entries);
        await transaction.CommitAsync();
    }

    /// <summary>What each subject of the entries is named by; those that never were named get a key.</summary>
    private static Dictionary<long, string> Commitments(ILogTransaction log, IReadOnlyList<LogEntry> entries)
    {
        var found = new Dictionary<long, string>();
        var missing = new SortedDictionary<long, LogSubject>();
        foreach (var entry in entries)
        {
            foreach (var subject in entry.Subjects)
                Find(subject);
            foreach (var (subject, other) in entry.Pairs)
            {
                Find(subject);
                Find(other);
            }
        }

        if (missing.Count == 0)
            return found;
        var created = LogCommitments.Create([.. missing.Values]);
        log.AddSubjectKeys(created);
        foreach (var key in created)
            found[key.Subject] = LogCommitments.Write(key.Commitment);
        return found;

        void Find(LogSubject subject)
        {
            if (found.ContainsKey(subject.Entity))
                return;
            if (log.FindCommitment(subject.Entity) is { } commitment)
                found[subject.Entity] = LogCommitments.Write(commitment);
            else
                missing.TryAdd(subject.Entity, subject);
        }
    }

    /// <summary>Every subject that an entry names, once.</summary>
    private static HashSet<long> Subjects(LogEntry entry)
    {
        var subjects = new HashSet<long>(entry.Subjects.Count + 2 * entry.Pairs.Count);
        foreach (var subject in entry.Subjects)
            subjects.Add(subject.Entity);
        foreach (var (subject, other) in entry.Pairs)
        {
            subjects.Add(subject.Entity);
            subjects.Add(other.Entity);
        }

        return subjects;
    }
}
