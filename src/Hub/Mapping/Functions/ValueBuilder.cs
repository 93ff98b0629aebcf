using System.Buffers;

namespace IntegrationHub.Mapping.Functions;

/// <summary>Collects values of a list in pooled memory; finish with <see cref="ToList"/> and dispose.</summary>
internal ref struct ValueBuilder(int capacity)
{
    private Value[] _items = ArrayPool<Value>.Shared.Rent(Math.Max(capacity, 16));
    private int _count;

    public readonly Span<Value> Items => _items.AsSpan(0, _count);

    public void Add(Value value)
    {
        if (_count == _items.Length)
        {
            var larger = ArrayPool<Value>.Shared.Rent(_count * 2);
            Items.CopyTo(larger);
            ArrayPool<Value>.Shared.Return(_items, clearArray: true);
            _items = larger;
        }

        _items[_count++] = value;
    }

    public readonly Value ToList(Scratch scratch) => scratch.List(Items);

    public readonly void Dispose() => ArrayPool<Value>.Shared.Return(_items, clearArray: true);
}
