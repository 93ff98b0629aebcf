using System.Text;
using System.Text.RegularExpressions;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>Function calls and the rules for well-typed arguments (RFC 9535, 2.4.3).</summary>
internal sealed partial class PathParser
{
    private Term? Call(string name, int start)
    {
        if (!Functions.Known(name)) return Fail<Term>(start, $"unknown function '{name}'; there are {Functions.Names}");
        if (!Enter(start)) return null;
        Position++;
        SkipBlanks();
        var wanted = Functions.ArgumentCount(name);
        var arguments = new List<Term>();
        while (Peek != ')' || arguments.Count > 0)
        {
            if (arguments.Count == wanted) return WrongCount(name, wanted, "more");
            if (Argument(name) is not { } argument) return null;
            arguments.Add(argument);
            SkipBlanks();
            if (Peek == ')') break;
            if (!Take(',')) return Fail<Term>(Position, $"expected ',' or ')' after an argument of {name}(), found {Found()}");
            SkipBlanks();
        }

        if (arguments.Count < wanted) return WrongCount(name, wanted, arguments.Count == 0 ? "none" : $"{arguments.Count}");
        Position++;
        _nesting--;
        return Compile(name, start, arguments);
    }

    private Term? WrongCount(string name, int wanted, string found) =>
        Fail<Term>(Position, $"{name}() takes {(wanted == 1 ? "one argument" : "two arguments")}, found {found}");

    private Term? Argument(string function)
    {
        var start = Position;
        var takesNodes = Functions.TakesNodes(function);
        var needs = $"{function}() needs {(takesNodes ? "a node list" : "a single value")}";
        if (Peek is '!' or '(') return Fail<Term>(start, $"{needs}, found a logical expression");
        if (Term() is not { } term) return null;
        var end = Position;
        if (AtOperator()) return Fail<Term>(start, $"{needs}, found a comparison");
        SkipBlanks();
        if (Take("&&") || Take("||")) return Fail<Term>(start, $"{needs}, found a logical expression");
        Position = end;

        if (term.Test is not null) return Fail<Term>(start, $"{needs}, found {term.Function}(), which gives true or false");
        if (takesNodes)
        {
            if (term.Query is not null) return term;
            return Fail<Term>(start, $"{needs}, found {(term.IsLiteral ? "a literal" : $"{term.Function}(), which gives a value")}");
        }

        if (term.Query is not { } query) return term;
        return query.IsSingular
            ? new Term { Operand = new SingularOperand(query) }
            : Fail<Term>(start, $"{needs}, found a path that can select many nodes");
    }

    private Term? Compile(string name, int start, List<Term> arguments)
    {
        switch (name)
        {
            case "length":
                return new Term { Function = name, Operand = new LengthOperand(arguments[0].Operand!) };
            case "count":
                return new Term { Function = name, Operand = new CountOperand(arguments[0].Query!) };
            case "value":
                return new Term { Function = name, Operand = new ValueOperand(arguments[0].Query!) };
        }

        var whole = name == "match";
        var pattern = arguments[1].Operand!;
        Regex? compiled = null;
        if (pattern is LiteralOperand { Kind: Json.JsonKind.String } literal)
        {
            // A pattern that is no I-Regexp is never true, says the RFC. One that is too large is this implementation's limit: an error.
            compiled = IRegexp.TryCompile(Encoding.UTF8.GetString(literal.Text), whole, out var tooLarge);
            if (tooLarge) return Fail<Term>(start, $"the pattern of {name}() is too large; lower its repeat counts");
        }

        return new Term { Function = name, Test = new Matches(arguments[0].Operand!, pattern, whole, compiled) };
    }
}
