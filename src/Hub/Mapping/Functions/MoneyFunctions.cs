using System.Text;

namespace IntegrationHub.Mapping.Functions;

/// <summary>Amounts with their currency. The digits of the source are kept; nothing is rounded.</summary>
internal static class MoneyFunctions
{
    private const string Group = "money";

    private static readonly Value Amount = Value.Text("amount");
    private static readonly Value CurrencyName = Value.Text("currency");
    private static readonly Value NotCurrency = Value.Fault("not a currency of ISO 4217");

    public static IReadOnlyList<FunctionSpec> All { get; } =
    [
        new()
        {
            Name = "money",
            Group = Group,
            Summary = "An amount with its currency. Texts may have thousands separators, 万 or 亿, and a sign or code of the same currency; another one is a fault.",
            Examples =
            [
                "12.50 | money('CNY') → {\"amount\": 12.50, \"currency\": \"CNY\"}",
                "\"¥1,234.50\" | money('CNY') → {\"amount\": 1234.50, \"currency\": \"CNY\"}",
                "\"500万元\" | money('人民币') → {\"amount\": 5000000, \"currency\": \"CNY\"}",
                "\"USD 10\" | money('CNY') → fault",
            ],
            Result = ExpressionType.Money,
            Parameters = [CurrencyParameter],
            Bind = static arguments => Bind(arguments, Read),
        },
        new()
        {
            Name = "minorUnits",
            Group = Group,
            Summary = "Money of a whole number of minor units, such as fen or cents.",
            Examples =
            [
                "1999 | minorUnits('CNY') → {\"amount\": 19.99, \"currency\": \"CNY\"}",
                "\"5\" | minorUnits('USD') → {\"amount\": 0.05, \"currency\": \"USD\"}",
                "500 | minorUnits('JPY') → {\"amount\": 500, \"currency\": \"JPY\"}",
            ],
            Result = ExpressionType.Money,
            Parameters = [CurrencyParameter],
            Bind = static arguments => Bind(arguments, ReadMinorUnits),
        },
    ];

    private static Parameter CurrencyParameter => new(
        "currency",
        "A code of ISO 4217 such as 'CNY', or an expression such as $.currency; RMB and the usual Chinese names are understood.");

    private static FunctionBody Bind(IReadOnlyList<Argument> arguments, Func<Value, Currency, Scratch, Value> read)
    {
        if (arguments.Count == 0 || (arguments[0].Constant is null && arguments[0].Map is null))
            return (input, values, scratch) => ReadDynamic(input, values, read, scratch);
        var code = arguments.Text(0, "a currency code such as 'CNY'");
        var currency = Currency.Find(Encoding.UTF8.GetBytes(code))
            ?? throw new ArgumentFaultException(0, $"expected a currency code of ISO 4217 such as 'CNY', found '{code}'");
        return (input, _, scratch) => read(input, currency, scratch);
    }

    private static Value ReadDynamic(Value input, ReadOnlySpan<Value> arguments, Func<Value, Currency, Scratch, Value> read, Scratch scratch)
    {
        var code = arguments.Length > 0 ? arguments[0] : Value.Absent;
        if (code.Kind == ValueKind.Fault)
            return code;
        if (code.IsNothing)
            return Value.Fault("the currency is missing");
        return Utf8Text.TryGet(code, out var text) && Currency.Find(text) is { } currency ? read(input, currency, scratch) : NotCurrency;
    }

    private static Value Read(Value input, Currency currency, Scratch scratch)
    {
        if (input.Kind != ValueKind.Text)
            return Make(NumberText.Parse(input, (byte)',', (byte)'.', scratch), currency, scratch);
        var whole = input.Bytes;
        var text = Utf8Text.Trimmed(whole);
        var sign = false;
        if (text.Length > 0 && text[0] is (byte)'-' or (byte)'+')
        {
            // The sign stands before the currency (-¥5.00): put it back in front of the digits.
            sign = text[0] == '-';
            var unsigned = text[1..];
            if (!TakeCurrency(ref unsigned, currency, out var hadMark))
                return Value.Fault("the amount names another currency or is not a number");
            if (hadMark)
                text = unsigned;
            else
                sign = false;
        }
        else if (!TakeCurrency(ref text, currency, out _))
        {
            return Value.Fault("the amount names another currency or is not a number");
        }

        var number = NumberText.Parse(input, text, (byte)',', (byte)'.', scratch);
        if (sign && number.Kind == ValueKind.Number)
        {
            var digits = number.Bytes;
            if (digits[0] == '-')
                return NumberText.NotNumber;
            var target = scratch.Reserve(digits.Length + 1);
            target[0] = (byte)'-';
            digits.CopyTo(target[1..]);
            number = scratch.CommitNumber(target.Length);
        }

        return Make(number, currency, scratch);
    }

    /// <summary>Removes a sign, code or name at the beginning or end; false when it is not of this currency.</summary>
    private static bool TakeCurrency(ref ReadOnlySpan<byte> text, Currency currency, out bool taken)
    {
        taken = false;
        var start = 0;
        while (start < text.Length && !StartsNumber(text[start..]))
            start++;
        if (start > 0)
        {
            if (!Means(Utf8Text.Trimmed(text[..start]), currency))
                return false;
            text = Utf8Text.Trimmed(text[start..]);
            taken = true;
        }

        var end = text.Length;
        while (end > 0 && !EndsNumber(text[..end]))
            end--;
        if (end < text.Length)
        {
            if (!Means(Utf8Text.Trimmed(text[end..]), currency))
                return false;
            text = Utf8Text.Trimmed(text[..end]);
            taken = true;
        }

        return true;
    }

    private static bool Means(ReadOnlySpan<byte> mark, Currency currency) =>
        mark.Length <= 20 && (currency.HasSign(mark) || ReferenceEquals(Currency.Find(mark), currency));

    private static bool StartsNumber(ReadOnlySpan<byte> text) =>
        char.IsAsciiDigit((char)text[0]) || text[0] is (byte)'-' or (byte)'+' or (byte)'.'
        || (text.Length > 2 && text[0] == 0xEF && text[1] == 0xBC && text[2] is >= 0x8B and <= 0x99) || text.StartsWith("−"u8);

    private static bool EndsNumber(ReadOnlySpan<byte> text) =>
        char.IsAsciiDigit((char)text[^1]) || text[^1] == '.' || text.EndsWith("万"u8) || text.EndsWith("萬"u8) || text.EndsWith("亿"u8) || text.EndsWith("億"u8)
        || (text.Length > 2 && text[^3] == 0xEF && text[^2] == 0xBC && text[^1] is >= 0x90 and <= 0x99);

    private static Value ReadMinorUnits(Value input, Currency currency, Scratch scratch)
    {
        var number = NumberText.Parse(input, 0, (byte)'.', scratch);
        if (number.Kind != ValueKind.Number)
            return number;
        if (!NumberText.TryLong(number.Bytes, out var units))
            return Value.Fault("not a whole number of minor units");
        return Make(currency.Decimals == 0 ? scratch.Number(units) : NumberText.ShiftLeft(scratch.Number(units).Bytes, currency.Decimals, scratch), currency, scratch);
    }

    private static Value Make(Value amount, Currency currency, Scratch scratch) => amount.Kind == ValueKind.Number
        ? scratch.Object([Amount, amount, CurrencyName, currency.Code])
        : amount;
}
