using System.Globalization;
using System.Text;

namespace IntegrationHub.Storage.Sqlite;

/// <summary>
/// A page of entities. What leads the search is chosen here, not by SQLite, which knows nothing about how many rows a condition leaves: a condition that
/// leaves few rows, which are then sorted; or else whatever walks in the order of the page, with the other conditions looked at on the way.
/// </summary>
internal sealed class SqliteEntityQuery
{
    private const string Columns = "e.type, e.state, e.merged_into, e.version, e.change, e.contributions, e.chained, e.origins, g.body";

    private readonly List<object?> _values = [];
    private readonly EntityQuery _query;
    private readonly int _mostSorted;
    private readonly bool _withoutValue;
    private readonly string _direction;
    private readonly string _beyond;

    private SqliteEntityQuery(EntityQuery query, int mostSorted, bool withoutValue)
    {
        (_query, _mostSorted, _withoutValue) = (query, mostSorted, withoutValue);
        (_direction, _beyond) = query.Descending ? ("DESC", "<") : ("ASC", ">");
    }

    /// <param name="mostSorted">A condition leaves few when it leaves no more.</param>
    public static List<EntityRow> Run(SqliteDatabase database, EntityQuery query, int mostSorted)
    {
        if (query.Search is { } typed && SearchText.Query(typed).Length == 0)
            return [];
        var found = new SqliteEntityQuery(query, mostSorted, withoutValue: false).Read(database, query.Limit);
        // Entities without a value come last in either direction, by a query of their own: so both can walk in order.
        if (query.Sort is not null && found.Count < query.Limit)
            found.AddRange(new SqliteEntityQuery(query, mostSorted, withoutValue: true).Read(database, query.Limit - found.Count));
        return found;
    }

    /// <summary>Its statement; what the tests explain.</summary>
    internal static string Sql(SqliteDatabase database, EntityQuery query, int mostSorted) => new SqliteEntityQuery(query, mostSorted, withoutValue: false).Sql(database, query.Limit);

    private List<EntityRow> Read(SqliteDatabase database, int limit)
    {
        using var statement = database.PrepareOnce(Sql(database, limit));
        for (var i = 0; i < _values.Count; i++)
            statement.BindValue(i + 1, _values[i]);
        var found = new List<EntityRow>();
        using var rows = statement.Query();
        while (rows.Read())
            found.Add(SqliteTransaction.ReadEntity(rows));
        return found;
    }

    private string Sql(SqliteDatabase database, int limit)
    {
        if (_query.Search is { } search)
            return Select($"search s CROSS JOIN {Golden} g ON g.id=s.rowid", $"s.text MATCH {Parameter(SearchText.Query(search))}", null, "s.rowid") + Order(limit);
        if (_query.LinkedTo is { } link)
            return Select($"{Golden} g", Linked(link.Link, link.Keys), null, "g.id") + Order(limit);
        var leading = _query.Filters.Where(f => f.Operator != FilterOperator.NotEqual && f.Value != "null" && HasIndex(database, f.Field)).ToList();
        // Equal values are in the order of their ids, so one alone walks in order however many there are.
        if (_query.Sort is null && leading is [{ Operator: FilterOperator.Equal } only] && _query.Filters.Count == 1)
            return Leading(only.Field, limit);
        var least = leading.Select(f => (Filter: f, Count: Count(database, f))).OrderBy(f => f.Count).FirstOrDefault();
        if (least.Filter is not null && least.Count <= _mostSorted)
            return Leading(least.Filter.Field, limit);
        if (_query.Sort is { } sort && !_withoutValue && HasIndex(database, sort))
            return Leading(sort, limit);
        if (_query.Sort is null && leading.Find(f => f.Operator == FilterOperator.Equal) is { } equal)
            return Leading(equal.Field, limit);
        return Select($"{Golden} g", "", null, "g.id") + Order(limit);
    }

    private string Golden => SqliteIndexes.Table(_query.Type);

    /// <summary>The statement that an index leads, one half for each of its levels, which SQLite merges.</summary>
    private string Leading(Model.FieldType field, int limit)
    {
        var parameters = _values.Count;
        string Half(string level)
        {
            // Both halves have the same parameters.
            _values.RemoveRange(parameters, _values.Count - parameters);
            return Select($"\"{SqliteIndexes.Index(_query.Type, field)}_{level}\" f CROSS JOIN {Golden} g ON g.id=f.id", "", field, "f.id");
        }

        return string.Join(" UNION ALL ", SqliteLevels.Names.Select(Half)) + Order(limit);
    }

    /// <summary>Another process, whose model does not ask for it, may have let go of an index.</summary>
    private bool HasIndex(SqliteDatabase database, Model.FieldType field)
    {
        using var rows = database.Prepare("SELECT 1 FROM sqlite_schema WHERE name=?1 AND type='view'").Bind(1, SqliteIndexes.Index(_query.Type, field)).Query();
        return rows.Read();
    }

