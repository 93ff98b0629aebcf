namespace IntegrationHub.Storage.Sqlite;

/// <summary>
/// The tables whose rows come at random places of their order, by the name of the view that shows both levels of each
/// (docs/decisions/0017-two-levels.md).
/// </summary>
internal sealed class SqliteLevels
{
    /// <summary>What follows the name of a view in the names of its two tables.</summary>
    public static readonly string[] Names = ["recent", "settled"];

    private const int FewestRecent = 65_536;
    private const int RecentForRoot = 32;

    private readonly Dictionary<string, TwoLevelTable> _tables = new(StringComparer.Ordinal);
    private readonly SqliteDatabase _database;
    private readonly int? _recent;

    private SqliteLevels(SqliteDatabase database, int? recent) => (_database, _recent) = (database, recent);

    public TwoLevelTable this[string name] => _tables[name];

    /// <summary>What makes one.</summary>
    /// <param name="name">Name of the view.</param>
    /// <param name="columns">Columns, as SQL declares them.</param>
    /// <param name="key">Names of the columns that order the rows.</param>
    public static string Create(string name, string columns, string key) => $"""
        CREATE TABLE "{name}_recent"({columns}, PRIMARY KEY({key})) WITHOUT ROWID;
        CREATE TABLE "{name}_settled"({columns}, PRIMARY KEY({key})) WITHOUT ROWID;
        CREATE VIEW "{name}" AS SELECT * FROM "{name}_recent" UNION ALL SELECT * FROM "{name}_settled";

        """;

    public static string Drop(string name) => $"""
        DROP VIEW "{name}"; DROP TABLE "{name}_recent"; DROP TABLE "{name}_settled";
        """;

    /// <summary>What the file has now.</summary>
    /// <param name="recent">How many rows may be recent; <c>null</c> for as many as cost least.</param>
    public static SqliteLevels Load(SqliteDatabase database, int? recent)
    {
        var levels = new SqliteLevels(database, recent);
        var columns = new Dictionary<string, List<(string Name, long Key)>>(StringComparer.Ordinal);
        using var rows = database.Prepare("SELECT v.name, c.name, c.pk FROM sqlite_schema v, pragma_table_info(v.name||'_recent') c WHERE v.type='view' ORDER BY v.name, c.cid").Query();
        while (rows.Read())
            (columns.TryGetValue(rows.String(0), out var known) ? known : columns[rows.String(0)] = []).Add((rows.String(1), rows.Int64(2)));
        var piece = Math.Clamp((recent ?? FewestRecent) / 16, 1, 256);
        foreach (var (name, all) in columns)
            levels._tables[name] = new(database, name, [.. all.Select(c => c.Name)], [.. all.Where(c => c.Key > 0).OrderBy(c => c.Key).Select(c => c.Name)], piece);
        return levels;
    }

    /// <summary>Moves what has become too much to be recent; before a commit.</summary>
    /// <remarks>
    /// Every row moves once. With more recent rows a piece of them fills fewer pages of the settled, and new ones touch more pages of the recent: both
    /// cost the same when their number grows with the root of all. As long as all of a table are about as few, moving them would gain nothing.
    /// </remarks>
    public void Settle()
    {
        var most = _recent ?? Math.Max(FewestRecent, (long)(RecentForRoot * Math.Sqrt(_database.Scalar("SELECT max(id) FROM entities"))));
        foreach (var table in _tables.Values)
            table.Settle(most);
    }

    /// <summary>Counts anew what a transaction that was rolled back had counted.</summary>
    public void Recount()
    {
        foreach (var table in _tables.Values)
            table.Recount();
    }
}

/// <summary>
/// A table in two levels: rows are inserted among the recent ones, few enough that those of a batch share pages, and moved to the settled ones a piece of
/// the order at a time, so that a page of the large tree is written once for many rows.
/// </summary>
internal sealed class TwoLevelTable
{
    private const long Unknown = long.MaxValue / 2;

    private readonly Dictionary<string, SqliteStatement[]> _onBoth = new(StringComparer.Ordinal);
    private readonly SqliteDatabase _database;
    private readonly string _name;
    private readonly string _into;
    private readonly int _piece;
    private readonly string[] _key;
    private readonly string _following;
    private readonly string _first;
    private readonly string _last;
    private readonly string _end;
    private readonly string _move;
    private readonly string _remove;
    private SqliteValue[]? _moved;

