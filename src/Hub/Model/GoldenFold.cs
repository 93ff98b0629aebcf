using System.Globalization;
using System.Text;
using IntegrationHub.Json;

namespace IntegrationHub.Model;

/// <summary>One contribution as the fold sees it.</summary>
/// <param name="Id">Number of the contribution.</param>
/// <param name="Connection">Number of its connection; link keys are meant within it.</param>
/// <param name="Connector">Id of its connector, for <c>prefer:</c>.</param>
/// <param name="ObservedAt">The source's own time, Unix milliseconds, or 0.</param>
/// <param name="Body">The contribution's JSON.</param>
public readonly record struct FoldInput(long Id, int Connection, string Connector, long ObservedAt, byte[] Body);

/// <summary>A golden entity: its JSON and where each field came from.</summary>
/// <param name="Body">Fields in the order of the model, then <c>links</c> by name with their targets as keys. UTF-8.</param>
/// <param name="Origins"><c>{"field":[contribution, observedAt, connection]}</c> for every field and single link, UTF-8.</param>
public readonly record struct Golden(byte[] Body, byte[] Origins);

/// <summary>
/// Folds contributions into one golden entity by the model's survivorship rules. Pure, and a total order decides every field, so that the same
/// contributions give the same bytes in whatever order they come. Adding contributions to a golden entity gives what folding all of them gives.
/// One instance per thread: it keeps its memory.
/// </summary>
public sealed class GoldenFold
{
    private static readonly JsonLimits Limits = new() { MaxDepth = JsonLimits.HighestDepth };

    // One tape serves all: values are copied out of it before the next contribution is read.
    private readonly JsonTape _tape = new();
    private readonly Utf8Output _output = new();

    /// <summary>Folds all contributions of an entity.</summary>
    public Golden Fold(EntityType type, IReadOnlyList<FoldInput> contributions)
    {
        var slots = Slots(type);
        foreach (var contribution in contributions)
            Offer(type, slots, contribution);
        return Write(type, slots);
    }

    /// <summary>Folds further contributions into an entity that was folded before; nothing of it may have been withdrawn or replaced.</summary>
    /// <param name="connectorOf">Connector ids by number of connection.</param>
    public Golden Add(EntityType type, Golden golden, IReadOnlyList<FoldInput> added, Func<int, string> connectorOf)
    {
        var slots = Slots(type);
        Restore(type, slots, golden, connectorOf);
        foreach (var contribution in added)
            Offer(type, slots, contribution);
        return Write(type, slots);
    }

    /// <summary>
    /// Whether any of these contributions left something in the golden entity, so that replacing or withdrawing it needs a fold from scratch. Values
    /// that are collected from all contributions always do.
    /// </summary>
    public static bool DependsOn(EntityType type, Golden golden, IReadOnlyList<long> contributions)
    {
        if (contributions.Count == 0)
            return false;
        if (type.Fields.Any(f => f.Survivorship == Survivorship.Collect) || type.Links.Any(l => l.Many))
            return true;
        var origins = new JsonTape();
        origins.Parse(golden.Origins);
        foreach (var origin in origins.Children(0))
            if (contributions.Contains(Number(origins, origins.ElementAt(origin, 0))))
                return true;
        return false;
    }

    /// <summary>Every value that contributions offer for one field, best first.</summary>
    public IReadOnlyList<(FoldInput From, string Value)> Candidates(EntityType type, FieldType field, IReadOnlyList<FoldInput> contributions)
    {
        var offers = new List<Offered>();
        foreach (var contribution in contributions)
        {
            var tape = Parse(contribution.Body);
            var fields = tape.Find(0, "fields"u8);
            var value = fields < 0 ? -1 : tape.Find(fields, Encoding.UTF8.GetBytes(field.Name));
            if (value >= 0)
                offers.Add(new(contribution, Value(tape, value)));
        }

        offers.Sort((a, b) => Compare(field, b, a));
        return [.. offers.Select(o => (o.From, Encoding.UTF8.GetString(o.Value)))];
    }

    private static Slot[] Slots(EntityType type)
    {
        var slots = new Slot[type.Fields.Count + type.Links.Count];
        for (var i = 0; i < slots.Length; i++)
            slots[i] = new();
        return slots;
    }

    private void Offer(EntityType type, Slot[] slots, FoldInput contribution)
    {
        var tape = Parse(contribution.Body);
        var fields = tape.Find(0, "fields"u8);
        if (fields >= 0)
            foreach (var child in tape.Children(fields))
                if (IndexOf(type.Fields, tape, child - 1) is var field and >= 0)
                    Offer(type.Fields[field], slots[field], contribution, tape, child);
        var links = tape.Find(0, "links"u8);
        if (links >= 0)
            foreach (var child in tape.Children(links))
                if (LinkIndex(type, tape, child - 1) is var link and >= 0)
                    OfferLink(type.Links[link], slots[type.Fields.Count + link], contribution, tape, child);
    }