    private int Count(SqliteDatabase database, EntityFilter filter)
    {
        var values = _values.Count;
        var condition = Condition("f.value", filter);
        var index = SqliteIndexes.Index(_query.Type, filter.Field);
        var found = string.Join(" UNION ALL ", SqliteLevels.Names.Select(level => $"SELECT 1 FROM \"{index}_{level}\" f WHERE {condition}"));
        using var statement = database.PrepareOnce(string.Create(CultureInfo.InvariantCulture, $"SELECT count(*) FROM (SELECT 1 FROM ({found}) LIMIT {_mostSorted + 1L})"));
        for (var i = values; i < _values.Count; i++)
            statement.BindValue(i + 1, _values[i]);
        _values.RemoveRange(values, _values.Count - values);
        using var rows = statement.Query();
        return rows.Read() ? rows.Int32(0) : 0;
    }

    /// <param name="from">What leads, joined with the golden table as <c>g</c>.</param>
    /// <param name="condition">A condition of its own.</param>
    /// <param name="leading">The field whose index leads as <c>f</c>, if one does.</param>
    /// <param name="id">The id, as what leads has it.</param>
    private string Select(string from, string condition, Model.FieldType? leading, string id)
    {
        string Value(Model.FieldType field) => field.Name == leading?.Name ? "f.value" : $"g.{SqliteIndexes.Column(field)}";
        var sql = new StringBuilder("SELECT ").Append(id).Append(", ").Append(Columns);
        if (_query.Sort is { } sort)
            sql.Append(CultureInfo.InvariantCulture, $", {Value(sort)} AS sorted");
        sql.Append(CultureInfo.InvariantCulture, $" FROM {from} CROSS JOIN entities e ON e.id=g.id WHERE ").Append(condition.Length > 0 ? condition : "1");
        foreach (var filter in _query.Filters)
            sql.Append(" AND ").Append(Condition(Value(filter.Field), filter));
        if (_query.Search is not null && _query.LinkedTo is { } link)
            sql.Append(" AND ").Append(Linked(link.Link, link.Keys));
        if (_query.Sort is { } field)
        {
            sql.Append(CultureInfo.InvariantCulture, $" AND {Value(field)} IS {(_withoutValue ? "" : "NOT ")}NULL");
            if (_query.After is { } after)
            {
                var (value, last) = (Parameter(SqliteIndexes.Operand(field, after.Value ?? "null")), Parameter(after.Id));
                sql.Append(_withoutValue ? $" AND ({value} IS NOT NULL OR {id}{_beyond}{last})" : $" AND {Value(field)}{_beyond}={value} AND ({Value(field)}{_beyond}{value} OR {id}{_beyond}{last})");
            }
        }
        else if (_query.After is { } after)
        {
            sql.Append(CultureInfo.InvariantCulture, $" AND {id}{_beyond}{Parameter(after.Id)}");
        }

        return sql.ToString();
    }

    private string Order(int limit)
    {
        // By the number of the column, because the halves of a union share nothing else.
        var order = _query.Sort is null || _withoutValue ? $"1 {_direction}" : $"sorted {_direction}, 1 {_direction}";
        return $" ORDER BY {order} LIMIT {Parameter((long)limit)}";
    }

    private string Linked(int link, IReadOnlyList<IdentityKey> keys)
    {
        var name = Parameter((long)link);
        return $"g.id IN (SELECT source FROM links WHERE name={name} AND {(keys.Count == 0 ? "0" : Any(0, keys.Count))})";

        // In halves, because SQLite takes an expression of a thousand levels at most, and an entity may have more keys.
        string Any(int from, int to) => to - from > 1
            ? $"({Any(from, (from + to) / 2)} OR {Any((from + to) / 2, to)})"
            : $"(kind={Parameter((long)keys[from].Kind)} AND value={Parameter(keys[from].Value)})";
    }

    private string Condition(string column, EntityFilter filter)
    {
        if (filter.Value == "null")
            return filter.Operator == FilterOperator.Equal ? $"{column} IS NULL" : $"{column} IS NOT NULL";
        var value = Parameter(SqliteIndexes.Operand(filter.Field, filter.Value));
        return filter.Operator switch
        {
            FilterOperator.Equal => $"{column}={value}",
            FilterOperator.NotEqual => $"{column} IS NOT {value}",
            FilterOperator.Less => $"{column}<{value}",
            FilterOperator.LessOrEqual => $"{column}<={value}",
            FilterOperator.Greater => $"{column}>{value}",
            FilterOperator.GreaterOrEqual => $"{column}>={value}",
            // A range instead of LIKE, so that the index is used and the prefix needs no escaping.
            _ => $"{column}>={value} AND {column}<{value}||char(0x10FFFF)",
        };
    }

    private string Parameter(object? value)
    {
        _values.Add(value);
        return "?" + _values.Count.ToString(CultureInfo.InvariantCulture);
    }
}
