using System.Text.Json;

namespace IntegrationHub.Connections.Declarative;

/// <summary>What a placeholder stands for.</summary>
/// <param name="Text">A text, or the source of a JSON value.</param>
/// <param name="IsJson">It is a number, a flag, a list or an object, which in a JSON body stands without quotes.</param>
internal readonly record struct Filling(string Text, bool IsJson = false)
{
    public static Filling Of(JsonElement value) => value.ValueKind == JsonValueKind.String ? new(value.GetString()!) : new(value.GetRawText(), IsJson: true);
}

/// <summary>What the placeholders of one request stand for, over those of the connection. Never shown: settings may be secret.</summary>
internal sealed class Values(Values? outer = null)
{
    private readonly Dictionary<string, Filling> _own = new(StringComparer.Ordinal);

    public Values With(string name, string? text, bool isJson = false)
    {
        if (!string.IsNullOrEmpty(text))
            _own[name] = new(text, isJson);
        return this;
    }

    public Values With(string prefix, IReadOnlyDictionary<string, JsonElement> values)
    {
        foreach (var (name, value) in values)
            _own[$"{prefix}.{name}"] = Filling.Of(value);
        return this;
    }

    public Filling? Get(string name) => _own.TryGetValue(name, out var filling) ? filling : outer?.Get(name);
}
