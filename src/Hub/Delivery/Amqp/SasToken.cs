using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Delivery.Amqp;

/// <summary>Shared access signatures of Azure Service Bus: the right of a key, for one resource, until a time.</summary>
internal static class SasToken
{
    /// <param name="resource">Such as <c>sb://HOST/ENTITY</c>.</param>
    public static string Create(string resource, string keyName, string key, DateTimeOffset expires)
    {
        var encoded = Uri.EscapeDataString(resource);
        var expiry = expires.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"{encoded}\n{expiry}")));
        return $"SharedAccessSignature sr={encoded}&sig={Uri.EscapeDataString(signature)}&se={expiry}&skn={Uri.EscapeDataString(keyName)}";
    }
}
