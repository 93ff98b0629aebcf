using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Sdk.Callbacks;

/// <summary>Checks that callbacks of most vendors need.</summary>
public static class CallbackChecks
{
    /// <summary>Compares a signature in hexadecimal digits of any case, or in Base64, in time that does not depend on where it differs.</summary>
    public static bool Matches(string expected, string? given, bool ignoreCase = false)
    {
        ArgumentNullException.ThrowIfNull(expected);
        if (given is null)
            return false;
        return CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(ignoreCase ? expected.ToUpperInvariant() : expected), Encoding.UTF8.GetBytes(ignoreCase ? given.ToUpperInvariant() : given));
    }

    /// <summary>Whether a request's own time is near enough to ours; an old one is a replay, however well it is signed.</summary>
    /// <param name="unix">The time as the request says it, in decimal digits; anything else is not near.</param>
    /// <param name="inMilliseconds">Whether it counts milliseconds instead of seconds since 1970.</param>
    /// <param name="now">Our time.</param>
    /// <param name="tolerance">How far it may be off, in both directions.</param>
    public static bool IsRecent(string? unix, bool inMilliseconds, DateTimeOffset now, TimeSpan tolerance)
    {
        if (!long.TryParse(unix, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number))
            return false;
        var milliseconds = inMilliseconds ? number : number > long.MaxValue / 1000 ? long.MaxValue : number * 1000;
        return Math.Abs((double)milliseconds - now.ToUnixTimeMilliseconds()) <= tolerance.TotalMilliseconds;
    }

    /// <summary>An event id out of its parts: 32 hexadecimal digits of SHA-256.</summary>
    public static string EventId(params IEnumerable<string?> parts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\u001f', parts))))[..32];
}
