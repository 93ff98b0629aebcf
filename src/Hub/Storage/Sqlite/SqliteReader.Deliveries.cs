namespace IntegrationHub.Storage.Sqlite;

internal sealed partial class SqliteReader
{
    internal const string DeliveryColumns = "subscription, seq, entity, previous, parked, attempts, first, next, reason";

    public ValueTask<IReadOnlyList<DeliveryRow>> DeliveriesAsync(DeliveryQuery query, CancellationToken cancellationToken) => new(store.Read<IReadOnlyList<DeliveryRow>>(db =>
    {
        var statement = db.Prepare($"""
            SELECT {DeliveryColumns} FROM deliveries WHERE (subscription, seq)>(?1, ?2) AND (?3 IS NULL OR subscription=?3) AND (?4 IS NULL OR parked=?4)
            ORDER BY subscription, seq LIMIT ?5
            """).Bind(1, query.After.Subscription).Bind(2, query.After.Sequence).Bind(5, query.Limit);
        Bind(statement, 3, query.Subscription);
        Bind(statement, 4, query.IsParked is { } parked ? parked ? 1 : 0 : null);
        return Deliveries(statement);
    }));

    public ValueTask<IReadOnlyList<DeliveryRow>> DueDeliveriesAsync(int subscription, long now, int limit, CancellationToken cancellationToken) => new(store.Read<IReadOnlyList<DeliveryRow>>(db =>
        Deliveries(db.Prepare($"SELECT {DeliveryColumns} FROM deliveries WHERE subscription=?1 AND parked=0 AND next<=?2 ORDER BY next, seq LIMIT ?3")
            .Bind(1, subscription).Bind(2, now).Bind(3, limit))));

    public ValueTask<IReadOnlyDictionary<long, long>> WaitingEntitiesAsync(int subscription, CancellationToken cancellationToken) => new(store.Read<IReadOnlyDictionary<long, long>>(db =>
    {
        var found = new Dictionary<long, long>();
        using var rows = db.Prepare("SELECT entity, min(seq) FROM deliveries WHERE subscription=?1 AND parked=0 GROUP BY entity").Bind(1, subscription).Query();
        while (rows.Read())
            found.Add(rows.Int64(0), rows.Int64(1));
        return found;
    }));

    public ValueTask<long?> OldestDeliveryAsync(int subscription, CancellationToken cancellationToken) => new(store.Read<long?>(db =>
    {
        using var rows = db.Prepare("SELECT min(first) FROM deliveries WHERE subscription=?1").Bind(1, subscription).Query();
        return rows.Read() && !rows.IsNull(0) ? rows.Int64(0) : null;
    }));

    public ValueTask<IReadOnlyList<long>> DeliverySequencesAsync(int subscription, long after, CancellationToken cancellationToken) => new(store.Read<IReadOnlyList<long>>(db =>
        Numbers(db.Prepare("SELECT seq FROM deliveries WHERE subscription=?1 AND seq>?2").Bind(1, subscription).Bind(2, after))));

    public ValueTask<(long Waiting, long Parked)> CountDeliveriesAsync(int subscription, CancellationToken cancellationToken) => new(store.Read(db =>
    {
        using var rows = db.Prepare("SELECT count(*), coalesce(sum(parked), 0) FROM deliveries WHERE subscription=?1").Bind(1, subscription).Query();
        rows.Read();
        return (rows.Int64(0) - rows.Int64(1), rows.Int64(1));
    }));

    public ValueTask<long> LastChangeAtAsync(long at, CancellationToken cancellationToken) => new(store.Read(db =>
    {
        // Times rise with sequences, as far as clocks do; there is no index for a question that is asked once in the life of a subscription.
        var (low, high) = (0L, db.Scalar("SELECT max(seq) FROM changes"));
        while (low < high)
        {
            var middle = low + (high - low + 1) / 2;
            using var rows = db.Prepare("SELECT at FROM changes WHERE seq=?1").Bind(1, middle).Query();
            (low, high) = rows.Read() && rows.Int64(0) > at ? (low, middle - 1) : (middle, high);
        }

        return low;
    }));

    public ValueTask<IReadOnlyList<ChangeRow>> ChangesAsync(IReadOnlyList<long> sequences, CancellationToken cancellationToken) => new(store.Read<IReadOnlyList<ChangeRow>>(db =>
    {
        var found = new List<ChangeRow>(sequences.Count);
        foreach (var sequence in sequences)
        {
            using var rows = db.Prepare($"SELECT {ChangeColumns} FROM changes WHERE seq=?1").Bind(1, sequence).Query();
            if (rows.Read())
                found.Add(ReadChange(rows));
        }

        return found;
    }));

    public ValueTask<IReadOnlyList<TimerRow>> DueTimersAsync(long now, int limit, CancellationToken cancellationToken) => new(store.Read<IReadOnlyList<TimerRow>>(db =>
    {
        var found = new List<TimerRow>();
        using var rows = db.Prepare("SELECT rule, entity, seq, previous, due FROM timers WHERE due<=?1 ORDER BY due LIMIT ?2").Bind(1, now).Bind(2, limit).Query();
        while (rows.Read())
            found.Add(new(rows.Int32(0), rows.Int64(1), rows.Int64(2), rows.Int64(3), rows.Int64(4)));
        return found;
    }));

    public ValueTask<bool> HasEffectAsync(int rule, int connection, string effect, long since, long until, CancellationToken cancellationToken) => new(store.Read(db =>
    {
        using var rows = db.Prepare("SELECT 1 FROM effects WHERE rule=?1 AND connection=?2 AND effect=?3 AND at BETWEEN ?4 AND ?5").Bind(1, rule).Bind(2, connection).Bind(3, effect).Bind(4, since).Bind(5, until).Query();
        return rows.Read();
    }));

    internal static DeliveryRow ReadDelivery(SqliteRows rows) => new()
    {
        Subscription = rows.Int32(0),
        Sequence = rows.Int64(1),
        Entity = rows.Int64(2),
        Previous = rows.Int64(3),
        IsParked = rows.Int32(4) != 0,
        Attempts = rows.Int32(5),
        FirstAt = rows.Int64(6),
        NextAt = rows.Int64(7),
        Reason = rows.String(8),
    };

    private static List<DeliveryRow> Deliveries(SqliteStatement statement)
    {
        var found = new List<DeliveryRow>();
        using var rows = statement.Query();
        while (rows.Read())
            found.Add(ReadDelivery(rows));
        return found;
    }

    private static List<long> Numbers(SqliteStatement statement)
    {
        var found = new List<long>();
        using var rows = statement.Query();
        while (rows.Read())
            found.Add(rows.Int64(0));
        return found;
    }

    private static void Bind(SqliteStatement statement, int index, int? value) => _ = value is { } number ? statement.Bind(index, number) : statement.BindNull(index);
}
