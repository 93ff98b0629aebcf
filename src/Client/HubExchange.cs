using System.Globalization;
using System.Net;
using System.Text.Json;

namespace IntegrationHub.Client;

/// <summary>One request to the hub and its answer: key, pauses the hub asks for, addresses that moved, problems.</summary>
internal sealed class HubExchange(HttpClient http, Uri root, HubClientOptions options)
{
    private const int MostMoves = 5;
    private const int MostProblemBytes = 64 * 1024;

    public HubClientOptions Options => options;

    /// <param name="address">Relative to the hub, or absolute.</param>
    /// <param name="unlessTag">Answered with 304 when nothing differs.</param>
    /// <param name="toTheEnd">Read the body before it comes back; <c>false</c> for streams.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>A success, or 304; the caller disposes of it.</returns>
    /// <exception cref="HubProblemException">The hub refused.</exception>
    public async Task<HttpResponseMessage> GetAsync(string address, string? unlessTag, bool toTheEnd, CancellationToken cancellationToken)
    {
        var target = new Uri(root, address);
        for (int attempt = 1, moves = 0; ;)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, target);
            if (options.Key is not null)
                request.Headers.Authorization = new("Bearer", options.Key);
            if (unlessTag is not null)
                request.Headers.TryAddWithoutValidation("If-None-Match", unlessTag);
            var answer = await http.SendAsync(request, toTheEnd ? HttpCompletionOption.ResponseContentRead : HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            if (answer.IsSuccessStatusCode || (answer.StatusCode == HttpStatusCode.NotModified && unlessTag is not null))
                return answer;
            using (answer)
            {
                if (moves++ < MostMoves && Moved(answer, target) is { } moved)
                {
                    target = moved;
                    continue;
                }

                var problem = await ProblemAsync(answer, cancellationToken).ConfigureAwait(false);
                var pause = problem.RetryAfter ?? TimeSpan.FromSeconds(attempt);
                if (answer.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable) || attempt++ >= options.Attempts || pause > options.LongestPause)
                    throw problem;
                await Task.Delay(pause, options.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public async Task<(JsonElement Json, Uri Address, string? Tag)?> JsonAsync(string address, string? unlessTag, CancellationToken cancellationToken)
    {
        using var answer = await GetAsync(address, unlessTag, toTheEnd: true, cancellationToken).ConfigureAwait(false);
        if (answer.StatusCode == HttpStatusCode.NotModified)
            return null;
        var bytes = await answer.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        using var document = JsonDocument.Parse(bytes);
        return (document.RootElement.Clone(), answer.RequestMessage!.RequestUri!, answer.Headers.ETag?.ToString());
    }

    /// <summary>
    /// Where to ask instead; only at the same hub, for the key goes along. Handlers that follow by themselves leave the key behind, so that what they come back with
    /// is asked for once more.
    /// </summary>
    private static Uri? Moved(HttpResponseMessage answer, Uri target)
    {
        var asked = answer.RequestMessage?.RequestUri ?? target;
        var moved = answer.StatusCode switch
        {
            HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect when answer.Headers.Location is { } location => new Uri(asked, location),
            HttpStatusCode.Unauthorized when asked != target => asked,
            _ => null,
        };
        return moved is not null && moved.Scheme == target.Scheme && moved.Authority == target.Authority ? moved : null;
    }

    private async Task<HubProblemException> ProblemAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        TimeSpan? pause = answer.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - options.Time.GetUtcNow() : null;
        pause = pause < TimeSpan.Zero ? TimeSpan.Zero : pause;
        var status = (int)answer.StatusCode;
        if (answer.Content.Headers.ContentType?.MediaType == "application/problem+json" && answer.Content.Headers.ContentLength is null or <= MostProblemBytes)
            try
            {
                await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
                using var document = await JsonDocument.ParseAsync(body, default, cancellationToken).ConfigureAwait(false);
                var problem = document.RootElement;
                return new(status, Text(problem, "code") ?? "", Text(problem, "title"), Text(problem, "detail"),
                    problem.TryGetProperty("possible", out var possible) && possible.ValueKind == JsonValueKind.Array ? [.. possible.EnumerateArray().Select(p => p.ToString())] : [], pause);
            }
            catch (JsonException)
            {
                // Cut off, or not the hub's.
            }

        return new(status, "", null, null, [], pause);
    }

    private static string? Text(JsonElement problem, string name) =>
        problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty(name, out var value) ? Convert.ToString(value, CultureInfo.InvariantCulture) : null;
}
