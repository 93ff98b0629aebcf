using System.Text;

namespace IntegrationHub.Mapping.Functions;

/// <summary>A small immutable table from UTF-8 keys to values, asked without making a string. Keys are constants of mappings or of the library.</summary>
internal sealed class ByteTable<T>
{
    private readonly (byte[] Key, T Value)[] _entries;
    private readonly int[] _slots;

    public ByteTable(IEnumerable<KeyValuePair<string, T>> pairs)
    {
        var entries = new List<(byte[], T)>();
        foreach (var (key, value) in pairs)
            entries.Add((Encoding.UTF8.GetBytes(key), value));
        _entries = [.. entries];

        var size = 4;
        while (size < _entries.Length * 2)
            size *= 2;
        _slots = new int[size];
        for (var i = 0; i < _entries.Length; i++)
        {
            if (TryGet(_entries[i].Key, out _))
                throw new ArgumentException($"'{Encoding.UTF8.GetString(_entries[i].Key)}' stands twice", nameof(pairs));
            var slot = Hash(_entries[i].Key) & (uint)(size - 1);
            while (_slots[slot] != 0)
                slot = (slot + 1) & (uint)(size - 1);
            _slots[slot] = i + 1;
        }
    }

    public bool TryGet(ReadOnlySpan<byte> key, out T value)
    {
        var mask = (uint)(_slots.Length - 1);
        for (var slot = Hash(key) & mask; _slots[slot] != 0; slot = (slot + 1) & mask)
        {
            ref readonly var entry = ref _entries[_slots[slot] - 1];
            if (key.SequenceEqual(entry.Key))
            {
                value = entry.Value;
                return true;
            }
        }

        value = default!;
        return false;
    }

    // FNV-1a, folded; keys are not chosen by senders of records.
    private static uint Hash(ReadOnlySpan<byte> key)
    {
        var hash = 2166136261u;
        foreach (var b in key)
            hash = (hash ^ b) * 16777619u;
        return hash ^ (hash >> 15);
    }
}
