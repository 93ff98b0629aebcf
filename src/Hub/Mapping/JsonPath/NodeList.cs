namespace IntegrationHub.Mapping.JsonPath;

/// <summary>Nodes of one tape in the order a query found them. Made to be reused: clearing keeps the memory.</summary>
public sealed class NodeList
{
    private int[] _nodes = new int[16];

    public int Count { get; private set; }

    public int this[int index] => AsSpan()[index];

    public ReadOnlySpan<int> AsSpan() => _nodes.AsSpan(0, Count);

    public void Clear() => Count = 0;

    internal void Add(int node)
    {
        if (Count == _nodes.Length) Array.Resize(ref _nodes, Count * 2);
        _nodes[Count++] = node;
    }

    internal void Shorten(int count) => Count = count;
}
