using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IntegrationHub.Client;

/// <summary>
/// Tells genuine webhooks of the hub from others (Standard Webhooks 1.0.0) and reads their CloudEvents. Give it the body as it came, byte for byte. Safe for use by many
/// at once.
/// </summary>
public sealed class WebhookVerifier
{
    private const string Secret = "whsec_";
    private const string PublicKey = "whpk_";

    private readonly IReadOnlyList<(string Version, byte[] Key)> _keys;
    private readonly WebhookVerifierOptions _options;

    /// <summary>A verifier that takes what one of the keys has signed.</summary>
    /// <param name="keys">The subscription's secrets (<c>whsec_…</c>) or, where it signs with Ed25519, their public keys (<c>whpk_…</c>). Several while you change from one to the next.</param>
    /// <param name="options">What else must hold; defaults when left out.</param>
    /// <exception cref="ArgumentException">There is no key, or a text that is none; it is not repeated.</exception>
    public WebhookVerifier(IEnumerable<string> keys, WebhookVerifierOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(keys);
        _options = options ?? new();
        _keys = [.. keys.Select(Parse)];
        if (_keys.Count == 0)
            throw new ArgumentException("at least one key is needed", nameof(keys));
    }

    /// <summary>Checks a request, and reads it.</summary>
    /// <param name="header">A header of the request by its name, or <c>null</c>: <c>name => request.Headers[name]</c>.</param>
    /// <param name="body">The body as it came.</param>
    /// <exception cref="WebhookException">It is not genuine, too old, or not what the hub sends.</exception>
    public WebhookDelivery Verify(Func<string, string?> header, ReadOnlyMemory<byte> body)
    {
        ArgumentNullException.ThrowIfNull(header);
        string Required(string name) => header(name) is { Length: > 0 } value ? value : throw new WebhookException($"the header '{name}' is missing");
        var (id, timestamp, signatures) = (Required("webhook-id"), Required("webhook-timestamp"), Required("webhook-signature"));
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
            throw new WebhookException("'webhook-timestamp' is no time");
        var sentAt = DateTimeOffset.FromUnixTimeSeconds(seconds);
        if ((_options.Time.GetUtcNow() - sentAt).Duration() > _options.Tolerance)
            throw new WebhookException("'webhook-timestamp' is too far from the present; is this machine's clock right?");
        if (!IsSigned(Encoding.UTF8.GetBytes($"{id}.{timestamp}."), body.Span, signatures))
            throw new WebhookException("no signature is by one of the keys");
        try
        {
            var (events, isBatch) = Read(header, body);
            // Attributes in headers are not signed; the id is.
            return isBatch || events[0].Id == id ? new(id, sentAt, events) : throw new WebhookException("'webhook-id' is not the id of the event");
        }
        catch (JsonException)
        {
            throw new WebhookException("the body is no JSON that the hub sends");
        }
    }

    private static (IReadOnlyList<HubEvent> Events, bool IsBatch) Read(Func<string, string?> header, ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body);
        var json = document.RootElement.Clone();
        var type = header("Content-Type")?.Split(';')[0].Trim().ToLowerInvariant();
        return type switch
        {
            "application/cloudevents+json" => ([Structured(json)], false),
            "application/cloudevents-batch+json" when json.ValueKind == JsonValueKind.Array => ([.. json.EnumerateArray().Select(Structured)], true),
            "application/json" => ([HubEvent.Of(name => header("ce-" + name) is { } value ? Uri.UnescapeDataString(value) : null, json)], false),
            _ => throw new WebhookException("the body is no CloudEvent"),
        };
    }

    private static HubEvent Structured(JsonElement json) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty("data", out var data)
        ? HubEvent.Of(name => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null, data)
        : throw new WebhookException("the body is no CloudEvent with JSON data");

    private bool IsSigned(byte[] prefix, ReadOnlySpan<byte> body, string signatures)
    {
        byte[] content = [.. prefix, .. body];
        var found = false;
        Span<byte> given = stackalloc byte[64];
        foreach (var (version, key) in _keys)
            foreach (var signature in signatures.Split(' '))
            {
                if (signature.Length <= version.Length || !signature.StartsWith(version, StringComparison.Ordinal) || signature[version.Length] != ','
                    || !Convert.TryFromBase64String(signature[(version.Length + 1)..], given, out var length))
                    continue;
                found |= version == "v1"
                    ? CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(key, content), given[..length])
                    : length == given.Length && _options.Ed25519!(key, content, given);
            }

        return found;
    }

    private (string Version, byte[] Key) Parse(string key)
    {
        var isSecret = key.StartsWith(Secret, StringComparison.Ordinal);
        var bytes = new byte[64];
        if ((!isSecret && !key.StartsWith(PublicKey, StringComparison.Ordinal)) || !Convert.TryFromBase64String(key[(isSecret ? Secret : PublicKey).Length..], bytes, out var length))
            throw new ArgumentException("a key begins with 'whsec_' or 'whpk_', and goes on in base64");
        if (isSecret ? length < 24 : length != 32)
            throw new ArgumentException("a secret has 24 to 64 bytes, a public key 32");
        if (!isSecret && _options.Ed25519 is null)
            throw new ArgumentException("the platform has no Ed25519: set 'Ed25519' of the options to a library's check");
        return (isSecret ? "v1" : "v1a", bytes[..length]);
    }
}
