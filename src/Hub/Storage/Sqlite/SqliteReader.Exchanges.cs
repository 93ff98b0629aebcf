namespace IntegrationHub.Storage.Sqlite;

internal sealed partial class SqliteReader
{
    public ValueTask<IReadOnlyList<CallbackRow>> CallbacksAsync(int connection, string? stream, bool setAside, long afterId, int limit, CancellationToken cancellationToken) =>
        new(store.Read<IReadOnlyList<CallbackRow>>(db =>
        {
            var found = new List<CallbackRow>();
            using var rows = db.Prepare($"""
                SELECT id, connection, stream, event, subject, body, received, error FROM callbacks
                WHERE connection=?1 AND (?2 IS NULL OR stream=?2) AND error IS {(setAside ? "NOT NULL" : "NULL")} AND id>?3 ORDER BY id LIMIT ?4
                """).Bind(1, connection).Bind(2, stream).Bind(3, afterId).Bind(4, limit).Query();
            while (rows.Read())
                found.Add(new()
                {
                    Id = rows.Int64(0),
                    Connection = rows.Int32(1),
                    Stream = rows.String(2),
                    Event = rows.String(3),
                    Subject = rows.String(4),
                    Body = rows.Bytes(5).ToArray(),
                    ReceivedAt = rows.Int64(6),
                    Error = rows.StringOrNull(7),
                });
            return found;
        }));
}
