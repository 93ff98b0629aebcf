using System.Buffers;

namespace IntegrationHub.Json;

/// <summary>The memory behind a tape. It grows to the largest usual document and is reused, so that later documents allocate nothing.</summary>
internal sealed class JsonTapeStore
{
    // What one unusually large document needed is given back before the next.
    private const int KeptNodes = 1 << 18;

    private JsonScanner.Frame[] _frames = new JsonScanner.Frame[16];

    public JsonNode[] Nodes { get; private set; } = new JsonNode[64];

    public int Count { get; set; }

    public bool HasRepeatedNames { get; set; }

    public RepeatedNames Names { get; } = new();

    public JsonScanner.Frame[] Frames => _frames;

    public void Reset()
    {
        Count = 0;
        HasRepeatedNames = false;
        if (Nodes.Length > KeptNodes) Nodes = new JsonNode[64];
    }

    /// <returns>How many nodes there is room for now; the same number when the limit is reached.</returns>
    public int Grow(int room, int maxNodes)
    {
        if (room >= maxNodes) return room;
        if (room == Nodes.Length)
        {
            var nodes = Nodes;
            Array.Resize(ref nodes, (int)Math.Min(nodes.Length * 2L, Math.Max(maxNodes, 64)));
            Nodes = nodes;
        }

        return Math.Min(Nodes.Length, maxNodes);
    }

    public void Push(int depth, JsonScanner.Frame frame)
    {
        if (depth == _frames.Length) Array.Resize(ref _frames, depth * 2);
        _frames[depth] = frame;
    }

    public static uint HashEscaped(ReadOnlySpan<byte> raw)
    {
        var rented = ArrayPool<byte>.Shared.Rent(raw.Length);
        var hash = JsonName.HashOf(rented.AsSpan(0, JsonString.Decode(raw, rented)));
        ArrayPool<byte>.Shared.Return(rented);
        return hash;
    }
}
