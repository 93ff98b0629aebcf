namespace IntegrationHub.Json;

/// <summary>What a node of a <see cref="JsonTape"/> is. A name is a node of its own, directly before its value.</summary>
public enum JsonKind : byte
{
    Null,
    False,
    True,
    Number,
    String,
    Array,
    Object,
    Name,
}
