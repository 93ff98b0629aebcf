using System.Text;
using IntegrationHub.Mapping;
using IntegrationHub.Mapping.Functions;

namespace IntegrationHub.Tests.Mapping.Functions;

/// <summary>
/// Evaluates <c>literal | f(arguments) | g</c>, as examples and tests write it. Follows the rules of <see cref="Takes"/> as the compiler does;
/// arguments are literals only.
/// </summary>
internal sealed class ExampleRunner
{
    public static readonly FunctionContext Context = new(Enumerable.Range(1, 32).Select(i => (byte)i).ToArray());

    private static readonly System.Collections.Frozen.FrozenDictionary<string, FunctionSpec> Library = FunctionLibrary.For(Context);

    private readonly string _text;
    private int _at;

    private ExampleRunner(string text) => _text = text;

    public Scratch Scratch { get; } = new();

    public static (string Actual, Scratch Scratch) Run(string expression)
    {
        var runner = new ExampleRunner(expression);
        var value = runner.Literal();
        while (runner.Take('|'))
            value = runner.Call(value);
        runner.End();
        return (Show(value), runner.Scratch);
    }

    /// <summary>A literal in the form of <see cref="Show"/>.</summary>
    public static string Normal(string literal)
    {
        if (literal.Trim() is "fault" or "absent" or "text of 64")
            return literal.Trim();
        var runner = new ExampleRunner(literal);
        var value = runner.Literal();
        runner.End();
        return Show(value);
    }

    public static Value Apply(FunctionSpec spec, FunctionBody body, Value input, ReadOnlySpan<Value> arguments, Scratch scratch)
    {
        if (input.Kind == ValueKind.Fault)
            return input;
        switch (spec.Takes)
        {
            case Takes.Anything:
                return body(input, arguments, scratch);
            case Takes.All:
                var list = input.Kind == ValueKind.List ? input : scratch.List(input.Kind == ValueKind.Absent ? [] : [input]);
                return body(list, arguments, scratch);
            default:
                if (input.IsNothing)
                    return input;
                if (input.Kind != ValueKind.List)
                    return body(input, arguments, scratch);
                var results = new List<Value>();
                foreach (var item in input.Items)
                {
                    var result = item.IsNothing ? item : body(item, arguments, scratch);
                    if (result.Kind == ValueKind.Fault)
                        return result;
                    if (result.Kind == ValueKind.List)
                        results.AddRange(result.Items);
                    else if (result.Kind != ValueKind.Absent)
                        results.Add(result);
                }

                return scratch.List(results.ToArray());
        }
    }

    public static string Show(Value value) => value.Kind switch
    {
        ValueKind.Text => "\"" + new UTF8Encoding(false, true).GetString(value.Bytes) + "\"",
        ValueKind.List => "[" + string.Join(", ", value.Items.ToArray().Select(Show)) + "]",
        ValueKind.Object => "{" + string.Join(", ", value.Items.ToArray().Chunk(2).Select(pair => Show(pair[0]) + ": " + Show(pair[1]))) + "}",
        _ => value.ToString(),
    };

    private Value Call(Value input)
    {
        var name = Word();
        Assert.True(Library.TryGetValue(name, out var spec), $"no function '{name}'");
        var arguments = new List<Argument>();
        var values = new List<Value>();
        if (Take('('))
        {
            while (!Take(')'))
            {
                SkipBlanks();
                if (_text[_at] == '{')
                {
                    arguments.Add(new Argument(null, Map()));
                    values.Add(Value.Absent);
                }
                else
                {
                    values.Add(Literal());
                    arguments.Add(new Argument(values[^1], null));
                }

                Take(',');
            }
        }

        return Apply(spec!, spec!.Bind(arguments), input, values.ToArray(), Scratch);
    }

    private List<KeyValuePair<string, Value>> Map()
    {
        var pairs = new List<KeyValuePair<string, Value>>();
        Take('{');
        while (!Take('}'))
        {
            var key = Literal().ToString();
            Assert.True(Take(':'));
            pairs.Add(new(key, Literal()));
            Take(',');
        }

        return pairs;
    }

    private Value Literal()
    {
        SkipBlanks();
        switch (_text[_at])
        {
            case '"' or '\'':
                return Value.Text(Quoted(_text[_at++]));
            case '[':
                _at++;
                var items = new List<Value>();
                while (!Take(']'))
                {
                    items.Add(Literal());
                    Take(',');
                }

                return Value.List([.. items], 0, items.Count);
            case '{':
                var members = Map().SelectMany(pair => new[] { Value.Text(pair.Key), pair.Value }).ToArray();
                return Value.Object(members, 0, members.Length);
            case '-' or (>= '0' and <= '9'):
                var number = Encoding.UTF8.GetBytes(Word());
                return Value.Number(number, 0, number.Length);
            default:
                return Word() switch
                {
                    "absent" => Value.Absent,
                    "null" => Value.Null,
                    "true" => Value.Boolean(true),
                    "false" => Value.Boolean(false),
                    var word => throw new FormatException($"'{word}' is no literal"),
                };
        }
    }

    private string Quoted(char quote)
    {
        var text = new StringBuilder();
        for (; _text[_at] != quote; _at++)
        {
            // Patterns are full of backslashes: only \n and an escaped quote mean something here.
            if (_text[_at] == '\\' && _text[_at + 1] is 'n' or '"')
                text.Append(_text[++_at] == 'n' ? '\n' : '"');
            else
                text.Append(_text[_at]);
        }

        _at++;
        return text.ToString();
    }

    private string Word()
    {
        SkipBlanks();
        var start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] is '.' or '+' or '-'))
            _at++;
        return _text[start.._at];
    }

    private bool Take(char c)
    {
        SkipBlanks();
        if (_at >= _text.Length || _text[_at] != c)
            return false;
        _at++;
        return true;
    }

    private void End()
    {
        SkipBlanks();
        Assert.True(_at == _text.Length, $"unread: {_text[_at..]}");
    }

    private void SkipBlanks()
    {
        while (_at < _text.Length && _text[_at] == ' ')
            _at++;
    }
}
