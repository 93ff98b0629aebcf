using IntegrationHub.Mapping.Functions;
using IntegrationHub.Mapping.JsonPath;

namespace IntegrationHub.Mapping;

/// <summary>A compiled expression: immutable, shared by threads.</summary>
internal abstract class Expression
{
    /// <summary>What it gives, as far as known.</summary>
    public ExpressionType Type { get; init; }

    /// <summary>It can give several values.</summary>
    public bool GivesMany { get; init; }

    /// <summary>It always gives something.</summary>
    public virtual bool NeverNothing => false;

    public abstract Value Evaluate(MappingRun run);
}

internal sealed class ConstantExpression(Value value) : Expression
{
    public Value Value { get; } = value;

    public override bool NeverNothing => !Value.IsNothing;

    public override Value Evaluate(MappingRun run) => Value;
}

/// <summary>A path from the root to at most one node.</summary>
/// <param name="text">As it is written.</param>
internal sealed class RootPath(string text, JsonPathQuery query, OutlinePath? noted) : Expression
{
    public string Text { get; } = text;

    public override Value Evaluate(MappingRun run)
    {
        var node = noted is not null && run.Places is { } places ? noted.Single(places) : query.SelectSingle(run.Tape, 0, 0);
        return node < 0 ? Value.Absent : run.FromNode(node);
    }
}

/// <summary>A path from <c>@</c> to at most one node.</summary>
internal sealed class CurrentPath(JsonPathQuery query) : Expression
{
    public override Value Evaluate(MappingRun run)
    {
        var node = query.SelectSingle(run.Tape, 0, run.Current);
        return node < 0 ? Value.Absent : run.FromNode(node);
    }
}

/// <summary>A path to any number of nodes; none is absence.</summary>
/// <param name="query">The path.</param>
/// <param name="noted">The same from the root, if an outline can say it.</param>
internal sealed class PluralPath(JsonPathQuery query, OutlinePath? noted) : Expression
{
    public override Value Evaluate(MappingRun run)
    {
        var mark = run.Nodes.Count;
        var complete = (noted is not null && run.Places is { } places && noted.Select(run.Tape, places, run.Nodes))
            || query.Select(run.Tape, 0, run.Current, run.Nodes, run.Limits.PathWork) == JsonPathOutcome.Complete;
        var value = complete ? run.ListNodes(mark) : Value.Fault("the path visits more of the document than is allowed");
        run.Nodes.Shorten(mark);
        return value;
    }
}

/// <summary><c>input | function(arguments) | ...</c>: calls one after another.</summary>
internal sealed class Pipeline : Expression
{
    private readonly Expression _input;
    private readonly Call[] _calls;

    /// <param name="input">What the call is made on.</param>
    /// <param name="call">The call.</param>
    /// <param name="result">Where the result of a first call on a path from the root is kept for other rules; -1 when it is not.</param>
    public Pipeline(Expression input, Call call, int result)
    {
        if (input is Pipeline before)
            (_input, _calls) = (before._input, [.. before._calls, call]);
        else if (result >= 0)
            (_input, _calls) = (new FirstCall(input, call, result), []);
        else
            (_input, _calls) = (input, [call]);
    }

    public override Value Evaluate(MappingRun run)
    {
        var value = _input.Evaluate(run);
        foreach (var call in _calls)
        {
            if (value.Kind == ValueKind.Fault)
                break;
            value = call.Run(run, value);
        }

        return value;
    }
}

/// <summary>
/// A call on a path from the root that several rules may make: phone numbers and names are read once for all their keys. What gave rise to an issue is not kept, so that
/// each rule tells it.
/// </summary>
internal sealed class FirstCall(Expression input, Call call, int result) : Expression
{
    public override Value Evaluate(MappingRun run)
    {
        if (run.Result(result) is { IsKnown: true, Value: var known })
            return known;
        var issues = run.Issues.Count;
        var value = input.Evaluate(run);
        if (value.Kind != ValueKind.Fault)
            value = call.Run(run, value);
        if (value.Kind != ValueKind.Fault && run.Issues.Count == issues)
            run.Result(result) = (true, value);
        return value;
    }
}

