using System.Buffers;
using System.Text;
using System.Text.Json;

namespace IntegrationHub.Sdk.Reading;

/// <summary>The state machine under <see cref="JsonPartReader"/>: bytes in, whole parts out, no recursion.</summary>
internal sealed class JsonPartScanner(JsonPartOptions options)
{
    private const int MaxNameBytes = 4096;

    private static readonly SearchValues<byte> StringStops = SearchValues.Create("\"\\"u8);
    private static readonly SearchValues<byte> ScalarStops = SearchValues.Create(", \t\r\n]}"u8);
    private static readonly SearchValues<byte> NestedStops = SearchValues.Create("\"[]{}"u8);

    private readonly ArrayBufferWriter<byte> _name = new();
    private ArrayBufferWriter<byte> _held = new();
    private State _state = State.Start;
    private JsonPart? _part;
    private long _offset;
    private string _member = "";
    private long _index = -1;
    private bool _rootIsArray;
    private long _arrayOffset;

    // The value being read.
    private long _valueOffset;
    private int _limit;
    private long _depth;
    private bool _inString;
    private bool _escaped;
    private bool _scalar;

    private enum State
    {
        Start,
        NameOrEnd,
        Name,
        InName,
        Colon,
        MemberValue,
        AfterMember,
        ElementOrEnd,
        Element,
        AfterElement,
        InValue,
        Done,
    }

    /// <summary>Takes bytes until the first part is complete or the bytes are used up.</summary>
    /// <returns>How many bytes were used.</returns>
    public int Advance(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length && _part is null)
        {
            var used = _state switch
            {
                State.InValue => ReadValue(bytes[at..]),
                State.InName => ReadName(bytes[at..]),
                _ => ReadFrame(bytes[at]),
            };
            at += used;
            _offset += used;
        }

