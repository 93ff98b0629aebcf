using System.Buffers;
using System.Text;

namespace IntegrationHub.Json;

/// <summary>
/// One JSON document as a flat list of nodes over its own bytes. The bytes are referenced, never copied: they must not change while the
/// tape is read. Parsing again reuses the memory, so a warm tape allocates nothing. Node 0 is the root; a container is followed by its
/// elements, or by a name and a value for each member; <see cref="JsonNode.End"/> jumps over a subtree. Not for use by two threads while
/// one of them parses.
/// </summary>
public sealed class JsonTape
{
    private readonly JsonTapeStore _store = new();
    private byte[] _buffer = [];

    /// <summary>Number of nodes; 0 before the first parse and after a failed one.</summary>
    public int Count => _store.Count;

    /// <summary>Some object has two members of one name; only with <see cref="JsonDuplicateNames.Keep"/>.</summary>
    internal bool HasRepeatedNames => _store.HasRepeatedNames;

    /// <summary>The bytes the nodes point into.</summary>
    public ReadOnlySpan<byte> Buffer => _buffer;

    public ReadOnlySpan<JsonNode> Nodes => _store.Nodes.AsSpan(0, _store.Count);

    public ref readonly JsonNode this[int node] => ref _store.Nodes[node];

    public JsonParseResult Parse(byte[] buffer, JsonLimits? limits = null) => Parse(buffer, 0, buffer.Length, limits);

    /// <summary>Reads exactly one RFC 8259 document; a byte order mark before it is skipped.</summary>
    public JsonParseResult Parse(byte[] buffer, int start, int length, JsonLimits? limits = null) =>
        Parse(buffer, start, length, limits ?? JsonLimits.Default, JsonOutline.Nothing, null);

    /// <summary>The same, and notes where the values of an outline stand. With <see cref="HasRepeatedNames"/> what is noted means nothing.</summary>
    internal JsonParseResult Parse(byte[] buffer, int start, int length, JsonLimits limits, JsonOutline outline, JsonPlaces? places)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, buffer.Length - start);

        _store.Reset();
        _buffer = buffer;
        var document = buffer.AsSpan(start, length);
        if (!Utf8Check.IsValid(document)) return InvalidUtf8(document);
        places?.Reset(outline);
        var mark = document.StartsWith("\uFEFF"u8) ? 3 : 0;
        var scanner = new JsonScanner(buffer.AsSpan(0, start + length), start, limits, _store, outline, places);
        return scanner.Scan(start + mark);
    }

    /// <summary>Forgets the document and keeps its own memory.</summary>
    public void Clear()
    {
        _store.Reset();
        _buffer = [];
    }

    /// <summary>The source bytes of a value; for strings and names without the quotes and with the escapes.</summary>
    public ReadOnlySpan<byte> Raw(int node)
    {
        ref readonly var at = ref this[node];
        return _buffer.AsSpan(at.Start, at.Length);
    }

    /// <summary>The value of a member, or -1. Names are compared by their text, so an escaped name is found by what it says.</summary>
    public int Find(int objectNode, ReadOnlySpan<byte> name) => Find(objectNode, name, JsonName.HashOf(name));

    /// <inheritdoc cref="Find(int, ReadOnlySpan{byte})"/>
    public int Find(int objectNode, in JsonName name) => Find(objectNode, name.Utf8, name.Hash);

    /// <summary>The element of an array, counted from the end when negative, or -1.</summary>
    public int ElementAt(int arrayNode, long index)
    {
        var nodes = _store.Nodes;
        ref readonly var array = ref nodes[arrayNode];
        if (array.Kind != JsonKind.Array) return -1;
        var count = array.Count;
        if (index < 0) index += count;
        if (index < 0 || index >= count) return -1;
        var first = arrayNode + 1;
        // Only leaves inside: each element is one node.
        if (array.End - first == count) return first + (int)index;
        while (index-- > 0) first = nodes[first].End;
        return first;
    }

    /// <summary>The elements of an array or the values of an object, in document order; nothing for other kinds.</summary>
    public JsonChildren Children(int node) => new(_store.Nodes, node);

    /// <summary>Writes the text of a string or name without escapes. The source length always suffices.</summary>
    /// <returns>The number of bytes written.</returns>
    public int CopyText(int node, Span<byte> destination)
    {
        var raw = Raw(node);
        if (this[node].HasEscapes) return JsonString.Decode(raw, destination);
        raw.CopyTo(destination);
        return raw.Length;
    }

    /// <summary>The text of a string or name.</summary>
    public string GetText(int node)
    {
        var raw = Raw(node);
        if (!this[node].HasEscapes) return Encoding.UTF8.GetString(raw);
        var rented = ArrayPool<byte>.Shared.Rent(raw.Length);
        var text = Encoding.UTF8.GetString(rented, 0, JsonString.Decode(raw, rented));
        ArrayPool<byte>.Shared.Return(rented);
        return text;
    }

    /// <summary>Whether a string or name stands for this text.</summary>
    public bool TextEquals(int node, ReadOnlySpan<byte> text)
    {
        ref readonly var at = ref this[node];
        return JsonString.Equals(_buffer.AsSpan(at.Start, at.Length), at.HasEscapes, text);
    }

    /// <summary>
    /// Writes a subtree in its shortest form: no blanks, member order and number text as in the source, strings with the fewest escapes.
    /// The same content written with other blanks or escapes gives the same bytes.
    /// </summary>
    public void WriteTo(int node, Utf8Output output) => JsonWriter.Write(this, node, output);

    private int Find(int objectNode, ReadOnlySpan<byte> name, uint hash)
    {
        var nodes = _store.Nodes;
        ref readonly var owner = ref nodes[objectNode];
        if (owner.Kind != JsonKind.Object) return -1;
        var found = -1;
        var end = owner.End;
        for (var at = objectNode + 1; at < end; at = nodes[at + 1].End)
        {
            ref readonly var member = ref nodes[at];
            if (member.NameHash != hash || !JsonString.Equals(_buffer.AsSpan(member.Start, member.Length), member.HasEscapes, name)) continue;
            found = at + 1;
            if (!_store.HasRepeatedNames) break;
        }

        return found;
    }

    private static JsonParseResult InvalidUtf8(ReadOnlySpan<byte> document)
    {
        var at = 0;
        while (true)
        {
            var status = Rune.DecodeFromUtf8(document[at..], out _, out var length);
            if (status == OperationStatus.NeedMoreData && at + length == document.Length)
                return new(JsonParseCode.Truncated, at, "the document ends inside a character");
            if (status != OperationStatus.Done) return new(JsonParseCode.InvalidUtf8, at, "the document is not valid UTF-8");
            at += length;
        }
    }
}