/// <summary>Numbers the first calls on paths from the root; the same call on the same path has one number in all rules of a mapping.</summary>
internal sealed class FirstCalls
{
    private readonly Dictionary<(string Path, string Call), int> _numbers = [];

    public int NumberOf(string path, string call)
    {
        if (!_numbers.TryGetValue((path, call), out var number))
            _numbers[(path, call)] = number = _numbers.Count;
        return number;
    }
}

/// <summary>One call of a pipeline.</summary>
internal sealed class Call(FunctionSpec function, FunctionBody body, Expression?[] arguments, bool lenient)
{
    private readonly Takes _takes = function.Takes;

    /// <summary>It depends on nothing but what it is made on.</summary>
    public bool IsConstant => _constants is not null;

    // Nearly always all arguments are constants: they are the same for every record.
    private readonly Value[]? _constants = Array.TrueForAll(arguments, a => a is null or ConstantExpression)
        ? Array.ConvertAll(arguments, a => (a as ConstantExpression)?.Value ?? Value.Absent)
        : null;

    public Value Run(MappingRun run, Value value)
    {
        if (_constants is not null)
            return Run(run, value, _constants);

        var mark = run.Values.Count;
        foreach (var argument in arguments)
            run.Values.Push(argument?.Evaluate(run) ?? Value.Absent);
        var result = Run(run, value, run.Values.From(mark));
        run.Values.Shorten(mark);
        return result;
    }

    private Value Run(MappingRun run, Value value, ReadOnlySpan<Value> given)
    {
        switch (_takes)
        {
            case Takes.Each when run.IsMany(value):
                return RunEach(run, value, given);
            case Takes.Each when value.IsNothing:
                return value;
            case Takes.All when value.Kind != ValueKind.List:
                value = run.Scratch.List(run.Elements(value));
                break;
        }

        return RunOnce(run, value, given);
    }

    private Value RunEach(MappingRun run, Value list, ReadOnlySpan<Value> given)
    {
        var mark = run.Values.Count;
        foreach (var element in run.Elements(list))
        {
            var result = element.IsNothing ? element : RunOnce(run, element, given);
            if (result.Kind == ValueKind.Fault)
            {
                run.Values.Shorten(mark);
                return result;
            }

            // A function that makes a list of one value (split) makes one list of many values.
            if (result.Kind == ValueKind.List && function.GivesList)
                run.Values.Push(result.Items);
            else if (result.Kind != ValueKind.Absent)
                run.Values.Push(result);
        }

        return run.TakeList(mark);
    }

    private Value RunOnce(MappingRun run, Value value, ReadOnlySpan<Value> given)
    {
        var result = body(value, given, run.Scratch);
        if (run.Scratch.Issues.Count > 0)
            Tell(run);
        if (result.Kind != ValueKind.Fault || !lenient)
            return result;
        run.Issues.Add(new(run.Rule?.Name ?? "", run.Rule?.Path ?? "", result.Reason));
        return Value.Absent;
    }

    private static void Tell(MappingRun run)
    {
        foreach (var issue in run.Scratch.Issues)
            run.Issues.Add(new(run.Rule?.Name ?? "", run.Rule?.Path ?? "", issue));
        run.Scratch.Issues.Clear();
    }
}

/// <summary>The first alternative that gives something.</summary>
internal sealed class FirstOf(Expression[] alternatives) : Expression
{
    public override bool NeverNothing => alternatives.Any(a => a.NeverNothing);

    public override Value Evaluate(MappingRun run)
    {
        var value = Value.Absent;
        foreach (var alternative in alternatives)
        {
            value = alternative.Evaluate(run);
            if (!value.IsNothing)
                return value;
        }

        return value;
    }
}

/// <summary>Text with holes; absent when a hole has nothing to fill it.</summary>
internal sealed class Template(Expression[] parts) : Expression
{
    public override Value Evaluate(MappingRun run)
    {
        var mark = run.Values.Count;
        var length = 0;
        var failed = default(Value);
        var missing = false;
        foreach (var part in parts)
        {
            var piece = part.Evaluate(run);
            if (piece.IsNothing)
                missing = true;
            else if (piece.Kind is ValueKind.Text or ValueKind.Number)
                length += piece.Bytes.Length;
            else
                failed = piece.Kind == ValueKind.Fault ? piece : Value.Fault($"a template takes texts and numbers, found {run.KindName(piece)}");
            run.Values.Push(piece);
        }

        var value = failed.Kind == ValueKind.Fault ? failed : missing ? Value.Absent : Join(run.Scratch, run.Values.From(mark), length);
        run.Values.Shorten(mark);
        return value;
    }

