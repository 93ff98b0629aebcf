using System.Text;

namespace IntegrationHub.Mapping;

/// <summary>What a <see cref="Value"/> is.</summary>
public enum ValueKind : byte
{
    /// <summary>The source does not say: no such member, or an expression left it out.</summary>
    Absent,

    /// <summary>The source says that there is nothing: JSON null.</summary>
    Null,

    /// <summary>JSON false.</summary>
    False,

    /// <summary>JSON true.</summary>
    True,

    /// <summary>A number, kept as its source text.</summary>
    Number,

    /// <summary>Text, decoded UTF-8.</summary>
    Text,

    /// <summary>An array or object of the source document.</summary>
    Node,

    /// <summary>Several values: what a path with many results or a function gave.</summary>
    List,

    /// <summary>An object built by a mapping.</summary>
    Object,

    /// <summary>A conversion failed; the reason says why and never holds the value itself.</summary>
    Fault,
}

/// <summary>
/// One value while a record is being mapped: a kind and a slice of somebody else's memory (the record, a constant, or the
/// <see cref="Scratch"/> of this record). Valid until the scratch is reset for the next record. A hot type: nothing here allocates.
/// </summary>
public readonly struct Value
{
    private readonly object? _owner;
    private readonly int _start;
    private readonly int _length;

    private Value(ValueKind kind, object? owner, int start, int length, bool demoted = false, bool plain = false)
    {
        Kind = kind;
        _owner = owner;
        _start = start;
        _length = length;
        IsDemoted = demoted;
        IsPlain = plain;
    }

    /// <summary>What this value is.</summary>
    public ValueKind Kind { get; }

    /// <summary>
    /// The value is usable but failed a check (such as a check digit): as an identity key it counts only as a hint, whatever its kind's strength.
    /// </summary>
    public bool IsDemoted { get; }

    /// <summary>A text that stands in the source without escapes, so that it needs none in the output; of other texts this says nothing.</summary>
    internal bool IsPlain { get; }

    public static Value Absent => default;

    public static Value Null => new(ValueKind.Null, null, 0, 0);

    public static Value Boolean(bool value) => new(value ? ValueKind.True : ValueKind.False, null, 0, 0);

    /// <summary>Text over UTF-8 bytes that stay unchanged while the record is mapped.</summary>
    public static Value Text(byte[] utf8, int start, int length) => new(ValueKind.Text, utf8, start, length);

    /// <summary>The same for a string of a JSON document without escapes, or a part of it.</summary>
    internal static Value PlainText(byte[] utf8, int start, int length) => new(ValueKind.Text, utf8, start, length, plain: true);

    /// <summary>A constant text; allocates, so for compile time only.</summary>
    public static Value Text(string constant)
    {
        var utf8 = Encoding.UTF8.GetBytes(constant);
        return Text(utf8, 0, utf8.Length);
    }

    /// <summary>A JSON number by its text.</summary>
    public static Value Number(byte[] utf8, int start, int length) => new(ValueKind.Number, utf8, start, length);

    /// <summary>A node of the source document: an array or an object.</summary>
    public static Value Node(int index, int count) => new(ValueKind.Node, null, index, count);

    public static Value List(Value[] items, int start, int count) => new(ValueKind.List, items, start, count);

    /// <summary>Alternating member names (text) and values.</summary>
    public static Value Object(Value[] members, int start, int count) => new(ValueKind.Object, members, start, count);

    /// <summary>A failed conversion.</summary>
    /// <param name="reason">A constant sentence without any part of the value, such as "not a phone number of region CN".</param>
    public static Value Fault(string reason) => new(ValueKind.Fault, reason, 0, 0);

    /// <summary>The same value, marked <see cref="IsDemoted"/>.</summary>
    public Value Demoted() => new(Kind, _owner, _start, _length, demoted: true, IsPlain);

    /// <summary>Absent or null: what <c>default</c> and <c>coalesce</c> step over.</summary>
    public bool IsNothing => Kind <= ValueKind.Null;

    /// <summary>The UTF-8 of a text or the text of a number.</summary>
    public ReadOnlySpan<byte> Bytes => new((byte[])_owner!, _start, _length);

    /// <summary>The elements of a list, or names and values of an object.</summary>
    public ReadOnlySpan<Value> Items => new((Value[])_owner!, _start, _length);

    /// <summary>Index of the node in the tape, for <see cref="ValueKind.Node"/>.</summary>
    public int NodeIndex => _start;

    /// <summary>Why the conversion failed, for <see cref="ValueKind.Fault"/>.</summary>
    public string Reason => (string)_owner!;

    /// <summary>A part of this text, sharing its memory.</summary>
    public Value Slice(int start, int length) => new(Kind, _owner, _start + start, length, IsDemoted, IsPlain);

    /// <summary>The same bytes as a text: how functions of text take numbers.</summary>
    public Value AsText() => new(ValueKind.Text, _owner, _start, _length, IsDemoted, IsPlain);

    /// <summary>The same bytes as a number; they must follow the JSON number grammar.</summary>
    public Value AsNumber() => new(ValueKind.Number, _owner, _start, _length, IsDemoted, IsPlain);

    /// <summary>For tests and messages at compile time; never for values of records.</summary>
    public override string ToString() => Kind switch
    {
        ValueKind.Text or ValueKind.Number => Encoding.UTF8.GetString(Bytes),
        ValueKind.List => "[" + string.Join(", ", Items.ToArray()) + "]",
        ValueKind.Fault => "fault: " + Reason,
        _ => Kind.ToString().ToLowerInvariant(),
    };
}
