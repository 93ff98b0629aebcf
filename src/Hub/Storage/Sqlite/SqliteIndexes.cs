using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using IntegrationHub.Json;
using IntegrationHub.Model;
using IntegrationHub.Threads;

namespace IntegrationHub.Storage.Sqlite;

/// <summary>
/// Golden bodies stand in a table per entity type, live entities only, with a column for each indexed field and an index in two levels beside it. A table
/// of all types would make every write open every type's indexes; indexes over expressions would parse the body once for each of them; and indexes of
/// SQLite's own would write a page for every value.
/// </summary>
/// <remarks>
/// Which columns there are is read from the tables, not from the model: a process with another model keeps them as well. So a column stays when its
/// field is no longer indexed; only its index goes.
/// </remarks>
internal sealed class SqliteIndexes
{
    private const int ReadAtOnce = 64;

    private static readonly JsonLimits Limits = new() { MaxDepth = JsonLimits.HighestDepth };

    private readonly Dictionary<int, GoldenTable> _tables;
    private readonly ConcurrentBag<JsonTape> _tapes = [];
    private readonly List<(SqliteValue, long)> _entries = [];

    private SqliteIndexes(Dictionary<int, GoldenTable> tables) => _tables = tables;

    public static string Table(int type) => $"golden_{type}";

    /// <summary>The column of a field, as SQL writes it.</summary>
    public static string Column(FieldType field) => $"\"{field.Name}_{field.Kind}\"";

    /// <summary>The index of a field, a view of <c>value</c> and <c>id</c>.</summary>
    public static string Index(int type, FieldType field) => Index(type, field.Name, field.Kind);

    private static string Index(int type, string field, FieldKind kind) => $"field_{type}_{field}_{kind}";

    /// <summary>What the columns hold of a value: text, a number, or milliseconds for a time, because times keep the offset of their source and their texts do not sort.</summary>
    /// <param name="json">The value as JSON; of money only its amount.</param>
    /// <returns>A text, <c>long</c>, <c>double</c>, or <c>null</c> for what is not indexed.</returns>
    public static object? Operand(FieldType field, string json)
    {
        var tape = new JsonTape();
        return tape.Parse(Encoding.UTF8.GetBytes(json), Limits).IsOk ? Value(tape, 0, field.Kind) : null;
    }

    /// <summary>The columns and indexes that there are now.</summary>
    public static SqliteIndexes Load(SqliteDatabase database)
    {
        var columns = new Dictionary<int, List<GoldenColumn>>();
        var present = Present(database);
        using var rows = database.Prepare("SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type='table' AND t.name LIKE 'golden\\_%' ESCAPE '\\' ORDER BY t.name, c.cid").Query();
        while (rows.Read())
        {
            var type = int.Parse(rows.String(0).AsSpan("golden_".Length), CultureInfo.InvariantCulture);
            var all = columns.TryGetValue(type, out var known) ? known : columns[type] = [];
            var name = rows.String(1);
            if (name.LastIndexOf('_') is not (> 0 and var end))
                continue;
            var (field, kind) = (name[..end], Enum.Parse<FieldKind>(name.AsSpan(end + 1)));
            var index = Index(type, field, kind);
            all.Add(new(name, new(field), kind, present.Contains(index) ? index : null));
        }

        return new(columns.ToDictionary(c => c.Key, c => new GoldenTable(Table(c.Key), [.. c.Value])));
    }

    /// <summary>Makes what a model needs, and lets go of indexes that it no longer asks for. When it throws, the transaction is still open.</summary>
    public static void Apply(SqliteDatabase database, EntityModel model, Catalog catalog)
    {
        if (IsApplied(database, model, catalog))
            return;
        database.Execute("BEGIN IMMEDIATE");
        var before = Load(database);
        foreach (var entity in model.Entities)
        {
            var type = catalog.EntityType(entity.Name);
            if (!before._tables.ContainsKey(type))
            {
                database.Execute($"CREATE TABLE {Table(type)}({string.Join(", ", Columns(entity).Prepend("body TEXT NOT NULL").Prepend("id INTEGER PRIMARY KEY"))})");
                continue;
            }

            List<string> missing = [.. Columns(entity).Where(c => !before.Has(type, c))];
            foreach (var column in missing)
                database.Execute($"ALTER TABLE {Table(type)} ADD COLUMN {column}");
            if (missing.Count > 0)
                Load(database).Fill(database, type);
        }

        var (present, wanted) = (Present(database), Wanted(model, catalog));
        foreach (var name in present.Where(n => !wanted.ContainsKey(n)))
            database.Execute(SqliteLevels.Drop(name));
        foreach (var (name, (table, column)) in wanted.Where(w => !present.Contains(w.Key)))
            database.Execute(SqliteLevels.Create(name, "value NOT NULL, id INTEGER NOT NULL", "value, id")
                + $"INSERT INTO \"{name}_settled\" SELECT {column}, id FROM {table} WHERE {column} IS NOT NULL ORDER BY 1, 2;");
        database.Execute("COMMIT");
    }

