using IntegrationHub.Model;

namespace IntegrationHub.Storage.Sqlite;

/// <summary>Expression indexes over the golden JSON, one per indexed field of the model.</summary>
internal static class SqliteIndexes
{
    /// <summary>The SQL of a field's value; the same text in index and query, or SQLite would not use the index.</summary>
    public static string Expression(FieldType field) => field.Kind == FieldKind.Money
        ? $"json_extract(body,'$.{field.Name}.amount')"
        : $"json_extract(body,'$.{field.Name}')";

    public static void Apply(SqliteDatabase database, EntityModel model, Catalog catalog)
    {
        var wanted = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entity in model.Entities)
        {
            var type = catalog.EntityType(entity.Name);
            foreach (var field in entity.Fields.Where(f => f.Indexed))
                wanted[$"field_{type}_{field.Name}_{field.Kind}"] =
                    $"CREATE INDEX IF NOT EXISTS \"field_{type}_{field.Name}_{field.Kind}\" ON entities({Expression(field)}, id) WHERE type={type} AND state=0";
        }

        var present = new List<string>();
        using (var rows = database.Prepare("SELECT name FROM sqlite_schema WHERE type='index' AND name LIKE 'field\\_%' ESCAPE '\\'").Query())
            while (rows.Read())
                present.Add(rows.String(0));
        foreach (var name in present.Where(n => !wanted.ContainsKey(n)))
            database.Execute($"DROP INDEX \"{name}\"");
        foreach (var (name, sql) in wanted)
            if (!present.Contains(name))
                database.Execute(sql);
    }
}
