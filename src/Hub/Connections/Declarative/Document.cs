using System.Runtime.InteropServices;
using IntegrationHub.Json;
using IntegrationHub.Mapping.JsonPath;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connections.Declarative;

/// <summary>A JSON answer or callback body, asked by RFC 9535 paths. Texts and numbers come as the source wrote them.</summary>
internal sealed class Document
{
    // Vendors repeat names; the last one counts, as in most readers.
    private static readonly JsonLimits Limits = new() { DuplicateNames = JsonDuplicateNames.Keep };

    private readonly JsonTape _tape;
    private readonly ArraySegment<byte> _bytes;

    private Document(JsonTape tape, ArraySegment<byte> bytes) => (_tape, _bytes) = (tape, bytes);

    /// <summary>What stands for an answer without a body.</summary>
    public static Document Nothing { get; } = TryParse("null"u8.ToArray())!;

    /// <exception cref="ConnectorException">Of kind <see cref="ConnectorErrorKind.Transient"/>: it is no JSON, as when a proxy answers with a page of its own.</exception>
    public static Document Of(ReadOnlyMemory<byte> body) => TryParse(body) ?? throw IsNone(body);

    /// <param name="body">The bytes; kept as they are while the document is asked.</param>
    /// <param name="tape">Memory for the document, which must not hold another one that is still asked.</param>
    public static Document? TryParse(ReadOnlyMemory<byte> body, JsonTape? tape = null)
    {
        var bytes = MemoryMarshal.TryGetArray(body, out var segment) ? segment : new(body.ToArray());
        tape ??= new();
        return bytes.Count > 0 && tape.Parse(bytes.Array!, bytes.Offset, bytes.Count, Limits).IsOk ? new(tape, bytes) : null;
    }

    public static ConnectorException IsNone(ReadOnlyMemory<byte> body) =>
        new(ConnectorErrorKind.Transient, $"the answer is not JSON ({body.Length:N0} bytes); a proxy or a maintenance page may have answered instead");

    /// <summary>The memory, for the next document; this one cannot be asked any more.</summary>
    public JsonTape Release()
    {
        _tape.Clear();
        return _tape;
    }

    /// <summary>The one node of a singular path below a node, or -1.</summary>
    public int Find(JsonPathQuery path, int root = 0) => path.SelectSingle(_tape, root, root);

    /// <summary>The text of a scalar, or <c>null</c> where there is none; containers have none.</summary>
    public string? Text(JsonPathQuery? path, int root = 0) => path is not null && Find(path, root) is >= 0 and var node ? Text(node) : null;

    public string? Text(int node) => _tape[node].Kind switch
    {
        JsonKind.String => _tape.GetText(node),
        JsonKind.Number or JsonKind.True or JsonKind.False => System.Text.Encoding.ASCII.GetString(_tape.Raw(node)),
        _ => null,
    };

    public bool IsList(int node) => _tape[node].Kind == JsonKind.Array;

    public bool Holds(JsonPathCondition condition) => condition.Evaluate(_tape, 0, 0, out var outcome) && outcome == JsonPathOutcome.Complete;

    /// <summary>The nodes of a path.</summary>
    /// <exception cref="ConnectorException">The path visits more than is allowed.</exception>
    public int[] Select(JsonPathQuery path)
    {
        var nodes = new NodeList();
        if (path.Select(_tape, 0, 0, nodes) != JsonPathOutcome.Complete)
            throw new ConnectorException(ConnectorErrorKind.Permanent, $"the path {path} visits more of the answer than is allowed; ask for smaller pages");
        return nodes.AsSpan().ToArray();
    }

    /// <summary>
    /// The sources of nodes that stand beside each other. Where they are most of the document they are parts of it, which saves a copy of each; otherwise they are copied, so that a few
    /// small records do not hold a large answer in memory until they are committed.
    /// </summary>
    public ReadOnlyMemory<byte>[] Raw(int[] nodes)
    {
        var isMost = nodes.Sum(n => (long)_tape[n].Length) * 2 >= _tape[0].Length;
        return Array.ConvertAll(nodes, n => isMost && _tape[n].Kind != JsonKind.String ? new ReadOnlyMemory<byte>(_bytes.Array, _tape[n].Start, _tape[n].Length) : Raw(n));
    }

    /// <summary>The source of a node, copied.</summary>
    public ReadOnlyMemory<byte> Raw(int node)
    {
        if (_tape[node].Kind != JsonKind.String)
            return _tape.Raw(node).ToArray();
        var copy = new Utf8Output();
        _tape.WriteTo(node, copy);
        return copy.Written.ToArray();
    }
}