    /// <summary>Begins to read the values that new entities are found by, with the help of other threads. Their rows may not be changed until they are written.</summary>
    public IReadOnlyList<NewGolden> BeginReading(IReadOnlyList<EntityWrite> entities)
    {
        var added = new List<NewGolden>();
        foreach (var rows in entities.Where(e => e.IsNew && e.Row.Body.Length > 0).Select(e => e.Row).GroupBy(r => r.Type))
            added.Add(BeginReading(_tables[rows.Key], [.. rows]));
        return added;
    }

    /// <summary>Keeps the bodies of live entities with the values that they are found by, and lets go of those of entities that are no longer live.</summary>
    /// <param name="added">What <see cref="BeginReading(IReadOnlyList{EntityWrite})"/> gave for the same entities.</param>
    public async ValueTask WriteAsync(SqliteDatabase database, SqliteLevels levels, IReadOnlyList<EntityWrite> entities, IReadOnlyList<NewGolden> added)
    {
        foreach (var golden in added)
        {
            await golden.Reading.FinishAsync();
            Insert(database, levels, golden.Table, golden.Rows, golden.Values);
        }

        foreach (var (row, _, _, _, _) in entities.Where(e => !e.IsNew))
            Replace(database, levels, _tables[row.Type], row);
    }

    private NewGolden BeginReading(GoldenTable table, IReadOnlyList<EntityRow> rows)
    {
        var columns = table.Columns.Length;
        var values = new SqliteValue[rows.Count * columns];
        return new(table, rows, values, SharedWork.Start(columns == 0 ? 0 : rows.Count, ReadAtOnce, (from, to) =>
        {
            var tape = TakeTape();
            for (var i = from; i < to; i++)
                Read(table, tape, rows[i].Body, values.AsSpan(i * columns, columns));
            GiveBack(tape);
        }));
    }

    private SqliteValue[] Read(GoldenTable table, byte[] body)
    {
        if (table.Columns.Length == 0)
            return [];
        var values = new SqliteValue[table.Columns.Length];
        var tape = TakeTape();
        Read(table, tape, body, values);
        GiveBack(tape);
        return values;
    }

    private JsonTape TakeTape() => _tapes.TryTake(out var tape) ? tape : new();

    private void GiveBack(JsonTape tape)
    {
        tape.Clear();
        _tapes.Add(tape);
    }

    private void Insert(SqliteDatabase database, SqliteLevels levels, GoldenTable table, IReadOnlyList<EntityRow> rows, SqliteValue[] values)
    {
        var columns = table.Columns.Length;
        var at = 0;
        database.Insert(table.Into, rows, (to, row) =>
        {
            to.Bind(1, row.Id).BindText(2, row.Body);
            for (var i = 0; i < columns; i++)
                values[at++].Bind(to.Statement, to.At + i + 3);
        });
        for (var i = 0; i < columns; i++)
            if (table.Columns[i].Index is { } index)
            {
                _entries.Clear();
                for (var row = 0; row < rows.Count; row++)
                    if (values[(row * columns) + i] is { IsNull: false } value)
                        _entries.Add((value, rows[row].Id));
                levels[index].Insert(_entries, BindEntry);
            }
    }

    private void Replace(SqliteDatabase database, SqliteLevels levels, GoldenTable table, EntityRow row)
    {
        var before = new SqliteValue[table.Columns.Length];
        using (var rows = database.Prepare(table.Read).Bind(1, row.Id).BindText(2, row.Body).Query())
        {
            if (!rows.Read())
            {
                if (row.Body.Length > 0)
                    Insert(database, levels, table, [row], Read(table, row.Body));
                return;
            }

            // Where the body is the same, so are the columns.
            if (rows.Int64(0) != 0)
                return;
            for (var i = 0; i < before.Length; i++)
                before[i] = SqliteValue.Read(rows, i + 1);
        }

        SqliteValue[] values = [];
        if (row.Body.Length == 0)
        {
            database.Prepare($"DELETE FROM {table.Name} WHERE id=?1").Bind(1, row.Id).Run();
        }
        else
        {
            values = Read(table, row.Body);
            var statement = database.Prepare(table.Write).Bind(1, row.Id).BindText(2, row.Body);
            for (var i = 0; i < before.Length; i++)
                values[i].Bind(statement, i + 3);
            statement.Run();
        }

        for (var i = 0; i < before.Length; i++)
        {
            var value = row.Body.Length == 0 ? SqliteValue.Null : values[i];
            if (table.Columns[i].Index is not { } index || value.Equals(before[i]))
                continue;
            if (!before[i].IsNull)
                foreach (var level in levels[index].OnBoth("DELETE FROM {0} WHERE value=?1 AND id=?2"))
                {
                    before[i].Bind(level, 1);
                    level.Bind(2, row.Id).Run();
                }

            if (!value.IsNull)
                levels[index].Insert([(value, row.Id)], BindEntry);
        }
    }

    private static void BindEntry(SqliteNewRow to, (SqliteValue Value, long Id) entry)
    {
        entry.Value.Bind(to.Statement, to.At + 1);
        to.Bind(2, entry.Id);
    }

