using System.Text;
using System.Text.Json;

namespace IntegrationHub.Sdk.Simulation;

/// <summary>A request as the simulated vendor sees it.</summary>
/// <param name="Method">In capitals.</param>
/// <param name="Path">The raw path.</param>
/// <param name="Query">Decoded parameters in order.</param>
/// <param name="Headers">Names ignore case.</param>
/// <param name="Body">The raw body.</param>
public sealed record SimulatedRequest(string Method, string Path, IReadOnlyList<KeyValuePair<string, string>> Query, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    private JsonElement? _json;

    /// <summary>The body as JSON.</summary>
    /// <exception cref="JsonException">It is none; the simulator answers as its vendor does.</exception>
    public JsonElement Json => _json ??= JsonDocument.Parse(Body).RootElement.Clone();

    /// <summary>The body as text.</summary>
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The first parameter of a name, or <c>null</c>.</summary>
    public string? Parameter(string name) => Query.Where(p => p.Key == name).Select(p => p.Value).FirstOrDefault();

    /// <summary>A header, or <c>null</c>.</summary>
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

/// <summary>What the simulated vendor answers.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Body">The body.</param>
public sealed record SimulatedAnswer(int Status, byte[] Body)
{
    /// <summary>Type of the body.</summary>
    public string ContentType { get; init; } = "application/json; charset=utf-8";

    /// <summary>Further headers.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>A JSON answer from a text.</summary>
    public static SimulatedAnswer Json(string json, int status = 200) => new(status, Encoding.UTF8.GetBytes(json));

    /// <summary>A JSON answer from an object; Chinese stays readable, as vendors write it.</summary>
    public static SimulatedAnswer Of(object value, int status = 200) => new(status, JsonSerializer.SerializeToUtf8Bytes(value, Relaxed));

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
