using System.Text;
using IntegrationHub.Json;
using IntegrationHub.Mapping.Functions;
using IntegrationHub.Mapping.JsonPath;
using IntegrationHub.Yaml;

namespace IntegrationHub.Mapping;

/// <summary>
/// Parses the text of an expression: an RFC 9535 path, then functions after <c>|</c>, each with an optional <c>?</c> and arguments.
/// Arguments are texts ('in quotes' or bare words), numbers, true, false, null, lists, maps such as <c>{1: male, 2: female}</c>, or expressions.
/// </summary>
internal sealed class ExpressionParser
{
    private const int MaxDepth = 32;

    private readonly string _text;
    private readonly IReadOnlyDictionary<string, FunctionSpec> _functions;
    private readonly JsonOutline.Draft _outline;
    private readonly FirstCalls _calls;
    private readonly JsonPathScope _scope;
    private readonly List<string> _paths;
    private int _at;

    private ExpressionParser(string text, IReadOnlyDictionary<string, FunctionSpec> functions, JsonOutline.Draft outline, FirstCalls calls, bool insideEach, List<string> paths)
    {
        _text = text;
        _functions = functions;
        _outline = outline;
        _calls = calls;
        _scope = insideEach ? JsonPathScope.RootOrCurrent : JsonPathScope.Root;
        _paths = paths;
    }

    /// <summary>Parses a whole expression; faults go to the diagnostics with their column in the file.</summary>
    /// <param name="node">The scalar that holds the text.</param>
    /// <param name="functions">What may be called.</param>
    /// <param name="outline">Receives what paths from the root ask for.</param>
    /// <param name="calls">Receives the first calls on paths from the root.</param>
    /// <param name="insideEach">Whether <c>@</c> may start a path.</param>
    /// <param name="paths">Receives the text of every path that is read.</param>
    /// <param name="diagnostics">Receives the faults.</param>
    public static Expression? Parse(YamlNode node, IReadOnlyDictionary<string, FunctionSpec> functions, JsonOutline.Draft outline, FirstCalls calls, bool insideEach, List<string> paths, Diagnostics diagnostics)
    {
        var parser = new ExpressionParser(node.Text, functions, outline, calls, insideEach, paths);
        try
        {
            var expression = parser.Piped(0);
            parser.Blanks();
            if (parser._at < node.Text.Length)
                throw parser.Fault($"unexpected '{parser._text[parser._at]}'; expected '|' or the end");
            return expression;
        }
        catch (SyntaxFault fault)
        {
            diagnostics.Add(node, fault.Offset, fault.Message);
            return null;
        }
    }

    /// <summary>Parses a template such as <c>{$.name} / {$.company}</c>; <c>{{</c> and <c>}}</c> stand for braces.</summary>
    public static Expression? ParseTemplate(YamlNode node, IReadOnlyDictionary<string, FunctionSpec> functions, JsonOutline.Draft outline, FirstCalls calls, bool insideEach, List<string> paths, Diagnostics diagnostics)
    {
        var parser = new ExpressionParser(node.Text, functions, outline, calls, insideEach, paths);
        try
        {
            return parser.TemplateParts();
        }
        catch (SyntaxFault fault)
        {
            diagnostics.Add(node, fault.Offset, fault.Message);
            return null;
        }
    }

    private Template TemplateParts()
    {
        var parts = new List<Expression>();
        var literal = new StringBuilder();
        while (_at < _text.Length)
        {
            var c = _text[_at++];
            if (c is '{' or '}' && _at < _text.Length && _text[_at] == c)
            {
                literal.Append(c);
                _at++;
            }
            else if (c == '}')
            {
                _at--;
                throw Fault("a single '}' ends nothing here; write '}}' for a brace");
            }
            else if (c == '{')
            {
                if (literal.Length > 0)
                    parts.Add(new ConstantExpression(Value.Text(literal.ToString())));
                literal.Clear();
                Blanks();
                parts.Add(Piped(0));
                Blanks();
                Expect('}');
            }
            else
            {
                literal.Append(c);
            }
        }

        if (literal.Length > 0)
            parts.Add(new ConstantExpression(Value.Text(literal.ToString())));
        return new([.. parts]) { Type = ExpressionType.Text };
    }