    private static Value Join(Scratch scratch, ReadOnlySpan<Value> pieces, int length)
    {
        var rest = scratch.Reserve(length);
        foreach (var piece in pieces)
        {
            var bytes = piece.Bytes;
            bytes.CopyTo(rest);
            rest = rest[bytes.Length..];
        }

        return scratch.Commit(length);
    }
}

/// <summary>An object of named values; members with nothing to say are left out, and an object of none is absent.</summary>
internal sealed class ObjectExpression(KeyValuePair<Value, Expression>[] members) : Expression
{
    public override Value Evaluate(MappingRun run)
    {
        var mark = run.Values.Count;
        foreach (var (name, expression) in members)
        {
            var value = expression.Evaluate(run);
            if (value.Kind == ValueKind.Fault)
            {
                run.Values.Shorten(mark);
                return value;
            }

            if (value.Kind == ValueKind.Absent)
                continue;
            run.Values.Push(name);
            run.Values.Push(value);
        }

        var built = run.Values.From(mark);
        var result = built.IsEmpty ? Value.Absent : run.Scratch.Object(built);
        run.Values.Shorten(mark);
        return result;
    }
}

/// <summary>Several values side by side; lists inside are spread.</summary>
internal sealed class ListExpression(Expression[] items) : Expression
{
    public override Value Evaluate(MappingRun run)
    {
        var mark = run.Values.Count;
        foreach (var item in items)
        {
            var value = item.Evaluate(run);
            if (value.Kind == ValueKind.Fault)
            {
                run.Values.Shorten(mark);
                return value;
            }

            run.Values.Push(run.Elements(value));
        }

        return run.TakeList(mark);
    }
}

/// <summary>One value per node of a path, with <c>@</c> standing for the node.</summary>
internal sealed class EachExpression(JsonPathQuery over, JsonPathCondition? when, Expression body) : Expression
{
    public override Value Evaluate(MappingRun run)
    {
        var firstNode = run.Nodes.Count;
        var mark = run.Values.Count;
        var outer = run.Current;
        var fault = default(Value);
        if (over.Select(run.Tape, 0, outer, run.Nodes, run.Limits.PathWork) != JsonPathOutcome.Complete)
            fault = Value.Fault("the path visits more of the document than is allowed");
        var end = run.Nodes.Count;
        for (var i = firstNode; i < end && fault.Kind != ValueKind.Fault; i++)
        {
            run.Current = run.Nodes[i];
            var judged = JsonPathOutcome.Complete;
            var holds = when is null || when.Evaluate(run.Tape, 0, run.Current, out judged, run.Limits.PathWork);
            if (judged != JsonPathOutcome.Complete)
                fault = Value.Fault("the condition visits more of the document than is allowed");
            if (!holds || fault.Kind == ValueKind.Fault)
                continue;
            var value = body.Evaluate(run);
            if (value.Kind == ValueKind.Fault)
                fault = value;
            else if (value.Kind != ValueKind.Absent)
                run.Values.Push(value);
        }

        run.Current = outer;
        run.Nodes.Shorten(firstNode);
        var result = run.TakeList(mark);
        return fault.Kind == ValueKind.Fault ? fault : result;
    }
}

/// <summary>One of two values.</summary>
internal sealed class Conditional(JsonPathCondition condition, Expression then, Expression? otherwise) : Expression
{
    public override Value Evaluate(MappingRun run)
    {
        var holds = condition.Evaluate(run.Tape, 0, run.Current, out var outcome, run.Limits.PathWork);
        if (outcome != JsonPathOutcome.Complete)
            return Value.Fault("the condition visits more of the document than is allowed");
        return holds ? then.Evaluate(run) : otherwise?.Evaluate(run) ?? Value.Absent;
    }
}
