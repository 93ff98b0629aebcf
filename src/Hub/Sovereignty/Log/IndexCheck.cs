using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;

namespace IntegrationHub.Sovereignty.Log;

/// <summary>
/// Checks that the index of subjects leads from each subject to every entry that names it and to no other, and that each subject's key is the one its
/// commitment was made with: what is found of a subject is then all there is.
/// </summary>
/// <param name="count">Entries that are looked at; those that came later are left alone.</param>
/// <param name="sums">Already has what the entries name.</param>
internal sealed class IndexCheck(ILogReader log, long count, IndexSums sums, Action<string> fault)
{
    private const int Page = 10_000;

    private readonly IReadOnlyList<long> _parts = log.Parts();

    public void Check(CancellationToken cancellationToken)
    {
        CheckSubjects(cancellationToken);
        Parallel.ForEach(_parts, new() { CancellationToken = cancellationToken }, part => log.VisitPart(part, (subject, sequence, commitment) =>
        {
            if (sequence >= count)
                return;
            if (commitment.Length != LogCommitments.Size || sequence < 0)
                fault($"the index leads from subject {subject}, which is not kept, to entry {sequence}");
            else
                sums.Place(sequence, part, EntryReader.Commitment(commitment));
        }));
        foreach (var stretch in sums.Differing())
        {
            cancellationToken.ThrowIfCancellationRequested();
            Name(stretch, Math.Min(count, stretch + IndexSums.Stretch));
        }
    }

    private void CheckSubjects(CancellationToken cancellationToken)
    {
        long after = long.MinValue;
        while (log.Subjects(after, Page) is { Count: > 0 } page)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var subject in page)
                if (subject.Key is not { } key)
                    fault($"subject {subject.Subject}: the key of its commitment is gone");
                else if (!(subject.Id.EndsWith($"-{subject.Subject}", StringComparison.Ordinal) && subject.Id.Length <= 100 && LogCommitments.Of(key, subject.Id).AsSpan().SequenceEqual(subject.Commitment)))
                    fault($"subject {subject.Subject}: the commitment kept for it is not that of its key and id");
            after = page[^1].Subject;
        }
    }

    /// <summary>Finds the differences of a stretch one by one.</summary>
    private void Name(long from, long end)
    {
        var named = new HashSet<(long Sequence, long Part, UInt128 Commitment)>();
        var reader = new EntryReader();
        log.Visit(from, end, (in LogView row) =>
        {
            try
            {
                reader.Read(row.Entry);
            }
            catch (System.Text.Json.JsonException)
            {
                // Told by the check of the entries.
                return;
            }

            foreach (var subject in reader.Subjects)
                named.Add((row.Sequence, LogIndex.Part(row.Indexed - reader.Subjects.Count), subject));
        });
        foreach (var part in _parts)
            log.VisitPart(part, (subject, sequence, commitment) =>
            {
                if (sequence >= from && sequence < end && commitment.Length == LogCommitments.Size && !named.Remove((sequence, part, EntryReader.Commitment(commitment))))
                    fault($"the index leads from subject {subject} to entry {sequence}, which does not name it");
            });

        foreach (var entry in named.Select(n => n.Sequence).Distinct().Order())
            fault($"the index does not lead to entry {entry} from every subject that it names");
    }
}
