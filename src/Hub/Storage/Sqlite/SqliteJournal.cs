using System.Globalization;

namespace IntegrationHub.Storage.Sqlite;

/// <summary>
/// Files beside the store, each with a write lock of its own: what is appended while one syncs the disk goes into another. Numbers of notes rise for good, over all files; the store
/// remembers, in the transaction that moved them, up to where it has those of each file, so that a note that is still there is not moved again.
/// </summary>
internal sealed class SqliteJournal : IJournal, IDisposable
{
    private const string Kind = "journal";

    private readonly SqliteStore _store;
    private readonly Lane[] _lanes;
    private readonly Lock _numbers = new();
    private long _last;

    public SqliteJournal(SqliteStore store, string path, TimeSpan busyTimeout)
    {
        _store = store;
        _lanes = [Open("moved", path), Open("moved2", path + "2")];

        Lane Open(string moved, string file)
        {
            var notes = new SqliteNotes(file, busyTimeout);
            return new(moved, notes, new(group => AppendAsync(moved, notes, group)));
        }
    }

    public Task AppendAsync(byte[] note) => _lanes.MinBy(l => l.Appends.Pending)!.Appends.AddAsync(note);

    public async ValueTask<int> MoveAsync(int most, Action<IHubTransaction, IReadOnlyList<byte[]>> write, CancellationToken cancellationToken)
    {
        var found = new List<(long Number, byte[] Note, Lane Lane)>();
        foreach (var lane in _lanes)
            found.AddRange((await lane.Notes.ReadAsync(most, cancellationToken)).Select(n => (n.Number, n.Note, lane)));
        if (found.Count == 0)
            return 0;
        var notes = found.OrderBy(n => n.Number).Take(most).ToList();
        var byLane = notes.ToLookup(n => n.Lane, n => n.Number);
        await using (var transaction = await _store.BeginAsync(cancellationToken))
        {
            // Another process may have moved some since, or have ended before it could delete them.
            foreach (var lane in byLane)
            {
                var moved = NumberOf(await transaction.DocumentAsync(Kind, lane.Key.Moved));
                notes.RemoveAll(n => n.Lane == lane.Key && n.Number <= moved);
                if (lane.Last() > moved)
                    await transaction.SaveDocumentAsync(Kind, lane.Key.Moved, lane.Last().ToString(CultureInfo.InvariantCulture));
            }

            if (notes.Count > 0)
            {
                write(transaction, notes.ConvertAll(n => n.Note));
                await transaction.CommitAsync();
            }
        }

        foreach (var lane in byLane)
            await lane.Key.Notes.DeleteAsync([.. lane]);
        return byLane.Sum(l => l.Count());
    }

    public void Dispose()
    {
        foreach (var lane in _lanes)
            lane.Notes.Dispose();
    }

    /// <summary>As <see cref="SqliteStore.LimitPagesAsync"/>.</summary>
    internal async Task LimitPagesAsync(long pages)
    {
        foreach (var lane in _lanes)
            await lane.Notes.LimitPagesAsync(pages);
    }

    private Task AppendAsync(string moved, SqliteNotes notes, IReadOnlyList<byte[]> group) => notes.AppendAsync(group, (last, isFirst) =>
    {
        // Behind everything the store ever took, also when the file was lost. Asked with the file in hand, because what is moved meanwhile is deleted from it.
        var least = isFirst ? Math.Max(last, NumberOf(_store.Read(db => SqliteTransaction.ReadDocument(db, Kind, moved)))) : last;
        lock (_numbers)
            return _last = Math.Max(_last, least) + 1;
    });

    private static long NumberOf(string? moved) => moved is null ? 0 : long.Parse(moved, CultureInfo.InvariantCulture);

    /// <param name="Moved">Under what the store remembers what it has.</param>
    private sealed record Lane(string Moved, SqliteNotes Notes, Grouped<byte[]> Appends);
}