    private bool Has(int type, string column) => _tables.TryGetValue(type, out var table) && table.Columns.Any(c => $"\"{c.Name}\"" == column);

    private void Fill(SqliteDatabase database, int type)
    {
        var table = _tables[type];
        var page = database.Prepare($"SELECT id, body FROM {table.Name} WHERE id>?1 ORDER BY id LIMIT 1");
        var update = database.Prepare(table.Write);
        var id = long.MinValue;
        while (true)
        {
            byte[] body;
            using (var rows = page.Bind(1, id).Query())
            {
                if (!rows.Read())
                    return;
                id = rows.Int64(0);
                body = rows.Bytes(1).ToArray();
            }

            var values = Read(table, body);
            update.Bind(1, id).BindText(2, body);
            for (var i = 0; i < values.Length; i++)
                values[i].Bind(update, i + 3);
            update.Run();
        }
    }

    private static void Read(GoldenTable table, JsonTape tape, byte[] body, Span<SqliteValue> values)
    {
        if (!tape.Parse(body, Limits).IsOk)
            throw new InvalidOperationException("golden JSON cannot be read");
        for (var i = 0; i < values.Length; i++)
        {
            var column = table.Columns[i];
            var node = tape.Find(0, column.Field);
            if (node >= 0 && column.Kind == FieldKind.Money)
                node = tape.Find(node, "amount"u8);
            if (node < 0)
                values[i] = SqliteValue.Null;
            else if (tape[node] is { Kind: JsonKind.String, HasEscapes: false } && column.Kind != FieldKind.Time)
                // Most values are plain texts; they stay where they stand.
                values[i] = SqliteValue.Of(body.AsMemory(tape[node].Start, tape[node].Length));
            else
                values[i] = SqliteValue.Of(Value(tape, node, column.Kind));
        }
    }

    private static object? Value(JsonTape tape, int node, FieldKind kind) => tape[node].Kind switch
    {
        JsonKind.String when kind == FieldKind.Time => Rfc3339.TryRead(tape[node].HasEscapes ? Encoding.UTF8.GetBytes(tape.GetText(node)) : tape.Raw(node), out var at) ? (object)at : null,
        JsonKind.String => tape.GetText(node),
        // Whole numbers exactly, others as SQLite compares them.
        JsonKind.Number => long.TryParse(tape.Raw(node), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? (object)whole : double.Parse(tape.Raw(node), CultureInfo.InvariantCulture),
        JsonKind.True => 1L,
        JsonKind.False => 0L,
        _ => null,
    };

    private static bool IsApplied(SqliteDatabase database, EntityModel model, Catalog catalog)
    {
        var (present, wanted, now) = (Present(database), Wanted(model, catalog), Load(database));
        return present.Count == wanted.Count && wanted.Keys.All(present.Contains) && model.Entities.All(e => now._tables.ContainsKey(catalog.EntityType(e.Name)));
    }

    /// <summary>The table and the column of each index that a model asks for.</summary>
    private static Dictionary<string, (string Table, string Column)> Wanted(EntityModel model, Catalog catalog) =>
        model.Entities.SelectMany(e => e.Fields.Where(f => f.Indexed), (e, f) => (Type: catalog.EntityType(e.Name), Field: f))
            .ToDictionary(i => Index(i.Type, i.Field), i => (Table(i.Type), Column(i.Field)), StringComparer.Ordinal);

    private static HashSet<string> Present(SqliteDatabase database)
    {
        var present = new HashSet<string>(StringComparer.Ordinal);
        using var rows = database.Prepare("SELECT name FROM sqlite_schema WHERE type='view' AND name LIKE 'field\\_%' ESCAPE '\\'").Query();
        while (rows.Read())
            present.Add(rows.String(0));
        return present;
    }

    private static IEnumerable<string> Columns(EntityType entity) => entity.Fields.Where(f => f.Indexed).Select(Column);

    /// <summary>Entities of one type that were not there before.</summary>
    /// <param name="Values">Of every column of each, once they are read.</param>
    internal sealed record NewGolden(GoldenTable Table, IReadOnlyList<EntityRow> Rows, SqliteValue[] Values, SharedWork Reading);

    /// <param name="Index">Name of its index, or <c>null</c>.</param>
    internal sealed record GoldenColumn(string Name, JsonName Field, FieldKind Kind, string? Index);

    internal sealed record GoldenTable(string Name, GoldenColumn[] Columns)
    {
        public string Into { get; } = $"{Name}({string.Join(", ", Columns.Select(c => $"\"{c.Name}\"").Prepend("body").Prepend("id"))})";

        public string Read { get; } = $"SELECT {string.Join(", ", Columns.Select(c => $"\"{c.Name}\"").Prepend("body=?2"))} FROM {Name} WHERE id=?1";

        public string Write { get; } = $"UPDATE {Name} SET {string.Join(", ", Columns.Select(c => $"\"{c.Name}\"").Prepend("body").Select((c, i) => $"{c}=?{i + 2}"))} WHERE id=?1";
    }
}
