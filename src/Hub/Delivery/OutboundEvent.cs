using System.Globalization;

namespace IntegrationHub.Delivery;

/// <summary>A change on its way to a destination; sinks write it as a CloudEvent (CloudEvents 1.0.2).</summary>
public sealed record OutboundEvent
{
    /// <summary>The same in every subscription, at every attempt and in every replay.</summary>
    public required string Id { get; init; }

    /// <summary>A URI reference that names the workspace, such as <c>/workspaces/acme</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Such as <c>hub.customer.updated</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Id of the entity. Events of one entity reach a destination in the order of their sequences.</summary>
    public required string Subject { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>Place in the change feed.</summary>
    public required long Sequence { get; init; }

    /// <summary>Sequence of the event before this one in the same subscription, 0 for its first: a receiver that knows another one last has missed something.</summary>
    public required long Previous { get; init; }

    /// <summary>Sent because somebody asked for it again.</summary>
    public bool IsReplay { get; init; }

    /// <summary>The change, UTF-8 JSON (docs/contracts/api.md).</summary>
    public required ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>
    /// CloudEvents extension attributes, all texts: <c>sequence</c> and <c>previous</c> (20 digits, so that texts compare like numbers), <c>partitionkey</c> and,
    /// in a replay, <c>replay</c>.
    /// </summary>
    public IEnumerable<(string Name, string Value)> Extensions()
    {
        yield return ("sequence", Sequence.ToString("D20", CultureInfo.InvariantCulture));
        yield return ("previous", Previous.ToString("D20", CultureInfo.InvariantCulture));
        yield return ("partitionkey", Subject);
        if (IsReplay)
            yield return ("replay", "true");
    }
}
