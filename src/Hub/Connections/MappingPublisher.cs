using IntegrationHub.Connections.Runs;
using IntegrationHub.Mapping;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections;

/// <summary>What putting a mapping version in force did, or would do.</summary>
/// <param name="Changes">One change per entity and batch, summed up.</param>
/// <param name="Rejected">Records of its streams that are rejected afterwards.</param>
/// <param name="Runs">The backfills.</param>
public sealed record PublishResult(ChangeSummary Changes, long Rejected, IReadOnlyList<RunRow> Runs);

/// <summary>
/// Puts mapping versions in force. Planning does the very same on a copy of the store, so that it shows exactly what publishing will do.
/// </summary>
public sealed class MappingPublisher(Workspace workspace)
{
    /// <summary>What publishing would change. Changes nothing.</summary>
    /// <param name="plan">The version to try.</param>
    /// <param name="show">How many changes to show whole.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<PublishResult> PlanAsync(MappingPlan plan, int show, CancellationToken stop)
    {
        await using var copy = await workspace.Store.CopyAsync(stop);
        return await new MappingPublisher(workspace.Over(copy)).PublishAsync(plan, "plan", show, stop);
    }

    /// <summary>Puts the version in force, then maps kept records again that were mapped by another.</summary>
    public async Task<PublishResult> PublishAsync(MappingPlan plan, string by, int show, CancellationToken stop)
    {
        workspace.NumberOf(plan);
        await CheckAsync(plan, stop);
        var before = await workspace.Store.Reader.LastChangeAsync(stop);
        await using (var transaction = await workspace.Store.BeginAsync(stop))
        {
            await Publications.PublishAsync(transaction, workspace.Log.Writer, plan, by, workspace.Now);
            await transaction.CommitAsync();
        }

        workspace.Use(plan);
        var runs = await new Runner(workspace).BackfillAsync(plan.Source, stop);
        return new(await ChangesAsync(before, runs, show, stop), await RejectedAsync(plan, stop), runs);
    }

    /// <summary>An earlier version: the named one, or the one that was in force before.</summary>
    /// <exception cref="StoreException">There is none.</exception>
    public async ValueTask<MappingPlan> EarlierAsync(string source, string? hash, CancellationToken stop)
    {
        var publication = await Publications.FindAsync(workspace.Store.Reader, source, stop)
            ?? throw new StoreException($"no mapping of '{source}' was ever published; 'hub mappings list' shows those that were");
        hash ??= publication.History.LastOrDefault(e => e.Hash != publication.Current)?.Hash
            ?? throw new StoreException($"mapping {source} has no earlier version");
        return await Publications.PlanAsync(workspace.Store.Reader, source, hash, workspace.Model, workspace.Functions, stop);
    }

    /// <summary>What would stop the backfill has to be known before the version is in force.</summary>
    private async ValueTask CheckAsync(MappingPlan plan, CancellationToken stop)
    {
        var streams = workspace.Connectors.Get(plan.Connector).Manifest.Streams.Select(s => s.Name).ToList();
        if (!streams.Contains(plan.Stream))
            throw new Sdk.ConnectorException(Sdk.ConnectorErrorKind.Configuration, $"{plan.File}: connector '{plan.Connector}' has no stream '{plan.Stream}'{Yaml.NearestName.Hint(plan.Stream, streams)}");
        foreach (var connection in workspace.Config.Connections.Where(c => c.Connector == plan.Connector))
            await (await workspace.OpenAsync(connection, stop)).DisposeAsync();
    }

    private async ValueTask<ChangeSummary> ChangesAsync(long after, IReadOnlyList<RunRow> runs, int show, CancellationToken stop)
    {
        var ids = runs.Select(r => r.Id).ToHashSet();
        var changes = new ChangeSummary(show);
        while (true)
        {
            var page = await workspace.Store.Reader.ChangesAsync(new(after, 1_000), stop);
            if (page.Count == 0)
                return changes;
            foreach (var change in page.Where(c => ids.Contains(c.Run)))
                changes.Add(change);
            after = page[^1].Sequence;
        }
    }

    private async ValueTask<long> RejectedAsync(MappingPlan plan, CancellationToken stop)
    {
        long rejected = 0;
        foreach (var connection in workspace.Config.Connections.Where(c => c.Connector == plan.Connector))
            rejected += (await workspace.Store.Reader.CountStreamAsync(workspace.Store.Catalog.Stream(connection.Name, plan.Stream), stop)).Rejected;
        return rejected;
    }
}
