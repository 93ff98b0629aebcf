using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Sdk;
using IntegrationHub.Storage;
using IntegrationHub.Unify;

namespace IntegrationHub.Connections.Runs;

/// <summary>One item as read, with the hash of its content.</summary>
/// <param name="Item">What the connector gave.</param>
/// <param name="Hash">First 16 bytes of SHA-256 over the body.</param>
/// <param name="Content">16 bytes over id and body, for the reconciliation.</param>
internal readonly record struct ReadItem(StreamItem Item, byte[] Hash, byte[] Content)
{
    /// <summary>What mapping gave, when that was done before the transaction.</summary>
    public MappingOutcome? Outcome { get; init; }

    public static ReadItem Of(StreamItem item)
    {
        var (id, body) = item switch
        {
            SourceRecord record => (record.Id, record.Body),
            BadRecord bad => (bad.Id ?? bad.Position, bad.Body),
            DeletedRecord deleted => (deleted.Id, default),
            _ => ("", default),
        };
        var hash = SHA256.HashData(body.Span)[..16];
        return new(item, hash, SHA256.HashData([.. hash, .. Encoding.UTF8.GetBytes(id)])[..16]);
    }
}

/// <summary>
/// Takes records into the store within one transaction: keeps them, maps what is new or changed, and hands the contributions to identity and fold.
/// Used by syncs, backfills and retries alike.
/// </summary>
internal sealed class RecordIntake
{
    private readonly Workspace _workspace;
    private readonly IHubTransaction _transaction;
    private readonly StreamContext _stream;
    private readonly ReconciliationStatement _statement;
    private readonly long _run;
    private readonly long _now;
    private readonly IntakeLog _log;

    public RecordIntake(Workspace workspace, IHubTransaction transaction, StreamContext stream, ReconciliationStatement statement, long run)
    {
        _workspace = workspace;
        _transaction = transaction;
        _stream = stream;
        _statement = statement;
        _run = run;
        _now = workspace.Now;
        _log = new(workspace, stream, run);
    }

    /// <summary>
    /// Maps, outside of any transaction, what differs from the records committed so far. What mapping says does not depend on what is stored, so a
    /// batch that is still on its way can at most make this work needless, or leave some of it to the transaction.
    /// </summary>
    public static async ValueTask MapAheadAsync(IHubReader reader, StreamContext stream, List<ReadItem> items)
    {
        // What an assembled document consists of is known within the transaction only.
        if (stream.Manifest.Assembled)
            return;
        var at = new List<int>(items.Count);
        for (var i = 0; i < items.Count; i++)
            if (items[i].Item is SourceRecord)
                at.Add(i);
        var known = await reader.FindRecordsAsync(stream.Number, [.. at.Select(i => ((SourceRecord)items[i].Item).Id)], CancellationToken.None);
        var todo = at.Where((i, k) => known[k] is not { } row || !NothingToDo(row, (SourceRecord)items[i].Item, items[i].Hash, row.Mapping == stream.MappingNumber)).ToList();
        var outcomes = stream.Mapping.Map([.. todo.Select(i => ((SourceRecord)items[i].Item).Body)]);
        for (var k = 0; k < todo.Count; k++)
            items[todo[k]] = items[todo[k]] with { Outcome = outcomes[k] };
    }

    /// <summary>Takes in what a connector read, in order.</summary>
    public async ValueTask ReadAsync(IReadOnlyList<ReadItem> items)
    {
        // The same id twice in one batch is two versions of one record: what comes later must see what came before.
        var from = 0;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
            if (IdOf(items[i].Item) is { } id && !seen.Add(id))
            {
                await TakeAsync([.. items.Skip(from).Take(i - from)]);
                from = i;
                seen.Clear();
                seen.Add(id);
            }

        await TakeAsync(from == 0 ? items : [.. items.Skip(from)]);
        _log.Write(_transaction, _statement, isIngest: true);
    }

    /// <summary>Maps kept records again: under another mapping version, or after a rejection.</summary>
    public async ValueTask RemapAsync(IReadOnlyList<RecordRow> rows)
    {
        var units = new List<Unit>(rows.Count);
        var bodies = await _transaction.BodiesAsync([.. rows.Select(r => r.Id)]);
        for (var i = 0; i < rows.Count; i++)
        {
            var unit = new Unit(rows[i]);
            if (!_stream.Manifest.Assembled)
                unit.Document = bodies[i].Body;
            unit.Items.Add(new(new SourceRecord(rows[i].SourceId, default), [], SHA256.HashData(Encoding.UTF8.GetBytes(rows[i].SourceId))[..16]));
            _statement.CountRead(unit.Items[0].Content);
            units.Add(unit);
        }

        if (_stream.Manifest.Assembled)
            await AssembleAsync(units);
        await MapAsync(units);
        _log.Write(_transaction, _statement, isIngest: false);
    }

