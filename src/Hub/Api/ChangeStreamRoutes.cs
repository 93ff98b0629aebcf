using System.Globalization;
using System.Text;
using IntegrationHub.Delivery;
using IntegrationHub.Storage;
using Microsoft.AspNetCore.Http.Features;

namespace IntegrationHub.Api;

/// <summary>
/// The change feed as server-sent events: the same changes under the same sequences as <c>/v1/changes</c>. One page is in memory at a time, however slow the
/// reader; whoever is cut off goes on behind the last id.
/// </summary>
internal static partial class ChangeStreamRoutes
{
    private const int Page = 100;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Between two positions that are told for their own sake.</summary>
    private static readonly TimeSpan PositionEvery = TimeSpan.FromSeconds(1);

    /// <summary>How long a reader that was cut off should wait.</summary>
    private static readonly TimeSpan Reconnect = TimeSpan.FromSeconds(2);

    public static void Map(ApiRoutes routes)
    {
        var parts = new Parts(
            routes.Services.GetRequiredService<ChangeSignal>(),
            routes.Services.GetRequiredService<ApiKeys>(),
            new(routes.Workspace.Config.Api.StreamsPerKey),
            routes.Workspace.Logs.CreateLogger("Api"),
            routes.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        routes.Get("/v1/changes/stream", new("stream_changes", "changes", "Changes as they are committed, as server-sent events")
        {
            Description = """
                Never ends by itself. An event 'change' has a change as data and its sequence as id; an event 'position' says how far the feed was looked through, where that is further than
                the last change, or nothing was sent yet. Go on with the header Last-Event-ID, as browsers do by themselves. A comment comes when nothing else did for 15 seconds.
                """.ReplaceLineEndings(" "),
            Parameters =
            [
                new("after", Schema.Integer(0, fallback: 0), "Sequence to go on behind, when there is no Last-Event-ID."),
                new("Last-Event-ID", Schema.Integer(0), "Id of the last event that was read.") { InHeader = true },
                ChangeRoutes.EntityParameter(routes),
            ],
            Answer = Schema.Text(),
            AnswerType = "text/event-stream",
            Problems = [ProblemKind.SequenceAhead, ProblemKind.TooManyStreams],
        }, request => StreamAsync(request, parts));
    }

    private static async Task StreamAsync(ApiRequest request, Parts parts)
    {
        var after = After(request);
        var type = ChangeRoutes.TypeOf(request);
        await ChangeRoutes.LastAsync(request, after);
        using var place = parts.Streams.TryOpen(KeyGate.Of(request.Http)!.Id);
        if (place is null)
        {
            request.Http.Response.Headers.RetryAfter = "5";
            throw new ProblemException(ProblemKind.TooManyStreams, "close one, or raise 'api: streamsPerKey' in hub.yaml");
        }

        request.Http.Response.ContentType = "text/event-stream";
        request.Http.Response.Headers.CacheControl = "no-store";
        // Proxies of this kind would hold events back.
        request.Http.Response.Headers["X-Accel-Buffering"] = "no";
        request.Http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(request.Cancelled, parts.Stopping);
        try
        {
            await FollowAsync(request, parts, new(request.Http.Response.BodyWriter), after, type, end.Token);
        }
        catch (OperationCanceledException) when (parts.Stopping.IsCancellationRequested)
        {
            // The answer ends as it should; the reader comes back when the hub does.
        }
        catch (StoreException e)
        {
            StreamEnds(parts.Log, e.Message);
        }
    }

    private static async Task FollowAsync(ApiRequest request, Parts parts, EventStream stream, long at, int? type, CancellationToken end)
    {
        var (time, key) = (request.Workspace.Time, KeyGate.Of(request.Http)!);
        // Where the reader begins, so that one who wants to be elsewhere sees it.
        var told = at;
        await stream.RetryAsync(Reconnect, end);
        await PositionAsync();
        await stream.FlushAsync(end);
        var spoken = time.GetTimestamp();
        while (true)
        {
            // Read before the changes: all up to here have been looked through when the page is not full.
            var last = await request.Reader.LastChangeAsync(end);
            IReadOnlyList<ChangeRow> changes = last > at ? await request.Reader.ChangesAsync(new(at, Page) { Type = type }, end) : [];
            var isFull = changes.Count == Page;
            at = isFull ? changes[^1].Sequence : Math.Max(Math.Max(at, last), changes.Count > 0 ? changes[^1].Sequence : 0);
            var silent = time.GetElapsedTime(spoken);
            if (changes.Count > 0 || silent >= Heartbeat || (at > told && silent >= PositionEvery))
            {
                // Nothing goes out for a key that is no more.
                if (!await parts.Keys.IsInForceAsync(key, end))
                    return;
                await ChangesAsync([.. changes.Where(c => request.Workspace.Bindings.Find(c.Type) is not null)]);
                if (at > told)
                    await PositionAsync();
                else if (changes.Count == 0)
                    await stream.CommentAsync(end);
                await stream.FlushAsync(end);
                spoken = time.GetTimestamp();
            }

            if (!isFull)
                await parts.Signal.WaitAsync(at, (at > told ? PositionEvery : Heartbeat) - time.GetElapsedTime(spoken), end);
        }

        async ValueTask ChangesAsync(IReadOnlyList<ChangeRow> rows)
        {
            var documents = await ChangeRoutes.LoggedAsync(request, rows);
            for (var i = 0; i < documents.Count; i++)
                await stream.EventAsync(told = rows[i].Sequence, "change", documents[i], end);
        }

        ValueTask PositionAsync()
        {
            told = at;
            return stream.EventAsync(at, "position", Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"last":{{at}}}""")), end);
        }
    }

    private static long After(ApiRequest request)
    {
        var after = request.Number("after", 0, 0, long.MaxValue);
        if (request.Http.Request.Headers["Last-Event-ID"] is not [var text])
            return after;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            ? sequence
            : throw new ProblemException(ProblemKind.ParameterInvalid, "the header 'Last-Event-ID' must be the id of an event of this stream: a whole number from 0");
    }

    // The answer has begun: it can say nothing any more, and ends.
    [LoggerMessage(23, LogLevel.Error, "a stream of changes ends: {Reason}")]
    private static partial void StreamEnds(ILogger log, string reason);

    private sealed record Parts(ChangeSignal Signal, ApiKeys Keys, OpenStreams Streams, ILogger Log, CancellationToken Stopping);
}
