using System.Text;

namespace IntegrationHub.Mapping;

/// <summary>
/// Memory for the values that functions make while one record is mapped. Reset between records, so that a warm mapper allocates nothing.
/// Growing leaves the old array to the values that point into it.
/// </summary>
public sealed class Scratch
{
    private readonly int _limit;
    private byte[] _bytes;
    private int _used;
    private Value[] _values = new Value[256];
    private int _valuesUsed;
    private long _total;

    /// <param name="limit">The most bytes one record may produce; more ends in <see cref="ScratchFullException"/>.</param>
    public Scratch(int limit = 64 * 1024 * 1024)
    {
        _limit = Math.Min(limit, Value.MaxBytes);
        _bytes = new byte[16 * 1024];
    }

    /// <summary>Things worth telling that did not reject the record, such as "check digit fails".</summary>
    public List<string> Issues { get; } = [];

    public void Reset()
    {
        _used = 0;
        _valuesUsed = 0;
        _total = 0;
        Issues.Clear();
    }

    /// <summary>Room for <paramref name="length"/> bytes; finish with <see cref="Commit"/> before asking again.</summary>
    public Span<byte> Reserve(int length)
    {
        _total += length;
        if (_total > _limit)
            throw new ScratchFullException(_limit);
        if (_used + length > _bytes.Length)
        {
            _bytes = new byte[Math.Max(_bytes.Length * 2, length)];
            _used = 0;
        }

        return _bytes.AsSpan(_used, length);
    }

    /// <summary>Turns the first bytes of the last <see cref="Reserve"/> into a text.</summary>
    public Value Commit(int length)
    {
        var value = Value.Text(_bytes, _used, length);
        _used += length;
        return value;
    }

    /// <summary>The same as a number, for bytes that follow the JSON number grammar.</summary>
    public Value CommitNumber(int length)
    {
        var value = Value.Number(_bytes, _used, length);
        _used += length;
        return value;
    }

    public Value Text(ReadOnlySpan<byte> utf8)
    {
        utf8.CopyTo(Reserve(utf8.Length));
        return Commit(utf8.Length);
    }

    public Value Text(ReadOnlySpan<char> chars)
    {
        var written = Encoding.UTF8.GetBytes(chars, Reserve(Encoding.UTF8.GetMaxByteCount(chars.Length)));
        return Commit(written);
    }

    public Value Number(long number)
    {
        number.TryFormat(Reserve(20), out var written);
        return CommitNumber(written);
    }

    /// <summary>Keeps a list of values.</summary>
    public Value List(ReadOnlySpan<Value> items)
    {
        items.CopyTo(List(items.Length, out var list));
        return list;
    }

    /// <summary>Room for the elements of a list, to be filled at once.</summary>
    public Span<Value> List(int count, out Value list)
    {
        var items = Room(count);
        list = Value.List(_values, _valuesUsed - count, count);
        return items;
    }

    /// <summary>Keeps an object, given alternating names and values.</summary>
    public Value Object(ReadOnlySpan<Value> members)
    {
        members.CopyTo(Room(members.Length));
        return Value.Object(_values, _valuesUsed - members.Length, members.Length);
    }

    private Span<Value> Room(int count)
    {
        _total += count * 16L;
        if (_total > _limit)
            throw new ScratchFullException(_limit);
        if (_valuesUsed + count > _values.Length)
        {
            _values = new Value[Math.Max(_values.Length * 2, count)];
            _valuesUsed = 0;
        }

        _valuesUsed += count;
        return _values.AsSpan(_valuesUsed - count, count);
    }
}

/// <summary>One record produced more than it may; the record is rejected.</summary>
public sealed class ScratchFullException(int limit)
    : Exception($"mapping this record needs more than {limit:N0} bytes of working memory");