    /// <summary>Withdraws records that a complete read no longer found.</summary>
    public async ValueTask DeleteAsync(IReadOnlyList<RecordRow> rows)
    {
        await WithdrawAsync(rows);
        _log.Write(_transaction, _statement, isIngest: false);
    }

    private async ValueTask WithdrawAsync(IReadOnlyList<RecordRow> rows)
    {
        foreach (var row in rows)
        {
            row.State = RecordState.Deleted;
            row.SeenRun = _run;
            _statement.Deleted++;
        }

        await _transaction.WriteRecordsAsync([.. rows.Select(r => new RecordWrite(r, null, default))]);
        await _transaction.WriteRejectedAsync([.. rows.Select(r => r.Id)], []);
        await UnifyAsync([.. rows.Where(r => r.Parent == 0).Select(r => new RecordContributions(r, _stream.ConnectionNumber, []))]);
        if (_stream.Manifest.Assembled)
            await RegroupAsync([.. rows.Where(r => r.Parent != 0).Select(r => r.Parent).Distinct()]);
    }

    private static string? IdOf(StreamItem item) => item switch
    {
        SourceRecord record => record.Id,
        DeletedRecord deleted => deleted.Id,
        _ => null,
    };

    private async ValueTask TakeAsync(IReadOnlyList<ReadItem> items)
    {
        foreach (var item in items)
            if (item.Item is not DeletedRecord)
                _statement.CountRead(item.Content);
        await RejectUnreadableAsync(items);

        var records = items.Where(i => i.Item is SourceRecord).ToList();
        var known = await _transaction.FindRecordsAsync(_stream.Number, [.. records.Select(r => ((SourceRecord)r.Item).Id)]);
        if (_stream.Manifest.Assembled)
            await TakePartsAsync(records, known);
        else
            await TakeRecordsAsync(records, known);

        var gone = items.Select(i => i.Item).OfType<DeletedRecord>().ToList();
        if (gone.Count > 0)
            await WithdrawAsync([.. (await _transaction.FindRecordsAsync(_stream.Number, [.. gone.Select(d => d.Id)])).OfType<RecordRow>().Where(r => r.State != RecordState.Deleted)]);
    }

    private async ValueTask RejectUnreadableAsync(IReadOnlyList<ReadItem> items)
    {
        var rejected = new List<RejectedRow>();
        foreach (var item in items)
            if (item.Item is BadRecord bad)
            {
                _statement.Settle(Settled.Rejected, item.Content);
                rejected.Add(new()
                {
                    Stream = _stream.Number,
                    Record = 0,
                    Where = bad.Position,
                    Rule = "read",
                    Found = $"{bad.Length:N0} bytes",
                    Reason = bad.Reason,
                    At = _now,
                    Run = _run,
                    Body = bad.Body.ToArray(),
                });
            }

        if (rejected.Count == 0)
            return;
        _log.Rejected(rejected);
        await _transaction.WriteRejectedAsync([], rejected);
    }

    private async ValueTask TakeRecordsAsync(List<ReadItem> records, RecordRow?[] known)
    {
        var units = new List<Unit>();
        var seen = new List<RecordWrite>();
        for (var i = 0; i < records.Count; i++)
        {
            var record = (SourceRecord)records[i].Item;
            var row = known[i];
            if (row is not null && NothingToDo(row, record, records[i].Hash, row.Mapping == _stream.MappingNumber))
            {
                _statement.Settle(row.State == RecordState.Rejected ? Settled.Rejected : Settled.Unchanged, records[i].Content);
                if (_stream.MarksSeen)
                {
                    row.SeenRun = _run;
                    seen.Add(new(row, null, default));
                }

                continue;
            }

            row ??= new() { Stream = _stream.Number, SourceId = record.Id };
            Fill(row, record, records[i].Hash);
            var unit = new Unit(row) { Document = record.Body, Kept = record, Outcome = records[i].Outcome };
            unit.Items.Add(records[i]);
            units.Add(unit);
        }

        await _transaction.WriteRecordsAsync(seen);
        await MapAsync(units);
    }

