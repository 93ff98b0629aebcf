using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Sdk.Simulation;

namespace IntegrationHub.Simulators.Kingdee;

/// <summary>Logins, sessions and signed headers of the simulated site. Repeated failures lock the user, as at the vendor.</summary>
internal sealed class KingdeeGate(KingdeeAccount account)
{
    private const int FailuresUntilLocked = 5;
    private static readonly TimeSpan SessionLife = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan SignatureLife = TimeSpan.FromMinutes(13);

    private readonly Dictionary<string, DateTimeOffset> _sessions = new(StringComparer.Ordinal);
    private int _failures;
    private DateTimeOffset _lockedUntil;

    public void EndSessions() => _sessions.Clear();

    /// <summary>Answers a login.</summary>
    public SimulatedAnswer Login(string method, IReadOnlyList<JsonElement> parameters, DateTimeOffset now, Action<string> issued)
    {
        var texts = parameters.Select(p => p.ToString()).ToList();
        var good = texts.Count >= 4 && texts[0] == account.AcctId && texts[1] == account.User && method switch
        {
            "ValidateUser" => texts[2] == account.Password,
            "LoginByAppSecret" => texts.Count == 5 && texts[2] == account.AppId && texts[3] == account.AppSecret,
            "LoginBySign" => texts.Count == 6 && texts[2] == account.AppId && IsNear(texts[3], now) && texts[4] == Sign(texts[3]),
            _ => false,
        };
        if (now < _lockedUntil || !good)
        {
            if (++_failures >= FailuresUntilLocked && now >= _lockedUntil)
                (_failures, _lockedUntil) = (0, now + TimeSpan.FromMinutes(30));
            var message = now < _lockedUntil ? "用户已被锁定，请30分钟后重试" : "用户名或密码错误";
            return SimulatedAnswer.Of(new JsonObject { ["Message"] = message, ["MessageCode"] = "CheckPasswordPolicy", ["LoginResultType"] = texts.Count > 0 && texts[0] == account.AcctId ? -1 : 0, ["Context"] = null, ["KDSVCSessionId"] = null, ["IsSuccessByAPI"] = false });
        }

        _failures = 0;
        var session = Guid.NewGuid().ToString();
        _sessions[session] = now;
        issued(session);
        return SimulatedAnswer.Of(new JsonObject
        {
            ["Message"] = null,
            ["MessageCode"] = "CheckPasswordPolicy",
            ["LoginResultType"] = 1,
            ["Context"] = new JsonObject { ["UserLocale"] = "zh-CN", ["DBid"] = account.AcctId, ["UserName"] = account.User, ["SessionId"] = session[..24] },
            ["KDSVCSessionId"] = session,
            ["IsSuccessByAPI"] = true,
        }) with
        { Headers = [new("Set-Cookie", $"kdservice-sessionid={session}; path=/")] };
    }

    /// <summary>Whether a call comes with a living session or a right signature.</summary>
    public bool Admits(SimulatedRequest request, DateTimeOffset now)
    {
        if (request.Header("X-Api-Signature") is not null)
            return IsSigned(request, now);
        var session = request.Header("kdservice-sessionid") ?? request.Header("SID")
            ?? (request.Header("Cookie") ?? "").Split(';').Select(c => c.Trim()).Where(c => c.StartsWith("kdservice-sessionid=", StringComparison.Ordinal)).Select(c => c["kdservice-sessionid=".Length..]).FirstOrDefault();
        if (session is null || !_sessions.TryGetValue(session, out var used) || now - used > SessionLife)
            return false;
        _sessions[session] = now;
        return true;
    }

    private bool IsSigned(SimulatedRequest request, DateTimeOffset now)
    {
        var (time, nonce) = (request.Header("x-api-timestamp") ?? "", request.Header("x-api-nonce") ?? "");
        var parts = account.AppId.Split('_', 2);
        var veil = "0054f397c6234378b09ca7d3e5debce7"u8;
        var secret = Convert.FromBase64String(parts[1]);
        for (var i = 0; i < secret.Length; i++)
            secret[i] ^= veil[i];
        var path = Uri.EscapeDataString(Uri.UnescapeDataString(request.Path));
        var text = $"POST\n{path}\n\nx-api-nonce:{nonce}\nx-api-timestamp:{time}\n";
        string appData;
        try
        {
            appData = Encoding.UTF8.GetString(Convert.FromBase64String(request.Header("X-Kd-Appdata") ?? ""));
        }
        catch (FormatException)
        {
            return false;
        }

        return request.Header("X-Api-ClientID") == parts[0]
            && request.Header("X-Api-Auth-Version") == "2.0"
            && request.Header("X-Kd-Appkey") == account.AppId
            && appData.Split(',') is [var acct, var user, _, _] && acct == account.AcctId && user == account.User
            && IsNear(time, now)
            && request.Header("X-Api-Signature") == Hmac(Convert.ToBase64String(secret), text)
            && request.Header("X-Kd-Signature") == Hmac(account.AppSecret, account.AppId + appData);
    }

    /// <summary>Seconds and milliseconds are both in use.</summary>
    private static bool IsNear(string time, DateTimeOffset now)
    {
        if (!long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        var at = number > 100_000_000_000 ? DateTimeOffset.FromUnixTimeMilliseconds(number) : DateTimeOffset.FromUnixTimeSeconds(number);
        return (now - at).Duration() < SignatureLife;
    }

    private string Sign(string seconds)
    {
        var parts = new List<string> { account.AcctId, account.User, account.AppId, account.AppSecret, seconds };
        parts.Sort(StringComparer.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(parts))));
    }

    private static string Hmac(string key, string text)
    {
        using var hmac = new HMACSHA256(Encoding.UTF8.GetBytes(key));
        return Convert.ToBase64String(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hmac.ComputeHash(Encoding.UTF8.GetBytes(text)))));
    }
}