    private Expression Piped(int depth)
    {
        if (depth > MaxDepth)
            throw Fault($"nested deeper than {MaxDepth} levels");
        var expression = Path();
        while (true)
        {
            Blanks();
            if (_at >= _text.Length || _text[_at] != '|')
                return expression;
            _at++;
            Blanks();
            expression = Function(expression, depth);
        }
    }

    private Expression Path()
    {
        if (!JsonPathQuery.TryParsePrefix(_text, _at, _scope, out var query, out var end, out var error))
        {
            _at = error.Column - 1;
            if (_text.Length > 0 && _text[0] == '@' && _scope == JsonPathScope.Root)
                throw Fault("'@' stands for the element of an 'each:'; there is none around this expression");
            throw Fault(error.Message);
        }

        var text = _text[_at..end].TrimEnd();
        _paths.Add(text);
        _at = end;
        var noted = query.StartsAtCurrent ? null : OutlinePath.Add(query, _outline);
        if (!query.IsSingular)
            return new PluralPath(query, noted) { GivesMany = true };
        return query.StartsAtCurrent ? new CurrentPath(query) : new RootPath(text, query, noted);
    }

    private Pipeline Function(Expression input, int depth)
    {
        var start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] == '_'))
            _at++;
        var name = _text[start.._at];
        if (name.Length == 0)
            throw Fault("expected the name of a function after '|'");
        if (!_functions.TryGetValue(name, out var function))
        {
            _at = start;
            throw Fault($"unknown function '{name}'{NearestName.Hint(name, _functions.Keys)}");
        }

        var lenient = _at < _text.Length && _text[_at] == '?';
        if (lenient)
            _at++;
        var places = new List<int>();
        var arguments = new List<(Argument Argument, Expression? Expression)>();
        if (_at < _text.Length && _text[_at] == '(')
            Arguments(depth, places, arguments);
        CheckCount(function, arguments.Count, start);
        if (function.Name is "default" or "coalesce" && input.NeverNothing)
        {
            _at = start;
            throw Fault($"'{name}' is never reached: what stands before it always gives a value");
        }

        try
        {
            var body = function.Bind([.. arguments.Select(a => a.Argument)]);
            var call = new Call(function, body, [.. arguments.Select(a => a.Expression ?? Constant(a.Argument))], lenient);
            return new(input, call, input is RootPath path && call.IsConstant ? _calls.NumberOf(path.Text, _text[start.._at]) : -1)
            {
                Type = function.Result,
                GivesMany = function.Takes switch
                {
                    Takes.Each => input.GivesMany || function.GivesList,
                    // What such a function passes on is a list only when one is put in.
                    Takes.Anything => function.GivesList && (input.GivesMany || arguments.Any(a => a.Expression?.GivesMany ?? a.Argument.Constant is { Kind: ValueKind.List })),
                    _ => function.GivesList,
                },
            };
        }
        catch (ArgumentFaultException e)
        {
            _at = e.Index < places.Count ? places[e.Index] : start;
            throw Fault($"{name}: {e.Message}");
        }
    }

    private static ConstantExpression? Constant(Argument argument) => argument.Constant is { } value ? new(value) : null;

    private void CheckCount(FunctionSpec function, int given, int start)
    {
        var least = function.Parameters.Count(p => !p.Optional);
        var most = function.Parameters.Any(p => p.Repeated) ? int.MaxValue : function.Parameters.Count;
        if (given >= least && given <= most)
            return;
        _at = start;
        var signature = $"{function.Name}({string.Join(", ", function.Parameters.Select(p => p.Optional ? $"[{p.Name}]" : p.Name))})";
        throw Fault($"{function.Name} takes {(least == most ? least : most == int.MaxValue ? $"at least {least}" : $"{least} to {most}")} argument(s), found {given}: {signature}");
    }

    private void Arguments(int depth, List<int> places, List<(Argument, Expression?)> arguments)
    {
        _at++;
        Blanks();
        if (TryTake(')'))
            return;
        while (true)
        {
            Blanks();
            places.Add(_at);
            arguments.Add(Argument(depth));
            Blanks();
            if (TryTake(')'))
                return;
            Expect(',');
        }
    }

    private (Argument, Expression?) Argument(int depth)
    {
        if (_at < _text.Length && _text[_at] is '$' or '@')
            return (new(null, null), Piped(depth + 1));
        if (TryTake('{'))
            return (new(null, Map()), null);
        if (TryTake('['))
            return (new(List(depth), null), null);
        return (new(Literal(), null), null);
    }

    private List<KeyValuePair<string, Value>> Map()
    {
        var pairs = new List<KeyValuePair<string, Value>>();
        while (true)
        {
            Blanks();
            if (TryTake('}'))
                return pairs;
            if (pairs.Count > 0)
            {
                Expect(',');
                Blanks();
            }

            var start = _at;
            var key = Literal();
            var text = key.Kind is ValueKind.Text or ValueKind.Number ? key.ToString() : _text[start.._at];
            Blanks();
            Expect(':');
            Blanks();
            if (pairs.Any(p => p.Key == text))
            {
                _at = start;
                throw Fault($"'{text}' stands in this map a second time");
            }

            pairs.Add(new(text, Literal()));
        }
    }

    private Value List(int depth)
    {
        if (depth > MaxDepth)
            throw Fault($"nested deeper than {MaxDepth} levels");
        var items = new List<Value>();
        while (true)
        {
            Blanks();
            if (TryTake(']'))
                return Value.List([.. items], 0, items.Count);
            if (items.Count > 0)
            {
                Expect(',');
                Blanks();
            }

            items.Add(TryTake('[') ? List(depth + 1) : Literal());
        }
    }

    private Value Literal()
    {
        if (_at >= _text.Length)
            throw Fault("the expression ends inside the arguments of a function");
        var c = _text[_at];
        if (c is '\'' or '"')
            return Value.Text(Quoted(c));
        var start = _at;
        while (_at < _text.Length && (char.IsLetterOrDigit(_text[_at]) || _text[_at] is '_' or '-' or '.' or '+' or '/' || char.IsSurrogate(_text[_at])))
            _at++;
        var word = _text[start.._at];
        return word switch
        {
            "" => throw Fault($"unexpected '{c}'; expected a text, a number, a list, a map or a path"),
            "true" => Value.Boolean(true),
            "false" => Value.Boolean(false),
            "null" => Value.Null,
            _ when YamlNode.NumberText().IsMatch(word) =>
                Encoding.UTF8.GetBytes(word) is var utf8 ? Value.Number(utf8, 0, utf8.Length) : default,
            _ => Value.Text(word),
        };
    }

    private string Quoted(char quote)
    {
        var start = _at++;
        var text = new StringBuilder();
        while (_at < _text.Length && _text[_at] != quote)
        {
            var c = _text[_at++];
            if (c == '\\' && _at < _text.Length)
                c = _text[_at++] switch
                {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    var same => same,
                };
            text.Append(c);
        }

        if (_at++ < _text.Length)
            return text.ToString();
        _at = start;
        throw Fault($"this quote ({quote}) is never closed");
    }

    private void Blanks()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\n' or '\r')
            _at++;
    }

    private bool TryTake(char c)
    {
        if (_at >= _text.Length || _text[_at] != c)
            return false;
        _at++;
        return true;
    }

    private void Expect(char c)
    {
        if (!TryTake(c))
            throw Fault(_at < _text.Length ? $"expected '{c}', found '{_text[_at]}'" : $"expected '{c}', found the end of the expression");
    }

    private SyntaxFault Fault(string message) => new(_at, message);

    private sealed class SyntaxFault(int offset, string message) : Exception(message)
    {
        public int Offset { get; } = offset;
    }
}
