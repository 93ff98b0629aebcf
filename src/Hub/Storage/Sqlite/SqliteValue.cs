using System.Text;
using static SQLitePCL.raw;

namespace IntegrationHub.Storage.Sqlite;

/// <summary>A value as SQLite keeps it: nothing, a whole number, another number, or a text.</summary>
internal readonly struct SqliteValue : IEquatable<SqliteValue>
{
    private readonly int _type;
    private readonly long _bits;
    private readonly ReadOnlyMemory<byte> _text;

    private SqliteValue(int type, long bits, ReadOnlyMemory<byte> text) => (_type, _bits, _text) = (type, bits, text);

    public static SqliteValue Null => new(SQLITE_NULL, 0, default);

    public bool IsNull => _type is 0 or SQLITE_NULL;

    public static SqliteValue Of(long whole) => new(SQLITE_INTEGER, whole, default);

    public static SqliteValue Of(double real) => new(SQLITE_FLOAT, BitConverter.DoubleToInt64Bits(real), default);

    /// <summary>UTF-8 text; the memory is kept, not copied.</summary>
    public static SqliteValue Of(ReadOnlyMemory<byte> text) => new(SQLITE_TEXT, 0, text);

    public static SqliteValue Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    public static SqliteValue Of(object? value) => value switch
    {
        null => Null,
        string text => Of(text),
        double real => Of(real),
        _ => Of((long)value),
    };

    public static SqliteValue Read(SqliteRows rows, int column) => rows.Type(column) switch
    {
        SQLITE_INTEGER => Of(rows.Int64(column)),
        SQLITE_FLOAT => Of(rows.Double(column)),
        SQLITE_TEXT => Of(rows.Bytes(column).ToArray()),
        _ => Null,
    };

    public void Bind(SqliteStatement statement, int index)
    {
        if (_type == SQLITE_TEXT)
            statement.BindText(index, _text.Span);
        else if (_type == SQLITE_INTEGER)
            statement.Bind(index, _bits);
        else if (_type == SQLITE_FLOAT)
            statement.Bind(index, BitConverter.Int64BitsToDouble(_bits));
        else
            statement.BindNull(index);
    }

    public bool Equals(SqliteValue other) => _type == other._type && _bits == other._bits && _text.Span.SequenceEqual(other._text.Span);

    public override bool Equals(object? obj) => obj is SqliteValue other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(_type, _bits, _text.Length);
}
