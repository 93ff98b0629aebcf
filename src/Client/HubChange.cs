using System.Text.Json;
using System.Text.Json.Serialization;

namespace IntegrationHub.Client;

/// <summary>One change of one entity. What is done twice with the same <see cref="Sequence"/> should have the effect of once.</summary>
public sealed record HubChange
{
    /// <summary>Its place in the feed: consecutive, in the order of commits.</summary>
    public long Sequence { get; init; }

    /// <summary>The entity, such as <c>customer-12</c>.</summary>
    public string Id { get; init; } = "";

    /// <summary>Its type, such as <c>customer</c>.</summary>
    public string Entity { get; init; } = "";

    /// <summary><c>created</c>, <c>updated</c>, <c>merged</c>, <c>split</c>, <c>deleted</c> or <c>erased</c>.</summary>
    public string Kind { get; init; } = "";

    /// <summary>When it was committed.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>What caused it.</summary>
    public ChangeCause? Cause { get; init; }

    /// <summary>The fields that differ.</summary>
    public IReadOnlyDictionary<string, FieldChange> Fields { get; init; } = new Dictionary<string, FieldChange>();

    /// <summary>The links that differ.</summary>
    public IReadOnlyDictionary<string, LinkChange> Links { get; init; } = new Dictionary<string, LinkChange>();

    /// <summary>The entity that this one was merged into, or split from.</summary>
    public string? Other { get; init; }

    /// <summary>All of it, as the hub wrote it.</summary>
    [JsonIgnore]
    public JsonElement Json { get; init; }

    internal static HubChange Parse(JsonElement json) => json.Deserialize(HubJson.Default.HubChange)! with { Json = json };

    internal static HubChange Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Parse(document.RootElement.Clone());
    }
}

/// <summary>A field before and after; what it had or has not is <c>null</c>.</summary>
public sealed record FieldChange
{
    /// <summary>The value before.</summary>
    public JsonElement? Before { get; init; }

    /// <summary>The value since.</summary>
    public JsonElement? After { get; init; }
}

/// <summary>Where a link led before and leads since: ids.</summary>
public sealed record LinkChange
{
    /// <summary>Before.</summary>
    public IReadOnlyList<string> Before { get; init; } = [];

    /// <summary>Since.</summary>
    public IReadOnlyList<string> After { get; init; } = [];
}

/// <summary>What caused a change.</summary>
public sealed record ChangeCause
{
    /// <summary>Number of the run.</summary>
    public long Run { get; init; }

    /// <summary>The mapping with its version; empty when none was involved.</summary>
    public string Mapping { get; init; } = "";

    /// <summary>The records that it came from, the first of them when they are many.</summary>
    public IReadOnlyList<ChangeRecord> Records { get; init; } = [];
}

/// <summary>A record of a source.</summary>
public sealed record ChangeRecord
{
    /// <summary>The connection, as the operator calls it.</summary>
    public string Connection { get; init; } = "";

    /// <summary>The stream of the connector.</summary>
    public string Stream { get; init; } = "";

    /// <summary>As the source names it.</summary>
    public string Id { get; init; } = "";
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(HubChange))]
internal sealed partial class HubJson : JsonSerializerContext;
