using IntegrationHub.Model;

namespace IntegrationHub.Storage.Sqlite;

/// <summary>
/// Golden bodies stand in a table per entity type, live entities only, with one expression index per indexed field. A table of all types would
/// make every write open every type's indexes.
/// </summary>
internal static class SqliteIndexes
{
    /// <summary>The SQL of a field's value; the same text in index and query, or SQLite would not use the index.</summary>
    public static string Expression(FieldType field) => field.Kind switch
    {
        FieldKind.Money => $"json_extract(body,'$.{field.Name}.amount')",
        FieldKind.Time => Instant($"json_extract(body,'$.{field.Name}')"),
        _ => $"json_extract(body,'$.{field.Name}')",
    };

    /// <summary>The SQL of a value to compare with the field's, given the parameter that holds it as JSON text: SQLite reads both in the same way.</summary>
    public static string Operand(FieldType field, string parameter) =>
        field.Kind == FieldKind.Time ? Instant($"json_extract({parameter},'$')") : $"json_extract({parameter},'$')";

    // Times keep the offset of their source, so their texts do not sort.
    private static string Instant(string text) => $"unixepoch({text},'subsec')";

    public static string Table(int type) => $"golden_{type}";

    public static void Apply(SqliteDatabase database, EntityModel model, Catalog catalog)
    {
        var wanted = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entity in model.Entities)
        {
            var type = catalog.EntityType(entity.Name);
            database.Execute($"CREATE TABLE IF NOT EXISTS {Table(type)}(id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
            foreach (var field in entity.Fields.Where(f => f.Indexed))
                wanted[$"field_{type}_{field.Name}_{field.Kind}"] =
                    $"CREATE INDEX \"field_{type}_{field.Name}_{field.Kind}\" ON {Table(type)}({Expression(field)}, id) WHERE {Expression(field)} IS NOT NULL";
        }

        var present = new Dictionary<string, string>(StringComparer.Ordinal);
        using (var rows = database.Prepare("SELECT name, sql FROM sqlite_schema WHERE type='index' AND name LIKE 'field\\_%' ESCAPE '\\'").Query())
            while (rows.Read())
                present[rows.String(0)] = rows.String(1);
        foreach (var (name, sql) in present)
            if (wanted.GetValueOrDefault(name) != sql)
                database.Execute($"DROP INDEX \"{name}\"");
        foreach (var (name, sql) in wanted)
            if (present.GetValueOrDefault(name) != sql)
                database.Execute(sql);
    }
}
