using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IntegrationHub.Api;

/// <summary>Writes JSON answers.</summary>
internal static class Answer
{
    // The answers are never put into HTML by the hub; Chinese stays readable.
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Bytes(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Writing))
            write(json);
        return buffer.WrittenSpan.ToArray();
    }

    public static Task WriteAsync(HttpContext http, string contentType, Action<Utf8JsonWriter> write) => WriteAsync(http, contentType, Bytes(write));

    public static Task JsonAsync(HttpContext http, Action<Utf8JsonWriter> write) => WriteAsync(http, "application/json", Bytes(write));

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

    public static string Time(long unixMilliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Writes a time, or nothing where it is not known.</summary>
    public static void Time(this Utf8JsonWriter json, string name, long unixMilliseconds)
    {
        if (unixMilliseconds != 0)
            json.WriteString(name, Time(unixMilliseconds));
    }

    private static bool Matches(IEnumerable<string?> header, string tag) =>
        header.SelectMany(h => (h ?? "").Split(',')).Select(h => h.Trim()).Any(h => h == "*" || h == tag || h == "W/" + tag);
}
