using IntegrationHub.Json;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>One step of a singular query: into the member with a name, or to the element at an index.</summary>
public readonly struct JsonPathStep
{
    private readonly JsonName _name;

    internal JsonPathStep(JsonName name)
    {
        _name = name;
        IsName = true;
    }

    internal JsonPathStep(long index) => Index = index;

    public bool IsName { get; }

    /// <summary>The member's name; empty for an index.</summary>
    public JsonName Name => _name;

    /// <summary>The element's index, from the end when negative; 0 for a name.</summary>
    public long Index { get; }

    /// <summary>The node this step leads to, or -1.</summary>
    public int From(JsonTape tape, int node) => IsName ? tape.Find(node, _name) : tape.ElementAt(node, Index);
}
