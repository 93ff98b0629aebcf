namespace IntegrationHub.Storage;

/// <summary>The sovereignty log as stored: entries in the order of their commit, the tree over them, signed heads. What any of it means is not known here.</summary>
public interface ILogReader
{
    /// <summary>Entries committed so far, whether they are in the tree yet or not.</summary>
    long Count();

    /// <summary>Entries in order, from a sequence on.</summary>
    IReadOnlyList<LogRow> Entries(long from, int limit);

    /// <summary>Shows entries in order without copying them.</summary>
    /// <param name="end">Exclusive.</param>
    void Visit(long from, long end, LogVisitor visitor);

    /// <summary>Every entry of the acts that moved one of the subjects, in order, from a sequence on.</summary>
    IReadOnlyList<LogRow> EntriesOf(IReadOnlyList<long> subjects, long from, int limit);

    /// <summary>What is kept of bundles to search by, from one of them on.</summary>
    IReadOnlyList<LogBundle> Bundles(long from, int limit);

    /// <summary>Numbers of the parts of the index of subjects, in order.</summary>
    IReadOnlyList<long> Parts();

    /// <summary>Shows what one part of the index of subjects holds.</summary>
    void VisitPart(long part, LogIndexVisitor visitor);

    /// <summary>Subjects in order, behind one of them.</summary>
    IReadOnlyList<SubjectKey> Subjects(long after, int limit);

    /// <summary>Hashes of a tile as far as they are there; <c>null</c> when none are.</summary>
    byte[]? Tile(int level, long index);

    /// <summary>Number of tiles of a level.</summary>
    long Tiles(int level);

    /// <summary>The head signed last, or the last that has the witnesses asked for.</summary>
    LogHead? Head(bool published);

    /// <summary>Kept heads in order of size.</summary>
    IReadOnlyList<LogHead> Heads();

    /// <summary>What is kept of a subject, or <c>null</c> when no entry ever named it.</summary>
    SubjectKey? SubjectKey(long subject);

    /// <summary>Subjects that were merged into one, directly or through others, and itself.</summary>
    IReadOnlyList<long> SubjectsWithin(long subject);
}

/// <summary>Writes of the sovereignty log, in the transaction of what they tell.</summary>
public interface ILogTransaction
{
    /// <summary>Commitment of a subject; <c>null</c> when it has none yet.</summary>
    byte[]? FindCommitment(long subject);

    void AddSubjectKeys(IReadOnlyList<SubjectKey> keys);

    /// <summary>Appends the entries of one act with consecutive sequences, and leads from their subjects to them.</summary>
    /// <param name="at">Unix milliseconds.</param>
    void Append(IReadOnlyList<NewLogEntry> entries, long at);

    /// <summary>The head signed last, as this transaction sees it.</summary>
    LogHead? Head();

    void WriteTile(int level, long index, byte[] hashes);

    void WriteBundle(LogBundle bundle);

    /// <summary>Keeps a head. Of the published ones, the last of each hour stays and the others go.</summary>
    void SaveHead(LogHead head);
}

/// <summary>The places of the index of subjects. It is kept in parts that are written one after another, so that a write costs the same however long the log is.</summary>
public static class LogIndex
{
    private const int PartBits = 14;

    /// <summary>The part that leads to an entry.</summary>
    /// <param name="indexed">Places in the index of all entries before.</param>
    public static long Part(long indexed) => indexed >> PartBits;
}

/// <summary>One entry of the log.</summary>
/// <param name="Sequence">Its place, from 0: the index of its leaf.</param>
/// <param name="Act">Sequence of the first entry that was written by the same act.</param>
/// <param name="At">Unix milliseconds.</param>
/// <param name="Hash">The leaf hash, taken when it was written; what is stored must still have it when it is signed.</param>
/// <param name="Entry">The entry's bytes.</param>
public sealed record LogRow(long Sequence, long Act, long At, byte[] Hash, byte[] Entry);

/// <summary>An entry to append.</summary>
/// <param name="Entry">See <see cref="LogRow"/>.</param>
/// <param name="Hash">See <see cref="LogRow"/>.</param>
/// <param name="Subjects">Every subject that it names, each once.</param>
public readonly record struct NewLogEntry(byte[] Entry, byte[] Hash, IReadOnlyCollection<long> Subjects);

/// <summary>An entry as it is read; its spans are valid while it is shown.</summary>
public readonly ref struct LogView
{
    public long Sequence { get; init; }

    public long Act { get; init; }

    public long At { get; init; }

    /// <summary>Places in the index of subjects of all entries up to this one.</summary>
    public long Indexed { get; init; }

    public ReadOnlySpan<byte> Hash { get; init; }

    public ReadOnlySpan<byte> Entry { get; init; }
}

/// <inheritdoc cref="ILogReader.Visit"/>
public delegate void LogVisitor(in LogView row);

/// <summary>Takes one place of the index of subjects.</summary>
/// <param name="subject">Number of the entity.</param>
/// <param name="sequence">Of the entry.</param>
/// <param name="commitment">What the subject is named by; empty when that is not kept.</param>
public delegate void LogIndexVisitor(long subject, long sequence, ReadOnlySpan<byte> commitment);

/// <summary>What 256 entries hold, to be searched before they are.</summary>
/// <param name="Index">Place of the bundle.</param>
/// <param name="Earliest">Unix milliseconds.</param>
/// <param name="Latest">Unix milliseconds.</param>
/// <param name="Terms">Distinct terms of the entries.</param>
public sealed record LogBundle(long Index, long Earliest, long Latest, string Terms);

/// <summary>A signed head of the tree.</summary>
/// <param name="Size">Entries in it.</param>
/// <param name="At">Unix milliseconds.</param>
/// <param name="Note">The checkpoint with its signatures.</param>
/// <param name="Published">It has the witnesses that are asked for, and may be shown.</param>
public sealed record LogHead(long Size, long At, string Note, bool Published);

/// <summary>What keeps a subject unnamed in the log: erasing the key makes its commitments nobody's.</summary>
/// <param name="Subject">Number of the entity.</param>
/// <param name="Id">Its id as the outside saw it when it was first named; what the key commits to.</param>
/// <param name="Key">32 random bytes; <c>null</c> once they are destroyed.</param>
/// <param name="Commitment">What stands in entries.</param>
public sealed record SubjectKey(long Subject, string Id, byte[]? Key, byte[] Commitment);