    private void Offer(FieldType field, Slot slot, FoldInput from, JsonTape tape, int node)
    {
        if (field.Survivorship == Survivorship.Collect)
        {
            if (tape[node].Kind == JsonKind.Array)
                foreach (var element in tape.Children(node))
                    slot.Collect(Value(tape, element));
            return;
        }

        var offered = new Offered(from, Value(tape, node));
        if (slot.Best is not { } best || Compare(field, offered, best) > 0)
            slot.Best = offered;
    }

    private void OfferLink(LinkType link, Slot slot, FoldInput from, JsonTape tape, int node)
    {
        foreach (var target in tape.Children(node))
        {
            var value = Target(tape, target, from.Connection);
            if (link.Many)
                slot.Collect(value);
            else if (slot.Best is not { } best || Compare(null, new(from, value), best) > 0)
                slot.Best = new(from, value);
        }
    }

    private static void Restore(EntityType type, Slot[] slots, Golden golden, Func<int, string> connectorOf)
    {
        var body = new JsonTape();
        body.Parse(golden.Body);
        var origins = new JsonTape();
        origins.Parse(golden.Origins);
        foreach (var child in body.Children(0))
            if (IndexOf(type.Fields, body, child - 1) is var field and >= 0)
                RestoreSlot(slots[field], body, child, origins, type.Fields[field].Survivorship == Survivorship.Collect, connectorOf);
        var links = body.Find(0, "links"u8);
        if (links < 0)
            return;
        foreach (var child in body.Children(links))
            if (LinkIndex(type, body, child - 1) is var link and >= 0)
            {
                var many = type.Links[link].Many;
                RestoreSlot(slots[type.Fields.Count + link], body, many ? child : child + 1, origins, many, connectorOf, child - 1);
            }
    }

    private static void RestoreSlot(Slot slot, JsonTape body, int node, JsonTape origins, bool collect, Func<int, string> connectorOf, int nameNode = -1)
    {
        if (collect)
        {
            foreach (var element in body.Children(node))
                slot.Collect(body.Raw(element).ToArray() is var raw && body[element].Kind == JsonKind.String ? Quote(raw) : raw);
            return;
        }

        var origin = origins.Find(0, body.Raw(nameNode < 0 ? node - 1 : nameNode));
        var connection = (int)Number(origins, origins.ElementAt(origin, 2));
        slot.Best = new(new(Number(origins, origins.ElementAt(origin, 0)), connection, connectorOf(connection), Number(origins, origins.ElementAt(origin, 1)), []), WithQuotes(body, node));
    }

    private static byte[] WithQuotes(JsonTape tape, int node) => tape[node].Kind == JsonKind.String ? Quote(tape.Raw(node)) : tape.Raw(node).ToArray();

    private static byte[] Quote(ReadOnlySpan<byte> raw) => [(byte)'"', .. raw, (byte)'"'];

    private static long Number(JsonTape tape, int node) => JsonNumber.TryGetInt64(tape.Raw(node), out var number) ? number : 0;

    private Golden Write(EntityType type, Slot[] slots)
    {
        _output.Clear();
        var origins = new Utf8Output();
        _output.WriteByte((byte)'{');
        origins.WriteByte((byte)'{');
        for (var i = 0; i < type.Fields.Count; i++)
            WriteSlot(type.Fields[i].JsonName, slots[i], asList: false, origins);
        var start = _output.Length;
        _output.Write(_output.Length > 1 ? ",\"links\":{"u8 : "\"links\":{"u8);
        var empty = _output.Length;
        for (var i = 0; i < type.Links.Count; i++)
            WriteSlot(Encoding.UTF8.GetBytes($"\"{type.Links[i].Name}\":"), slots[type.Fields.Count + i], asList: true, origins);
        if (_output.Length == empty)
            _output.Truncate(start);
        else
            _output.WriteByte((byte)'}');
        _output.WriteByte((byte)'}');
        origins.WriteByte((byte)'}');
        return new(_output.Written.ToArray(), origins.Written.ToArray());
    }

