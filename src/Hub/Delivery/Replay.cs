using System.Text.Json;
using IntegrationHub.Storage;

namespace IntegrationHub.Delivery;

/// <summary>Somebody wants events of a subscription again. Kept until all of them went out; the ids of the events are those of the first time.</summary>
/// <param name="After">Sequence to begin behind; moves on as it goes.</param>
/// <param name="To">The last sequence.</param>
/// <param name="Entity">Number of the only entity, or <c>null</c> for all.</param>
/// <param name="Entities">Names of entity types, or <c>null</c> for all.</param>
/// <param name="Kinds">Kinds of change, or <c>null</c> for all.</param>
/// <param name="Sent">Events that were handed out so far.</param>
public sealed record Replay(string Id, long After, long To, long? Entity, IReadOnlyList<string>? Entities, IReadOnlyList<string>? Kinds, long Sent)
{
    private const string Kind = "replay";

    /// <summary>What of the subscription's own events is meant.</summary>
    public ChangeFilter Filter(ChangeFilter own) => own with
    {
        Entity = Entity,
        Entities = Both(own.Entities, Entities),
        Kinds = Both(own.Kinds, Kinds),
    };

    public static async ValueTask<IReadOnlyList<Replay>> OfAsync(IHubReader reader, string subscription, CancellationToken cancellationToken) =>
        [.. (await reader.DocumentsAsync(Kind, cancellationToken)).Where(d => d.Name.StartsWith(subscription + "/", StringComparison.Ordinal)).Select(d => JsonSerializer.Deserialize<Replay>(d.Json)!)];

    public ValueTask SaveAsync(IHubTransaction transaction, string subscription) => transaction.SaveDocumentAsync(Kind, $"{subscription}/{Id}", JsonSerializer.Serialize(this));

    public ValueTask RemoveAsync(IHubTransaction transaction, string subscription) => transaction.SaveDocumentAsync(Kind, $"{subscription}/{Id}", null);

    private static IReadOnlySet<string>? Both(IReadOnlySet<string>? own, IReadOnlyList<string>? asked) =>
        asked is null ? own : asked.Where(a => own?.Contains(a) != false).ToHashSet(StringComparer.Ordinal);
}
