using System.Globalization;
using System.Text;

namespace IntegrationHub.Storage.Sqlite;

/// <summary>
/// Inserts rows that are certainly not there yet, several with one statement: SQLite opens a table with its indexes anew for every statement, which takes
/// about as long as writing a row.
/// </summary>
/// <remarks>OR FAIL: a row that fails leaves those before it, so that SQLite need not note every page it touches. Whoever inserts rolls back anyway.</remarks>
internal sealed class SqliteInsert(SqliteDatabase database, string into)
{
    private static readonly int[] Sizes = [16, 4, 1];

    private readonly SqliteStatement?[] _statements = new SqliteStatement?[Sizes.Length];
    private readonly int _columns = into.AsSpan().Count(',') + 1;

    /// <param name="rows">What to insert.</param>
    /// <param name="bind">Binds one of them; a column that is not bound is NULL.</param>
    public void Run<T>(IReadOnlyCollection<T> rows, Action<SqliteNewRow, T> bind)
    {
        var left = rows.Count;
        SqliteStatement statement = null!;
        var (size, bound) = (0, 0);
        foreach (var row in rows)
        {
            if (bound == size)
            {
                var next = Array.FindIndex(Sizes, s => s <= left);
                (statement, size, bound) = (Statement(next).Clear(), Sizes[next], 0);
            }

            bind(new(statement, bound * _columns), row);
            left--;
            if (++bound == size)
                statement.Run();
        }
    }

    private SqliteStatement Statement(int size) => _statements[size] ??= database.Prepare(Sql(Sizes[size]));

    private string Sql(int rows)
    {
        var sql = new StringBuilder("INSERT OR FAIL INTO ").Append(into).Append(" VALUES");
        for (var i = 0; i < rows * _columns; i++)
            sql.Append(i % _columns > 0 ? "," : i == 0 ? "(" : "),(").Append(CultureInfo.InvariantCulture, $"?{i + 1}");
        return sql.Append(')').ToString();
    }
}

/// <summary>A row to bind, of a statement that inserts several.</summary>
/// <param name="Statement">The statement.</param>
/// <param name="At">Position of the first column, less one.</param>
internal readonly record struct SqliteNewRow(SqliteStatement Statement, int At)
{
    public SqliteNewRow Bind(int column, long value)
    {
        Statement.Bind(At + column, value);
        return this;
    }

    public SqliteNewRow Bind(int column, string? value)
    {
        Statement.Bind(At + column, value);
        return this;
    }

    public SqliteNewRow BindText(int column, ReadOnlySpan<byte> utf8)
    {
        Statement.BindText(At + column, utf8);
        return this;
    }

    public SqliteNewRow BindBlob(int column, ReadOnlySpan<byte> bytes)
    {
        Statement.BindBlob(At + column, bytes);
        return this;
    }
}
