namespace IntegrationHub.Mapping.Functions;

/// <summary>What an expression gives, as far as it is known before any record is seen.</summary>
public enum ExpressionType
{
    /// <summary>Known only at run time (paths).</summary>
    Any,
    Text,
    Number,
    Integer,
    Boolean,

    /// <summary>RFC 3339 with offset.</summary>
    Time,

    /// <summary>RFC 3339 full-date.</summary>
    Date,

    /// <summary>An object of amount and currency.</summary>
    Money,
    Object,
}

/// <summary>How a function meets lists and nothing. A fault never reaches a body as its input: the caller passes it through.</summary>
public enum Takes
{
    /// <summary>
    /// One value at a time. The caller applies it to each element of a list; absent and null pass through without a call. When the function
    /// itself gives lists (<see cref="FunctionSpec.GivesList"/>), the caller joins them into one.
    /// </summary>
    Each,

    /// <summary>The whole list at once; a single value comes as a list of one, absent as an empty list; a source array comes as the list of its elements. Null elements are kept.</summary>
    All,

    /// <summary>Whatever there is, absent, null and lists included.</summary>
    Anything,
}

/// <summary>Runs one call.</summary>
/// <param name="input">What stands left of the <c>|</c>.</param>
/// <param name="arguments">
/// The evaluated arguments, in order, literals included; a literal map comes as absent. Optional ones that were not written are missing at
/// the end. An argument may be a fault: the body gives it back when it needs that argument, so an unused fallback rejects nothing.
/// </param>
/// <param name="scratch">Where results are made and issues recorded.</param>
public delegate Value FunctionBody(Value input, ReadOnlySpan<Value> arguments, Scratch scratch);

/// <summary>One argument as written in the mapping file.</summary>
/// <param name="Constant">Its value when it is a literal (text, number, true, false, null, or a list of literals); <c>null</c> when it is an expression of the record.</param>
/// <param name="Map">The pairs when it is a literal map such as <c>{1: male, 2: female}</c>; keys as text.</param>
public sealed record Argument(Value? Constant, IReadOnlyList<KeyValuePair<string, Value>>? Map);

/// <summary>One parameter, for messages, editors and the documentation.</summary>
/// <param name="Name">Shown in messages.</param>
/// <param name="Description">What it is for, with an example.</param>
/// <param name="Optional">May be left out.</param>
/// <param name="Repeated">The last parameter may be given many times.</param>
public sealed record Parameter(string Name, string Description, bool Optional = false, bool Repeated = false);

/// <summary>A function of the mapping language.</summary>
public sealed record FunctionSpec
{
    public required string Name { get; init; }

    /// <summary>What it does, in a sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>Input and output, e.g. <c>"0086 138-0013-9000" | phone('CN') → "+8613800139000"</c>; run by a test.</summary>
    public required IReadOnlyList<string> Examples { get; init; }

    /// <summary>Chapter of the documentation: text, number, money, time, identity, list, choice.</summary>
    public required string Group { get; init; }

    public Takes Takes { get; init; } = Takes.Each;

    /// <summary>Type of the result; <see cref="ExpressionType.Any"/> when it depends on the input.</summary>
    public ExpressionType Result { get; init; } = ExpressionType.Any;

    /// <summary>Whether one call can give a list.</summary>
    public bool GivesList { get; init; }

    public IReadOnlyList<Parameter> Parameters { get; init; } = [];

    /// <summary>
    /// Called once when a mapping is compiled, after the number of arguments was checked: checks constant arguments and prepares what they allow (tables, zones, patterns).
    /// Throws <see cref="ArgumentFaultException"/> to refuse an argument. The returned body is called from several threads.
    /// </summary>
    public required Func<IReadOnlyList<Argument>, FunctionBody> Bind { get; init; }
}

/// <summary>A constant argument that the function cannot use; the compiler adds file, line and column.</summary>
/// <param name="index">Which argument, from 0.</param>
/// <param name="message">Expected and found.</param>
public sealed class ArgumentFaultException(int index, string message) : Exception(message)
{
    public int Index { get; } = index;
}