    private async ValueTask TakePartsAsync(List<ReadItem> records, RecordRow?[] known)
    {
        var groupNames = records.Select(r => ((SourceRecord)r.Item).Group ?? ((SourceRecord)r.Item).Id).Distinct(StringComparer.Ordinal).ToList();
        var heads = new Dictionary<string, RecordRow>(StringComparer.Ordinal);
        var found = await _transaction.FindRecordsAsync(_stream.Number, [.. groupNames.Select(GroupId)]);
        for (var i = 0; i < groupNames.Count; i++)
            heads[groupNames[i]] = found[i] ?? new() { Stream = _stream.Number, SourceId = GroupId(groupNames[i]) };

        var units = new Dictionary<RecordRow, Unit>();
        var parts = new List<(RecordWrite Write, RecordRow Head)>();
        var left = new HashSet<long>();
        for (var i = 0; i < records.Count; i++)
        {
            var record = (SourceRecord)records[i].Item;
            var head = heads[record.Group ?? record.Id];
            var row = known[i];
            if (row is not null && row.Parent == head.Id && NothingToDo(row, record, records[i].Hash, head.Mapping == _stream.MappingNumber))
            {
                _statement.Settle(head.State == RecordState.Rejected ? Settled.Rejected : Settled.Unchanged, records[i].Content);
                if (_stream.MarksSeen)
                {
                    row.SeenRun = _run;
                    parts.Add((new(row, null, default), head));
                }

                continue;
            }

            row ??= new() { Stream = _stream.Number, SourceId = record.Id };
            if (row.Parent != 0 && row.Parent != head.Id)
                left.Add(row.Parent);
            Fill(row, record, records[i].Hash);
            row.State = RecordState.Part;
            row.Mapping = 0;
            parts.Add((new(row, record.Body, record.Metadata), head));
            if (!units.TryGetValue(head, out var unit))
                units[head] = unit = new(head);
            unit.Items.Add(records[i]);
        }

        foreach (var head in units.Keys)
            head.SeenRun = _run;
        await _transaction.WriteRecordsAsync([.. units.Keys.Where(h => h.Id == 0).Select(h => new RecordWrite(h, null, default))]);
        foreach (var (write, head) in parts)
            write.Row.Parent = head.Id;
        await _transaction.WriteRecordsAsync([.. parts.Select(p => p.Write)]);
        var list = units.Values.ToList();
        await AssembleAsync(list);
        await MapAsync(list);
        // A part that moved to another group leaves its old one behind.
        await RegroupAsync([.. left.Except(list.Select(u => u.Row.Id))]);
    }

    /// <summary>The head of a group stands among the records under an id that no part can have.</summary>
    private static string GroupId(string group) => "group:" + group;

    private static bool NothingToDo(RecordRow row, SourceRecord record, byte[] hash, bool mappingIsCurrent)
    {
        // An older version of what is kept, read late or again.
        if (record.Version.Length > 0 && string.CompareOrdinal(record.Version, row.Version) < 0)
            return true;
        if (row.State == RecordState.Deleted)
            return false;
        return mappingIsCurrent && row.Hash.AsSpan().SequenceEqual(hash);
    }

    private void Fill(RecordRow row, SourceRecord record, byte[] hash)
    {
        row.Hash = hash;
        row.Version = record.Version;
        row.ObservedAt = record.ObservedAt?.ToUnixTimeMilliseconds() ?? 0;
        row.SeenRun = _run;
        row.State = RecordState.Mapped;
    }

    /// <summary>Maps the groups of these heads again after a part is gone.</summary>
    private async ValueTask RegroupAsync(IReadOnlyList<long> heads)
    {
        var units = new List<Unit>();
        foreach (var head in heads)
            if (await _transaction.FindRecordAsync(head) is { } row)
                units.Add(new(row));
        await AssembleAsync(units);
        await MapAsync(units);
    }

    private async ValueTask AssembleAsync(IReadOnlyList<Unit> units)
    {
        var assembler = _stream.Open.Connection as IAssembleRecords ?? throw new ConnectorException(ConnectorErrorKind.Permanent,
            $"stream '{_stream.Manifest.Name}' is assembled, but its connection does not implement IAssembleRecords");
        foreach (var unit in units)
        {
            var parts = await _transaction.PartsAsync(unit.Row.Id);
            if (parts.Count == 0)
                continue;
            try
            {
                ReadOnlyMemory<byte> Assemble() => assembler.Assemble(_stream.Manifest.Name, unit.Row.SourceId["group:".Length..], [.. parts.Select(p => new KeptRecord(p.SourceId, p.Body, p.Metadata))]);
                // A transaction is open: code that is not ours must not hold it for ever.
                unit.Document = _stream.Open.Supervised.IsThirdParty
                    ? await _workspace.Supervisor.CallAsync(_stream.Open.Supervised, "assembling a document", Assemble, CancellationToken.None)
                    : Assemble();
            }
            catch (ConnectorException e) when (e.Kind == ConnectorErrorKind.BadRecord)
            {
                unit.Refusal = e.Message;
            }
        }
    }

