namespace IntegrationHub.Storage.Sqlite;

internal sealed partial class SqliteTransaction
{
    public ValueTask<int> KeepCallbacksAsync(IReadOnlyList<CallbackRow> rows)
    {
        var remember = database.Prepare("INSERT INTO callback_ids(connection, event, at) VALUES(?1,?2,?3) ON CONFLICT DO NOTHING");
        var keep = database.Prepare("INSERT INTO callbacks(id, connection, stream, event, subject, body, received) VALUES(?1,?2,?3,?4,?5,?6,?7)");
        var next = database.Scalar("SELECT coalesce(max(id), 0) FROM callbacks");
        var kept = 0;
        foreach (var row in rows)
        {
            remember.Bind(1, row.Connection).Bind(2, row.Event).Bind(3, row.ReceivedAt).Run();
            if (database.Changes == 0)
                continue;
            row.Id = ++next;
            keep.Bind(1, row.Id).Bind(2, row.Connection).Bind(3, row.Stream).Bind(4, row.Event).Bind(5, row.Subject).BindBlob(6, row.Body).Bind(7, row.ReceivedAt).Run();
            kept++;
        }

        return new(kept);
    }

    public ValueTask UpdateCallbackAsync(CallbackRow row)
    {
        database.Prepare("UPDATE callbacks SET error=?2 WHERE id=?1").Bind(1, row.Id).Bind(2, row.Error).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask RemoveCallbacksAsync(IReadOnlyList<long> ids)
    {
        var remove = database.Prepare("DELETE FROM callbacks WHERE id=?1");
        foreach (var id in ids)
            remove.Bind(1, id).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask ForgetExchangesAsync(long callbacksBefore, long actionsBefore)
    {
        database.Prepare("DELETE FROM callback_ids WHERE at<?1").Bind(1, callbacksBefore).Run();
        database.Prepare("DELETE FROM actions WHERE at<?1").Bind(1, actionsBefore).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask<string?> ActionAsync(int connection, string key)
    {
        using var rows = database.Prepare("SELECT json FROM actions WHERE connection=?1 AND key=?2").Bind(1, connection).Bind(2, key).Query();
        return new(rows.Read() ? rows.String(0) : null);
    }

    public ValueTask SaveActionAsync(int connection, string key, string? json, long at)
    {
        if (json is null)
            database.Prepare("DELETE FROM actions WHERE connection=?1 AND key=?2").Bind(1, connection).Bind(2, key).Run();
        else
            database.Prepare("INSERT INTO actions(connection, key, json, at) VALUES(?1,?2,?3,?4) ON CONFLICT DO UPDATE SET json=excluded.json, at=excluded.at")
            .Bind(1, connection).Bind(2, key).Bind(3, json).Bind(4, at).Run();
        return ValueTask.CompletedTask;
    }
}
