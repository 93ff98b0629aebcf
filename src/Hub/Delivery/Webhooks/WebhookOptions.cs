using IntegrationHub.Connections.Configuration;
using IntegrationHub.Yaml;

namespace IntegrationHub.Delivery.Webhooks;

/// <summary>How events stand in a request (CloudEvents 1.0.2, HTTP binding).</summary>
public enum WebhookMode
{
    /// <summary>The event, its attributes and data, is the body: <c>application/cloudevents+json</c>.</summary>
    Structured,

    /// <summary>The data is the body; attributes are headers <c>ce-…</c>.</summary>
    Binary,

    /// <summary>A list of events is the body: <c>application/cloudevents-batch+json</c>.</summary>
    Batch,
}

/// <summary>A subscription's <c>webhook:</c>, see docs/guides/subscriptions.md.</summary>
internal sealed record WebhookOptions : ISinkOptions
{
    private const int MostSecrets = 5;
    private const int MostHeaders = 20;
    private const int LongestUrl = 2_000;

    /// <summary>A part of a path that is longer than this may be what lets a caller in.</summary>
    private const int LongestPart = 20;

    /// <summary>A header with one of these in its name holds a secret.</summary>
    private static readonly string[] SecretWords = ["authorization", "token", "secret", "key", "password", "signature"];

    public required Uri Url { get; init; }

    /// <summary>References to secrets; each signs, so that receivers can change from one to the next.</summary>
    public required IReadOnlyList<string> Secrets { get; init; }

    /// <value>Default structured.</value>
    public WebhookMode Mode { get; init; } = WebhookMode.Structured;

    /// <summary>Events in a request, at most; 1 unless the mode is <see cref="WebhookMode.Batch"/>.</summary>
    /// <value>Default 100 in that mode.</value>
    public int Batch { get; init; } = 1;

    /// <summary>Requests under way at once.</summary>
    /// <value>Default 16.</value>
    public int Concurrency { get; init; } = 16;

    /// <summary>From the connection to the headers of the answer.</summary>
    /// <value>Default 15 seconds.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Sent along; values may hold references.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    public string Kind => "webhook";

    public string Target => Url.Authority + string.Join('/', Url.AbsolutePath.Split('/').Select(p => p.Length > LongestPart ? "***" : p));

    /// <returns><c>null</c> when something that cannot be left out is missing or faulty.</returns>
    public static WebhookOptions? Read(YamlSection section, Diagnostics diagnostics)
    {
        var url = Address(section, diagnostics);
        var secrets = References(section, diagnostics);
        var mode = section.Choice("mode", WebhookMode.Structured);
        if (mode != WebhookMode.Batch && section.Get("batch") is { } batch)
            diagnostics.Add(batch, "batch: only with 'mode: batch'");
        var headers = section.Map("headers").Select(h => Header(h.Key, h.Value, diagnostics)).OfType<KeyValuePair<string, string>>().ToList();
        foreach (var twice in headers.GroupBy(h => h.Key, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1))
            diagnostics.Add(section.Get("headers")!, $"headers: '{twice.Key}' is given more than once");
        if (headers.Count > MostHeaders)
            diagnostics.Add(section.Get("headers")!, $"headers: at most {MostHeaders}");
        var concurrency = HubConfigFile.Number(section, "concurrency", 16, 1, 256, diagnostics);
        var timeout = HubConfigFile.Number(section, "timeoutSeconds", 15, 1, 300, diagnostics);
        var most = mode == WebhookMode.Batch ? HubConfigFile.Number(section, "batch", 100, 1, 1_000, diagnostics) : 1;
        section.Finish();
        return url is null || secrets.Count == 0
            ? null
            : new() { Url = url, Secrets = secrets, Mode = mode, Batch = most, Concurrency = concurrency, Timeout = TimeSpan.FromSeconds(timeout), Headers = headers };
    }

    public ValueTask<ISink> OpenAsync(SinkContext context, CancellationToken cancellationToken) =>
        OpenAsync(context, new(context.Limits.AllowInside, context.Time), cancellationToken);