    private async ValueTask MapAsync(IReadOnlyList<Unit> units)
    {
        if (units.Count == 0)
            return;
        var mappable = units.Where(u => u.Refusal is null && u.Outcome is null).ToList();
        var outcomes = _stream.Mapping.Map([.. mappable.Select(u => u.Document)]);
        for (var i = 0; i < mappable.Count; i++)
            mappable[i].Outcome = mappable[i].Document.IsEmpty ? new(null, [], []) : outcomes[i];

        foreach (var unit in units)
        {
            unit.Row.Mapping = _stream.MappingNumber;
            unit.Row.State = unit.IsRejected ? RecordState.Rejected : unit.Outcome!.Contributions.Count == 0 ? RecordState.Filtered : RecordState.Mapped;
            Settle(unit);
        }

        await _transaction.WriteRecordsAsync([.. units.Select(u => new RecordWrite(u.Row, u.Kept?.Body, u.Kept?.Metadata ?? default))]);
        var rejected = units.Where(u => u.IsRejected).Select(Rejected).ToList();
        _log.Rejected(rejected);
        await _transaction.WriteRejectedAsync([.. units.Where(u => !u.IsNew).Select(u => u.Row.Id)], rejected);
        await UnifyAsync([.. units.Where(u => !u.IsRejected).Select(u => new RecordContributions(u.Row, _stream.ConnectionNumber, u.Outcome!.Contributions) { IsNew = u.IsNew })]);
    }

    private void Settle(Unit unit)
    {
        var settled = unit.Row.State switch
        {
            RecordState.Rejected => Settled.Rejected,
            RecordState.Filtered => Settled.Filtered,
            _ => Settled.Mapped,
        };
        foreach (var item in unit.Items)
            _statement.Settle(settled, item.Content);
        foreach (var issue in unit.Outcome?.Issues ?? [])
            _statement.CountIssue(issue);
    }

    private RejectedRow Rejected(Unit unit) => new()
    {
        Stream = _stream.Number,
        Record = unit.Row.Id,
        Where = unit.Row.SourceId,
        Rule = unit.Outcome?.Rejection?.Rule ?? "assemble",
        Path = unit.Outcome?.Rejection?.Path ?? "",
        Found = unit.Outcome?.Rejection?.Found ?? "",
        Reason = unit.Refusal ?? unit.Outcome!.Rejection!.Reason,
        At = _now,
        Run = _run,
    };

    private async ValueTask UnifyAsync(IReadOnlyList<RecordContributions> contributions)
    {
        var unify = new UnifyBatch(_transaction, _workspace.Bindings, _workspace.ConnectorOf);
        var changes = await unify.ApplyAsync(contributions, new(_run, _stream.MappingNumber, _now));
        _statement.Changes += changes.Count;
        _log.Unified(unify.Moved, changes);
    }

    /// <summary>A document to map, with the items it was made of.</summary>
    private sealed class Unit(RecordRow row)
    {
        public RecordRow Row { get; } = row;

        /// <summary>Nothing was stored for the row before this batch.</summary>
        public bool IsNew { get; } = row.Id == 0;

        public List<ReadItem> Items { get; } = [];

        public ReadOnlyMemory<byte> Document { get; set; }

        /// <summary>The record whose bytes are kept with the row; <c>null</c> when they are kept already.</summary>
        public SourceRecord? Kept { get; init; }

        /// <summary>Why the parts could not be put together.</summary>
        public string? Refusal { get; set; }

        public MappingOutcome? Outcome { get; set; }

        public bool IsRejected => Refusal is not null || Outcome?.Rejection is not null;
    }
}

/// <summary>A stream of a connection with what is in force for it.</summary>
internal sealed record StreamContext
{
    public required ConnectionConfig Connection { get; init; }

    public required StreamManifest Manifest { get; init; }

    /// <summary>Number of the stream.</summary>
    public required int Number { get; init; }

    public required int ConnectionNumber { get; init; }

    public required RecordMapping Mapping { get; init; }

    public required int MappingNumber { get; init; }

    public required OpenConnection Open { get; init; }

    /// <summary>This run notes which records it saw, because absence will mean deletion.</summary>
    public bool MarksSeen { get; init; }

    /// <summary>Where the source's servers stand, as far as it is known.</summary>
    public required string? Region { get; init; }

    public string Name => $"{Connection.Name}/{Manifest.Name}";

    /// <summary>The stream with the mapping that this process holds for it, or <c>null</c> when none is in force.</summary>
    public static StreamContext? Of(Workspace workspace, ConnectionConfig config, OpenConnection open, StreamManifest manifest)
    {
        if (workspace.PlanFor(config.Connector, manifest.Name) is not { } plan)
            return null;
        return new()
        {
            Connection = config,
            Manifest = manifest,
            Number = workspace.Store.Catalog.Stream(config.Name, manifest.Name),
            ConnectionNumber = workspace.NumberOf(config),
            Mapping = new(plan, workspace.Bindings, workspace.NumberOf(config)),
            MappingNumber = workspace.NumberOf(plan),
            Open = open,
            Region = config.Region ?? open.Connector.Manifest.Region,
        };
    }
}
