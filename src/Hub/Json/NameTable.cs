using System.Numerics;

namespace IntegrationHub.Json;

/// <summary>A fixed list of names that member names of a tape are looked up in, by the hashes the tape keeps anyway.</summary>
internal sealed class NameTable
{
    private readonly JsonName[] _names;

    // Positions plus one, 0 for a free slot. Never more than half full, and filled by whoever wrote the list, not by senders of documents.
    private readonly int[] _slots;

    public NameTable(IReadOnlyList<string> names)
    {
        _names = new JsonName[names.Count];
        for (var i = 0; i < _names.Length; i++)
            _names[i] = new(names[i]);
        _slots = new int[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(_names.Length * 2, 2))];
        for (var i = 0; i < _names.Length; i++)
        {
            var slot = Slot(_names[i].Hash);
            while (_slots[slot] != 0)
                slot = (slot + 1) & (_slots.Length - 1);
            _slots[slot] = i + 1;
        }
    }

    /// <summary>Position of a member's name in the list, or -1.</summary>
    public int IndexOf(JsonTape tape, int nameNode)
    {
        var slots = _slots;
        var hash = tape[nameNode].NameHash;
        for (var slot = Slot(hash); slots[slot] is var taken and not 0; slot = (slot + 1) & (slots.Length - 1))
            if (_names[taken - 1].Hash == hash && tape.TextEquals(nameNode, _names[taken - 1].Utf8))
                return taken - 1;
        return -1;
    }

    private int Slot(uint hash) => (int)(hash & (uint)(_slots.Length - 1));
}
