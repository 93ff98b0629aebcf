using System.Security.Cryptography;
using System.Text.Json;
using IntegrationHub.Documents;

namespace IntegrationHub.Api;

/// <summary>Writes JSON answers.</summary>
internal static class Answer
{
    public static Task WriteAsync(HttpContext http, string contentType, Action<Utf8JsonWriter> write) => WriteAsync(http, contentType, DocumentJson.Bytes(write));

    public static Task JsonAsync(HttpContext http, Action<Utf8JsonWriter> write) => WriteAsync(http, "application/json", DocumentJson.Bytes(write));

    public static Task WriteAsync(HttpContext http, string contentType, byte[] body)
    {
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        if (!http.Response.Headers.ContainsKey("Cache-Control"))
            http.Response.Headers.CacheControl = "no-store";
        return http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }

    /// <summary>Answers with an entity tag over the bytes, or 304 when the client has them.</summary>
    public static Task TaggedAsync(HttpContext http, byte[] body)
    {
        var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 16))}\"";
        http.Response.Headers.ETag = tag;
        http.Response.Headers.CacheControl = "private, no-cache";
        if (!Matches(http.Request.Headers.IfNoneMatch, tag))
            return WriteAsync(http, "application/json", body);
        http.Response.StatusCode = 304;
        return Task.CompletedTask;
    }

    private static bool Matches(IEnumerable<string?> header, string tag) =>
        header.SelectMany(h => (h ?? "").Split(',')).Select(h => h.Trim()).Any(h => h == "*" || h == tag || h == "W/" + tag);
}
