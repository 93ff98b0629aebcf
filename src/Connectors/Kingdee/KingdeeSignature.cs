using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Connectors.Kingdee;

/// <summary>The signatures of the WebAPI as the official SDKs 8.2.0 make them.</summary>
internal static class KingdeeSignature
{
    private const int SecretBytes = 24;

    /// <summary>Fixed in the official SDKs; its first 24 bytes veil the client secret inside the application id.</summary>
    private static ReadOnlySpan<byte> Veil => "0054f397c6234378b09ca7d3e5debce7"u8[..SecretBytes];

    /// <summary>Whether an application id is <c>clientId_BASE64</c> with 24 bytes behind the underscore.</summary>
    public static bool IsAppId(string appId)
    {
        var parts = appId.Split('_', 2);
        Span<byte> bytes = stackalloc byte[SecretBytes + 8];
        return parts.Length == 2 && parts[0].Length > 0 && Convert.TryFromBase64String(parts[1], bytes, out var count) && count == SecretBytes;
    }

    /// <summary>The client secret that the application id hides.</summary>
    public static string ClientSecret(string appId)
    {
        var bytes = Convert.FromBase64String(appId.Split('_', 2)[1]);
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] ^= Veil[i];
        return Convert.ToBase64String(bytes);
    }

    /// <summary>The text that <c>X-Api-Signature</c> is made of; the final line feed is part of it.</summary>
    /// <param name="path">The path of the address, not encoded.</param>
    /// <param name="timestamp">Milliseconds since 1970; also the nonce, as in the official SDKs.</param>
    public static string SignedText(string path, string timestamp) =>
        $"POST\n{WebUtility.UrlEncode(path)}\n\nx-api-nonce:{timestamp}\nx-api-timestamp:{timestamp}\n";

    /// <summary>All headers of a signed request.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Headers(KingdeeOptions options, string path, string timestamp)
    {
        var (appId, appSecret) = (options.AppId!, options.AppSecret!);
        var appData = $"{options.AcctId},{options.User},{options.Lcid},{options.OrgNum}";
        yield return new("X-Api-ClientID", appId.Split('_', 2)[0]);
        yield return new("X-Api-Auth-Version", "2.0");
        yield return new("x-api-timestamp", timestamp);
        yield return new("x-api-nonce", timestamp);
        yield return new("x-api-signheaders", "x-api-timestamp,x-api-nonce");
        yield return new("X-Api-Signature", HexInBase64(ClientSecret(appId), SignedText(path, timestamp)));
        yield return new("X-Kd-Appkey", appId);
        yield return new("X-Kd-Appdata", Convert.ToBase64String(Encoding.UTF8.GetBytes(appData)));
        yield return new("X-Kd-Signature", HexInBase64(appSecret, appId + appData));
    }

    /// <summary>The <c>sign</c> of LoginBySign: five texts in ordinal order, SHA-256, lower-case hexadecimal.</summary>
    public static string LoginSign(string acctId, string user, string appId, string appSecret, string timestampSeconds)
    {
        string[] parts = [acctId, user, appId, appSecret, timestampSeconds];
        Array.Sort(parts, StringComparer.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(parts))));
    }

    /// <summary>Base64 of the hexadecimal text, not of the bytes: that is how the vendor does it.</summary>
    private static string HexInBase64(string key, string text) =>
        Convert.ToBase64String(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(text)))));
}
