using System.Runtime.CompilerServices;

namespace IntegrationHub.Json;

/// <summary>
/// One pass over a document that lays its nodes onto the tape. Hot path: every record the hub maps goes through here. It is a loop with
/// an explicit stack, so depth costs memory and never stack. The text is known to be valid UTF-8.
/// </summary>
internal ref partial struct JsonScanner
{
    // Up to this many members a 64 bit filter finds repeated names while scanning; larger objects are checked when they close.
    private const int FewMembers = 32;

    private readonly ReadOnlySpan<byte> _text;
    private readonly int _documentStart;
    private readonly JsonLimits _limits;
    private readonly JsonTapeStore _store;
    private readonly JsonOutline _outline;
    private readonly JsonPlaces? _places;
    private JsonParseResult _fault;

    /// <remarks>The text is the buffer from its first byte to the end of the document, so that positions are buffer positions.</remarks>
    public JsonScanner(ReadOnlySpan<byte> text, int documentStart, JsonLimits limits, JsonTapeStore store, JsonOutline outline, JsonPlaces? places)
    {
        _text = text;
        _documentStart = documentStart;
        _limits = limits;
        _store = store;
        _outline = outline;
        _places = places;
    }

    public JsonParseResult Scan(int pos)
    {
        var text = _text;
        var nodes = _store.Nodes;
        var room = Math.Min(nodes.Length, _limits.MaxNodes);
        var count = 0;
        var depth = 0;
        var frame = default(Frame);
        // What is asked of the value that comes next, and the row it belongs to.
        var spots = _outline.Spots;
        var columns = _places?.Columns;
        var spot = _places is null ? 0 : 1;
        var row = 0;
        var expected = _places?.Expected;

    Value:
        if ((uint)pos >= (uint)text.Length) return End(text.Length);
        var c = text[pos];
        if (c <= ' ')
        {
            pos = SkipBlanks(pos);
            if ((uint)pos >= (uint)text.Length) return End(text.Length);
            c = text[pos];
        }

        if (count >= room)
        {
            // No references to these locals anywhere: they have to stay in registers.
            room = _store.Grow(room, _limits.MaxNodes);
            if (count >= room) return TooMany(pos);
            nodes = _store.Nodes;
        }

        if (spot != 0) columns![row + spots[spot].Place] = count;
        switch (c)
        {
            case (byte)'"':
                {
                    var close = ScanString(pos + 1, out var escapes);
                    if (close < 0) return _fault;
                    nodes[count] = new JsonNode(JsonKind.String, pos + 1, close - pos - 1, count + 1, hasEscapes: escapes);
                    count++;
                    pos = close + 1;
                    goto AfterValue;
                }

            case (byte)'{':
            case (byte)'[':
                if (depth == _limits.MaxDepth) return Fault(JsonParseCode.TooDeep, pos, "arrays and objects are nested too deeply");
                if (depth > 0) _store.Push(depth - 1, frame);
                depth++;
                frame = new Frame { Node = count, Start = pos, IsObject = c == '{' };
                if (spot != 0)
                {
                    ref readonly var asked = ref spots[spot];
                    frame.Spot = !frame.IsObject ? asked.Element : asked.Mask >= 0 ? spot : 0;
                    frame.Row = frame.IsObject ? row : row + asked.Rows;
                    if (frame.IsObject && asked.Element != 0) columns![row + asked.Rows] = JsonPlaces.OfObject;
                }

                count++;
                pos++;
                if ((uint)pos < (uint)text.Length && text[pos] <= ' ') pos = SkipBlanks(pos);
                if ((uint)pos >= (uint)text.Length) return End(text.Length);
                if (text[pos] == (frame.IsObject ? '}' : ']')) goto Close;
                if (frame.IsObject) goto Name;
                goto Element;

            case (byte)'t':
                if (!Literal("true"u8, pos)) return _fault;
                nodes[count] = new JsonNode(JsonKind.True, pos, 4, count + 1);
                count++;
                pos += 4;
                goto AfterValue;

            case (byte)'f':
                if (!Literal("false"u8, pos)) return _fault;
                nodes[count] = new JsonNode(JsonKind.False, pos, 5, count + 1);
                count++;
                pos += 5;
                goto AfterValue;

            case (byte)'n':
                if (!Literal("null"u8, pos)) return _fault;
                nodes[count] = new JsonNode(JsonKind.Null, pos, 4, count + 1);
                count++;
                pos += 4;
                goto AfterValue;

            default:
                {
                    if (c != '-' && !char.IsAsciiDigit((char)c)) return Syntax(pos, "expected a value");
                    var end = ScanNumber(pos);
                    if (end < 0) return _fault;
                    nodes[count] = new JsonNode(JsonKind.Number, pos, end - pos, count + 1);
                    count++;
                    pos = end;
                    goto AfterValue;
                }
        }

    Element:
        spot = frame.Spot;
        if (spot != 0)
        {
            row = _places!.AddRow(spots[spot].Width);
            columns = _places.Columns;
            columns[frame.Row] = row;
            frame.Row = row;
        }

        goto Value;

    Name:
        if ((uint)pos >= (uint)text.Length) return End(text.Length);
        if (text[pos] <= ' ')
        {
            pos = SkipBlanks(pos);
            if ((uint)pos >= (uint)text.Length) return End(text.Length);
        }

        if (text[pos] != '"') return Syntax(pos, "expected a member name in double quotes");
        if (count >= room)
        {
            room = _store.Grow(room, _limits.MaxNodes);
            if (count >= room) return TooMany(pos);
            nodes = _store.Nodes;
        }

        {
            var close = -1;
            var escapes = false;
            uint hash = 0;
            spot = frame.Spot;
            if (spot != 0 && expected is not null)
            {
                ref readonly var next = ref expected[NextName.IndexAfter(spot, frame.LastName)];
                if (next.Owner == spot && next.StandsAt(text, pos + 1))
                {
                    close = pos + 1 + next.Length;
                    hash = next.Hash;
                    spot = next.Spot;
                }
            }

            if (close < 0)
            {
                close = ScanString(pos + 1, out escapes);
                if (close < 0) return _fault;
                hash = escapes ? JsonTapeStore.HashEscaped(text[(pos + 1)..close]) : JsonName.HashOf(text[(pos + 1)..close]);
                if (spot != 0)
                {
                    spot = _outline.Find(spot, hash, text[(pos + 1)..close], escapes);
                    if (expected is not null && !escapes) expected[NextName.IndexAfter(frame.Spot, frame.LastName)] = new(text, pos + 1, close, hash, frame.Spot, spot);
                }
            }

            nodes[count] = new JsonNode(JsonKind.Name, pos + 1, close - pos - 1, count + 1, (int)hash, escapes);
            var bit = 1UL << (int)(hash & 63);
            if ((frame.Seen & bit) != 0 && frame.Count < FewMembers && IsRepeated(nodes, frame.Node + 1, count))
            {
                if (_limits.DuplicateNames == JsonDuplicateNames.Refuse) return Duplicate(pos);
                _store.HasRepeatedNames = true;
            }

            frame.Seen |= bit;
            frame.LastName = hash;
            row = frame.Row;
            count++;
            pos = close + 1;
        }

        if ((uint)pos < (uint)text.Length && text[pos] != ':') pos = SkipBlanks(pos);
        if ((uint)pos >= (uint)text.Length) return End(text.Length);
        if (text[pos] != ':') return Syntax(pos, "expected ':' after a member name");
        pos++;
        goto Value;

    AfterValue:
        if (depth == 0) goto Done;
        frame.Count++;
        if ((uint)pos >= (uint)text.Length) return End(text.Length);
        c = text[pos];
        if (c <= ' ')
        {
            pos = SkipBlanks(pos);
            if ((uint)pos >= (uint)text.Length) return End(text.Length);
            c = text[pos];
        }

        if (c == ',')
        {
            pos++;
            if (frame.IsObject) goto Name;
            goto Element;
        }

        if (c != (frame.IsObject ? '}' : ']'))
        {
            return Syntax(pos, frame.IsObject ? "expected ',' or '}' after a member" : "expected ',' or ']' after an element");
        }

    Close:
        pos++;
        var kind = frame.IsObject ? JsonKind.Object : JsonKind.Array;
        nodes[frame.Node] = new JsonNode(kind, frame.Start, pos - frame.Start, count, frame.Count);
        if (frame.IsObject && frame.Count > FewMembers)
        {
            var repeated = _store.Names.FirstIn(text, nodes, frame.Node + 1, frame.Count);
            if (repeated >= 0)
            {
                if (_limits.DuplicateNames == JsonDuplicateNames.Refuse) return Duplicate(nodes[repeated].Start - 1);
                _store.HasRepeatedNames = true;
            }
        }

        depth--;
        if (depth > 0) frame = _store.Frames[depth - 1];
        goto AfterValue;

    Done:
        pos = SkipBlanks(pos);
        if (pos < text.Length) return Syntax(pos, "expected nothing after the value");
        _store.Count = count;
        return JsonParseResult.Ok;
    }

    private readonly bool IsRepeated(JsonNode[] nodes, int firstName, int name)
    {
        for (var other = firstName; other < name; other = nodes[other + 1].End)
            if (nodes[other].NameHash == nodes[name].NameHash && RepeatedNames.Same(_text, nodes[other], nodes[name]))
                return true;

        return false;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private JsonParseResult Fault(JsonParseCode code, int pos, string message) =>
        _fault = new JsonParseResult(code, pos - _documentStart, message);

    private JsonParseResult Syntax(int pos, string message) => Fault(JsonParseCode.Syntax, pos, message);

    private JsonParseResult End(int pos) => Fault(JsonParseCode.Truncated, pos, "the document ends before its value is complete");

    private JsonParseResult TooMany(int pos) => Fault(JsonParseCode.TooManyNodes, pos, "the document has too many values and names");

    private JsonParseResult Duplicate(int pos) => Fault(JsonParseCode.DuplicateName, pos, "a member name occurs twice in one object");

    internal struct Frame
    {
        public ulong Seen;
        public int Node;
        public int Start;
        public int Count;

        // Of an object: what is asked of its members, and their row. Of an array: what is asked of each element, and the column that leads to the next row.
        public int Spot;
        public int Row;

        // Hash of the member before.
        public uint LastName;
        public bool IsObject;
    }
}
