using IntegrationHub.Json;
using IntegrationHub.Mapping.JsonPath;

namespace IntegrationHub.Mapping;

/// <summary>How much one record may cost; more rejects the record and never hangs the hub.</summary>
public sealed record MappingLimits
{
    public static MappingLimits Default { get; } = new();

    /// <summary>Depth and size of the source document.</summary>
    public JsonLimits Json { get; init; } = JsonLimits.Default;

    /// <summary>Nodes one path may visit.</summary>
    /// <value>Default 1,000,000.</value>
    public long PathWork { get; init; } = 1_000_000;

    /// <summary>Contributions one record may make.</summary>
    /// <value>Default 10,000.</value>
    public int Contributions { get; init; } = 10_000;

    /// <summary>Bytes all contributions of one record may take.</summary>
    /// <value>Default 32 MiB.</value>
    public int OutputBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>Working memory for intermediate values of one record, in bytes.</summary>
    /// <value>Default 64 MiB.</value>
    public int ScratchBytes { get; init; } = 64 * 1024 * 1024;
}

/// <summary>The state of mapping one record: the document, where <c>@</c> stands, and memory. One per thread, reused.</summary>
internal sealed class MappingRun(MappingLimits limits)
{
    // Within these a path that an outline can say visits less than is allowed, whatever the document: to follow what was noted never says anything else than the query.
    private const int NotedBytes = 64 * 1024;
    private const long NotedWork = 1_000_000;

    private readonly JsonPlaces _places = new();
    private (bool IsKnown, Value Value)[] _results = [];

    public MappingLimits Limits { get; } = limits;

    public JsonTape Tape { get; } = new();

    public Scratch Scratch { get; } = new(limits.ScratchBytes);

    /// <summary>The bytes the tape points into.</summary>
    public byte[] Buffer { get; private set; } = [];

    /// <summary>The node <c>@</c> stands for.</summary>
    public int Current { get; set; }

    /// <summary>The rule at work, for issues.</summary>
    public Rule? Rule { get; set; }

    public List<MappingIssue> Issues { get; } = [];

    /// <summary>Where coverage is counted, when someone asks for it.</summary>
    public Coverage? Coverage { get; set; }

    /// <summary>Values that are being put together: who pushes takes off again, so what is nested stands above.</summary>
    public ValueStack Values { get; } = new();

    /// <summary>Nodes that paths have found, used in the same way.</summary>
    public NodeList Nodes { get; } = new();

    /// <summary>What the parse found of the mapping's outline, or <c>null</c> when paths have to be searched for.</summary>
    public JsonPlaces? Places { get; private set; }

    /// <summary>Begins a record, whatever became of the one before: parses it.</summary>
    public JsonParseResult Read(byte[] buffer, int start, int length, JsonOutline outline)
    {
        Buffer = buffer;
        Current = 0;
        Scratch.Reset();
        Values.Shorten(0);
        Nodes.Clear();
        Issues.Clear();
        _results.AsSpan().Clear();
        if (length > Value.MaxBytes - start)
            return new(JsonParseCode.TooLong, 0, $"the document lies beyond {Value.MaxBytes:N0} bytes");
        Places = length <= NotedBytes && Limits.PathWork >= NotedWork ? _places : null;
        var parsed = Tape.Parse(buffer, start, length, Limits.Json, outline, Places);
        if (Tape.HasRepeatedNames)
            Places = null;
        return parsed;
    }

    /// <summary>What a call that several rules make gave when it was made first in this record.</summary>
    /// <param name="number">As <see cref="FirstCalls"/> gives it.</param>
    public ref (bool IsKnown, Value Value) Result(int number)
    {
        if (number >= _results.Length)
            Array.Resize(ref _results, number + 16);
        return ref _results[number];
    }

    /// <summary>A node of the document as a value; texts without escapes share the document's memory.</summary>
    public Value FromNode(int node)
    {
        ref readonly var at = ref Tape[node];
        // Most are texts: asked first, they need no jump through a table.
        if (at.Kind == JsonKind.String)
            return at.HasEscapes ? Scratch.Commit(Tape.CopyText(node, Scratch.Reserve(at.Length))) : Value.PlainText(Buffer, at.Start, at.Length);
        switch (at.Kind)
        {
            case JsonKind.Number:
                return Value.Number(Buffer, at.Start, at.Length);
            case JsonKind.True:
                return Value.Boolean(true);
            case JsonKind.False:
                return Value.Boolean(false);
            case JsonKind.Null:
                return Value.Null;
            default:
                return Value.Node(node, at.Count);
        }
    }

