using System.Globalization;
using System.Text;
using IntegrationHub.Json;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>
/// One side of a comparison or an argument: a node of the document, a literal, a number a function gave, or Nothing. Nothing is not null.
/// </summary>
internal readonly struct PathValue
{
    private readonly byte[]? _literal;
    private readonly bool _exists;

    private PathValue(JsonKind kind, int node, byte[]? literal)
    {
        Kind = kind;
        Node = node;
        _literal = literal;
        _exists = true;
    }

    public static PathValue Nothing => default;

    public bool IsNothing => !_exists;

    public JsonKind Kind { get; }

    /// <summary>The node of the document, or -1.</summary>
    public int Node { get; }

    public static PathValue Literal(JsonKind kind, byte[] text) => new(kind, -1, text);

    public static PathValue Of(JsonTape tape, int node) => node < 0 ? Nothing : new(tape[node].Kind, node, null);

    public static PathValue Of(int number) => new(JsonKind.Number, -1, SmallNumber.Text(number));

    /// <summary>The source of a number, or of a string without its quotes.</summary>
    public ReadOnlySpan<byte> Raw(JsonTape tape) => _literal ?? tape.Raw(Node);

    public bool HasEscapes(JsonTape tape) => _literal is null && tape[Node].HasEscapes;

    public ReadOnlySpan<byte> Text(Evaluation run, int slot) => run.Texts.Decoded(Raw(run.Tape), HasEscapes(run.Tape), slot);

    /// <summary>The texts of small numbers, so that length() and count() allocate only for large ones.</summary>
    private static class SmallNumber
    {
        private static readonly byte[][] Known = [.. Enumerable.Range(0, 256).Select(Format)];

        public static byte[] Text(int number) => number < Known.Length ? Known[number] : Format(number);

        private static byte[] Format(int number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));
    }
}
