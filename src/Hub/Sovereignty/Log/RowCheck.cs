using System.Text.Json;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Sovereignty.Log.Tree;
using IntegrationHub.Storage;

namespace IntegrationHub.Sovereignty.Log;

/// <summary>
/// Checks a run of stored entries, read in order: none is missing, each has its hash, and what stands beside it without being signed - time, act, search
/// terms, places in the index of subjects - is what it says. Takes its subjects into the sums that the index must have.
/// </summary>
internal sealed class RowCheck(ILogReader log, IndexSums sums, Action<string> fault)
{
    private readonly EntryReader _reader = new();
    private readonly byte[] _hash = new byte[TreeHash.Size];
    private readonly byte[] _act = new byte[EntryJson.ActLength];
    private (long Act, long Indexed)? _before;
    private Tile _tile;

    /// <summary>Checks the entries below a leaf tile, and what is kept of them as a bundle.</summary>
    /// <param name="hashes">Of the tile.</param>
    public void Check(Tile tile, byte[] hashes)
    {
        var first = tile.Index * Tile.FullWidth;
        _tile = tile;
        var (earliest, latest) = Check(first, first + tile.Width, hashes);
        if (!tile.IsPartial && (log.Bundles(tile.Index, 1) is not [var kept] || kept != new LogBundle(tile.Index, earliest, latest, _reader.TakeTerms())))
            fault($"what entries {first} to {first + Tile.FullWidth - 1} are searched by is not what they hold");
    }

    /// <summary>Checks entries that are not signed yet, against the hashes kept beside them.</summary>
    public void CheckUnsigned(long first, long end) => Check(first, end, null);

    private (long Earliest, long Latest) Check(long first, long end, byte[]? signed)
    {
        var next = first;
        var (earliest, latest) = (long.MaxValue, long.MinValue);
        // With the entry before, which may be of the same act.
        log.Visit(Math.Max(0, first - 1), end, (in LogView row) =>
        {
            if (row.Sequence >= first)
            {
                CheckGap(next, row.Sequence, signed is null);
                next = row.Sequence + 1;
                CheckHash(row, signed is null ? null : signed.AsSpan((int)(row.Sequence - first) * TreeHash.Size, TreeHash.Size));
                CheckBeside(row);
                (earliest, latest) = (Math.Min(earliest, row.At), Math.Max(latest, row.At));
            }

            _before = (row.Act, row.Indexed);
            EntryJson.Act(row.Entry).CopyTo(_act);
        });
        CheckGap(next, end, signed is null);
        return (earliest, latest);
    }

    private void CheckGap(long next, long found, bool isUnsigned)
    {
        if (next < found)
            fault((next == found - 1 ? $"entry {next} is missing" : $"entries {next} to {found - 1} are missing") + (isUnsigned ? " (not signed yet)" : ""));
    }

    private void CheckHash(in LogView row, ReadOnlySpan<byte> signed)
    {
        TreeHash.Leaf(row.Entry, _hash);
        if (signed.IsEmpty && !row.Hash.SequenceEqual(_hash))
            fault($"entry {row.Sequence} is not what was written (not signed yet)");
        else if (!signed.IsEmpty && !signed.SequenceEqual(_hash))
            fault($"entry {row.Sequence} is not what was signed: {_tile.Path} has another hash in its place");
        else if (!signed.IsEmpty && !signed.SequenceEqual(row.Hash))
            fault($"entry {row.Sequence}: the hash kept beside it is not the signed one");
    }

    private void CheckBeside(in LogView row)
    {
        var isSameAct = _before is { } b && EntryJson.Act(row.Entry).SequenceEqual(_act);
        if (!EntryJson.IsAt(row.Entry, row.At) || row.Act != (isSameAct ? _before!.Value.Act : row.Sequence))
            fault($"entry {row.Sequence}: the time or act kept beside it is not the one it says");
        try
        {
            _reader.Read(row.Entry);
        }
        catch (JsonException)
        {
            fault($"entry {row.Sequence} cannot be read as JSON");
            return;
        }

        var subjects = _reader.Subjects;
        if (row.Indexed - subjects.Count != (_before?.Indexed ?? 0))
            fault($"entry {row.Sequence}: the number of its places in the index of subjects is not that of the subjects it names");
        foreach (var subject in subjects)
            sums.Entry(row.Sequence, LogIndex.Part(row.Indexed - subjects.Count), subject);
    }
}
