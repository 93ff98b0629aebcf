namespace IntegrationHub.Mapping;

/// <summary>Values that expressions put together while a record is mapped. It keeps its memory, and what is taken off is not cleared: the next record overwrites it.</summary>
internal sealed class ValueStack
{
    private Value[] _values = new Value[64];

    public int Count { get; private set; }

    public void Push(Value value)
    {
        if (Count == _values.Length)
            Array.Resize(ref _values, Count * 2);
        _values[Count++] = value;
    }

    public void Push(ReadOnlySpan<Value> values)
    {
        foreach (var value in values)
            Push(value);
    }

    /// <summary>The values above a mark. They stay readable when more are pushed, because growing leaves the old memory as it is.</summary>
    public ReadOnlySpan<Value> From(int mark) => _values.AsSpan(mark, Count - mark);

    public void Shorten(int mark) => Count = mark;
}
