using System.Globalization;
using System.Text.Json;

namespace IntegrationHub.Client;

/// <summary>A CloudEvent of the hub.</summary>
public sealed record HubEvent
{
    /// <summary>The same in every subscription, at every attempt and in every replay.</summary>
    public required string Id { get; init; }

    /// <summary>The workspace, such as <c>/workspaces/acme</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Such as <c>hub.customer.updated</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The entity, such as <c>customer-12</c>; its events come in the order of their sequences.</summary>
    public string? Subject { get; init; }

    /// <summary>When it was committed.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>Its place in the change feed.</summary>
    public long Sequence { get; init; }

    /// <summary>Sequence of the event before this one in the subscription, 0 for its first: if you know no such event, you have missed something.</summary>
    public long Previous { get; init; }

    /// <summary>Sent because somebody asked for it again.</summary>
    public bool IsReplay { get; init; }

    /// <summary>The change, as far as the subscription tells it.</summary>
    public required HubChange Change { get; init; }

    /// <summary>Reads one.</summary>
    /// <param name="attribute">An attribute by its name, or <c>null</c>.</param>
    /// <param name="data">Its data.</param>
    internal static HubEvent Of(Func<string, string?> attribute, JsonElement data)
    {
        if (attribute("specversion") != "1.0")
            throw new WebhookException("the body is no CloudEvent of version 1.0");
        return new()
        {
            Id = attribute("id") ?? throw Missing("id"),
            Source = attribute("source") ?? throw Missing("source"),
            Type = attribute("type") ?? throw Missing("type"),
            Subject = attribute("subject"),
            Time = DateTimeOffset.TryParse(attribute("time"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : default,
            Sequence = Number(attribute("sequence")),
            Previous = Number(attribute("previous")),
            IsReplay = attribute("replay") == "true",
            Change = HubChange.Parse(data),
        };
    }

    private static WebhookException Missing(string name) => new($"the CloudEvent has no '{name}'");

    private static long Number(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