    // At least as many as there are recent rows; exactly as many unless something may have deleted some.
    private long _count = Unknown;
    private bool _isExact;

    public TwoLevelTable(SqliteDatabase database, string name, string[] columns, string[] key, int piece)
    {
        (_database, _name, _key, _piece) = (database, name, key, piece);
        var (names, recent) = (string.Join(", ", key), $"\"{name}_recent\"");
        string Parameters(int from) => string.Join(", ", Enumerable.Range(from, key.Length).Select(i => $"?{i}"));
        _into = $"{recent}({string.Join(", ", columns)})";
        _following = $"SELECT {names} FROM {recent} WHERE ({names})>({Parameters(1)}) ORDER BY {names} LIMIT 1";
        _first = $"SELECT {names} FROM {recent} ORDER BY {names} LIMIT 1";
        _last = $"SELECT {names} FROM {recent} ORDER BY {string.Join(", ", key.Select(k => k + " DESC"))} LIMIT 1";
        _end = $"SELECT {names} FROM {recent} WHERE ({names})>=({Parameters(1)}) ORDER BY {names} LIMIT 1 OFFSET {piece - 1}";
        var between = $"({names})>=({Parameters(1)}) AND ({names})<=({Parameters(1 + key.Length)})";
        // OR REPLACE: whatever went wrong, it must not keep every later batch from being committed.
        _move = $"INSERT OR REPLACE INTO \"{name}_settled\" SELECT * FROM {recent} WHERE {between}";
        _remove = $"DELETE FROM {recent} WHERE {between}";
    }

    /// <summary>Inserts rows that are in neither level.</summary>
    /// <param name="rows">What to insert.</param>
    /// <param name="bind">Binds one of them, its columns in the order of their declaration.</param>
    public void Insert<T>(IReadOnlyCollection<T> rows, Action<SqliteNewRow, T> bind)
    {
        _database.Insert(_into, rows, bind);
        _count += rows.Count;
    }

    /// <summary>A statement that changes or deletes rows, for each level.</summary>
    /// <param name="sql">Its text, with <c>{0}</c> for the table.</param>
    public SqliteStatement[] OnBoth(string sql)
    {
        _isExact = false;
        if (!_onBoth.TryGetValue(sql, out var statements))
            _onBoth[sql] = statements = [.. SqliteLevels.Names.Select(level => _database.Prepare(sql.Replace("{0}", $"\"{_name}_{level}\"", StringComparison.Ordinal)))];
        return statements;
    }

    public void Recount() => (_count, _isExact) = (Unknown, false);

    public void Settle(long most)
    {
        if (_count <= most)
            return;
        if (!_isExact)
            (_count, _isExact) = (_database.Scalar($"SELECT count(*) FROM \"{_name}_recent\""), true);
        if (_count <= most)
            return;
        // A piece more than is too much, so that there is not something to move at every commit.
        while (_count > most - _piece && MovePiece())
        {
        }
    }

    private bool MovePiece()
    {
        if (((_moved is null ? null : Key(Bind(_following, _moved))) ?? Key(_database.Prepare(_first))) is not { } first)
            return false;
        var last = Key(Bind(_end, first)) ?? Key(_database.Prepare(_last))!;
        Bind(_move, first, last).Run();
        Bind(_remove, first, last).Run();
        _count -= _database.Changes;
        _moved = last;
        return true;
    }

    private SqliteStatement Bind(string sql, params ReadOnlySpan<SqliteValue[]> keys)
    {
        var statement = _database.Prepare(sql);
        for (var i = 0; i < keys.Length; i++)
            for (var k = 0; k < _key.Length; k++)
                keys[i][k].Bind(statement, (i * _key.Length) + k + 1);
        return statement;
    }

    private SqliteValue[]? Key(SqliteStatement statement)
    {
        using var rows = statement.Query();
        if (!rows.Read())
            return null;
        var key = new SqliteValue[_key.Length];
        for (var i = 0; i < key.Length; i++)
            key[i] = SqliteValue.Read(rows, i);
        return key;
    }
}
