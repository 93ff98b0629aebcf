using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace IntegrationHub.Client;

/// <summary>
/// Changes in the order they were committed. Followed, it outlives cut connections and restarts of the hub: it goes on behind the last change, nothing is left out and
/// nothing comes twice while it runs. Keep <see cref="HubChange.Sequence"/> of what you have dealt with, or <see cref="Position"/>, and begin behind it the next time.
/// For one reader at a time.
/// </summary>
public sealed class ChangeFeed : IAsyncEnumerable<HubChange>
{
    private const int LongestWait = 60;

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly HubExchange _exchange;
    private readonly ChangesQuery _query;
    private long _position;

    internal ChangeFeed(HubExchange exchange, ChangesQuery query)
    {
        _exchange = exchange;
        _query = query;
        _position = query.After;
    }

    /// <summary>
    /// Everything up to here was handed over, and dealt with as far as the next was asked for. With a filter it goes beyond the last change: the ones between were not
    /// asked for.
    /// </summary>
    public long Position => Interlocked.Read(ref _position);

    /// <summary>Goes on behind <see cref="Position"/>.</summary>
    /// <exception cref="HubProblemException">What waiting does not mend, such as <c>key_invalid</c>, or <c>sequence_ahead</c> after a backup was restored.</exception>
    /// <exception cref="InvalidDataException">The hub went on somewhere else than it was asked to.</exception>
    public IAsyncEnumerator<HubChange> GetAsyncEnumerator(CancellationToken cancellationToken = default) => ReadAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);

    private async IAsyncEnumerable<HubChange> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var pause = ShortestPause; ;)
        {
            await using var steps = (_query is { Follow: true, Transport: ChangesTransport.Stream } ? StreamAsync(cancellationToken) : PollAsync(cancellationToken)).GetAsyncEnumerator(cancellationToken);
            Exception? fault = null;
            while (true)
            {
                try
                {
                    if (!await steps.MoveNextAsync().ConfigureAwait(false))
                        break;
                }
                catch (Exception e) when (_query.Follow && IsPassing(e) && !cancellationToken.IsCancellationRequested)
                {
                    fault = e;
                    break;
                }

                pause = ShortestPause;
                if (steps.Current.Change is { } change)
                    yield return change;
                // Only now: whoever did not come back for more may not have dealt with it.
                Interlocked.Exchange(ref _position, steps.Current.Position);
            }

            if (!_query.Follow)
                yield break;
            if ((fault as HubProblemException)?.RetryAfter is { } asked && asked > pause)
                pause = asked;
            _query.OnInterrupted?.Invoke(fault, pause);
            await Task.Delay(pause, _exchange.Options.Time, cancellationToken).ConfigureAwait(false);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async IAsyncEnumerable<Step> PollAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var wait = _query.Follow ? Math.Clamp((int)_query.Wait.TotalSeconds, 0, LongestWait) : 0;
        while (true)
        {
            var (json, _, _) = (await _exchange.JsonAsync(Address("v1/changes") + $"&limit={_query.PageSize}&wait={wait}", null, cancellationToken).ConfigureAwait(false))!.Value;
            var changes = json.GetProperty("data");
            foreach (var change in changes.EnumerateArray())
                yield return new(HubChange.Parse(change));
            yield return new(null, json.GetProperty("last").GetInt64());
            if (!_query.Follow && changes.GetArrayLength() == 0)
                yield break;
        }
    }

    private async IAsyncEnumerable<Step> StreamAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var asked = Position;
        using var answer = await _exchange.GetAsync(Address("v1/changes/stream"), null, toTheEnd: false, cancellationToken).ConfigureAwait(false);
        var body = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var watched = new WatchedStream(body, _exchange.Options.Silence, _exchange.Options.Time);
        var isFirst = true;
        await foreach (var item in SseParser.Create(watched).EnumerateAsync(cancellationToken).ConfigureAwait(false))
        {
            if (item.EventType == "change")
            {
                yield return new(HubChange.Parse(item.Data));
            }
            else if (item.EventType == "position")
            {
                var position = long.Parse(item.EventId!, CultureInfo.InvariantCulture);
                if (isFirst && position != asked)
                    throw new InvalidDataException($"the hub goes on behind {position}, though it was asked for what is behind {asked}");
                yield return new(null, position);
            }

            isFirst = false;
        }
    }

    private string Address(string route) =>
        string.Create(CultureInfo.InvariantCulture, $"{route}?after={Position}{(_query.Entity is { } entity ? "&entity=" + Uri.EscapeDataString(entity) : "")}");

    /// <summary>Network, time-outs, and a hub that is not itself at the moment.</summary>
    private static bool IsPassing(Exception e) => e is HttpRequestException or IOException or TimeoutException or OperationCanceledException or JsonException
        || e is HubProblemException { Status: 429 or >= 500 };

    private readonly record struct Step(HubChange? Change, long Position)
    {
        public Step(HubChange change) : this(change, change.Sequence)
        {
        }
    }
}
