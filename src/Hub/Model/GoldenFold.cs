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
/// <param name="Origins">
/// <c>{"":[contribution, observedAt, connection],"field":[…]}</c>: where the first field or single link comes from, and under their names those that come from
/// elsewhere. UTF-8.
/// </param>
public readonly record struct Golden(byte[] Body, byte[] Origins);

/// <summary>
/// Folds contributions into one golden entity by the model's survivorship rules. Pure, and a total order decides every field, so that the same
/// contributions give the same bytes in whatever order they come. Adding contributions to a golden entity gives what folding all of them gives.
/// One instance per thread: it keeps its memory.
/// </summary>
public sealed class GoldenFold
{
    /// <summary>The connector id of values that a steward pinned; they win over all sources.</summary>
    public const string Steward = "steward";

    private static readonly JsonLimits Limits = new() { MaxDepth = JsonLimits.HighestDepth };

    // Values stay where they are, in the bodies of contributions or of the golden entity; nothing is copied before the result is written.
    private readonly JsonTape _tape = new();
    private readonly JsonTape _originsTape = new();
    private readonly Utf8Output _output = new();
    private readonly Utf8Output _origins = new();
    private (long Id, long ObservedAt, int Connection) _usual;
    private readonly Dictionary<EntityType, Slot[]> _slots = [];

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
    public bool DependsOn(EntityType type, Golden golden, IReadOnlyList<long> contributions)
    {
        if (contributions.Count == 0)
            return false;
        if (type.Collects)
            return true;
        _originsTape.Parse(golden.Origins);
        foreach (var origin in _originsTape.Children(0))
            if (contributions.Contains(Number(_originsTape, _originsTape.ElementAt(origin, 0))))
                return true;
        return false;
    }

    /// <summary>Every value that contributions offer for one field, best first.</summary>
    public IReadOnlyList<(FoldInput From, string Value)> Candidates(EntityType type, FieldType field, IReadOnlyList<FoldInput> contributions)
    {
        var offers = new List<Offered>();
        foreach (var contribution in contributions)
        {
            Parse(contribution.Body);
            var fields = _tape.Find(0, "fields"u8);
            var value = fields < 0 ? -1 : _tape.Find(fields, Encoding.UTF8.GetBytes(field.Name));
            if (value >= 0)
                offers.Add(new(contribution, Whole(value, contribution.Body)));
        }

        offers.Sort((a, b) => Compare(field, b, a));
        return [.. offers.Select(o => (o.From, Encoding.UTF8.GetString(o.Value.Span)))];
    }

    private Slot[] Slots(EntityType type)
    {
        if (!_slots.TryGetValue(type, out var slots))
            _slots[type] = slots = [.. Enumerable.Range(0, type.Fields.Count + type.Links.Count).Select(_ => new Slot())];
        foreach (var slot in slots)
            slot.Clear();
        return slots;
    }

    private void Offer(EntityType type, Slot[] slots, FoldInput contribution)
    {
        Parse(contribution.Body);
        var fields = _tape.Find(0, "fields"u8);
        if (fields >= 0)
            foreach (var child in _tape.Children(fields))
                if (type.FieldNames.IndexOf(_tape, child - 1) is var field and >= 0)
                    Offer(type.Fields[field], slots[field], contribution, child);
        var links = _tape.Find(0, "links"u8);
        if (links >= 0)
            foreach (var child in _tape.Children(links))
                if (type.LinkNames.IndexOf(_tape, child - 1) is var link and >= 0)
                    OfferLink(type.Links[link], slots[type.Fields.Count + link], contribution, child);
    }

    private void Offer(FieldType field, Slot slot, in FoldInput from, int node)
    {
        if (field.Survivorship == Survivorship.Collect)
        {
            if (_tape[node].Kind == JsonKind.Array)
                foreach (var element in _tape.Children(node))
                    slot.Collected.Add(Whole(element, from.Body));
            return;
        }

        slot.Offer(field, new(from, Whole(node, from.Body)));
    }