    private void WriteSlot(byte[] name, Slot slot, bool asList, Utf8Output origins)
    {
        if (slot.Collected is { } collected)
        {
            Separate(_output);
            _output.Write(name);
            _output.WriteByte((byte)'[');
            var first = true;
            foreach (var value in collected)
            {
                if (!first)
                    _output.WriteByte((byte)',');
                first = false;
                _output.Write(value);
            }

            _output.WriteByte((byte)']');
        }
        else if (slot.Best is { } best)
        {
            Separate(_output);
            _output.Write(name);
            if (asList)
                _output.WriteByte((byte)'[');
            _output.Write(best.Value);
            if (asList)
                _output.WriteByte((byte)']');
            Separate(origins);
            origins.Write(name);
            origins.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"[{best.From.Id},{best.From.ObservedAt},{best.From.Connection}]")));
        }
    }

    private static void Separate(Utf8Output output)
    {
        if (output.Written[^1] != '{')
            output.WriteByte((byte)',');
    }

    /// <summary>Greater wins. The order is total up to equal values, so arrival order never shows in golden data.</summary>
    private static int Compare(FieldType? field, Offered a, Offered b)
    {
        // 1. The preferred source. 2. Something before null. 3. The field's rule. 4. The source's time. 5. The greater bytes.
        if (field is { Prefer.Count: > 0 } && Rank(field, b.From.Connector).CompareTo(Rank(field, a.From.Connector)) is var preferred and not 0)
            return preferred;
        if (IsNull(b.Value).CompareTo(IsNull(a.Value)) is var something and not 0)
            return something;
        var byRule = field?.Survivorship switch
        {
            Survivorship.Earliest => Earlier(a.From.ObservedAt, b.From.ObservedAt),
            Survivorship.Longest => Encoding.UTF8.GetCharCount(a.Value).CompareTo(Encoding.UTF8.GetCharCount(b.Value)),
            Survivorship.Max => CompareValues(field.Kind, a.Value, b.Value),
            Survivorship.Min => CompareValues(field.Kind, b.Value, a.Value),
            _ => 0,
        };
        if (byRule != 0)
            return byRule;
        if (a.From.ObservedAt.CompareTo(b.From.ObservedAt) is var later and not 0 && field?.Survivorship != Survivorship.Earliest)
            return later;
        if (a.Value.AsSpan().SequenceCompareTo(b.Value) is var greater and not 0)
            return greater;
        return b.From.Id.CompareTo(a.From.Id);
    }

    private static int Earlier(long a, long b) => a == b ? 0 : a == 0 ? -1 : b == 0 ? 1 : b.CompareTo(a);

    private static int Rank(FieldType field, string connector)
    {
        for (var i = 0; i < field.Prefer.Count; i++)
            if (field.Prefer[i] == connector)
                return i;
        return field.Prefer.Count;
    }

    private static bool IsNull(ReadOnlySpan<byte> value) => value.SequenceEqual("null"u8);

    private static int CompareValues(FieldKind kind, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b) => kind switch
    {
        _ when IsNull(a) || IsNull(b) => 0,
        FieldKind.Number or FieldKind.Integer => JsonNumber.Compare(a, b),
        FieldKind.Money => JsonNumber.Compare(Amount(a), Amount(b)),
        // Offsets differ from source to source.
        FieldKind.Time when Rfc3339.TryRead(a[1..^1], out var one) && Rfc3339.TryRead(b[1..^1], out var other) => one.CompareTo(other),
        _ => a.SequenceCompareTo(b),
    };

    /// <summary>Money always starts with its amount.</summary>
    private static ReadOnlySpan<byte> Amount(ReadOnlySpan<byte> money)
    {
        var number = money["{\"amount\":".Length..];
        return number[..number.IndexOfAny((byte)',', (byte)'}')];
    }

    private byte[] Value(JsonTape tape, int node)
    {
        var start = _output.Length;
        tape.WriteTo(node, _output);
        var value = _output.Written[start..].ToArray();
        _output.Truncate(start);
        return value;
    }

    /// <summary>A link's target with the connection its key is meant in.</summary>
    private byte[] Target(JsonTape tape, int node, int connection)
    {
        var key = tape.Find(node, "key"u8);
        return key < 0
            ? Value(tape, node)
            : [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"connection\":{connection},\"key\":")), .. Value(tape, key), (byte)'}'];
    }

    private JsonTape Parse(byte[] body)
    {
        var parsed = _tape.Parse(body, Limits);
        return parsed.IsOk ? _tape : throw new InvalidOperationException("a kept contribution is not JSON: " + parsed);
    }

    private static int IndexOf(IReadOnlyList<FieldType> fields, JsonTape tape, int nameNode)
    {
        var name = tape.Raw(nameNode);
        for (var i = 0; i < fields.Count; i++)
        {
            var json = fields[i].JsonName;
            if (json.Length == name.Length + 3 && json.AsSpan(1, name.Length).SequenceEqual(name))
                return i;
        }

        return -1;
    }

    private static int LinkIndex(EntityType type, JsonTape tape, int nameNode)
    {
        for (var i = 0; i < type.Links.Count; i++)
            if (tape.TextEquals(nameNode, Encoding.UTF8.GetBytes(type.Links[i].Name)))
                return i;
        return -1;
    }

    private sealed record Offered(FoldInput From, byte[] Value);

    private sealed class Slot
    {
        public Offered? Best { get; set; }

        public SortedSet<byte[]>? Collected { get; private set; }

        public void Collect(byte[] value) => (Collected ??= new(Bytes.Order)).Add(value);
    }

    private sealed class Bytes : IComparer<byte[]>
    {
        public static readonly Bytes Order = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
