namespace IntegrationHub.Mapping.Functions;

/// <summary>Functions that choose between values and say what nothing means.</summary>
internal static class ChoiceFunctions
{
    private const string Group = "choice";

    private static readonly Value NoEntry = Value.Fault("no entry of the lookup table fits, and it has no default");
    private static readonly Value Missing = Value.Fault("required, but the source gives nothing");

    private static readonly ByteTable<bool> Booleans = new(
        "true yes y on 1 t 是 有 真 false no n off 0 f 否 无 假".Split(' ').Select(static (word, i) => KeyValuePair.Create(word.ToUpperInvariant(), i < 9)));

    public static IReadOnlyList<FunctionSpec> All { get; } =
    [
        new()
        {
            Name = "lookup",
            Group = Group,
            Summary = "The value that a table has for the input, compared exactly; without an entry the default, and without a default a fault.",
            Examples =
            [
                "1 | lookup({1: 'male', 2: 'female'}, 'unknown') → \"male\"",
                "\"9\" | lookup({1: 'male', 2: 'female'}, 'unknown') → \"unknown\"",
                "true | lookup({true: 'won', false: 'lost'}) → \"won\"",
                "\"9\" | lookup({1: 'male'}) → fault",
                "null | lookup({1: 'male'}) → null",
            ],
            Parameters =
            [
                new("table", "A literal map such as {1: male, 2: female}; a number is found by its text."),
                new("default", "What values without an entry become: a literal, null, or an expression.", Optional: true),
            ],
            Bind = BindLookup,
        },
        new()
        {
            Name = "default",
            Group = Group,
            Summary = "The argument where the input is absent, null or a list of nothing.",
            Examples = ["absent | default('n/a') → \"n/a\"", "null | default(0) → 0", "\"\" | default('n/a') → \"\""],
            Takes = Takes.Anything,
            GivesList = true,
            Parameters = [new("value", "A literal or an expression such as $.other.")],
            Bind = static _ => static (input, arguments, _) => IsNothing(input) ? arguments[0] : input,
        },
        new()
        {
            Name = "coalesce",
            Group = Group,
            Summary = "The first of the input and the arguments that is not absent, null or a list of nothing; absent when all are.",
            Examples = ["null | coalesce(null, 'b', 'c') → \"b\"", "\"a\" | coalesce('b') → \"a\"", "absent | coalesce(null) → absent"],
            Takes = Takes.Anything,
            GivesList = true,
            Parameters = [new("value", "A literal or an expression such as $.other.", Repeated: true)],
            Bind = static _ => Coalesce,
        },
        new()
        {
            Name = "nullIf",
            Group = Group,
            Summary = "Null where the input equals one of the arguments: for values that systems write when they have none. Texts and numbers are compared by their text.",
            Examples = ["\"0000-00-00\" | nullIf('0000-00-00', '') → null", "0 | nullIf(0) → null", "\"a\" | nullIf('b') → \"a\""],
            Parameters = [new("value", "A literal such as 0 or '-', or an expression.", Repeated: true)],
            Bind = static _ => NullIf,
        },
        new()
        {
            Name = "emptyToNull",
            Group = Group,
            Summary = "Null where the input is a text of nothing but white space.",
            Examples = ["\" \" | emptyToNull → null", "\"a\" | emptyToNull → \"a\""],
            Bind = static _ => static (input, _, _) => input.Kind == ValueKind.Text && Utf8Text.Trim(input.Bytes).Length == 0 ? Value.Null : input,
        },
        new()
        {
            Name = "omitNull",
            Group = Group,
            Summary = "Absent where the input is null: the source does not say, instead of saying that there is nothing.",
            Examples = ["null | omitNull → absent", "0 | omitNull → 0"],
            Takes = Takes.Anything,
            GivesList = true,
            Bind = static _ => static (input, _, _) => input.Kind == ValueKind.Null ? Value.Absent : input,
        },
        new()
        {
            Name = "required",
            Group = Group,
            Summary = "A fault where the input is absent, null or a list of nothing.",
            Examples = ["0 | required → 0", "null | required → fault", "absent | required → fault"],
            Takes = Takes.Anything,
            GivesList = true,
            Bind = static _ => static (input, _, _) => IsNothing(input) ? Missing : input,
        },
        new()
        {
            Name = "boolean",
            Group = Group,
            Summary = "True or false of what systems write for it: true, yes, y, on, t, 1, 是, 有, 真 and false, no, n, off, f, 0, 否, 无, 假.",
            Examples = ["\"是\" | boolean → true", "0 | boolean → false", "\"Y\" | boolean → true", "\"maybe\" | boolean → fault"],
            Result = ExpressionType.Boolean,
            Bind = static _ => Boolean,
        },
    ];

    private static FunctionBody BindLookup(IReadOnlyList<Argument> arguments)
    {
        if (arguments.Count == 0 || arguments[0].Map is not { } map)
        {
            var found = arguments.Count == 0 ? "nothing" : Arguments.Found(arguments[0]);
            throw new ArgumentFaultException(0, $"expected a literal map such as {{1: male, 2: female}}, found {found}");
        }

        ByteTable<Value> table;
        try
        {
            table = new ByteTable<Value>(map);
        }
        catch (ArgumentException twice)
        {
            throw new ArgumentFaultException(0, $"expected each key once, found: {twice.Message}");
        }

        return (input, values, _) =>
        {
            if (Utf8Text.TryGetScalar(input, out var key) && table.TryGet(key, out var value))
                return value;
            return values.Length > 1 ? values[1] : NoEntry;
        };
    }

    private static bool IsNothing(Value value)
    {
        if (value.Kind != ValueKind.List)
            return value.IsNothing;
        foreach (var item in value.Items)
        {
            if (!item.IsNothing)
                return false;
        }

        return true;
    }

    private static Value Coalesce(Value input, ReadOnlySpan<Value> arguments, Scratch scratch)
    {
        if (!IsNothing(input))
            return input;
        foreach (var argument in arguments)
        {
            if (!IsNothing(argument))
                return argument;
        }

        return Value.Absent;
    }

    private static Value NullIf(Value input, ReadOnlySpan<Value> arguments, Scratch scratch)
    {
        foreach (var argument in arguments)
        {
            if (argument.Kind == ValueKind.Fault)
                return argument;
            if (ValueComparison.Instance.Equals(input, argument)
                || (Utf8Text.TryGet(input, out var left) && Utf8Text.TryGet(argument, out var right) && left.SequenceEqual(right)))
                return Value.Null;
        }

        return input;
    }

    private static Value Boolean(Value input, ReadOnlySpan<Value> arguments, Scratch scratch)
    {
        if (input.Kind is ValueKind.True or ValueKind.False)
            return input;
        if (!Utf8Text.TryGet(input, out var text) || (text = Utf8Text.Trimmed(text)).Length is 0 or > 24)
            return Value.Fault("neither true nor false");
        Span<byte> upper = stackalloc byte[24];
        var length = Utf8Text.NormalizeWidth(text, upper);
        foreach (ref var b in upper[..length])
            b = b is >= (byte)'a' and <= (byte)'z' ? (byte)(b - 32) : b;
        return Booleans.TryGet(upper[..length], out var value) ? Value.Boolean(value) : Value.Fault("neither true nor false");
    }
}