    internal async ValueTask<ISink> OpenAsync(SinkContext context, AddressGuard guard, CancellationToken cancellationToken)
    {
        if (Url.Scheme == Uri.UriSchemeHttp && !guard.MayBeInside(Url.IdnHost, Url.Port))
            throw new SinkException($"url: {Target} is not listed in 'delivery: allowInside' of hub.yaml, and http is for destinations inside only; use https");
        var headers = new List<KeyValuePair<string, string>>();
        foreach (var (name, value) in Headers)
        {
            var resolved = await context.Resolve(value, cancellationToken);
            headers.Add(IsHeaderValue(resolved) ? new(name, resolved) : throw new SinkException($"headers: '{name}': {value} leads to a text that cannot be the value of a header"));
        }

        var secrets = new List<WebhookSecret>();
        try
        {
            foreach (var reference in Secrets)
                secrets.Add(WebhookSecret.Parse(await context.Resolve(reference, cancellationToken))
                    ?? throw new SinkException($"secrets: {reference} leads to no signing secret: expected 'whsec_' and base64 of 24 to 64 bytes, or 'whsk_' and base64 of an Ed25519 seed of 32"));
            return new WebhookSink(this, headers, secrets, guard, context.Time);
        }
        catch
        {
            secrets.ForEach(s => s.Dispose());
            throw;
        }
    }

    private static Uri? Address(YamlSection section, Diagnostics diagnostics)
    {
        if (section.Text("url", required: true) is not { } text)
            return null;
        var fault = !Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http") ? "expected an address such as https://app.example/hooks"
            : url.UserInfo.Length > 0 ? "credentials in an address end up in logs; give them as a header with a reference"
            : url.Fragment.Length > 0 ? "what stands behind # is never sent"
            : text.Length > LongestUrl ? $"longer than {LongestUrl} characters"
            : null;
        if (fault is null)
            return url;
        // Not repeated: it may hold what should have been a reference.
        diagnostics.Add(section.Get("url")!, "url: " + fault);
        return null;
    }

    private static IReadOnlyList<string> References(YamlSection section, Diagnostics diagnostics)
    {
        if (section.Require("secrets") is not { } node)
            return [];
        var secrets = section.Texts("secrets");
        if (secrets.Count is 0 or > MostSecrets)
            diagnostics.Add(node, $"secrets: expected 1 to {MostSecrets} references");
        foreach (var _ in secrets.Where(s => !SecretReferences.IsIn(s)))
            diagnostics.Add(node, "secrets: a secret is given by reference: ${secret:NAME} (set with 'hub secrets set NAME'), ${env:NAME} or ${file:PATH}");
        return secrets;
    }

    private static KeyValuePair<string, string>? Header(YamlNode name, YamlNode value, Diagnostics diagnostics)
    {
        var fault = !IsHeaderName(name.Text) ? $"'{name.Text}' cannot be the name of a header"
            : IsReserved(name.Text) ? $"'{name.Text}' is set by the hub or belongs to the connection"
            : value.Kind != YamlKind.Scalar || !IsHeaderValue(value.Text) ? $"'{name.Text}': expected a text of printable ASCII characters"
            : IsSecret(name.Text) && !SecretReferences.IsIn(value.Text) ? $"'{name.Text}': a secret is given by reference: ${{secret:NAME}}, ${{env:NAME}} or ${{file:PATH}}"
            : null;
        if (fault is null)
            return new(name.Text, value.Text);
        diagnostics.Add(value, "headers: " + fault);
        return null;
    }

    private static bool IsHeaderName(string name) => name.Length is > 0 and <= 100 && name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c));

    private static bool IsHeaderValue(string value) => value.Length <= 8_000 && value.All(c => c is >= ' ' and <= '~');

    private static bool IsReserved(string name)
    {
        name = name.ToLowerInvariant();
        return name is "host" or "connection" or "keep-alive" or "transfer-encoding" or "te" or "trailer" or "upgrade" or "expect" or "date" or "accept-encoding" or "user-agent" or "via" or "cookie"
            || name.StartsWith("webhook-", StringComparison.Ordinal) || name.StartsWith("ce-", StringComparison.Ordinal)
            || name.StartsWith("content-", StringComparison.Ordinal) || name.StartsWith("proxy-", StringComparison.Ordinal);
    }

    private static bool IsSecret(string name) =>
        SecretWords.Any(w => name.Contains(w, StringComparison.OrdinalIgnoreCase));
}
