using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IntegrationHub.Simulators.Wecom;

/// <summary>A request as WeCom sends it to the app's callback address.</summary>
/// <param name="Method">GET for the test of the address, POST for events.</param>
/// <param name="Query">Parameters, not encoded.</param>
/// <param name="Body">The XML, or empty.</param>
public sealed record WecomPush(string Method, IReadOnlyList<KeyValuePair<string, string>> Query, string Body);

/// <summary>Makes signed and encrypted callbacks; every redelivery is signed and encrypted anew.</summary>
public sealed class WecomPushes(WecomApp app, TimeProvider time)
{
    /// <summary>The test of the address; the whole answer must be the text.</summary>
    public WecomPush Verification(string text)
    {
        var encrypted = Encrypt(text);
        var query = Signed(encrypted);
        return new("GET", [.. query, new("echostr", encrypted)], "");
    }

    /// <summary>An event with its fields, in the order of the vendor's samples.</summary>
    public WecomPush Event(string @event, string? changeType, DateTimeOffset at, params IReadOnlyList<KeyValuePair<string, string>> fields)
    {
        var xml = new StringBuilder($"<xml><ToUserName><![CDATA[{app.CorpId}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName><CreateTime>{at.ToUnixTimeSeconds()}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{@event}]]></Event>");
        if (changeType is not null)
            xml.Append(CultureInfo.InvariantCulture, $"<ChangeType><![CDATA[{changeType}]]></ChangeType>");
        foreach (var (name, value) in fields)
            xml.Append(CultureInfo.InvariantCulture, $"<{name}>{(value.StartsWith('<') ? value : $"<![CDATA[{value}]]>")}</{name}>");
        var encrypted = Encrypt(xml.Append("</xml>").ToString());
        return new("POST", Signed(encrypted), $"<xml><ToUserName><![CDATA[{app.CorpId}]]></ToUserName><AgentID><![CDATA[{app.AgentId}]]></AgentID><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>");
    }

    private List<KeyValuePair<string, string>> Signed(string encrypted)
    {
        var timestamp = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var nonce = RandomNumberGenerator.GetInt32(int.MaxValue).ToString(CultureInfo.InvariantCulture);
        var parts = new List<string> { app.CallbackToken, timestamp, nonce, encrypted };
        parts.Sort(StringComparer.Ordinal);
#pragma warning disable CA5350 // the vendor's algorithm
        var signature = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(string.Concat(parts))));
#pragma warning restore CA5350
        return [new("msg_signature", signature), new("timestamp", timestamp), new("nonce", nonce)];
    }

    private string Encrypt(string message)
    {
        var key = Convert.FromBase64String(app.EncodingAesKey + "=");
        var text = Encoding.UTF8.GetBytes(message);
        using var plain = new MemoryStream();
        plain.Write(RandomNumberGenerator.GetBytes(16));
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, text.Length);
        plain.Write(length);
        plain.Write(text);
        plain.Write(Encoding.UTF8.GetBytes(app.CorpId));
        var pad = 32 - (int)(plain.Length % 32);
        for (var i = 0; i < pad; i++)
            plain.WriteByte((byte)pad);
        using var aes = Aes.Create();
        aes.Key = key;
        return Convert.ToBase64String(aes.EncryptCbc(plain.ToArray(), key.AsSpan(0, 16), PaddingMode.None));
    }
}
