using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Connectors.Esign;

/// <summary>Signatures of requests and callbacks as e签宝 V3 has them, to the byte.</summary>
internal static class EsignSignature
{
    /// <summary>Exactly as sent: it is part of what is signed.</summary>
    public const string ContentType = "application/json; charset=UTF-8";

    public const string Accept = "*/*";

    /// <summary>Base64 of the MD5 of the body; empty for an empty body.</summary>
    public static string ContentMd5(ReadOnlySpan<byte> body)
    {
#pragma warning disable CA5351 // the vendor's algorithm
        return body.IsEmpty ? "" : Convert.ToBase64String(MD5.HashData(body));
#pragma warning restore CA5351
    }

    /// <summary>The text that is signed. The empty line is the Date, which is not used.</summary>
    /// <param name="method">In capitals.</param>
    /// <param name="path">The path.</param>
    /// <param name="query">Parameters with values as they are, not encoded.</param>
    /// <param name="contentMd5">Of the body.</param>
    public static string SignedText(string method, string path, IEnumerable<KeyValuePair<string, string>> query, string contentMd5)
    {
        // The first of a repeated name counts; without a value the name stands alone.
        var parameters = string.Join('&', query.DistinctBy(p => p.Key).OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Value.Length == 0 ? p.Key : $"{p.Key}={p.Value}"));
        return $"{method}\n{Accept}\n{contentMd5}\n{ContentType}\n\n{path}{(parameters.Length > 0 ? "?" + parameters : "")}";
    }

    public static string Sign(string secret, string text) =>
        Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(text)));

    /// <summary>Of a callback: time, the values of the query in order of their names, and the raw body.</summary>
    public static string SignCallback(string secret, string timestamp, IEnumerable<KeyValuePair<string, string>> query, ReadOnlySpan<byte> body)
    {
        var head = Encoding.UTF8.GetBytes(timestamp + string.Concat(query.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Value)));
        byte[] signed = [.. head, .. body];
        return Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed));
    }
}
