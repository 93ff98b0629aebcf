using System.Text;
using IntegrationHub.Json;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>Logical expressions, comparisons and the types of what they compare.</summary>
internal sealed partial class PathParser
{
    public Test? Condition()
    {
        SkipBlanks();
        if (Or() is not { } test) return null;
        SkipBlanks();
        return Position == text.Length
            ? test
            : Fail<Test>(Position, $"expected '&&', '||' or the end of the condition, found {Found()}");
    }

    private Test? Or()
    {
        List<Test>? more = null;
        if (And() is not { } first) return null;
        while (TakeAfterBlanks("||"))
        {
            if (And() is not { } next) return null;
            (more ??= [first]).Add(next);
        }

        return more is null ? first : new AnyOf([.. more]);
    }

    private Test? And()
    {
        List<Test>? more = null;
        if (Basic() is not { } first) return null;
        while (TakeAfterBlanks("&&"))
        {
            if (Basic() is not { } next) return null;
            (more ??= [first]).Add(next);
        }

        return more is null ? first : new AllOf([.. more]);
    }

    /// <summary>An operator may have blanks on both sides; without the operator they belong to whoever asked.</summary>
    private bool TakeAfterBlanks(string word)
    {
        var start = Position;
        SkipBlanks();
        if (Take(word))
        {
            SkipBlanks();
            return true;
        }

        Position = start;
        return false;
    }

    private Test? Basic()
    {
        var start = Position;
        var negated = Take('!');
        if (negated) SkipBlanks();
        var test = Peek == '(' ? Parenthesised() : negated ? Negatable() : TestOrComparison(start);
        return negated && test is not null ? new Not(test) : test;
    }

    private Test? Parenthesised()
    {
        var start = Position++;
        if (!Enter(start)) return null;
        SkipBlanks();
        var test = Or();
        _nesting--;
        if (test is null) return null;
        SkipBlanks();
        if (!Take(')')) return Fail<Test>(Position, $"expected ')' for the '(' at column {start + 1}, found {Found()}");
        return AtOperator() ? Fail<Test>(Position, "a parenthesised expression cannot be compared") : test;
    }

    private Test? Negatable()
    {
        var start = Position;
        if (Term() is not { } term) return null;
        if (AtOperator()) return Fail<Test>(Position, "a comparison is negated as !(...), with parentheses");
        return AsTest(term, start);
    }

    private Test? TestOrComparison(int start)
    {
        if (Term() is not { } left) return null;
        if (!AtOperator()) return AsTest(left, start);
        if (AsCompared(left, start) is not { } leftOperand) return null;
        SkipBlanks();
        if (TakeComparator() is not { } comparator) return null;
        SkipBlanks();
        var rightStart = Position;
        if (Term() is not { } right || AsCompared(right, rightStart) is not { } rightOperand) return null;
        return AtOperator()
            ? Fail<Test>(Position, "a comparison cannot be compared again; join two with '&&'")
            : Comparison(leftOperand, comparator, rightOperand);
    }

    private static Test Comparison(Operand left, Comparator comparator, Operand right) => (left, comparator, right) switch
    {
        (SingularOperand node, Comparator.Equal, LiteralOperand literal) => new IsLiteral(node.Query, literal),
        (LiteralOperand literal, Comparator.Equal, SingularOperand node) => new IsLiteral(node.Query, literal),
        (SingularOperand node, Comparator.NotEqual, LiteralOperand literal) => new Not(new IsLiteral(node.Query, literal)),
        (LiteralOperand literal, Comparator.NotEqual, SingularOperand node) => new Not(new IsLiteral(node.Query, literal)),
        _ => new Compare(left, comparator, right),
    };

    /// <summary>Looks past blanks for a comparison; does not move.</summary>
    private bool AtOperator()
    {
        var start = Position;
        SkipBlanks();
        var found = Peek is '=' or '<' or '>' || (Peek == '!' && Position + 1 < text.Length && text[Position + 1] == '=');
        if (!found) Position = start;
        return found;
    }

    private Comparator? TakeComparator()
    {
        if (Take("==")) return Comparator.Equal;
        if (Take("!=")) return Comparator.NotEqual;
        if (Take("<=")) return Comparator.LessOrEqual;
        if (Take(">=")) return Comparator.GreaterOrEqual;
        if (Take("<")) return Comparator.Less;
        if (Take(">")) return Comparator.Greater;
        Refuse(Position, "expected '==', found a single '='");
        return null;
    }

    private Term? Term()
    {
        switch (Peek)
        {
            case '$' or '@':
                return Query(JsonPathScope.RootOrCurrent) is { } query ? new Term { Query = query } : null;
            case '\'' or '"':
                return Quoted() is { } value ? new Term { Operand = new LiteralOperand(JsonKind.String, Encoding.UTF8.GetBytes(value)), IsLiteral = true } : null;
            case '-' or (>= '0' and <= '9'):
                return Number() is { } number ? new Term { Operand = number, IsLiteral = true } : null;
            case >= 'a' and <= 'z':
                return Word();
            default:
                return Fail<Term>(Position, $"expected a path, a literal, a function, '!' or '(', found {Found()}");
        }
    }

    private Term? Word()
    {
        var start = Position;
        while (PathText.IsFunctionPart(Peek)) Position++;
        var word = text[start..Position];
        if (Peek == '(') return Call(word, start);
        JsonKind? kind = word switch
        {
            "true" => JsonKind.True,
            "false" => JsonKind.False,
            "null" => JsonKind.Null,
            _ => null,
        };
        if (kind is { } literal) return new Term { Operand = new LiteralOperand(literal, Encoding.ASCII.GetBytes(word)), IsLiteral = true };
        return Functions.Known(word)
            ? Fail<Term>(Position, $"expected '(' directly after {word}, found {Found()}")
            : Fail<Term>(start, $"unknown word '{word}'; a text needs quotes, a path starts with '$' or '@'");
    }

    private Test? AsTest(Term term, int start)
    {
        if (term.Test is { } test) return test;
        if (term.Query is { } query) return new Exists(query);
        return Fail<Test>(start, term.IsLiteral
            ? "a literal alone is no test; compare it with something"
            : $"{term.Function}() gives a value, not true or false; compare it with something");
    }

    private Operand? AsCompared(Term term, int start)
    {
        if (term.Operand is { } operand) return operand;
        if (term.Query is not { } query)
            return Fail<Operand>(start, $"{term.Function}() gives true or false and cannot be compared; use it alone or after '!'");
        if (!query.IsSingular)
            return Fail<Operand>(start, "a compared path must select at most one node: only names and single indexes; use value() or count()");
        return Array.Exists(query.Segments, s => s.HasInnerBlanks)
            ? Fail<Operand>(start, "a compared path must not have blanks inside its brackets")
            : new SingularOperand(query);
    }
}

/// <summary>What stands at one side of a comparison or as an argument, before it is known which type the place asks for.</summary>
internal sealed class Term
{
    public JsonPathQuery? Query { get; init; }

    public Operand? Operand { get; init; }

    public Test? Test { get; init; }

    public bool IsLiteral { get; init; }

    /// <summary>The function it is a call of, for messages.</summary>
    public string? Function { get; init; }
}