    /// <summary>The elements of a list or a source array; anything else, but absence, is a list of one.</summary>
    public ReadOnlySpan<Value> Elements(Value value)
    {
        if (value.Kind == ValueKind.Absent)
            return [];
        if (value.Kind == ValueKind.List)
            return value.Items;
        if (value.Kind == ValueKind.Node && Tape[value.NodeIndex].Kind == JsonKind.Array)
        {
            var elements = Scratch.List(Tape[value.NodeIndex].Count, out var list);
            var i = 0;
            foreach (var child in Tape.Children(value.NodeIndex))
                elements[i++] = FromNode(child);
            return list.Items;
        }

        return Scratch.List([value]).Items;
    }

    public bool IsMany(Value value) =>
        value.Kind == ValueKind.List || (value.Kind == ValueKind.Node && Tape[value.NodeIndex].Kind == JsonKind.Array);

    /// <summary>The nodes above a mark as a list of values; none is absence.</summary>
    public Value ListNodes(int mark)
    {
        var nodes = Nodes.AsSpan()[mark..];
        if (nodes.IsEmpty)
            return Value.Absent;
        var values = Scratch.List(nodes.Length, out var list);
        for (var i = 0; i < nodes.Length; i++)
            values[i] = FromNode(nodes[i]);
        return list;
    }

    /// <summary>Takes the values above a mark off the stack, as a list; none is absence.</summary>
    public Value TakeList(int mark)
    {
        var values = Values.From(mark);
        var list = values.IsEmpty ? Value.Absent : Scratch.List(values);
        Values.Shorten(mark);
        return list;
    }

    /// <summary>What a value is called in messages.</summary>
    public string KindName(Value value) => value.Kind switch
    {
        ValueKind.Node => Tape[value.NodeIndex].Kind == JsonKind.Array ? "array" : "object",
        ValueKind.True or ValueKind.False => "boolean",
        ValueKind.List => "list",
        _ => value.Kind.ToString().ToLowerInvariant(),
    };
}

/// <summary>Something worth telling about a record that was mapped all the same.</summary>
/// <param name="Rule">The rule of the mapping, e.g. <c>customer.identity.uscc</c>.</param>
/// <param name="Path">The path in the source that the rule reads.</param>
/// <param name="Reason">What is wrong; never the value.</param>
public readonly record struct MappingIssue(string Rule, string Path, string Reason);

/// <summary>Why a record could not be mapped.</summary>
/// <param name="Rule">The rule of the mapping.</param>
/// <param name="Path">The path in the source that the rule reads.</param>
/// <param name="Found">The kind of value found there.</param>
/// <param name="Reason">What is wrong; never the value.</param>
public sealed record Rejection(string Rule, string Path, string Found, string Reason);

/// <summary>One expression of a mapping file, with what messages and coverage need.</summary>
/// <param name="Index">Position in <see cref="MappingPlan.Rules"/>.</param>
/// <param name="Name">Such as <c>customer.fields.mobile</c>.</param>
/// <param name="Path">The paths it reads.</param>
/// <param name="Line">In the mapping file.</param>
public sealed record Rule(int Index, string Name, string Path, int Line);

/// <summary>Counts how often each rule met a value, nothing, null and a fault; see <c>hub mappings test --coverage</c>.</summary>
public sealed class Coverage(int rules)
{
    private readonly int[,] _hits = new int[rules, 4];

    public void Hit(Rule rule, Value value) => _hits[rule.Index, value.Kind switch
    {
        ValueKind.Absent => 1,
        ValueKind.Null => 2,
        ValueKind.Fault => 3,
        _ => 0,
    }]++;

    public (int Value, int Missing, int Null, int Fault) Of(Rule rule) =>
        (_hits[rule.Index, 0], _hits[rule.Index, 1], _hits[rule.Index, 2], _hits[rule.Index, 3]);
}
