using System.Text;
using System.Text.Json;

namespace IntegrationHub.Sdk.Simulation;

/// <summary>
/// A vendor that answers what was recorded by <c>hub read --record FOLDER</c>: the same method, path, parameters and body get the same answer, several of them in turn. Anything else is
/// refused, so that a connector that asks otherwise than before fails.
/// </summary>
public sealed class RecordedVendor : VendorSimulator
{
    private readonly Dictionary<string, Queue<SimulatedAnswer>> _answers = new(StringComparer.Ordinal);
    private readonly HashSet<string> _ignored;

    /// <summary>Starts with the files of a folder.</summary>
    /// <param name="folder">The folder that was recorded to.</param>
    /// <param name="time">The vendor's clock.</param>
    /// <param name="ignored">Parameters that differ from run to run, such as those with a time or a signature in them.</param>
    /// <exception cref="InvalidDataException">A file is no recording.</exception>
    public RecordedVendor(string folder, TimeProvider time, params IEnumerable<string> ignored) : base(time)
    {
        _ignored = new(ignored, StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
            try
            {
                using var exchange = JsonDocument.Parse(File.ReadAllBytes(file));
                var (request, answer) = (exchange.RootElement.GetProperty("request"), exchange.RootElement.GetProperty("answer"));
                var query = request.GetProperty("query").EnumerateArray().Select(p => KeyValuePair.Create(p[0].GetString()!, p[1].GetString()!));
                var key = Key(request.GetProperty("method").GetString()!, request.GetProperty("path").GetString()!, query, request.GetProperty("body").GetString()!);
                if (!_answers.TryGetValue(key, out var answers))
                    _answers[key] = answers = new();
                answers.Enqueue(Answer(answer));
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                throw new InvalidDataException($"{file} is no recording of 'hub read --record'", e);
            }
    }

    /// <inheritdoc/>
    protected override bool IsData(SimulatedRequest request) => true;

    /// <inheritdoc/>
    protected override SimulatedAnswer Answer(SimulatedRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!_answers.TryGetValue(Key(request.Method, request.Path, request.Query, request.Text), out var answers))
            return new(501, Encoding.UTF8.GetBytes($"{request.Method} {request.Path} with these parameters was not recorded")) { ContentType = "text/plain" };
        // The last one stays.
        return answers.Count > 1 ? answers.Dequeue() : answers.Peek();
    }

    private static SimulatedAnswer Answer(JsonElement answer)
    {
        var headers = answer.GetProperty("headers").EnumerateObject().Select(h => KeyValuePair.Create(h.Name, h.Value.GetString()!)).ToList();
        return new(answer.GetProperty("status").GetInt32(), Encoding.UTF8.GetBytes(answer.GetProperty("body").GetString()!))
        {
            ContentType = headers.FirstOrDefault(h => h.Key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)).Value ?? "application/json",
            Headers = [.. headers.Where(h => !h.Key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))],
        };
    }

    private string Key(string method, string path, IEnumerable<KeyValuePair<string, string>> query, string body) =>
        string.Join('\n', [$"{method} {path}", .. query.Where(p => !_ignored.Contains(p.Key)).Select(p => $"{p.Key}={p.Value}").Order(StringComparer.Ordinal), body]);
}
