using System.Text.Json;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Sovereignty.Log.Tree;
using IntegrationHub.Storage;

namespace IntegrationHub.Sovereignty.Log;

/// <summary>What to find; all that is given must hold.</summary>
public sealed record LogQuery
{
    /// <summary>Numbers of entities: entries of the acts that moved one of them. <c>null</c> for those of everybody.</summary>
    public IReadOnlyList<long>? Subjects { get; init; }

    public DateTimeOffset? From { get; init; }

    /// <summary>Exclusive.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>A field that moved.</summary>
    public string? Field { get; init; }

    /// <summary>Where it came from or went to.</summary>
    public string? Region { get; init; }

    public LogAction? Action { get; init; }
}

/// <summary>Finds entries, every one that there is: of subjects by their index, otherwise by what is kept of each bundle, and where nothing is kept, one by one.</summary>
public sealed class LogSearch(ILogReader log)
{
    private const int Page = 1_000;

    /// <summary>Entries in order.</summary>
    public IEnumerable<LogRow> Find(LogQuery query, CancellationToken cancellationToken)
    {
        var (from, to) = (query.From?.ToUnixTimeMilliseconds() ?? long.MinValue, query.To?.ToUnixTimeMilliseconds() ?? long.MaxValue);
        List<string> terms = [];
        if (query.Action is { } action)
            terms.Add(EntryReader.Action(action));
        if (query.Field is { } field)
            terms.Add(EntryReader.Field(field));
        if (query.Region is { } region)
            terms.Add(EntryReader.Region(region));
        var reader = new EntryReader();
        return (query.Subjects is { } subjects ? OfSubjects(subjects, cancellationToken) : OfAll(from, to, terms, cancellationToken)).Where(row => row.At >= from && row.At < to && Holds(reader, row, terms));
    }

    private IEnumerable<LogRow> OfSubjects(IReadOnlyList<long> subjects, CancellationToken cancellationToken)
    {
        long next = 0;
        while (log.EntriesOf(subjects, next, Page) is { Count: > 0 } rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var row in rows)
                yield return row;
            next = rows[^1].Sequence + 1;
        }
    }

    private IEnumerable<LogRow> OfAll(long from, long to, List<string> terms, CancellationToken cancellationToken)
    {
        // Of bundles that are not full yet nothing is kept; nothing beyond them is trusted.
        var bundles = (log.Head(published: false)?.Size ?? 0) / Tile.FullWidth;
        for (long first = 0; first < bundles; first += Page)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var kept = log.Bundles(first, Page).Where(b => b.Index < first + Page).ToDictionary(b => b.Index);
            for (var index = first; index < Math.Min(bundles, first + Page); index++)
                if (!kept.TryGetValue(index, out var bundle) || (bundle.Latest >= from && bundle.Earliest < to && terms.TrueForAll(t => EntryReader.Holds(bundle.Terms, t))))
                    foreach (var row in log.Entries(index * Tile.FullWidth, Tile.FullWidth).Where(r => r.Sequence / Tile.FullWidth == index))
                        yield return row;
        }

        var next = bundles * Tile.FullWidth;
        while (log.Entries(next, Page) is { Count: > 0 } rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var row in rows)
                yield return row;
            next = rows[^1].Sequence + 1;
        }
    }

    private static bool Holds(EntryReader reader, LogRow row, List<string> terms)
    {
        if (terms.Count == 0)
            return true;
        try
        {
            reader.Read(row.Entry);
        }
        catch (JsonException)
        {
            throw new LogDamageException($"entry {row.Sequence} cannot be read as JSON; 'hub log verify' checks all of them");
        }

        var own = reader.TakeTerms();
        return terms.TrueForAll(t => EntryReader.Holds(own, t));
    }
}
