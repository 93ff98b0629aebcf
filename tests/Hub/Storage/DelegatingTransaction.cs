using IntegrationHub.Storage;

namespace IntegrationHub.Tests.Storage;

/// <summary>Hands everything on; tests override what they look at.</summary>
internal abstract class DelegatingTransaction(IHubTransaction inner) : IHubTransaction
{
    public ILogTransaction Log => inner.Log;

    public virtual ValueTask<IReadOnlyList<ContributionRow>> ContributionsOfEntityAsync(long entity) => inner.ContributionsOfEntityAsync(entity);

    public ValueTask<RecordRow?[]> FindRecordsAsync(int stream, IReadOnlyList<string> sourceIds) => inner.FindRecordsAsync(stream, sourceIds);

    public ValueTask<RecordRow?> FindRecordAsync(long id) => inner.FindRecordAsync(id);

    public ValueTask WriteRecordsAsync(IReadOnlyList<RecordWrite> records) => inner.WriteRecordsAsync(records);

    public ValueTask<RecordBody[]> BodiesAsync(IReadOnlyList<long> records) => inner.BodiesAsync(records);

    public ValueTask<IReadOnlyList<RecordBody>> PartsAsync(long parent) => inner.PartsAsync(parent);

    public ValueTask<IReadOnlyList<RecordRow>> RecordsToRemapAsync(int stream, int mapping, long afterId, int limit) => inner.RecordsToRemapAsync(stream, mapping, afterId, limit);

    public ValueTask<IReadOnlyList<RecordRow>> UnseenRecordsAsync(int stream, long run, long afterId, int limit) => inner.UnseenRecordsAsync(stream, run, afterId, limit);

    public ValueTask<(long Live, long Unseen)> CountUnseenAsync(int stream, long run) => inner.CountUnseenAsync(stream, run);

    public ValueTask<IReadOnlyList<ContributionRow>> ContributionsOfRecordsAsync(IReadOnlyList<long> records) => inner.ContributionsOfRecordsAsync(records);

    public ValueTask WriteContributionsAsync(IReadOnlyList<ContributionRow> contributions) => inner.WriteContributionsAsync(contributions);

    public virtual ValueTask<IReadOnlyList<KeyHolder>> FindKeysAsync(IReadOnlyList<IdentityKey> keys) => inner.FindKeysAsync(keys);

    public virtual ValueTask<IReadOnlyList<IdentityKey>> KeysOfEntityAsync(long entity, int kind) => inner.KeysOfEntityAsync(entity, kind);

    public virtual IMatchIndex Matches => inner.Matches;

    public virtual bool ReadsInParallel => inner.ReadsInParallel;

    public ValueTask ApplyKeysAsync(IReadOnlyList<KeyDelta> deltas) => inner.ApplyKeysAsync(deltas);

    public virtual ValueTask<IReadOnlyDictionary<long, EntityRow>> EntitiesAsync(IReadOnlyCollection<long> ids) => inner.EntitiesAsync(ids);

    public long NewEntityId() => inner.NewEntityId();

    public ValueTask WriteEntitiesAsync(IReadOnlyList<EntityWrite> entities) => inner.WriteEntitiesAsync(entities);

    public ValueTask AppendChangesAsync(IReadOnlyList<ChangeRow> changes) => inner.AppendChangesAsync(changes);

    public ValueTask WriteRejectedAsync(IReadOnlyList<long> clearRecords, IReadOnlyList<RejectedRow> add) => inner.WriteRejectedAsync(clearRecords, add);

    public ValueTask ClearUnreadableAsync(int stream, long beforeRun) => inner.ClearUnreadableAsync(stream, beforeRun);

    public ValueTask SaveCursorAsync(int stream, string? cursor) => inner.SaveCursorAsync(stream, cursor);

    public ValueTask<string?> CursorAsync(int stream) => inner.CursorAsync(stream);

    public ValueTask SaveRunAsync(RunRow run) => inner.SaveRunAsync(run);

    public ValueTask InterruptRunsAsync(string connection, string stream, long at) => inner.InterruptRunsAsync(connection, stream, at);

    public ValueTask<int> KeepCallbacksAsync(IReadOnlyList<CallbackRow> rows) => inner.KeepCallbacksAsync(rows);

    public ValueTask UpdateCallbackAsync(CallbackRow row) => inner.UpdateCallbackAsync(row);

    public ValueTask RemoveCallbacksAsync(IReadOnlyList<long> ids) => inner.RemoveCallbacksAsync(ids);

    public ValueTask ForgetExchangesAsync(long callbacksBefore, long actionsBefore) => inner.ForgetExchangesAsync(callbacksBefore, actionsBefore);

    public ValueTask<string?> ActionAsync(int connection, string key) => inner.ActionAsync(connection, key);

    public ValueTask SaveActionAsync(int connection, string key, string? json, long at) => inner.SaveActionAsync(connection, key, json, at);

    public ValueTask SaveDocumentAsync(string kind, string name, string? json) => inner.SaveDocumentAsync(kind, name, json);

    public ValueTask<string?> DocumentAsync(string kind, string name) => inner.DocumentAsync(kind, name);

    public virtual ValueTask CommitAsync() => inner.CommitAsync();

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    public ValueTask SaveDeliveriesAsync(IReadOnlyList<DeliveryRow> rows) => inner.SaveDeliveriesAsync(rows);

    public ValueTask RemoveDeliveriesAsync(int subscription, IReadOnlyList<long> sequences) => inner.RemoveDeliveriesAsync(subscription, sequences);

    public ValueTask<DeliveryRow?> DeliveryAsync(int subscription, long sequence) => inner.DeliveryAsync(subscription, sequence);

    public ValueTask ReleaseDeliveriesAsync(int subscription, long entity, long at) => inner.ReleaseDeliveriesAsync(subscription, entity, at);

    public ValueTask HoldDeliveriesAsync(int subscription, long entity, long after) => inner.HoldDeliveriesAsync(subscription, entity, after);

    public ValueTask<int> UnparkDeliveriesAsync(int subscription, long? sequence, long at) => inner.UnparkDeliveriesAsync(subscription, sequence, at);

    public ValueTask<int> ClearDeliveriesAsync(int subscription, long firstBefore, long now) => inner.ClearDeliveriesAsync(subscription, firstBefore, now);

    public ValueTask SaveTimerAsync(TimerRow timer) => inner.SaveTimerAsync(timer);

    public ValueTask RemoveTimerAsync(TimerRow timer) => inner.RemoveTimerAsync(timer);

    public ValueTask SaveEffectsAsync(int rule, int connection, IReadOnlyList<string> effects, long at) => inner.SaveEffectsAsync(rule, connection, effects, at);

    public ValueTask ForgetEffectsAsync(long before) => inner.ForgetEffectsAsync(before);
}
