using System.Runtime.CompilerServices;
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
/// <see cref="Scratch"/> of this record). Valid until the scratch is reset for the next record. A hot type: nothing here allocates, and it has 16 bytes, because
/// values of that size are passed and returned in registers; larger ones are copied through memory at every call (docs/decisions/0007).
/// </summary>
public readonly struct Value
{
    /// <summary>The most bytes of a record, and the most that start and length of a value can say.</summary>
    public const int MaxBytes = (1 << RangeBits) - 1;

    private const int RangeBits = 29;
    private const int DemotedBit = 4;
    private const int PlainBit = 5;
    private const int StartBit = 6;
    private const int LengthBit = StartBit + RangeBits;

    private readonly object? _owner;

    // From the lowest bit: kind (4), demoted, plain, start (29), length (29).
    private readonly ulong _bits;

    private Value(ValueKind kind, object? owner, int start, int length, bool plain = false)
    {
        if ((uint)(start | length) > MaxBytes)
            ThrowTooLarge();
        _owner = owner;
        _bits = (uint)kind | (plain ? 1UL << PlainBit : 0) | ((ulong)start << StartBit) | ((ulong)length << LengthBit);
    }

    private Value(object? owner, ulong bits) => (_owner, _bits) = (owner, bits);

    /// <summary>What this value is.</summary>
    public ValueKind Kind => (ValueKind)(_bits & 0xF);

    /// <summary>
    /// The value is usable but failed a check (such as a check digit): as an identity key it counts only as a hint, whatever its kind's strength.
    /// </summary>
    public bool IsDemoted => (_bits & (1UL << DemotedBit)) != 0;

    /// <summary>A text that stands in the source without escapes, so that it needs none in the output; of other texts this says nothing.</summary>
    internal bool IsPlain => (_bits & (1UL << PlainBit)) != 0;

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
    public Value Demoted() => new(_owner, _bits | (1UL << DemotedBit));

    /// <summary>Absent or null: what <c>default</c> and <c>coalesce</c> step over.</summary>
    public bool IsNothing => Kind <= ValueKind.Null;

    /// <summary>The UTF-8 of a text or the text of a number.</summary>
    public ReadOnlySpan<byte> Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new((byte[])_owner!, Start, Length);
    }

    /// <summary>The elements of a list, or names and values of an object.</summary>
    public ReadOnlySpan<Value> Items => new((Value[])_owner!, Start, Length);

    private int Start => (int)(_bits >> StartBit) & MaxBytes;

    private int Length => (int)(_bits >> LengthBit);

    private static void ThrowTooLarge() => throw new ArgumentOutOfRangeException(nameof(Length), $"a value lies within {MaxBytes:N0} bytes");

    /// <summary>Index of the node in the tape, for <see cref="ValueKind.Node"/>.</summary>
    public int NodeIndex => Start;

    /// <summary>Why the conversion failed, for <see cref="ValueKind.Fault"/>.</summary>
    public string Reason => (string)_owner!;

    /// <summary>A part of this text, sharing its memory.</summary>
    public Value Slice(int start, int length)
    {
        var slice = new Value(Kind, _owner, Start + start, length, IsPlain);
        return IsDemoted ? slice.Demoted() : slice;
    }

    /// <summary>The same bytes as a text: how functions of text take numbers.</summary>
    public Value AsText() => new(_owner, (_bits & ~0xFUL) | (uint)ValueKind.Text);

    /// <summary>The same bytes as a number; they must follow the JSON number grammar.</summary>
    public Value AsNumber() => new(_owner, (_bits & ~0xFUL) | (uint)ValueKind.Number);

    /// <summary>For tests and messages at compile time; never for values of records.</summary>
    public override string ToString() => Kind switch
    {
        ValueKind.Text or ValueKind.Number => Encoding.UTF8.GetString(Bytes),
        ValueKind.List => "[" + string.Join(", ", Items.ToArray()) + "]",
        ValueKind.Fault => "fault: " + Reason,
        _ => Kind.ToString().ToLowerInvariant(),
    };
}
