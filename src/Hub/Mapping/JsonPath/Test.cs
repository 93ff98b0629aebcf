using System.Text;
using System.Text.RegularExpressions;
using IntegrationHub.Json;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>What RFC 9535 calls LogicalType: a filter's expression, or a part of one.</summary>
internal abstract class Test
{
    public abstract bool Holds(Evaluation run, int current);
}

internal sealed class AnyOf(Test[] tests) : Test
{
    public override bool Holds(Evaluation run, int current)
    {
        foreach (var test in tests)
            if (test.Holds(run, current))
                return true;

        return false;
    }
}

internal sealed class AllOf(Test[] tests) : Test
{
    public override bool Holds(Evaluation run, int current)
    {
        foreach (var test in tests)
            if (!test.Holds(run, current))
                return false;

        return true;
    }
}

internal sealed class Not(Test test) : Test
{
    public override bool Holds(Evaluation run, int current) => !test.Holds(run, current);
}

internal sealed class Exists(JsonPathQuery query) : Test
{
    public override bool Holds(Evaluation run, int current)
    {
        if (query.IsSingular) return run.Follow(query, current) >= 0;
        var sink = new Sink { StopAfter = 1 };
        run.Run(query, current, ref sink);
        return sink.Count > 0;
    }
}

internal enum Comparator
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

internal sealed class Compare(Operand left, Comparator comparator, Operand right) : Test
{
    public override bool Holds(Evaluation run, int current)
    {
        var a = left.Value(run, current);
        var b = right.Value(run, current);
        return comparator switch
        {
            Comparator.Equal => Comparison.AreEqual(run, a, b),
            Comparator.NotEqual => !Comparison.AreEqual(run, a, b),
            Comparator.Less => Comparison.IsLess(run, a, b),
            Comparator.LessOrEqual => Comparison.IsLess(run, a, b) || Comparison.AreEqual(run, a, b),
            Comparator.Greater => Comparison.IsLess(run, b, a),
            _ => Comparison.IsLess(run, b, a) || Comparison.AreEqual(run, a, b),
        };
    }
}

/// <summary>The comparison that most filters are: whether a single node is a literal. <see cref="Compare"/> would say the same.</summary>
internal sealed class IsLiteral(JsonPathQuery query, LiteralOperand literal) : Test
{
    private readonly JsonKind _kind = literal.Kind;
    private readonly byte[] _text = literal.Text;

    public JsonPathQuery Query => query;

    public override bool Holds(Evaluation run, int current)
    {
        var node = run.Follow(query, current);
        if (node >= 0 && _kind == JsonKind.String && !run.Spend((run.Tape[node].Length + _text.Length) >> 6)) return false;
        return Is(run.Tape, node);
    }

    /// <summary>Whether this node is the literal; -1 is not.</summary>
    public bool Is(JsonTape tape, int node)
    {
        if (node < 0 || tape[node].Kind != _kind) return false;
        return _kind switch
        {
            JsonKind.Number => JsonNumber.AreEqual(tape.Raw(node), _text),
            JsonKind.String => tape.TextEquals(node, _text),
            _ => true,
        };
    }
}

/// <summary>match() and search(). False, not an error, when the text is no string or the pattern no I-Regexp (RFC 9535, 2.4.6).</summary>
internal sealed class Matches(Operand text, Operand pattern, bool whole, Regex? compiled) : Test
{
    private const int MaxPatternBytes = 4096;

    // Compiling is by far the dearest step a document can cause.
    private const int CompileWork = 10_000;

    public override bool Holds(Evaluation run, int current)
    {
        var subject = text.Value(run, current);
        if (subject.IsNothing || subject.Kind != JsonKind.String) return false;
        var regex = pattern is LiteralOperand ? compiled : FromDocument(run, current);
        if (regex is null) return false;
        var bytes = subject.Text(run, 0);
        return run.Spend(bytes.Length >> 2) && regex.IsMatch(run.Texts.Chars(bytes));
    }

    private Regex? FromDocument(Evaluation run, int current)
    {
        var value = pattern.Value(run, current);
        if (value.IsNothing || value.Kind != JsonKind.String) return null;
        var source = value.Text(run, 1);
        if (source.Length > MaxPatternBytes) return null;
        var key = Encoding.UTF8.GetString(source);
        if (run.Texts.TryGetPattern(key, whole, out var known)) return known;
        return run.Spend(CompileWork) ? run.Texts.AddPattern(key, whole) : null;
    }
}
