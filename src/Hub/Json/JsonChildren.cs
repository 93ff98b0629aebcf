namespace IntegrationHub.Json;

/// <summary>Walks the values directly inside a container. For a member, <see cref="Name"/> is the node of its name.</summary>
public ref struct JsonChildren
{
    private readonly ReadOnlySpan<JsonNode> _nodes;
    private readonly int _end;
    private readonly int _step;
    private int _next;

    internal JsonChildren(JsonNode[] nodes, int parent)
    {
        ref readonly var owner = ref nodes[parent];
        _nodes = nodes;
        _step = owner.Kind == JsonKind.Object ? 1 : 0;
        _next = parent + 1;
        _end = owner.Kind is JsonKind.Object or JsonKind.Array ? owner.End : _next;
        Current = -1;
    }

    /// <summary>The node of the value.</summary>
    public int Current { get; private set; }

    /// <summary>The node of the member's name, or -1 in an array.</summary>
    public readonly int Name => _step == 1 ? Current - 1 : -1;

    public readonly JsonChildren GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_next >= _end) return false;
        Current = _next + _step;
        _next = _nodes[Current].End;
        return true;
    }
}