        return at;
    }

    public JsonPart? TakePart()
    {
        var part = _part;
        _part = null;
        return part;
    }

    public void End()
    {
        if (_state == State.Start)
            throw new JsonException("There is no JSON: the document is empty.");
        if (_state != State.Done)
            throw new JsonException($"The document ends early, after {_offset} bytes.");
    }

    /// <summary>One byte of the frame around the parts. Returns 0 when the byte begins a value or ends a scalar and must be seen again.</summary>
    private int ReadFrame(byte b)
    {
        if (b is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            return 1;

        switch (_state)
        {
            case State.Start when b == '{':
                _state = State.NameOrEnd;
                return 1;
            case State.Start when b == '[':
                _rootIsArray = true;
                OpenArray();
                return 1;
            case State.Start when _offset < 3 && b == "\uFEFF"u8[(int)_offset]:
                return 1;
            case State.Start:
                throw new JsonException($"Expected {{ or [ at the start, found {Show(b)}.");
            case State.NameOrEnd when b == '}':
            case State.AfterMember when b == '}':
                _state = State.Done;
                return 1;
            case State.NameOrEnd or State.Name when b == '"':
                _name.ResetWrittenCount();
                _state = State.InName;
                return 1;
            case State.Colon when b == ':':
                _state = State.MemberValue;
                return 1;
            case State.MemberValue when b == '[' && options.Arrays.Contains(_member):
                OpenArray();
                return 1;
            case State.MemberValue:
                BeginValue(b, options.MaxMemberBytes);
                return 0;
            case State.AfterMember when b == ',':
                _state = State.Name;
                return 1;
            case State.ElementOrEnd or State.AfterElement when b == ']':
                _index = -1;
                _part = new JsonPart(_rootIsArray ? "" : _member, -1, _arrayOffset, _offset + 1 - _arrayOffset, default);
                _state = _rootIsArray ? State.Done : State.AfterMember;
                return 1;
            case State.ElementOrEnd or State.Element:
                BeginValue(b, options.MaxElementBytes);
                return 0;
            case State.AfterElement when b == ',':
                _index++;
                _state = State.Element;
                return 1;
            case State.Done:
                throw new JsonException($"There is more text after the end of the document, at byte {_offset}.");
            default:
                throw new JsonException($"The document is broken at byte {_offset}: {Show(b)} is not expected there.");
        }
    }

    private void OpenArray()
    {
        _index = 0;
        _arrayOffset = _offset;
        _state = State.ElementOrEnd;
    }

    private int ReadName(ReadOnlySpan<byte> bytes)
    {
        if (_escaped)
        {
            _escaped = false;
            _name.Write(bytes[..1]);
            return 1;
        }

        var stop = bytes.IndexOfAny(StringStops);
        var run = stop < 0 ? bytes : bytes[..stop];
        _name.Write(run);
        if (_name.WrittenCount > MaxNameBytes)
            throw new JsonException($"A member name before byte {_offset} is longer than {MaxNameBytes} bytes.");
        if (stop < 0)
            return run.Length;

        if (bytes[stop] == '\\')
        {
            _name.Write("\\"u8);
            _escaped = true;
        }
        else
        {
            _member = Encoding.UTF8.GetString(_name.WrittenSpan);
            _state = State.Colon;
        }

        return run.Length + 1;
    }

    private void BeginValue(byte first, int limit)
    {
        if (first is (byte)',' or (byte)':' or (byte)']' or (byte)'}')
            throw new JsonException($"A value is missing at byte {_offset}.");
        _valueOffset = _offset;
        _limit = limit;
        _depth = 0;
        _inString = _escaped = false;
        _scalar = first is not ((byte)'{' or (byte)'[' or (byte)'"');
        _state = State.InValue;
    }

    /// <summary>Takes bytes of the present value: to its end, or to the end of what there is.</summary>
    private int ReadValue(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length)
        {
            if (_scalar)
            {
                var end = bytes[at..].IndexOfAny(ScalarStops);
                if (end < 0)
                    break;
                return EndValue(bytes, at + end);
            }

            if (_inString)
            {
                if (_escaped)
                {
                    _escaped = false;
                    at++;
                    continue;
                }

                var stop = bytes[at..].IndexOfAny(StringStops);
                if (stop < 0)
                    break;
                at += stop + 1;
                _escaped = bytes[at - 1] == '\\';
                _inString = _escaped;
                if (!_inString && _depth == 0)
                    return EndValue(bytes, at);
                continue;
            }

            var next = bytes[at..].IndexOfAny(NestedStops);
            if (next < 0)
                break;
            at += next + 1;
            switch (bytes[at - 1])
            {
                case (byte)'"':
                    _inString = true;
                    break;
                case (byte)'{' or (byte)'[':
                    _depth++;
                    break;
                default:
                    if (--_depth == 0)
                        return EndValue(bytes, at);
                    break;
            }
        }

        Hold(bytes);
        return bytes.Length;
    }

    private int EndValue(ReadOnlySpan<byte> bytes, int end)
    {
        Hold(bytes[..end]);
        var length = _offset + end - _valueOffset;
        var raw = length > _limit ? default(ReadOnlyMemory<byte>) : _held.WrittenSpan.ToArray();
        _part = new JsonPart(_rootIsArray ? "" : _member, _index, _valueOffset, length, raw);
        _state = _index >= 0 ? State.AfterElement : State.AfterMember;
        if (_held.Capacity > 1024 * 1024)
            _held = new ArrayBufferWriter<byte>(); // one long part must not keep its buffer for the rest of the document
        else
            _held.ResetWrittenCount();
        return end;
    }

    private void Hold(ReadOnlySpan<byte> bytes)
    {
        if (_held.WrittenCount + (long)bytes.Length <= _limit)
            _held.Write(bytes);
        else
            _limit = Math.Min(_limit, _held.WrittenCount); // nothing more of this value is held
    }

    private static string Show(byte b) => b is > 32 and < 127 ? $"'{(char)b}'" : $"byte 0x{b:X2}";
}
