using IntegrationHub.Json;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>What RFC 9535 calls ExpressionType: something that gives one value or Nothing.</summary>
internal abstract class Operand
{
    public abstract PathValue Value(Evaluation run, int current);
}

internal sealed class LiteralOperand(JsonKind kind, byte[] text) : Operand
{
    public JsonKind Kind { get; } = kind;

    public byte[] Text { get; } = text;

    public override PathValue Value(Evaluation run, int current) => PathValue.Literal(Kind, Text);
}

internal sealed class SingularOperand(JsonPathQuery query) : Operand
{
    public JsonPathQuery Query { get; } = query;

    public override PathValue Value(Evaluation run, int current) => PathValue.Of(run.Tape, run.Follow(Query, current));
}

/// <summary>length(): characters of a string, elements of an array, members of an object, Nothing for the rest.</summary>
internal sealed class LengthOperand(Operand argument) : Operand
{
    public override PathValue Value(Evaluation run, int current)
    {
        var value = argument.Value(run, current);
        if (value.IsNothing) return value;
        if (value.Kind is JsonKind.Array or JsonKind.Object) return PathValue.Of(run.Tape[value.Node].Count);
        if (value.Kind != JsonKind.String) return PathValue.Nothing;
        var text = value.Text(run, 0);
        run.Spend(text.Length >> 6);
        var characters = 0;
        foreach (var unit in text)
            if ((unit & 0xC0) != 0x80)
                characters++;

        return PathValue.Of(characters);
    }
}

/// <summary>count(): how many nodes a query gives, repeated ones included.</summary>
internal sealed class CountOperand(JsonPathQuery query) : Operand
{
    public override PathValue Value(Evaluation run, int current)
    {
        var sink = new Sink();
        run.Run(query, current, ref sink);
        return PathValue.Of(sink.Count);
    }
}

/// <summary>value(): the value of the only node a query gives, otherwise Nothing.</summary>
internal sealed class ValueOperand(JsonPathQuery query) : Operand
{
    public override PathValue Value(Evaluation run, int current)
    {
        var sink = new Sink { StopAfter = 2 };
        run.Run(query, current, ref sink);
        return sink.Count == 1 ? PathValue.Of(run.Tape, sink.Last) : PathValue.Nothing;
    }
}
