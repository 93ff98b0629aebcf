namespace IntegrationHub.Storage.Sqlite;

internal sealed partial class SqliteTransaction
{
    public ValueTask SaveDeliveriesAsync(IReadOnlyList<DeliveryRow> rows)
    {
        var save = database.Prepare("""
            INSERT INTO deliveries(subscription, seq, entity, previous, parked, attempts, first, next, reason) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)
            ON CONFLICT DO UPDATE SET parked=excluded.parked, attempts=excluded.attempts, first=excluded.first, next=excluded.next, reason=excluded.reason
            """);
        foreach (var row in rows)
            save.Bind(1, row.Subscription).Bind(2, row.Sequence).Bind(3, row.Entity).Bind(4, row.Previous).Bind(5, row.IsParked ? 1 : 0)
                .Bind(6, row.Attempts).Bind(7, row.FirstAt).Bind(8, row.NextAt).Bind(9, row.Reason).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask RemoveDeliveriesAsync(int subscription, IReadOnlyList<long> sequences)
    {
        var remove = database.Prepare("DELETE FROM deliveries WHERE subscription=?1 AND seq=?2");
        foreach (var sequence in sequences)
            remove.Bind(1, subscription).Bind(2, sequence).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask<DeliveryRow?> DeliveryAsync(int subscription, long sequence)
    {
        using var rows = database.Prepare($"SELECT {SqliteReader.DeliveryColumns} FROM deliveries WHERE subscription=?1 AND seq=?2").Bind(1, subscription).Bind(2, sequence).Query();
        return new(rows.Read() ? SqliteReader.ReadDelivery(rows) : null);
    }

    public ValueTask ReleaseDeliveriesAsync(int subscription, long entity, long at)
    {
        // So few that one entity with a long backlog leaves room among what is due for others.
        const int Together = 16;
        database.Prepare("""
            UPDATE deliveries SET next=?3 WHERE subscription=?1 AND next=?4 AND parked=0
            AND seq IN (SELECT seq FROM deliveries WHERE subscription=?1 AND entity=?2 AND parked=0 ORDER BY seq LIMIT ?5)
            AND NOT EXISTS (SELECT 1 FROM deliveries WHERE subscription=?1 AND entity=?2 AND parked=0 AND next>?3 AND next<>?4)
            """).Bind(1, subscription).Bind(2, entity).Bind(3, at).Bind(4, DeliveryRow.BehindAnother).Bind(5, Together).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask HoldDeliveriesAsync(int subscription, long entity, long after)
    {
        database.Prepare("UPDATE deliveries SET next=?4 WHERE subscription=?1 AND entity=?2 AND seq>?3 AND parked=0")
            .Bind(1, subscription).Bind(2, entity).Bind(3, after).Bind(4, DeliveryRow.BehindAnother).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask<int> UnparkDeliveriesAsync(int subscription, long? sequence, long at)
    {
        var unpark = database.Prepare("UPDATE deliveries SET parked=0, attempts=0, first=?3, next=?3 WHERE subscription=?1 AND parked=1 AND (?2 IS NULL OR seq=?2)").Bind(1, subscription).Bind(3, at);
        _ = sequence is { } one ? unpark.Bind(2, one) : unpark.BindNull(2);
        unpark.Run();
        var unparked = database.Changes;
        // Of one entity the earliest comes first, and the others after it.
        database.Prepare("""
            UPDATE deliveries SET next=?2 WHERE subscription=?1 AND parked=0
            AND seq<>(SELECT min(d.seq) FROM deliveries d WHERE d.subscription=?1 AND d.entity=deliveries.entity AND d.parked=0)
            """).Bind(1, subscription).Bind(2, DeliveryRow.BehindAnother).Run();
        return new(unparked);
    }

    public ValueTask<int> ClearDeliveriesAsync(int subscription, long firstBefore, long now)
    {
        database.Prepare("DELETE FROM deliveries WHERE subscription=?1 AND first<?2").Bind(1, subscription).Bind(2, firstBefore).Run();
        var cleared = database.Changes;
        database.Prepare("""
            UPDATE deliveries SET next=?2 WHERE subscription=?1 AND next=?3 AND parked=0
            AND seq=(SELECT min(d.seq) FROM deliveries d WHERE d.subscription=?1 AND d.entity=deliveries.entity AND d.parked=0)
            """).Bind(1, subscription).Bind(2, now).Bind(3, DeliveryRow.BehindAnother).Run();
        return new(cleared);
    }

    public ValueTask SaveTimerAsync(TimerRow timer)
    {
        database.Prepare("INSERT INTO timers(rule, entity, seq, previous, due) VALUES(?1,?2,?3,?4,?5) ON CONFLICT DO UPDATE SET seq=excluded.seq, previous=excluded.previous, due=excluded.due WHERE excluded.seq>=seq")
            .Bind(1, timer.Rule).Bind(2, timer.Entity).Bind(3, timer.Sequence).Bind(4, timer.Previous).Bind(5, timer.DueAt).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask RemoveTimerAsync(TimerRow timer)
    {
        database.Prepare("DELETE FROM timers WHERE rule=?1 AND entity=?2 AND seq=?3").Bind(1, timer.Rule).Bind(2, timer.Entity).Bind(3, timer.Sequence).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask SaveEffectsAsync(int rule, int connection, IReadOnlyList<string> effects, long at)
    {
        var save = database.Prepare("INSERT INTO effects(rule, connection, effect, at) VALUES(?1,?2,?3,?4) ON CONFLICT DO NOTHING");
        foreach (var effect in effects)
            save.Bind(1, rule).Bind(2, connection).Bind(3, effect).Bind(4, at).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask ForgetEffectsAsync(long before)
    {
        database.Prepare("DELETE FROM effects WHERE at<?1").Bind(1, before).Run();
        return ValueTask.CompletedTask;
    }
}
