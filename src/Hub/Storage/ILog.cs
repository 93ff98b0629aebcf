namespace IntegrationHub.Storage;

/// <summary>The sovereignty log as stored: entries in the order of their commit, the tree over them, signed heads. What any of it means is not known here.</summary>
public interface ILogReader
{
    /// <summary>Entries committed so far, whether they are in the tree yet or not.</summary>
    long Count();

    /// <summary>Entries in order, from a sequence on.</summary>
    IReadOnlyList<LogRow> Entries(long from, int limit);

    /// <summary>Entries whose time lies in a range (Unix milliseconds, end exclusive), from a sequence on.</summary>
    IReadOnlyList<LogRow> EntriesBetween(long fromTime, long toTime, long from, int limit);

    /// <summary>Every entry of the acts that moved one of the subjects, in order, from a sequence on.</summary>
    IReadOnlyList<LogRow> EntriesOf(IReadOnlyList<long> subjects, long from, int limit);

    /// <summary>Hashes of a tile as far as they are there; <c>null</c> when none are.</summary>
    byte[]? Tile(int level, long index);

    /// <summary>Number of tiles of a level.</summary>
    long Tiles(int level);

    /// <summary>The head signed last, or the last that has the witnesses asked for.</summary>
    LogHead? Head(bool published);

    /// <summary>Kept heads in order of size.</summary>
    IReadOnlyList<LogHead> Heads();

    /// <summary>The key of a subject, or <c>null</c> when it never had one or it was destroyed.</summary>
    SubjectKey? SubjectKey(long subject);

    /// <summary>Subjects that were merged into one, directly or through others, and itself.</summary>
    IReadOnlyList<long> SubjectsWithin(long subject);
}

/// <summary>Writes of the sovereignty log, in the transaction of what they tell.</summary>
public interface ILogTransaction
{
    /// <summary>Keys of subjects in order; <c>null</c> where there is none yet.</summary>
    SubjectKey?[] FindSubjectKeys(IReadOnlyList<long> subjects);

    void AddSubjectKeys(IReadOnlyList<SubjectKey> keys);

    /// <summary>Appends the entries of one act with consecutive sequences, and leads from its subjects to them.</summary>
    /// <param name="entries">Entry and hash; see <see cref="LogRow"/>.</param>
    /// <param name="subjects">Every subject that the act moved.</param>
    /// <param name="at">Unix milliseconds.</param>
    void Append(IReadOnlyList<(byte[] Entry, byte[] Hash)> entries, IReadOnlyCollection<long> subjects, long at);

    /// <summary>The head signed last, as this transaction sees it.</summary>
    LogHead? Head();

    void WriteTile(int level, long index, byte[] hashes);

    /// <summary>Keeps a head. Of the published ones, the last of each hour stays and the others go.</summary>
    void SaveHead(LogHead head);
}

/// <summary>One entry of the log.</summary>
/// <param name="Sequence">Its place, from 0: the index of its leaf.</param>
/// <param name="Act">Sequence of the first entry that was written by the same act.</param>
/// <param name="At">Unix milliseconds.</param>
/// <param name="Hash">The leaf hash, taken when it was written; what is stored must still have it when it is signed.</param>
/// <param name="Entry">The entry's bytes.</param>
public sealed record LogRow(long Sequence, long Act, long At, byte[] Hash, byte[] Entry);

/// <summary>A signed head of the tree.</summary>
/// <param name="Size">Entries in it.</param>
/// <param name="At">Unix milliseconds.</param>
/// <param name="Note">The checkpoint with its signatures.</param>
/// <param name="Published">It has the witnesses that are asked for, and may be shown.</param>
public sealed record LogHead(long Size, long At, string Note, bool Published);

/// <summary>What keeps a subject unnamed in the log: erasing the key makes its commitments nobody's.</summary>
/// <param name="Subject">Number of the entity.</param>
/// <param name="Key">32 random bytes.</param>
/// <param name="Commitment">What stands in entries.</param>
public sealed record SubjectKey(long Subject, byte[] Key, byte[] Commitment);