    private void OfferLink(LinkType link, Slot slot, in FoldInput from, int node)
    {
        foreach (var target in _tape.Children(node))
        {
            var value = Target(target, from);
            if (link.Many)
                slot.Collected.Add(value);
            else
                slot.Offer(null, new(from, value));
        }
    }

    private void Restore(EntityType type, Slot[] slots, Golden golden, Func<int, string> connectorOf)
    {
        Parse(golden.Body);
        _originsTape.Parse(golden.Origins);
        foreach (var child in _tape.Children(0))
            if (type.FieldNames.IndexOf(_tape, child - 1) is var field and >= 0)
                RestoreSlot(slots[field], golden.Body, child, child - 1, type.Fields[field].Survivorship == Survivorship.Collect, connectorOf);
        var links = _tape.Find(0, "links"u8);
        if (links < 0)
            return;
        foreach (var child in _tape.Children(links))
            if (type.LinkNames.IndexOf(_tape, child - 1) is var link and >= 0)
            {
                var many = type.Links[link].Many;
                RestoreSlot(slots[type.Fields.Count + link], golden.Body, many ? child : child + 1, child - 1, many, connectorOf);
            }
    }

    private void RestoreSlot(Slot slot, byte[] body, int node, int name, bool collect, Func<int, string> connectorOf)
    {
        if (collect)
        {
            foreach (var element in _tape.Children(node))
                slot.Collected.Add(Whole(element, body));
            return;
        }

        var origin = _originsTape.Find(0, _tape.Raw(name));
        if (origin < 0)
            origin = _originsTape.Find(0, ""u8);
        var connection = (int)Number(_originsTape, _originsTape.ElementAt(origin, 2));
        var from = new FoldInput(Number(_originsTape, _originsTape.ElementAt(origin, 0)), connection, connectorOf(connection), Number(_originsTape, _originsTape.ElementAt(origin, 1)), []);
        slot.Offer(null, new(from, Whole(node, body)));
    }

    private static long Number(JsonTape tape, int node) => JsonNumber.TryGetInt64(tape.Raw(node), out var number) ? number : 0;

    private Golden Write(EntityType type, Slot[] slots)
    {
        _output.Clear();
        _origins.Clear();
        _output.WriteByte((byte)'{');
        _origins.WriteByte((byte)'{');
        for (var i = 0; i < type.Fields.Count; i++)
            WriteSlot(type.Fields[i].JsonName, slots[i], asList: false);
        var start = _output.Length;
        _output.Write(_output.Length > 1 ? ",\"links\":{"u8 : "\"links\":{"u8);
        var empty = _output.Length;
        for (var i = 0; i < type.Links.Count; i++)
            WriteSlot(type.LinkJsonNames[i], slots[type.Fields.Count + i], asList: true);
        if (_output.Length == empty)
            _output.Truncate(start);
        else
            _output.WriteByte((byte)'}');
        _output.WriteByte((byte)'}');
        _origins.WriteByte((byte)'}');
        return new(_output.Written.ToArray(), _origins.Written.ToArray());
    }

    private void WriteSlot(byte[] name, Slot slot, bool asList)
    {
        if (slot.Collected.Count > 0)
        {
            Separate(_output);
            _output.Write(name);
            _output.WriteByte((byte)'[');
            slot.Collected.Sort(static (a, b) => a.Span.SequenceCompareTo(b.Span));
            for (var i = 0; i < slot.Collected.Count; i++)
            {
                var value = slot.Collected[i].Span;
                if (i > 0 && value.SequenceEqual(slot.Collected[i - 1].Span))
                    continue;
                if (i > 0)
                    _output.WriteByte((byte)',');
                _output.Write(value);
            }

            _output.WriteByte((byte)']');
        }
        else if (slot.HasBest)
        {
            Separate(_output);
            _output.Write(name);
            if (asList)
                _output.WriteByte((byte)'[');
            _output.Write(slot.Best.Value.Span);
            if (asList)
                _output.WriteByte((byte)']');
            WriteOrigin(name, slot.Best.From);
        }
    }

