using System.Text.Json;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections.Runs;

/// <summary>Deletes waiting for a person.</summary>
/// <param name="Run">The complete read that did not see them.</param>
/// <param name="Unseen">How many records would go.</param>
/// <param name="Live">How many the stream has.</param>
/// <param name="At">Unix milliseconds.</param>
public sealed record Quarantine(long Run, long Unseen, long Live, long At);

/// <summary>
/// After a complete read of a stream whose source tells deletion by absence: withdraws what was not seen. The destruction guard stops it when too
/// much would go, as when a source answers with an empty or half list; the deletes then wait in quarantine for approval.
/// </summary>
internal sealed class AbsenceSweep(Workspace workspace, StreamContext stream, RunRow run, ReconciliationStatement statement)
{
    public const string Kind = "quarantine";

    private const int Batch = 500;

    public async Task RunAsync()
    {
        await using (var transaction = await workspace.Store.BeginAsync(CancellationToken.None))
        {
            var (live, unseen) = await transaction.CountUnseenAsync(stream.Number, run.Id);
            var tooMany = unseen > 0 && (unseen == live || unseen * 100 > live * workspace.Config.Limits.DeletePercent);
            if (tooMany)
                Decided(workspace, transaction, stream.Name, "block", unseen);
            await transaction.SaveDocumentAsync(Kind, stream.Name, tooMany ? JsonSerializer.Serialize(new Quarantine(run.Id, unseen, live, workspace.Now)) : null);
            await transaction.CommitAsync();
            if (unseen == 0)
                return;
            if (tooMany)
            {
                RunLog.Quarantined(workspace.Logs.CreateLogger("Run"), stream.Name, run.Id, unseen, live);
                return;
            }
        }

        await DeleteAsync(run.Id);
    }

    /// <summary>Tells the sovereignty log what the destruction guard, or a person in its place, decided.</summary>
    public static void Decided(Workspace workspace, IHubTransaction transaction, string stream, string decision, long records)
    {
        var log = workspace.Log.Writer;
        log.Write(transaction, new LogEntry(LogAction.Policy, log.Operator)
        {
            Decision = decision,
            Rule = "destruction-guard",
            Counts = [("records", records)],
            About = [("stream", stream), ("decides", "withdraw")],
        });
    }

    /// <summary>Withdraws what a complete read did not see; a record seen since stays.</summary>
    public async Task DeleteAsync(long unseenBy)
    {
        while (true)
        {
            var batch = new ReconciliationStatement();
            await using var transaction = await workspace.Store.BeginAsync(CancellationToken.None);
            var rows = await transaction.UnseenRecordsAsync(stream.Number, unseenBy, 0, Batch);
            if (rows.Count > 0)
                await new RecordIntake(workspace, transaction, stream, batch, run.Id).DeleteAsync(rows);
            else
                await transaction.SaveDocumentAsync(Kind, stream.Name, null);
            await transaction.CommitAsync();
            statement.Add(batch);
            if (rows.Count == 0)
                return;
        }
    }
}
