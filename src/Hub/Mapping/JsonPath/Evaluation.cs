using IntegrationHub.Json;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>
/// One run of a query over a document. Segments are applied depth first, which gives the order of RFC 9535 (the results of a segment for
/// one node come before those for the next) without lists in between. Each child or descendant segment goes deeper into the document,
/// so the recursion is bounded by the document's depth; only nested filters add to it, and for them there is a limit.
/// </summary>
internal sealed class Evaluation : IDisposable
{
    private const int MaxCalls = 2500;

    [ThreadStatic]
    private static Evaluation? _idle;

    private readonly NodeList _backwards = new();
    private JsonTape? _tape;
    private long _work;
    private int _calls;

    private Evaluation()
    {
    }

    public JsonTape Tape => _tape!;

    public int Root { get; private set; }

    public JsonPathOutcome Outcome { get; private set; }

    /// <summary>Buffers for the texts of functions and comparisons, kept between runs.</summary>
    public TextScratch Texts { get; } = new();

    public static Evaluation Start(JsonTape tape, int root, long maxWork)
    {
        var evaluation = _idle ?? new Evaluation();
        _idle = null;
        evaluation._tape = tape;
        evaluation.Root = root;
        evaluation.Outcome = JsonPathOutcome.Complete;
        evaluation._work = maxWork;
        evaluation._calls = 0;
        evaluation._backwards.Clear();
        return evaluation;
    }

    public void Dispose()
    {
        _tape = null;
        _idle = this;
    }

    /// <summary>Counts work done; false when there was too much and everything has to unwind.</summary>
    public bool Spend(long work)
    {
        _work -= work;
        if (_work >= 0) return true;
        if (Outcome == JsonPathOutcome.Complete) Outcome = JsonPathOutcome.WorkLimit;
        return false;
    }

    /// <returns>False to stop the whole walk: the sink has enough, or a limit was met.</returns>
    public bool Walk(Segment[] segments, int at, int node, ref Sink sink)
    {
        if (!Spend(1)) return false;
        // Segments that lead to one node need no call of their own.
        for (; at < segments.Length && segments[at].IsSingular; at++)
        {
            node = Step(segments[at].Single, node);
            if (node < 0) return Outcome == JsonPathOutcome.Complete;
        }

        if (at == segments.Length) return sink.Take(node);
        if (_calls == MaxCalls)
        {
            Outcome = JsonPathOutcome.TooDeep;
            _work = -1;
            return false;
        }

        _calls++;
        var goOn = segments[at].IsDescendant ? Descend(segments, at, node, ref sink) : Apply(segments, at, node, ref sink);
        _calls--;
        return goOn;
    }

    public int Follow(JsonPathQuery singular, int current)
    {
        var node = singular.StartsAtCurrent ? current : Root;
        foreach (ref readonly var step in singular.Steps)
        {
            node = Step(step, node);
            if (node < 0) return -1;
        }

        return node;
    }

    public void Run(JsonPathQuery query, int current, ref Sink sink) =>
        Walk(query.Segments, 0, query.StartsAtCurrent ? current : Root, ref sink);

    /// <summary>The tape is in document order, so a node's subtree is a plain range of it.</summary>
    private bool Descend(Segment[] segments, int at, int node, ref Sink sink)
    {
        var end = Tape[node].End;
        for (var inner = node; inner < end; inner++)
        {
            if (!Spend(1)) return false;
            if (Tape[inner].Kind is JsonKind.Array or JsonKind.Object && !Apply(segments, at, inner, ref sink)) return false;
        }

        return true;
    }

    private bool Apply(Segment[] segments, int at, int node, ref Sink sink)
    {
        foreach (var selector in segments[at].Selectors)
        {
            switch (selector.Kind)
            {
                case SelectorKind.Name or SelectorKind.Index:
                    var single = Step(selector.Single, node);
                    if (single >= 0 && !Walk(segments, at + 1, single, ref sink)) return false;
                    break;
                case SelectorKind.Slice:
                    if (!Slice(selector, segments, at, node, ref sink)) return false;
                    break;
                default:
                    if (!Children(selector.Filter, segments, at, node, ref sink)) return false;
                    break;
            }

            if (Outcome != JsonPathOutcome.Complete) return false;
        }

        return true;
    }

    private bool Children(Test? filter, Segment[] segments, int at, int node, ref Sink sink)
    {
        foreach (var child in Tape.Children(node))
        {
            if (filter is not null && !(Spend(1) && filter.Holds(this, child))) continue;
            if (!Walk(segments, at + 1, child, ref sink)) return false;
        }

        return true;
    }

    private int Step(in JsonPathStep step, int node)
    {
        ref readonly var at = ref Tape[node];
        // Passing over members and elements is cheaper than visiting them, but not free.
        var passed = step.IsName ? at.Count : Math.Min(Math.Abs(step.Index), at.Count);
        return Spend(1 + (passed >> 3)) ? step.From(Tape, node) : -1;
    }

    private bool Slice(Selector slice, Segment[] segments, int at, int node, ref Sink sink)
    {
        if (Tape[node].Kind != JsonKind.Array || slice.Step == 0) return true;
        var (from, to) = slice.Bounds(Tape[node].Count);
        return slice.Step > 0
            ? Forwards(from, to, slice.Step, segments, at, node, ref sink)
            : Backwards(from, to, slice.Step, segments, at, node, ref sink);
    }

    private bool Forwards(long from, long to, long step, Segment[] segments, int at, int node, ref Sink sink)
    {
        long index = 0;
        foreach (var child in Tape.Children(node))
        {
            if (index >= to) break;
            if (!Spend(1)) return false;
            if (index++ < from || (index - 1 - from) % step != 0) continue;
            if (!Walk(segments, at + 1, child, ref sink)) return false;
        }

        return true;
    }

    /// <summary>The tape runs forwards only, so the elements of the slice are noted first, on top of what outer slices have noted.</summary>
    private bool Backwards(long from, long to, long step, Segment[] segments, int at, int node, ref Sink sink)
    {
        var bottom = _backwards.Count;
        long index = 0;
        foreach (var child in Tape.Children(node))
        {
            if (index > from) break;
            if (!Spend(1)) return false;
            if (index > to && (from - index) % step == 0) _backwards.Add(child);
            index++;
        }

        var goOn = true;
        for (var i = _backwards.Count - 1; goOn && i >= bottom; i--) goOn = Walk(segments, at + 1, _backwards[i], ref sink);
        _backwards.Shorten(bottom);
        return goOn;
    }
}
