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

/// <summary>A path to at most one node.</summary>
internal sealed class SingularPath(JsonPathQuery query) : Expression
{
    public override Value Evaluate(MappingRun run)
    {
        var node = query.SelectSingle(run.Tape, 0, run.Current);
        return node < 0 ? Value.Absent : run.FromNode(node);
    }
}

/// <summary>A path to any number of nodes; none is absence.</summary>
internal sealed class PluralPath(JsonPathQuery query) : Expression
{
    public override Value Evaluate(MappingRun run)
    {
        var nodes = run.RentNodes();
        var outcome = query.Select(run.Tape, 0, run.Current, nodes, run.Limits.PathWork);
        var value = Value.Absent;
        if (outcome != JsonPathOutcome.Complete)
        {
            value = Value.Fault("the path visits more of the document than is allowed");
        }
        else if (nodes.Count > 0)
        {
            var values = run.RentValues();
            foreach (var node in nodes.AsSpan())
                values.Add(run.FromNode(node));
            value = run.Keep(values);
            run.Return(values);
        }

        run.Return(nodes);
        return value;
    }
}

/// <summary><c>input | function(arguments)</c>.</summary>
internal sealed class Call(Expression input, FunctionSpec function, FunctionBody body, Expression?[] arguments, bool lenient) : Expression
{
    public override Value Evaluate(MappingRun run)
    {
        var value = input.Evaluate(run);
        if (value.Kind == ValueKind.Fault)
            return value;

        var rented = run.RentValues();
        foreach (var argument in arguments)
            rented.Add(argument?.Evaluate(run) ?? Value.Absent);
        var evaluated = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(rented);
        var result = function.Takes switch
        {
            Takes.Each when run.IsMany(value) => MapEach(run, value, evaluated),
            Takes.Each => value.IsNothing ? value : Run(run, value, evaluated),
            Takes.All => Run(run, value.Kind == ValueKind.List ? value : run.Scratch.List(run.Elements(value)), evaluated),
            _ => Run(run, value, evaluated),
        };
        run.Return(rented);
        return result;
    }

    private Value MapEach(MappingRun run, Value list, ReadOnlySpan<Value> arguments)
    {
        var results = run.RentValues();
        var fault = default(Value);
        foreach (var element in run.Elements(list))
        {
            var result = element.IsNothing ? element : Run(run, element, arguments);
            if (result.Kind == ValueKind.Fault)
            {
                fault = result;
                break;
            }

            // A function that makes a list of one value (split) makes one list of many values.
            if (result.Kind == ValueKind.List && function.GivesList)
                results.AddRange(result.Items);
            else if (result.Kind != ValueKind.Absent)
                results.Add(result);
        }

        var value = fault.Kind == ValueKind.Fault ? fault : results.Count == 0 ? Value.Absent : run.Keep(results);
        run.Return(results);
        return value;
    }

    private Value Run(MappingRun run, Value value, ReadOnlySpan<Value> arguments)
    {
        var issues = run.Scratch.Issues;
        var result = body(value, arguments, run.Scratch);
        foreach (var issue in issues)
            run.Issues.Add(new(run.Rule?.Name ?? "", run.Rule?.Path ?? "", issue));
        issues.Clear();
        if (result.Kind != ValueKind.Fault || !lenient)
            return result;
        run.Issues.Add(new(run.Rule?.Name ?? "", run.Rule?.Path ?? "", result.Reason));
        return Value.Absent;
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
internal sealed class Template(object[] parts) : Expression
{
    public override Value Evaluate(MappingRun run)
    {
        var pieces = run.RentValues();
        var length = 0;
        var failed = default(Value);
        var missing = false;
        foreach (var part in parts)
        {
            var piece = part is Value constant ? constant : ((Expression)part).Evaluate(run);
            if (piece.IsNothing)
                missing = true;
            else if (piece.Kind is ValueKind.Text or ValueKind.Number)
                length += piece.Bytes.Length;
            else
                failed = piece.Kind == ValueKind.Fault ? piece : Value.Fault($"a template takes texts and numbers, found {run.KindName(piece)}");
            pieces.Add(piece);
        }

        var value = failed.Kind == ValueKind.Fault ? failed : missing ? Value.Absent : Join(run, pieces, length);
        run.Return(pieces);
        return value;
    }

    private static Value Join(MappingRun run, List<Value> pieces, int length)
    {
        var text = run.Scratch.Reserve(length);
        var at = 0;
        foreach (var piece in pieces)
        {
            piece.Bytes.CopyTo(text[at..]);
            at += piece.Bytes.Length;
        }

        return run.Scratch.Commit(length);
    }
}

/// <summary>An object of named values; members with nothing to say are left out, and an object of none is absent.</summary>
internal sealed class ObjectExpression(KeyValuePair<Value, Expression>[] members) : Expression
{
    public override Value Evaluate(MappingRun run)
    {
        var built = run.RentValues();
        var fault = default(Value);
        foreach (var (name, expression) in members)
        {
            var value = expression.Evaluate(run);
            if (value.Kind == ValueKind.Fault)
            {
                fault = value;
                break;
            }

            if (value.Kind == ValueKind.Absent)
                continue;
            built.Add(name);
            built.Add(value);
        }

        var result = fault.Kind == ValueKind.Fault ? fault
            : built.Count == 0 ? Value.Absent
            : run.Scratch.Object(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(built));
        run.Return(built);
        return result;
    }
}

/// <summary>Several values side by side; lists inside are spread.</summary>
internal sealed class ListExpression(Expression[] items) : Expression
{
    public override Value Evaluate(MappingRun run)
    {
        var built = run.RentValues();
        var fault = default(Value);
        foreach (var item in items)
        {
            var value = item.Evaluate(run);
            if (value.Kind == ValueKind.Fault)
            {
                fault = value;
                break;
            }

            foreach (var element in run.Elements(value))
                built.Add(element);
        }

        var result = fault.Kind == ValueKind.Fault ? fault : built.Count == 0 ? Value.Absent : run.Keep(built);
        run.Return(built);
        return result;
    }
}

/// <summary>One value per node of a path, with <c>@</c> standing for the node.</summary>
internal sealed class EachExpression(JsonPathQuery over, JsonPathCondition? when, Expression body) : Expression
{
    public override Value Evaluate(MappingRun run)
    {
        var nodes = run.RentNodes();
        var built = run.RentValues();
        var outer = run.Current;
        var complete = over.Select(run.Tape, 0, outer, nodes, run.Limits.PathWork) == JsonPathOutcome.Complete;
        var fault = complete ? default : Value.Fault("the path visits more of the document than is allowed");
        foreach (var node in nodes.AsSpan())
        {
            if (fault.Kind == ValueKind.Fault)
                break;
            run.Current = node;
            var judged = JsonPathOutcome.Complete;
            var holds = when is null || when.Evaluate(run.Tape, 0, node, out judged, run.Limits.PathWork);
            if (judged != JsonPathOutcome.Complete)
                fault = Value.Fault("the condition visits more of the document than is allowed");
            if (!holds || fault.Kind == ValueKind.Fault)
                continue;
            var value = body.Evaluate(run);
            if (value.Kind == ValueKind.Fault)
                fault = value;
            else if (value.Kind != ValueKind.Absent)
                built.Add(value);
        }

        run.Current = outer;
        var result = fault.Kind == ValueKind.Fault ? fault : built.Count == 0 ? Value.Absent : run.Keep(built);
        run.Return(nodes);
        run.Return(built);
        return result;
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
