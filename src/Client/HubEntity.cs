using System.Text.Json;

namespace IntegrationHub.Client;

/// <summary>A golden entity: <c>{"id","entity", fields…, "links"}</c>.</summary>
public sealed class HubEntity
{
    internal HubEntity(JsonElement json, Uri address, string? tag)
    {
        Json = json;
        Address = address;
        Tag = tag;
    }

    /// <summary>Such as <c>customer-12</c>. Of an entity that another took in, the survivor's.</summary>
    public string Id => Json.GetProperty("id").GetString()!;

    /// <summary>Its type, such as <c>customer</c>.</summary>
    public string Type => Json.GetProperty("entity").GetString()!;

    /// <summary>All of it.</summary>
    public JsonElement Json { get; }

    /// <summary>What distinguishes this state from others, or <c>null</c> in lists.</summary>
    public string? Tag { get; }

    internal Uri Address { get; }

    /// <summary>A field, or <c>null</c> when it has no value.</summary>
    public JsonElement? this[string field] => Json.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A field that is a text, or <c>null</c>.</summary>
    public string? Text(string field) => this[field] is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>Ids that a link leads to.</summary>
    public IReadOnlyList<string> Links(string link) => !Json.TryGetProperty("links", out var links) || !links.TryGetProperty(link, out var ids) ? []
        : ids.ValueKind switch
        {
            JsonValueKind.String => [ids.GetString()!],
            JsonValueKind.Array => [.. ids.EnumerateArray().Select(i => i.GetString()!)],
            _ => [],
        };

    /// <summary>The entity as a type of yours; its fields are named in camel case.</summary>
    public T? As<T>(JsonSerializerOptions? options = null) => Json.Deserialize<T>(options ?? JsonSerializerOptions.Web);
}
