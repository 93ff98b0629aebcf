using System.Buffers;

namespace IntegrationHub.Json;

/// <summary>The shortest form of a subtree. Recurses once per level, which <see cref="JsonLimits.HighestDepth"/> bounds.</summary>
internal static class JsonWriter
{
    public static void Write(JsonTape tape, int node, IBufferWriter<byte> writer)
    {
        switch (tape[node].Kind)
        {
            case JsonKind.String or JsonKind.Name:
                WriteText(tape, node, writer);
                break;
            case JsonKind.Array or JsonKind.Object:
                WriteContainer(tape, node, writer);
                break;
            default:
                writer.Write(tape.Raw(node));
                break;
        }
    }

    private static void WriteContainer(JsonTape tape, int node, IBufferWriter<byte> writer)
    {
        var isObject = tape[node].Kind == JsonKind.Object;
        writer.Write(isObject ? "{"u8 : "["u8);
        var children = tape.Children(node);
        for (var first = true; children.MoveNext(); first = false)
        {
            if (!first) writer.Write(","u8);
            if (isObject)
            {
                WriteText(tape, children.Name, writer);
                writer.Write(":"u8);
            }

            Write(tape, children.Current, writer);
        }

        writer.Write(isObject ? "}"u8 : "]"u8);
    }

    private static void WriteText(JsonTape tape, int node, IBufferWriter<byte> writer)
    {
        var raw = tape.Raw(node);
        if (!tape[node].HasEscapes)
        {
            // What needs an escape cannot stand in a source without one.
            writer.Write("\""u8);
            writer.Write(raw);
            writer.Write("\""u8);
            return;
        }

        var rented = ArrayPool<byte>.Shared.Rent(raw.Length);
        JsonString.WriteQuoted(rented.AsSpan(0, JsonString.Decode(raw, rented)), writer);
        ArrayPool<byte>.Shared.Return(rented);
    }
}
