using System.Globalization;

namespace IntegrationHub.Mapping.Functions;

/// <summary>Functions of numbers: exact decimals of up to 28 digits, or a fault.</summary>
internal static class NumberFunctions
{
    private const string Group = "number";

    public static IReadOnlyList<FunctionSpec> All { get; } =
    [
        new()
        {
            Name = "number",
            Group = Group,
            Summary = "The number in a text, every digit kept. Full-width digits and a unit of 万 or 亿 are understood; empty, NaN and numbers beyond 28 digits are faults.",
            Examples =
            [
                "\" 12.50 \" | number → 12.50",
                "\"1,234,567.8\" | number(',') → 1234567.8",
                "\"1.234,50\" | number('.', ',') → 1234.50",
                "\"１２３\" | number → 123",
                "\"1.5万\" | number → 15000",
                "\"1,5\" | number(',') → fault",
                "1e400 | number → fault",
            ],
            Result = ExpressionType.Number,
            Parameters =
            [
                new("group", "Separator of thousands, such as ','; none when left out.", Optional: true),
                new("point", "Decimal point, '.' when left out.", Optional: true),
            ],
            Bind = BindNumber,
        },
        new()
        {
            Name = "integer",
            Group = Group,
            Summary = "A whole 64-bit number. A fraction other than zero is a fault, never rounded away.",
            Examples = ["\"0042\" | integer → 42", "5.0 | integer → 5", "5.5 | integer → fault"],
            Result = ExpressionType.Integer,
            Bind = static _ => static (input, _, scratch) =>
            {
                var number = NumberText.Parse(input, 0, (byte)'.', scratch);
                if (number.Kind != ValueKind.Number)
                    return number;
                return NumberText.TryLong(number.Bytes, out var whole) ? scratch.Number(whole) : Value.Fault("not a whole number of 64 bits");
            },
        },
        new()
        {
            Name = "decimal",
            Group = Group,
            Summary = "Rounds to a number of decimals, halves away from zero, and writes exactly that many.",
            Examples = ["2.345 | decimal(2) → 2.35", "\"-0.5\" | decimal(0) → -1", "7 | decimal(2) → 7.00"],
            Result = ExpressionType.Number,
            Parameters = [new("scale", "How many decimals, from 0 to 20.")],
            Bind = BindDecimal,
        },
        new()
        {
            Name = "abs",
            Group = Group,
            Summary = "The number without its sign.",
            Examples = ["-12.50 | abs → 12.50"],
            Result = ExpressionType.Number,
            Bind = static _ => static (input, _, scratch) =>
            {
                var number = NumberText.Parse(input, 0, (byte)'.', scratch);
                return number.Kind == ValueKind.Number && number.Bytes[0] == '-' ? number.Slice(1, number.Bytes.Length - 1) : number;
            },
        },
        Arithmetic("plus", "Adds.", ["0.1 | plus(0.2) → 0.3", "\"10\" | plus(-3) → 7"], decimal.Add),
        Arithmetic("minus", "Subtracts.", ["1.00 | minus(0.25) → 0.75"], decimal.Subtract),
        Arithmetic("times", "Multiplies.", ["19.99 | times(3) → 59.97"], decimal.Multiply),
        Arithmetic("dividedBy", "Divides, to 28 digits where the result has no end; by zero is a fault.", ["10 | dividedBy(4) → 2.5", "1 | dividedBy(0) → fault"], decimal.Divide),
        new()
        {
            Name = "percent",
            Group = Group,
            Summary = "Percentage points as a fraction, with or without the sign; ‰ counts thousandths.",
            Examples = ["\"12.5%\" | percent → 0.125", "13 | percent → 0.13", "\"5‰\" | percent → 0.005"],
            Result = ExpressionType.Number,
            Bind = static _ => Percent,
        },
    ];

    private static FunctionBody BindNumber(IReadOnlyList<Argument> arguments)
    {
        var group = Separator(arguments, 0, 0);
        var point = Separator(arguments, 1, (byte)'.');
        if (group == point)
            throw new ArgumentFaultException(0, "expected a separator other than the decimal point, found the same");
        return (input, _, scratch) => NumberText.Parse(input, group, point, scratch);
    }

    private static byte Separator(IReadOnlyList<Argument> arguments, int index, byte otherwise) =>
        arguments.OptionalText(index, "a separator such as ','") switch
        {
            null => otherwise,
            [var c and (',' or '.' or ' ' or '\'' or '_')] => (byte)c,
            var text => throw new ArgumentFaultException(index, $"expected one of ',' '.' ' ' '\\'' '_', found '{text}'"),
        };

    private static FunctionBody BindDecimal(IReadOnlyList<Argument> arguments)
    {
        var scale = arguments.Integer(0, "a number of decimals", 0, 20);
        var format = "F" + scale.ToString(CultureInfo.InvariantCulture);
        return (input, _, scratch) =>
        {
            if (!NumberText.TryOperand(input, scratch, out var number, out var fault))
                return fault;
            var rounded = decimal.Round(number, scale, MidpointRounding.AwayFromZero);
            rounded.TryFormat(scratch.Reserve(64), out var written, format, CultureInfo.InvariantCulture);
            return scratch.CommitNumber(written);
        };
    }

    private static FunctionSpec Arithmetic(string name, string summary, IReadOnlyList<string> examples, Func<decimal, decimal, decimal> operation) => new()
    {
        Name = name,
        Group = Group,
        Summary = summary,
        Examples = examples,
        Result = ExpressionType.Number,
        Parameters = [new("operand", "A number, or an expression such as $.quantity.")],
        Bind = arguments =>
        {
            if (arguments.Constant(0) is { Kind: not ValueKind.Number } || (arguments.Count > 0 && arguments[0].Map is not null))
                throw new ArgumentFaultException(0, $"expected a number or an expression such as $.quantity, found {Arguments.Found(arguments[0])}");
            return (input, values, scratch) => Compute(input, values[0], operation, scratch);
        },
    };

    private static Value Compute(Value left, Value right, Func<decimal, decimal, decimal> operation, Scratch scratch)
    {
        if (right.IsNothing)
            return Value.Fault("the operand is missing");
        if (!NumberText.TryOperand(left, scratch, out var a, out var fault) || !NumberText.TryOperand(right, scratch, out var b, out fault))
            return fault;
        try
        {
            return NumberText.Write(operation(a, b), scratch);
        }
        catch (OverflowException)
        {
            return NumberText.OutOfRange;
        }
        catch (DivideByZeroException)
        {
            return Value.Fault("division by zero");
        }
    }

    private static Value Percent(Value input, ReadOnlySpan<Value> arguments, Scratch scratch)
    {
        var divisor = 100m;
        if (input.Kind == ValueKind.Text)
        {
            var (start, length) = Utf8Text.Trim(input.Bytes);
            var text = input.Bytes.Slice(start, length);
            if (text.EndsWith("%"u8))
                length -= 1;
            else if (text.EndsWith("％"u8))
                length -= 3;
            else if (text.EndsWith("‰"u8))
                (length, divisor) = (length - 3, 1000m);
            input = input.Slice(start, length);
        }

        return NumberText.TryOperand(input, scratch, out var points, out var fault) ? NumberText.Write(points / divisor, scratch) : fault;
    }
}
