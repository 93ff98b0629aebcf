using IntegrationHub.Connections;
using IntegrationHub.Documents;
using IntegrationHub.Json;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;
using IntegrationHub.Unify;

namespace IntegrationHub.Delivery;

/// <summary>Makes events of changes, as one subscription is to see them. Not for two threads at once.</summary>
/// <param name="feed">Names this store's feed; see <see cref="FeedName"/>.</param>
internal sealed class EventWriter(Workspace workspace, Subscription subscription, string feed)
{
    private readonly ChangeDocument _documents = new(workspace.Store.Reader, workspace.Bindings);
    private readonly JsonTape _tape = new();
    private readonly string _source = $"/workspaces/{workspace.Config.Workspace}";
    private readonly Dictionary<(int Type, string Kind), string> _types = [];

    /// <summary>Events of the changes that a filter lets through, in order, each with its change.</summary>
    /// <param name="changes">In order of sequence.</param>
    /// <param name="previous">Sequence of the event before the first.</param>
    public async ValueTask<List<(OutboundEvent Event, ChangeRow Change)>> WriteAsync(IReadOnlyList<ChangeRow> changes, ChangeFilter filter, long previous, bool isReplay, CancellationToken cancellationToken)
    {
        var admitted = new List<ChangeRow>(changes.Count);
        foreach (var change in changes)
            if (filter.Admits(change, workspace.Bindings, _tape))
                admitted.Add(change);
        if (filter.When is not null)
        {
            // A condition may look at what is not shown.
            var whole = await _documents.WriteAsync(admitted, null, cancellationToken);
            admitted = [.. admitted.Where((_, i) => filter.Holds(whole[i], _tape))];
        }

        var documents = await _documents.WriteAsync(admitted, filter.Fields, cancellationToken);
        var events = new List<(OutboundEvent, ChangeRow)>(admitted.Count);
        for (var i = 0; i < admitted.Count; i++)
        {
            events.Add((Event(admitted[i], documents[i], previous, isReplay), admitted[i]));
            previous = admitted[i].Sequence;
        }

        return events;
    }

    /// <summary>Events of changes that were let through before.</summary>
    /// <param name="rows">What is kept of them, in the order of the changes.</param>
    public async ValueTask<List<OutboundEvent>> WriteAgainAsync(IReadOnlyList<ChangeRow> changes, IReadOnlyList<DeliveryRow> rows, CancellationToken cancellationToken)
    {
        var documents = await _documents.WriteAsync(changes, subscription.Filter.Fields, cancellationToken);
        return [.. changes.Select((c, i) => Event(c, documents[i], rows[i].Previous, isReplay: false))];
    }

    /// <summary>What the sovereignty log is told before any of these events goes out.</summary>
    /// <param name="about">Further details.</param>
    public LogEntry Entry(IReadOnlyList<ChangeRow> changes, params IReadOnlyList<(string, string)> about)
    {
        var log = workspace.Log.Writer;
        var types = changes.Select(c => workspace.Bindings.Find(c.Type)!.Type).Distinct();
        return new(LogAction.Deliver, $"subscription:{subscription.Name}")
        {
            From = log.Here,
            To = new($"{subscription.Sink.Kind}:{subscription.Sink.Target}", subscription.Region),
            Purpose = subscription.Purpose,
            LegalBasis = subscription.LegalBasis,
            Data = [.. types.Select(t => MovedFields.Of(t, t.Fields.Where(f => subscription.Filter.Fields?.Contains(f.Name) != false), []))],
            Subjects = [.. changes.DistinctBy(c => c.Entity).Select(c => new LogSubject(c.Entity, EntityId.Format(workspace.Bindings.Find(c.Type)!.Type, c.Entity)))],
            About = [("first", $"{changes[0].Sequence}"), ("last", $"{changes[^1].Sequence}"), .. about],
        };
    }

    private OutboundEvent Event(ChangeRow change, byte[] document, long previous, bool isReplay)
    {
        var entity = workspace.Bindings.Find(change.Type)!.Type;
        if (!_types.TryGetValue((change.Type, change.Kind), out var type))
            _types[(change.Type, change.Kind)] = type = $"hub.{entity.Name}.{change.Kind}";
        return new()
        {
            Id = $"{feed}-{change.Sequence}",
            Source = _source,
            Type = type,
            Subject = EntityId.Format(entity, change.Entity),
            Time = DateTimeOffset.FromUnixTimeMilliseconds(change.At),
            Sequence = change.Sequence,
            Previous = previous,
            IsReplay = isReplay,
            Data = document,
        };
    }
}

/// <summary>A name that no other store's feed has, so that ids of events do not come again when a store is made anew.</summary>
internal static class FeedName
{
    private const string Kind = "feed";
    private const string Name = "name";

    public static async ValueTask<string> GetAsync(IHubStore store, CancellationToken cancellationToken)
    {
        if (await store.Reader.DocumentAsync(Kind, Name, cancellationToken) is { } known)
            return known;
        await using var transaction = await store.BeginAsync(cancellationToken);
        if (await transaction.DocumentAsync(Kind, Name) is { } meanwhile)
            return meanwhile;
        var name = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(5));
        await transaction.SaveDocumentAsync(Kind, Name, name);
        await transaction.CommitAsync();
        return name;
    }
}
