using System.Runtime.InteropServices;

namespace IntegrationHub.Json;

/// <summary>One entry of a <see cref="JsonTape"/>: a value or a member name, as a range of the document's bytes.</summary>
[StructLayout(LayoutKind.Auto)]
public struct JsonNode
{
    // The number of children of a container; the hash of a name. Nothing for the rest.
    private readonly int _extra;

    internal JsonNode(JsonKind kind, int start, int length, int end, int extra = 0, bool hasEscapes = false)
    {
        Kind = kind;
        Start = start;
        Length = length;
        End = end;
        _extra = extra;
        HasEscapes = hasEscapes;
    }

    public JsonKind Kind { get; }

    /// <summary>True for a string or name that holds a backslash: its text is not its bytes.</summary>
    public bool HasEscapes { get; }

    /// <summary>Index into the parsed buffer of the first byte; for strings and names the byte after the quote.</summary>
    public int Start { get; }

    /// <summary>Number of bytes; for strings and names without the quotes, for containers with the brackets.</summary>
    public int Length { get; }

    /// <summary>Index of the node after this node's subtree. For a name that is the index of its value.</summary>
    public int End { get; }

    /// <summary>Number of elements of an array or members of an object, otherwise 0.</summary>
    public readonly int Count => Kind is JsonKind.Array or JsonKind.Object ? _extra : 0;

    internal readonly uint NameHash => (uint)_extra;
}
