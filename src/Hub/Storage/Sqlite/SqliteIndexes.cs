using System.Globalization;
using System.Text;
using IntegrationHub.Json;
using IntegrationHub.Model;

namespace IntegrationHub.Storage.Sqlite;

/// <summary>
/// Golden bodies stand in a table per entity type, live entities only, with a column and an index for each indexed field. A table of all types would
/// make every write open every type's indexes; indexes over expressions would parse the body once for each of them.
/// </summary>
/// <remarks>
/// Which columns there are is read from the tables, not from the model: a process with another model keeps them as well. So a column stays when its
/// field is no longer indexed; only its index goes.
/// </remarks>
internal sealed class SqliteIndexes
{
    private static readonly JsonLimits Limits = new() { MaxDepth = JsonLimits.HighestDepth };

    private readonly Dictionary<int, GoldenTable> _tables;
    private readonly JsonTape _tape = new();

    private SqliteIndexes(Dictionary<int, GoldenTable> tables) => _tables = tables;

    public static string Table(int type) => $"golden_{type}";

    /// <summary>The column of a field, as SQL writes it.</summary>
    public static string Column(FieldType field) => $"\"{field.Name}_{field.Kind}\"";

    /// <summary>What the columns hold of a value: text, a number, or milliseconds for a time, because times keep the offset of their source and their texts do not sort.</summary>
    /// <param name="json">The value as JSON; of money only its amount.</param>
    /// <returns>A text, <c>long</c>, <c>double</c>, or <c>null</c> for what is not indexed.</returns>
    public static object? Operand(FieldType field, string json)
    {
        var tape = new JsonTape();
        return tape.Parse(Encoding.UTF8.GetBytes(json), Limits).IsOk ? Value(tape, 0, field.Kind) : null;
    }

    /// <summary>The columns that the tables have now.</summary>
    public static SqliteIndexes Load(SqliteDatabase database)
    {
        var tables = new Dictionary<int, GoldenTable>();
        using var rows = database.Prepare("SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type='table' AND t.name LIKE 'golden\\_%' ESCAPE '\\' ORDER BY t.name, c.cid").Query();
        var columns = new List<GoldenColumn>();
        var table = "";
        void End()
        {
            if (table.Length > 0)
                tables[int.Parse(table.AsSpan("golden_".Length), CultureInfo.InvariantCulture)] = new(table, [.. columns]);
            columns.Clear();
        }

        while (rows.Read())
        {
            if (rows.String(0) != table)
                End();
            table = rows.String(0);
            var name = rows.String(1);
            if (name.LastIndexOf('_') is > 0 and var end)
                columns.Add(new(name, new(name[..end]), Enum.Parse<FieldKind>(name.AsSpan(end + 1))));
        }

        End();
        return new(tables);
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
        foreach (var name in present.Keys.Where(n => wanted.GetValueOrDefault(n) != present[n]))
            database.Execute($"DROP INDEX \"{name}\"");
        foreach (var (name, sql) in wanted.Where(w => present.GetValueOrDefault(w.Key) != w.Value))
            database.Execute(sql);
        database.Execute("COMMIT");
    }

    /// <summary>Keeps the bodies of live entities with the values that they are found by, and lets go of those of entities that are no longer live.</summary>
    public void Write(SqliteDatabase database, IReadOnlyList<EntityWrite> entities)
    {
        foreach (var added in entities.Where(e => e.IsNew && e.Row.Body.Length > 0).GroupBy(e => e.Row.Type))
        {
            var table = _tables[added.Key];
            database.Insert(table.Into, added.Select(e => e.Row).ToList(), (to, row) =>
            {
                to.Bind(1, row.Id).BindText(2, row.Body);
                Bind(to.Statement, to.At, table, row.Body);
            });
        }

        foreach (var (row, _, _, _, _) in entities.Where(e => !e.IsNew))
            if (row.Body.Length > 0)
            {
                var table = _tables[row.Type];
                var statement = database.Prepare(table.Write).Clear().Bind(1, row.Id).BindText(2, row.Body);
                Bind(statement, 0, table, row.Body);
                statement.Run();
            }
            else
            {
                database.Prepare($"DELETE FROM {Table(row.Type)} WHERE id=?1").Bind(1, row.Id).Run();
            }
    }

