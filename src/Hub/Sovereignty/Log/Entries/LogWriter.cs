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

    /// <summary>Appends the entries of one act.</summary>
    public void Write(IHubTransaction transaction, params IReadOnlyList<LogEntry> entries)
    {
        if (!IsOn || entries.Count == 0)
            return;
        var subjects = entries.SelectMany(e => e.Pairs.SelectMany(p => new[] { p.Subject, p.Other }).Concat(e.Subjects)).DistinctBy(s => s.Entity).OrderBy(s => s.Entity).ToList();
        var commitments = Commitments(transaction.Log, subjects);
        var at = time.GetUtcNow().ToUnixTimeMilliseconds();
        var act = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(ActBytes));
        var written = entries.SelectMany(e => EntryJson.Write(e, act, hub, at, commitments)).Select(e => (e, TreeHash.Leaf(e))).ToList();
        transaction.Log.Append(written, [.. subjects.Select(s => s.Entity)], at);
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

    private static Dictionary<long, string> Commitments(ILogTransaction log, List<LogSubject> subjects)
    {
        var found = log.FindSubjectKeys([.. subjects.Select(s => s.Entity)]);
        var missing = subjects.Where((_, i) => found[i] is null).ToList();
        var created = LogCommitments.Create(missing);
        log.AddSubjectKeys(created);
        return found.OfType<SubjectKey>().Concat(created).ToDictionary(k => k.Subject, k => LogCommitments.Write(k.Commitment));
    }
}
