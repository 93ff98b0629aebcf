using System.Text.Json;
using IntegrationHub.Mapping;
using IntegrationHub.Mapping.Functions;
using IntegrationHub.Model;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections;

/// <summary>Which version of each mapping is in force. Versions are immutable texts, known by the hash of their bytes.</summary>
/// <param name="Current">Hash of the version in force.</param>
/// <param name="History">Every publication, oldest first; a rollback publishes an earlier hash again.</param>
public sealed record Publication(string Current, IReadOnlyList<PublicationEvent> History);

/// <param name="Hash">The version.</param>
/// <param name="At">Unix milliseconds.</param>
/// <param name="By">Who published it.</param>
public sealed record PublicationEvent(string Hash, long At, string By);

/// <summary>Keeps publications and the texts of versions in the store.</summary>
public static class Publications
{
    private const string Kind = "mapping";
    private const string TextKind = "mapping-text";
    private const string BackfillKind = "mapping-backfill";

    public static async ValueTask<Publication?> FindAsync(IHubReader reader, string source, CancellationToken cancellationToken) =>
        await reader.DocumentAsync(Kind, source, cancellationToken) is { } json ? JsonSerializer.Deserialize<Publication>(json) : null;

    public static async ValueTask<IReadOnlyList<(string Source, Publication Publication)>> AllAsync(IHubReader reader, CancellationToken cancellationToken) =>
        [.. (await reader.DocumentsAsync(Kind, cancellationToken)).Select(d => (d.Name, JsonSerializer.Deserialize<Publication>(d.Json)!))];

    /// <summary>The compiled text of a version.</summary>
    /// <exception cref="Yaml.InvalidFileException">It no longer fits the model.</exception>
    public static async ValueTask<MappingPlan> PlanAsync(IHubReader reader, string source, string hash, EntityModel model, IReadOnlyDictionary<string, FunctionSpec> functions, CancellationToken cancellationToken)
    {
        var text = await reader.DocumentAsync(TextKind, hash, cancellationToken)
            ?? throw new StoreException($"version {hash} of mapping {source} is not kept; 'hub mappings list' shows those that are");
        return MappingCompiler.Compile($"{source}@{hash}", JsonSerializer.Deserialize<string>(text)!, model, functions);
    }

    /// <summary>The text of a version, or <c>null</c> when it is not kept.</summary>
    public static async ValueTask<string?> TextAsync(IHubReader reader, string hash, CancellationToken cancellationToken) =>
        await reader.DocumentAsync(TextKind, hash, cancellationToken) is { } json ? JsonSerializer.Deserialize<string>(json) : null;

    /// <summary>Sources whose kept records may not all be mapped by the version in force.</summary>
    public static async ValueTask<IReadOnlyList<string>> UnfinishedBackfillsAsync(IHubReader reader, CancellationToken cancellationToken) =>
        [.. (await reader.DocumentsAsync(BackfillKind, cancellationToken)).Select(d => d.Name)];

    public static async ValueTask FinishBackfillAsync(IHubStore store, string source, CancellationToken cancellationToken)
    {
        await using var transaction = await store.BeginAsync(cancellationToken);
        await transaction.SaveDocumentAsync(BackfillKind, source, null);
        await transaction.CommitAsync();
    }

    /// <summary>Puts a version in force, within a transaction, and notes that the kept records have to follow.</summary>
    public static async ValueTask PublishAsync(IHubTransaction transaction, LogWriter log, MappingPlan plan, string by, long at)
    {
        var present = await transaction.DocumentAsync(Kind, plan.Source) is { } json ? JsonSerializer.Deserialize<Publication>(json)! : new(plan.Hash, []);
        await transaction.SaveDocumentAsync(TextKind, plan.Hash, JsonSerializer.Serialize(plan.Text));
        if (present.History.Count > 0)
            await transaction.SaveDocumentAsync(BackfillKind, plan.Source, JsonSerializer.Serialize(plan.Hash));
        await transaction.SaveDocumentAsync(Kind, plan.Source, JsonSerializer.Serialize(new Publication(plan.Hash, [.. present.History, new(plan.Hash, at, by)])));
        log.Write(transaction, new LogEntry(LogAction.Publish, log.Operator)
        {
            Data = MovedFields.Of(plan),
            About = [("mapping", $"{plan.Source}@{plan.Hash}"), ("before", present.History.Count == 0 ? "" : $"{plan.Source}@{present.Current}")],
        });
    }
}