    private bool Has(int type, string column) => _tables.TryGetValue(type, out var table) && table.Columns.Any(c => $"\"{c.Name}\"" == column);

    private void Fill(SqliteDatabase database, int type)
    {
        var table = _tables[type];
        var update = database.Prepare($"UPDATE {table.Name} SET {string.Join(", ", table.Columns.Select((c, i) => $"\"{c.Name}\"=?{i + 3}"))} WHERE id=?1 AND ?2<>''");
        var page = database.Prepare($"SELECT id, body FROM {table.Name} WHERE id>?1 ORDER BY id LIMIT 1");
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

            Bind(update.Clear().Bind(1, id).BindText(2, body), 0, table, body);
            update.Run();
        }
    }

    /// <param name="at">Position of the first parameter of the row, less one.</param>
    private void Bind(SqliteStatement statement, int at, GoldenTable table, byte[] body)
    {
        if (table.Columns.Length == 0)
            return;
        if (!_tape.Parse(body, Limits).IsOk)
            throw new InvalidOperationException("golden JSON cannot be read");
        for (var i = 0; i < table.Columns.Length; i++)
        {
            var column = table.Columns[i];
            var node = _tape.Find(0, column.Field);
            if (node >= 0 && column.Kind == FieldKind.Money)
                node = _tape.Find(node, "amount"u8);
            if (node < 0)
                continue;
            // Most values are plain texts; they are bound where they stand.
            if (_tape[node] is { Kind: JsonKind.String, HasEscapes: false } && column.Kind != FieldKind.Time)
                statement.BindText(at + i + 3, _tape.Raw(node));
            else
                statement.BindValue(at + i + 3, Value(_tape, node, column.Kind));
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
        return present.Count == wanted.Count && wanted.All(w => present.GetValueOrDefault(w.Key) == w.Value) && model.Entities.All(e => now._tables.ContainsKey(catalog.EntityType(e.Name)));
    }

    private static Dictionary<string, string> Wanted(EntityModel model, Catalog catalog)
    {
        var wanted = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entity in model.Entities)
        {
            var type = catalog.EntityType(entity.Name);
            foreach (var field in entity.Fields.Where(f => f.Indexed))
                wanted[$"field_{type}_{field.Name}_{field.Kind}"] = $"CREATE INDEX \"field_{type}_{field.Name}_{field.Kind}\" ON {Table(type)}({Column(field)}) WHERE {Column(field)} IS NOT NULL";
        }

        return wanted;
    }

    private static Dictionary<string, string> Present(SqliteDatabase database)
    {
        var present = new Dictionary<string, string>(StringComparer.Ordinal);
        using var rows = database.Prepare("SELECT name, sql FROM sqlite_schema WHERE type='index' AND name LIKE 'field\\_%' ESCAPE '\\'").Query();
        while (rows.Read())
            present[rows.String(0)] = rows.String(1);
        return present;
    }

    private static IEnumerable<string> Columns(EntityType entity) => entity.Fields.Where(f => f.Indexed).Select(Column);

    private sealed record GoldenColumn(string Name, JsonName Field, FieldKind Kind);

    private sealed record GoldenTable(string Name, GoldenColumn[] Columns)
    {
        public string Into { get; } = $"{Name}({string.Join(", ", Columns.Select(c => $"\"{c.Name}\"").Prepend("body").Prepend("id"))})";

        // Where the body is the same, so are the columns.
        public string Write { get; } = $"""
            INSERT INTO {Name}({string.Join(", ", Columns.Select(c => $"\"{c.Name}\"").Prepend("body").Prepend("id"))})
            VALUES({string.Join(",", Enumerable.Range(1, Columns.Length + 2).Select(i => $"?{i}"))})
            ON CONFLICT(id) DO UPDATE SET {string.Join(", ", Columns.Select(c => $"\"{c.Name}\"").Prepend("body").Select(c => $"{c}=excluded.{c}"))} WHERE body<>excluded.body
            """;
    }
}
