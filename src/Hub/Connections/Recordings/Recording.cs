using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using IntegrationHub.Json;
using IntegrationHub.Mapping.JsonPath;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connections.Recordings;

/// <summary>
/// What a read exchanges with its system, kept as fixtures: one JSON file for each exchange. Written only at the end, when it is known which values are personal: those at the
/// paths that the manifest names, in the records that were read. Headers are left out but for a few without values of anybody.
/// </summary>
internal sealed class Recording
{
    /// <summary>Exchanges that are kept; a fixture is small.</summary>
    private const int Most = 200;

    private static readonly string[] HarmlessHeaders = ["Content-Type", "Link", "Retry-After"];
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ConcurrentQueue<Exchange> _exchanges = new();
    private readonly Mask _mask = new();
    private readonly IReadOnlyList<JsonPathQuery> _personal;
    private int _unreadable;

    public Recording(ConnectorManifest manifest, string stream, JsonElement settings)
    {
        _personal = [.. manifest.Streams.Where(s => s.Name == stream).SelectMany(s => s.PersonalData).Select(p => JsonPathQuery.Parse(p))];
        foreach (var secret in manifest.Settings.Where(s => s.Secret))
            if (settings.ValueKind == JsonValueKind.Object && settings.TryGetProperty(secret.Name, out var value) && value.ValueKind == JsonValueKind.String)
                _mask.Secret(value.GetString());
    }

    /// <summary>A handler for one HTTP client.</summary>
    public DelegatingHandler Handler() => new Recorder(this);

    /// <summary>Takes note of something whose personal values nobody can know: nothing will be written.</summary>
    public void MetUnreadable() => _unreadable++;

    /// <summary>Takes note of a record's personal values.</summary>
    public void Met(SourceRecord record)
    {
        var tape = new JsonTape();
        if (!tape.Parse(record.Body.ToArray(), new() { DuplicateNames = JsonDuplicateNames.Keep }).IsOk)
        {
            MetUnreadable();
            return;
        }

        var nodes = new NodeList();
        foreach (var path in _personal)
            path.Select(tape, 0, 0, nodes);
        foreach (var node in nodes.AsSpan())
            for (var at = node; at < tape[node].End; at++)
                if (tape[at].Kind == JsonKind.String)
                    _mask.Personal(tape.GetText(at));
                else if (tape[at].Kind == JsonKind.Number)
                    _mask.Personal(Encoding.ASCII.GetString(tape.Raw(at)));
    }

    /// <summary>Writes the exchanges.</summary>
    /// <returns>How many.</returns>
    /// <exception cref="ConnectorException">Of kind bad record when there are some whose personal values are not known.</exception>
    public int Write(string folder)
    {
        if (_unreadable > 0)
            throw new ConnectorException(ConnectorErrorKind.BadRecord, $"nothing is kept: {_unreadable} record(s) could not be read, so their personal values cannot be masked; mend the source or read another part of it");
        foreach (var exchange in _exchanges)
            _mask.Learn(exchange.Sent, exchange.Answered, exchange.Address.Query.TrimStart('?'));
        Directory.CreateDirectory(folder);
        foreach (var (index, exchange) in _exchanges.Index())
            File.WriteAllText(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{index + 1:000}.json")), JsonSerializer.Serialize(new
            {
                request = new
                {
                    method = exchange.Method,
                    path = _mask.Text(exchange.Address.AbsolutePath),
                    query = exchange.Address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2))
                        .Select(p => new[] { Decode(p[0]), _mask.Parameter(Decode(p[0]), p.Length > 1 ? Decode(p[1]) : "") }),
                    body = _mask.Text(exchange.Sent),
                },
                answer = new { status = exchange.Status, headers = exchange.Headers.ToDictionary(h => h.Key, h => _mask.Text(h.Value)), body = _mask.Text(exchange.Answered) },
            }, Indented) + "\n");
        return _exchanges.Count;
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private sealed record Exchange(string Method, Uri Address, string Sent, int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, string Answered);

    private sealed class Recorder(Recording recording) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var sent = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            var response = await base.SendAsync(request, cancellationToken);
            if (recording._exchanges.Count >= Most)
                return response;
            // The answer is read here and again by the connector.
            await response.Content.LoadIntoBufferAsync(cancellationToken);
            var headers = response.Headers.Concat(response.Content.Headers).Where(h => HarmlessHeaders.Contains(h.Key, StringComparer.OrdinalIgnoreCase)).Select(h => KeyValuePair.Create(h.Key, string.Join(", ", h.Value)));
            recording._exchanges.Enqueue(new(request.Method.Method, request.RequestUri!, sent, (int)response.StatusCode, [.. headers], await response.Content.ReadAsStringAsync(cancellationToken)));
            return response;
        }
    }
}
