using System.Runtime.InteropServices;

namespace IntegrationHub.Storage;

/// <summary>
/// Conclusions about candidate values, by kind and value, for as long as the profiles that they rest on are there. Only the one writer of a store uses
/// them, within its transactions; it may have several threads.
/// </summary>
internal sealed class CandidateNotes
{
    /// <summary>As many are kept; with more, all are forgotten and found again where they matter.</summary>
    private const int Most = 20_000;

    private readonly Dictionary<(int Kind, long Value), CandidateNote> _notes = [];
    private readonly Dictionary<UInt128, List<(int Kind, long Value)>> _restingOn = [];

    public CandidateNote? Recall(int kind, long value)
    {
        lock (_notes)
            return _notes.GetValueOrDefault((kind, value));
    }

    public void Remember(int kind, long value, CandidateNote note)
    {
        lock (_notes)
        {
            if (_notes.Count == Most)
                Clear();
            Remove((kind, value));
            _notes[(kind, value)] = note;
            foreach (var hash in note.Crowd)
                (CollectionsMarshal.GetValueRefOrAddDefault(_restingOn, hash, out _) ??= new(1)).Add((kind, value));
        }
    }

    /// <summary>A profile goes.</summary>
    public void Forget(UInt128 hash)
    {
        lock (_notes)
            if (_restingOn.TryGetValue(hash, out var keys))
                foreach (var key in keys.ToList())
                    Remove(key);
    }

    /// <summary>A profile no longer has a value.</summary>
    public void Forget(int kind, long value)
    {
        // A crowd is its own evidence, whoever else goes.
        lock (_notes)
            if (_notes.TryGetValue((kind, value), out var note) && note.Crowd.Count == 0)
                _notes.Remove((kind, value));
    }

    private void Remove((int, long) key)
    {
        if (!_notes.Remove(key, out var note))
            return;
        foreach (var hash in note.Crowd)
            if (_restingOn.TryGetValue(hash, out var keys) && keys.Remove(key) && keys.Count == 0)
                _restingOn.Remove(hash);
    }

    public void Clear()
    {
        lock (_notes)
        {
            _notes.Clear();
            _restingOn.Clear();
        }
    }
}
