using System.Globalization;

namespace IntegrationHub.Mapping.Functions;

/// <summary>Reading constant arguments in <see cref="FunctionSpec.Bind"/>, with messages that say what was expected and found.</summary>
internal static class Arguments
{
    extension(IReadOnlyList<Argument> arguments)
    {
        /// <param name="index">Which argument.</param>
        /// <param name="expected">Such as <c>a separator such as ';'</c>.</param>
        public string Text(int index, string expected) =>
            arguments.OptionalText(index, expected) ?? throw new ArgumentFaultException(index, $"expected {expected}, found nothing");

        /// <summary>The text, or <c>null</c> when the argument was not written or is the literal null.</summary>
        public string? OptionalText(int index, string expected)
        {
            if (index >= arguments.Count || arguments[index].Constant is { Kind: ValueKind.Null })
                return null;
            if (arguments[index].Constant is { Kind: ValueKind.Text } text)
                return text.ToString();
            throw new ArgumentFaultException(index, $"expected {expected}, found {Found(arguments[index])}");
        }

        public int Integer(int index, string expected, int min, int max)
        {
            if (index < arguments.Count
                && arguments[index].Constant is { Kind: ValueKind.Number } number
                && int.TryParse(number.Bytes, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
                && value >= min && value <= max)
                return value;
            var found = index < arguments.Count ? Found(arguments[index]) : "nothing";
            throw new ArgumentFaultException(index, $"expected {expected}, a whole number from {min} to {max}, found {found}");
        }

        /// <summary>The literal, or <c>null</c> when the argument was not written or is an expression.</summary>
        public Value? Constant(int index) => index < arguments.Count ? arguments[index].Constant : null;
    }

    internal static string Found(Argument argument) => argument switch
    {
        { Map: not null } => "a map",
        { Constant: null } => "an expression of the record (only a constant can stand here)",
        { Constant.Kind: ValueKind.Text } => $"'{argument.Constant}'",
        { Constant.Kind: ValueKind.List } => "a list",
        _ => argument.Constant.ToString()!,
    };
}
