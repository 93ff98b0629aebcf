using System.Text.Json.Nodes;
using IntegrationHub.Documents;
using IntegrationHub.Storage;

namespace IntegrationHub.Delivery;

/// <summary>Subscriptions and what they could not deliver, as the API and the commands show them.</summary>
internal static class SubscriptionDocument
{
    /// <summary><c>{"name","state",...,"definition"}</c>; never a secret, which a definition only refers to.</summary>
    public static JsonObject Of(Subscription subscription, SubscriptionStatus status)
    {
        var document = new JsonObject
        {
            ["name"] = subscription.Name,
            ["configured"] = subscription.IsConfigured,
            ["state"] = status.Word,
            ["sink"] = new JsonObject { ["kind"] = subscription.Sink.Kind, ["target"] = subscription.Sink.Target },
            ["position"] = status.State?.Position ?? 0,
            ["behind"] = status.Behind,
            ["delivered"] = status.State?.Delivered ?? 0,
            ["waiting"] = status.Waiting,
            ["parked"] = status.Parked,
            ["passedOver"] = status.State?.PassedOver ?? 0,
        };
        if ((status.Hold?.Reason ?? status.State?.Reason) is { Length: > 0 } reason)
            document["reason"] = reason;
        AddTime(document, "since", status.Hold?.At ?? status.State?.FailingSince ?? 0);
        AddTime(document, "nextTry", status.State?.NextTry ?? 0);
        if (status.Replays.Count > 0)
            document["replays"] = new JsonArray([.. status.Replays.Select(r => new JsonObject { ["id"] = r.Id, ["after"] = r.After, ["to"] = r.To, ["sent"] = r.Sent })]);
        document["definition"] = JsonNode.Parse(subscription.Json);
        return document;
    }

    public static JsonObject Of(DeliveryRow row, Catalog catalog)
    {
        var document = new JsonObject
        {
            ["subscription"] = catalog.Name(row.Subscription),
            ["sequence"] = row.Sequence,
            ["state"] = row.IsParked ? "parked" : "waiting",
            ["attempts"] = row.Attempts,
            ["reason"] = row.Reason.Length == 0 ? "an earlier event of the same entity waits" : row.Reason,
        };
        AddTime(document, "firstAt", row.FirstAt);
        if (!row.IsParked && row.NextAt != DeliveryRow.BehindAnother)
            AddTime(document, "nextTry", row.NextAt);
        return document;
    }

    private static void AddTime(JsonObject document, string name, long unixMilliseconds)
    {
        if (unixMilliseconds != 0)
            document[name] = DocumentJson.Time(unixMilliseconds);
    }
}
