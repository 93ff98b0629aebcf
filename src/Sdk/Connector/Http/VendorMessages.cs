using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace IntegrationHub.Sdk.Http;

/// <summary>One request to a vendor, before it is authorised.</summary>
/// <param name="Method">The method.</param>
/// <param name="Path">The path behind the base address, percent-encoded, without a query.</param>
public sealed record VendorRequest(HttpMethod Method, string Path)
{
    /// <summary>Parameters of the query, not yet encoded, in order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Query { get; init; } = [];

    /// <summary>Further headers; those of the body and of the authorisation stand elsewhere.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The body, or empty.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The body's type.</summary>
    /// <value>Default <c>application/json; charset=utf-8</c>.</value>
    public string ContentType { get; init; } = "application/json; charset=utf-8";

    /// <summary>The request changes something at the vendor: it is sent once, and a lost answer is told as such.</summary>
    public bool Writes { get; init; }

    /// <summary>A GET.</summary>
    public static VendorRequest Get(string path, params IReadOnlyList<KeyValuePair<string, string>> query) => new(HttpMethod.Get, path) { Query = query };

    /// <summary>A POST of JSON.</summary>
    /// <param name="path">The path.</param>
    /// <param name="body">What to serialise, with property names as they are written.</param>
    public static VendorRequest Post(string path, object body) => new(HttpMethod.Post, path) { Body = JsonSerializer.SerializeToUtf8Bytes(body, JsonOptions) };

    /// <summary>How <see cref="Post"/> serialises: property names as they are, Chinese as it is, because vendors sign and compare texts.</summary>
    public static JsonSerializerOptions JsonOptions { get; } = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}

/// <summary>A vendor's whole answer, of bounded size.</summary>
/// <param name="Status">The status.</param>
/// <param name="Body">The body after decompression.</param>
/// <param name="Headers">The headers.</param>
public sealed record VendorAnswer(HttpStatusCode Status, ReadOnlyMemory<byte> Body, HttpResponseHeaders Headers)
{
    private JsonElement? _json;

    /// <summary>The body as JSON; numbers keep their text.</summary>
    /// <exception cref="ConnectorException">Of kind <see cref="ConnectorErrorKind.Transient"/>: it is no JSON, as when a proxy answers with a page of its own.</exception>
    public JsonElement Json => _json ??= Parse();

    /// <summary>What Retry-After asks for, from now on.</summary>
    public TimeSpan? RetryAfter { get; init; }

    private JsonElement Parse()
    {
        try
        {
            using var document = JsonDocument.Parse(Body);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw new ConnectorException(ConnectorErrorKind.Transient, $"HTTP {(int)Status}, and the answer is not JSON ({Body.Length:N0} bytes); a proxy or a maintenance page may have answered instead");
        }
    }
}
