using IntegrationHub.Model;

namespace IntegrationHub.Storage.Sqlite;

/// <summary>Expression indexes over the golden JSON, one per indexed field of the model.</summary>
internal static class SqliteIndexes
{
    /// <summary>The SQL of a field's value; the same text in index and query, or SQLite would not use the index.</summary>
    public static string Expression(FieldType field) => field.Kind switch
    {
        FieldKind.Money => $"json_extract(body,'$.{field.Name}.amount')",
        // Texts with different offsets do not compare as points in time do.
        FieldKind.Time => $"unixepoch(json_extract(body,'$.{field.Name}'),'subsec')",
        _ => $"json_extract(body,'$.{field.Name}')",
    };

    /// <summary>Changes with the expression, so that an index over another one is made anew.</summary>
    private static string Name(int type, FieldType field) => $"field_{type}_{field.Name}_{(field.Kind == FieldKind.Time ? "Instant" : field.Kind.ToString())}";

    public static void Apply(SqliteDatabase database, EntityModel model, Catalog catalog)
    {
        var wanted = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entity in model.Entities)
        {
            var type = catalog.EntityType(entity.Name);
            foreach (var field in entity.Fields.Where(f => f.Indexed))
                wanted[Name(type, field)] =
                    $"CREATE INDEX IF NOT EXISTS \"{Name(type, field)}\" ON entities({Expression(field)}, id) WHERE type={type} AND state=0";
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
