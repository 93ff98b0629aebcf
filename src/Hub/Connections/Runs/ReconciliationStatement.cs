using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;
using IntegrationHub.Mapping;

namespace IntegrationHub.Connections.Runs;

/// <summary>
/// What became of everything a run read: <c>read = mapped + unchanged + filtered + rejected</c>, in numbers and in content. The content hashes are
/// sums over (id, content) of each side, so that they do not depend on order; a record counted twice or swapped for another shows.
/// </summary>
public sealed class ReconciliationStatement
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private UInt128 _readContent;
    private UInt128 _settledContent;

    /// <summary>Records and unreadable places that the source gave.</summary>
    public long Read { get; private set; }

    public long Mapped { get; private set; }

    public long Unchanged { get; private set; }

    public long Filtered { get; private set; }

    public long Rejected { get; private set; }

    /// <summary>Records that the source says are gone; not part of <see cref="Read"/>.</summary>
    public long Deleted { get; set; }

    /// <summary>Entries appended to the change feed.</summary>
    public long Changes { get; set; }

    public string ReadContent => _readContent.ToString("x32", null);

    public string SettledContent => _settledContent.ToString("x32", null);

    public bool IsBalanced => Read == Mapped + Unchanged + Filtered + Rejected && _readContent == _settledContent;

    /// <summary>Issues that rejected nothing, counted by rule and reason (at most 100 kinds are kept apart).</summary>
    public Dictionary<string, long> Issues { get; } = new(StringComparer.Ordinal);

    public void CountRead(ReadOnlySpan<byte> content)
    {
        Read++;
        _readContent += BinaryPrimitives.ReadUInt128LittleEndian(content);
    }

    public void Settle(Settled how, ReadOnlySpan<byte> content)
    {
        _settledContent += BinaryPrimitives.ReadUInt128LittleEndian(content);
        switch (how)
        {
            case Settled.Mapped:
                Mapped++;
                break;
            case Settled.Unchanged:
                Unchanged++;
                break;
            case Settled.Filtered:
                Filtered++;
                break;
            default:
                Rejected++;
                break;
        }
    }

    public void CountIssue(MappingIssue issue)
    {
        var key = $"{issue.Rule}: {issue.Reason}";
        if (Issues.Count >= 100 && !Issues.ContainsKey(key))
            key = "(other)";
        Issues[key] = Issues.GetValueOrDefault(key) + 1;
    }

    /// <summary>Takes in what a batch settled; called once the batch is committed.</summary>
    public void Add(ReconciliationStatement batch)
    {
        Read += batch.Read;
        Mapped += batch.Mapped;
        Unchanged += batch.Unchanged;
        Filtered += batch.Filtered;
        Rejected += batch.Rejected;
        Deleted += batch.Deleted;
        Changes += batch.Changes;
        _readContent += batch._readContent;
        _settledContent += batch._settledContent;
        foreach (var (issue, count) in batch.Issues)
            Issues[issue] = Issues.GetValueOrDefault(issue) + count;
    }

    public string ToJson() => JsonSerializer.Serialize(this, Json);
}

/// <summary>The four ends of a record that was read.</summary>
public enum Settled
{
    Mapped,
    Unchanged,
    Filtered,
    Rejected,
}