    private void WriteOrigin(byte[] name, in FoldInput from)
    {
        var isFirst = _origins.Length == 1;
        if (isFirst)
            _usual = (from.Id, from.ObservedAt, from.Connection);
        else if (_usual == (from.Id, from.ObservedAt, from.Connection))
            return;
        Separate(_origins);
        _origins.Write(isFirst ? "\"\":"u8 : name);
        _origins.WriteByte((byte)'[');
        _origins.WriteNumber(from.Id);
        _origins.WriteByte((byte)',');
        _origins.WriteNumber(from.ObservedAt);
        _origins.WriteByte((byte)',');
        _origins.WriteNumber(from.Connection);
        _origins.WriteByte((byte)']');
    }

    private static void Separate(Utf8Output output)
    {
        if (output.Written[^1] != '{')
            output.WriteByte((byte)',');
    }

    /// <summary>Greater wins. The order is total up to equal values, so arrival order never shows in golden data.</summary>
    private static int Compare(FieldType? field, in Offered a, in Offered b)
    {
        // 0. What a steward pinned, the last pin first. 1. The preferred source. 2. Something before null. 3. The field's rule. 4. The source's time. 5. The greater bytes.
        var one = a.Value.Span;
        var other = b.Value.Span;
        if ((a.From.Connector == Steward).CompareTo(b.From.Connector == Steward) is var pinned and not 0)
            return pinned;
        if (a.From.Connector == Steward && a.From.ObservedAt.CompareTo(b.From.ObservedAt) is var last and not 0)
            return last;
        if (field is { Prefer.Count: > 0 } && Rank(field, b.From.Connector).CompareTo(Rank(field, a.From.Connector)) is var preferred and not 0)
            return preferred;
        if (IsNull(other).CompareTo(IsNull(one)) is var something and not 0)
            return something;
        var byRule = field?.Survivorship switch
        {
            Survivorship.Earliest => Earlier(a.From.ObservedAt, b.From.ObservedAt),
            Survivorship.Longest => Encoding.UTF8.GetCharCount(one).CompareTo(Encoding.UTF8.GetCharCount(other)),
            Survivorship.Max => CompareValues(field.Kind, one, other),
            Survivorship.Min => CompareValues(field.Kind, other, one),
            _ => 0,
        };
        if (byRule != 0)
            return byRule;
        if (a.From.ObservedAt.CompareTo(b.From.ObservedAt) is var later and not 0 && field?.Survivorship != Survivorship.Earliest)
            return later;
        if (one.SequenceCompareTo(other) is var greater and not 0)
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

    /// <summary>The bytes of a value with the quotes of a text. Contributions and golden entities are written in shortest form, so equal values have equal bytes.</summary>
    private ReadOnlyMemory<byte> Whole(int node, byte[] body)
    {
        ref readonly var at = ref _tape[node];
        return at.Kind == JsonKind.String ? body.AsMemory(at.Start - 1, at.Length + 2) : body.AsMemory(at.Start, at.Length);
    }

    /// <summary>A link's target with the connection its key is meant in.</summary>
    private ReadOnlyMemory<byte> Target(int node, in FoldInput from)
    {
        var key = _tape.Find(node, "key"u8);
        return key < 0
            ? Whole(node, from.Body)
            : (byte[])[.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"connection\":{from.Connection},\"key\":")), .. Whole(key, from.Body).Span, (byte)'}'];
    }

    private void Parse(byte[] body)
    {
        var parsed = _tape.Parse(body, Limits);
        if (!parsed.IsOk)
            throw new InvalidOperationException("a kept contribution is not JSON: " + parsed);
    }

    private readonly record struct Offered(FoldInput From, ReadOnlyMemory<byte> Value);

    /// <summary>What is offered for one field or link.</summary>
    private sealed class Slot
    {
        private Offered _best;

        public bool HasBest { get; private set; }

        public ref readonly Offered Best => ref _best;

        public List<ReadOnlyMemory<byte>> Collected { get; } = [];

        public void Offer(FieldType? field, in Offered offered)
        {
            if (HasBest && Compare(field, offered, _best) <= 0)
                return;
            _best = offered;
            HasBest = true;
        }

        public void Clear()
        {
            _best = default;
            HasBest = false;
            Collected.Clear();
        }
    }
}
