namespace IntegrationHub.Sovereignty.Log.Entries;

/// <summary>What was done; docs/contracts/sovereignty-log.md says what each means.</summary>
public enum LogAction
{
    Ingest,
    Map,
    Reject,
    Withdraw,
    Merge,
    Split,
    Read,
    Export,
    Deliver,
    Act,
    Policy,
    Publish,
    Configure,
    Secret,
    Key,
    Rotate,
    Erase,
}

/// <summary>One end of a movement.</summary>
/// <param name="System">A connection and stream, an API key, or <c>hub</c>.</param>
/// <param name="Region">ISO 3166-1 alpha-2 code, or <c>null</c> where it is not known.</param>
public sealed record LogPlace(string System, string? Region);

/// <summary>Which fields of an entity type moved, and how personal they are; names only.</summary>
public sealed record LogData(string Entity, IReadOnlyList<string> Fields, IReadOnlyList<string> Classes);

/// <summary>Whose data moved.</summary>
/// <param name="Entity">Number of the entity.</param>
/// <param name="Id">Its id as the outside sees it, such as <c>contact-12</c>; goes into the log as a commitment only.</param>
public readonly record struct LogSubject(long Entity, string Id);

/// <summary>
/// One thing that was done with data. Holds names of fields, systems and settings, never a value; subjects are written as keyed commitments.
/// An entry that would grow too large is written as several of the same act.
/// </summary>
public sealed record LogEntry(LogAction Action, string Actor)
{
    public LogPlace? From { get; init; }

    public LogPlace? To { get; init; }

    /// <summary>A keyed commitment to the address that asked; see <see cref="LogCommitments"/>.</summary>
    public string? Address { get; init; }

    public string? Purpose { get; init; }

    public string? LegalBasis { get; init; }

    /// <summary><c>allow</c>, <c>mask</c>, <c>aggregate</c> or <c>block</c>.</summary>
    public string? Decision { get; init; }

    /// <summary>The rule that decided.</summary>
    public string? Rule { get; init; }

    public IReadOnlyList<LogData> Data { get; init; } = [];

    public IReadOnlyList<LogSubject> Subjects { get; init; } = [];

    /// <summary>For merges (what was taken in, by whom) and splits (what came out, of whom).</summary>
    public IReadOnlyList<(LogSubject Subject, LogSubject Other)> Pairs { get; init; } = [];

    public IReadOnlyList<(string Name, long Count)> Counts { get; init; } = [];

    /// <summary>Technical details: run, stream, mapping version, name of a setting.</summary>
    public IReadOnlyList<(string Name, string Value)> About { get; init; } = [];
}
