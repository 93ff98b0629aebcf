using System.Buffers;

namespace IntegrationHub.Json;

/// <summary>The shortest form of a subtree. Recurses once per level, which <see cref="JsonLimits.HighestDepth"/> bounds.</summary>
internal static class JsonWriter
{
    public static void Write(JsonTape tape, int node, Utf8Output output)
    {
        switch (tape[node].Kind)
        {
            case JsonKind.String or JsonKind.Name:
                WriteText(tape, node, output);
                break;
            case JsonKind.Array or JsonKind.Object:
                WriteContainer(tape, node, output);
                break;
            default:
                output.Write(tape.Raw(node));
                break;
        }
    }

    private static void WriteContainer(JsonTape tape, int node, Utf8Output output)
    {
        var isObject = tape[node].Kind == JsonKind.Object;
        output.Write(isObject ? "{"u8 : "["u8);
        var children = tape.Children(node);
        for (var first = true; children.MoveNext(); first = false)
        {
            if (!first) output.Write(","u8);
            if (isObject)
            {
                WriteText(tape, children.Name, output);
                output.Write(":"u8);
            }

            Write(tape, children.Current, output);
        }

        output.Write(isObject ? "}"u8 : "]"u8);
    }

    private static void WriteText(JsonTape tape, int node, Utf8Output output)
    {
        var raw = tape.Raw(node);
        if (!tape[node].HasEscapes)
        {
            // What needs an escape cannot stand in a source without one.
            JsonString.WritePlain(raw, output);
            return;
        }

        var rented = ArrayPool<byte>.Shared.Rent(raw.Length);
        JsonString.WriteQuoted(rented.AsSpan(0, JsonString.Decode(raw, rented)), output);
        ArrayPool<byte>.Shared.Return(rented);
    }
}
