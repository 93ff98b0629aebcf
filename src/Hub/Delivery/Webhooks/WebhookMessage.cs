using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using IntegrationHub.Json;

namespace IntegrationHub.Delivery.Webhooks;

/// <summary>
/// Writes and signs requests, one at a time, over a buffer that it keeps: what is signed (<c>id.timestamp.body</c>, Standard Webhooks 1.0.0) stands in it in one
/// piece, and its end is the body. Hot: see <c>bench/run.sh delivery</c>.
/// </summary>
internal sealed class WebhookMessage : IDisposable
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private static readonly JsonEncodedText SpecVersion = JsonEncodedText.Encode("specversion");
    private static readonly JsonEncodedText Id = JsonEncodedText.Encode("id");
    private static readonly JsonEncodedText Source = JsonEncodedText.Encode("source");
    private static readonly JsonEncodedText Type = JsonEncodedText.Encode("type");
    private static readonly JsonEncodedText Subject = JsonEncodedText.Encode("subject");
    private static readonly JsonEncodedText Time = JsonEncodedText.Encode("time");
    private static readonly JsonEncodedText ContentType = JsonEncodedText.Encode("datacontenttype");
    private static readonly JsonEncodedText Data = JsonEncodedText.Encode("data");
    private static readonly SearchValues<char> Plain = SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c).Where(c => c is not ('"' or '%'))]);

    private readonly Utf8Output _content = new();
    private readonly Utf8JsonWriter _json;
    private readonly IReadOnlyList<WebhookSigner> _signers;

    public WebhookMessage(IEnumerable<WebhookSecret> secrets)
    {
        _json = new(_content, Writing);
        _signers = [.. secrets.Select(s => s.Signer())];
    }

    /// <summary>Bytes that are held; a message of a giant is not kept.</summary>
    public int Held => _content.Array.Length;

    /// <summary>A request whose body is in this message: until it is over, nothing else may be written.</summary>
    public HttpRequestMessage Write(WebhookMode mode, Uri url, IReadOnlyList<OutboundEvent> events, DateTimeOffset now)
    {
        var id = mode == WebhookMode.Batch ? BatchId(events) : events[0].Id;
        var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        _content.Clear();
        WriteText(id);
        _content.WriteByte((byte)'.');
        WriteText(timestamp);
        _content.WriteByte((byte)'.');
        var body = _content.Length;
        if (mode == WebhookMode.Binary)
            _content.Write(events[0].Data.Span);
        else
            WriteEnvelope(mode, events);

        var content = new ReadOnlyMemoryContent(_content.Array.AsMemory(body, _content.Length - body));
        content.Headers.TryAddWithoutValidation("Content-Type", mode switch
        {
            WebhookMode.Binary => "application/json",
            WebhookMode.Batch => "application/cloudevents-batch+json",
            _ => "application/cloudevents+json",
        });
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
        request.Headers.TryAddWithoutValidation("webhook-id", id);
        request.Headers.TryAddWithoutValidation("webhook-timestamp", timestamp);
        request.Headers.TryAddWithoutValidation("webhook-signature", Sign());
        if (mode == WebhookMode.Binary)
            AddAttributes(request, events[0]);
        return request;
    }

    /// <summary>An attribute as the value of a header: UTF-8, percent-encoded where it is not printable ASCII, and for space, <c>"</c> and <c>%</c> (HTTP binding, 3.1.3.2).</summary>
    public static string HeaderValue(string value)
    {
        if (!value.AsSpan().ContainsAnyExcept(Plain))
            return value;
        var encoded = new StringBuilder(value.Length + 16);
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in value.EnumerateRunes())
            if (rune.IsAscii && Plain.Contains((char)rune.Value))
                encoded.Append((char)rune.Value);
            else
                foreach (var b in utf8[..rune.EncodeToUtf8(utf8)])
                    encoded.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        return encoded.ToString();
    }

    /// <summary>The same for the same events in the same order, so that a batch that is sent again is known again.</summary>
    public static string BatchId(IReadOnlyList<OutboundEvent> events)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var one in events)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(one.Id));
            hash.AppendData("\n"u8);
        }

        return "batch_" + Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    public void Dispose()
    {
        _json.Dispose();
        foreach (var signer in _signers)
            signer.Dispose();
    }

    private static void AddAttributes(HttpRequestMessage request, OutboundEvent one)
    {
        Add("ce-specversion", "1.0");
        Add("ce-id", one.Id);
        Add("ce-source", one.Source);
        Add("ce-type", one.Type);
        Add("ce-subject", one.Subject);
        Add("ce-time", Text(one.Time));
        foreach (var (name, value) in one.Extensions())
            Add("ce-" + name, value);

        void Add(string name, string value) => request.Headers.TryAddWithoutValidation(name, HeaderValue(value));
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private void WriteEnvelope(WebhookMode mode, IReadOnlyList<OutboundEvent> events)
    {
        _json.Reset(_content);
        if (mode == WebhookMode.Batch)
            _json.WriteStartArray();
        foreach (var one in events)
        {
            _json.WriteStartObject();
            _json.WriteString(SpecVersion, "1.0"u8);
            _json.WriteString(Id, one.Id);
            _json.WriteString(Source, one.Source);
            _json.WriteString(Type, one.Type);
            _json.WriteString(Subject, one.Subject);
            _json.WriteString(Time, Text(one.Time));
            _json.WriteString(ContentType, "application/json"u8);
            foreach (var (name, value) in one.Extensions())
                _json.WriteString(name, value);
            _json.WritePropertyName(Data);
            _json.WriteRawValue(one.Data.Span, skipInputValidation: true);
            _json.WriteEndObject();
        }

        if (mode == WebhookMode.Batch)
            _json.WriteEndArray();
        _json.Flush();
    }

    private string Sign()
    {
        Span<char> signatures = stackalloc char[512];
        var length = 0;
        foreach (var signer in _signers)
        {
            if (length > 0)
                signatures[length++] = ' ';
            signer.Sign(_content.Written, signatures.Slice(length, signer.Length));
            length += signer.Length;
        }

        return new(signatures[..length]);
    }

    private void WriteText(string text) => _content.Advance(Encoding.UTF8.GetBytes(text, _content.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));
}
