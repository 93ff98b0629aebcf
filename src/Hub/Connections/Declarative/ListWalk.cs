using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Reading;

namespace IntegrationHub.Connections.Declarative;

/// <summary>A row of a list.</summary>
/// <param name="Key">Its key; a hash of the content for rows that have none.</param>
/// <param name="Value">What its stream reads by, as the source wrote it.</param>
/// <param name="Item">The record, or what is wrong with it.</param>
internal sealed record Row(string Key, string? Value, StreamItem Item);

/// <summary>Walks through the pages of a list in whatever style, by the pager of the SDK. A page's <see cref="Page{T}.Next"/> is the place to go on from, also by number.</summary>
internal sealed class ListWalk(DeclarativeClient client, StreamPlan stream, ReadRequest request)
{
    /// <summary>A list that has changed under a walk so often is asked for in smaller parts.</summary>
    private const int MostWalks = 4;

    private readonly PagingPlan _paging = stream.Paging;

    /// <param name="values">What the stream's placeholders stand for.</param>
    /// <param name="start">The place to go on from, or <c>null</c> for the beginning.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    public IAsyncEnumerable<Page<Row>> PagesAsync(Values values, string? start, CancellationToken cancellationToken)
    {
        var size = long.TryParse(_paging.Size?.Fill(client.Settings), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        values = new Values(values).With("size", size == 0 ? null : Text(size), isJson: true);
        return _paging.Style switch
        {
            PagingStyle.Page => NumberedAsync(values, start, 1, cancellationToken),
            PagingStyle.Offset => NumberedAsync(values, start, (int)size, cancellationToken),
            _ => LinkedAsync(values, start, cancellationToken),
        };
    }

    /// <summary>
    /// Rows that move to the end while the list is read pull others over the border of a page that was read already. Where the source tells how many there are, that shows, and the
    /// list is read once more.
    /// </summary>
    private async IAsyncEnumerable<Page<Row>> NumberedAsync(Values values, string? start, int step, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var walk = 1; ; walk++)
        {
            var keys = new HashSet<string>(StringComparer.Ordinal);
            var (most, total) = (0L, (long?)null);
            string? before = null;
            var first = start is null ? _paging.First : long.Parse(start, CultureInfo.InvariantCulture);
            var seen = -1L;
            var pages = Pager.ByNumberAsync(first, step, async (at, cancel) =>
            {
                var answer = await client.SendAsync(stream.Request, new Values(values).With("page", Text(at), isJson: true), cancel);
                var items = Rows(answer);
                total = long.TryParse(answer.Body.Text(_paging.Total), NumberStyles.None, CultureInfo.InvariantCulture, out var told) ? told : null;
                // The system may give fewer on a page than it was asked for, so what came is counted.
                seen = (seen < 0 && step == 1 ? (first - _paging.First) * items.Count : Math.Max(seen, 0)) + items.Count;
                var passed = step == 1 ? seen : at + items.Count;
                var isLast = IsLast(answer) || (total is { } all && passed >= all);
                client.Release(answer);
                return new Page<Row>(items) { IsLast = isLast, Next = isLast ? null : Text(at + (step == 1 ? 1 : Math.Max(1, items.Count))) };
            }, cancellationToken);
            await foreach (var page in pages)
            {
                var mark = string.Join('\n', page.Items.Select(r => r.Key));
                if (mark == before)
                    throw new ConnectorException(ConnectorErrorKind.Permanent, $"stream '{stream.Name}': one page holds the same records as the page before; check how the request uses {{page}}");
                before = mark;
                keys.UnionWith(page.Items.Select(r => r.Key));
                most = Math.Max(most, total ?? 0);
                yield return page;
            }

            // A walk that was taken up in the middle has not seen all keys.
            if (!_paging.IsExact || total is not { } last || (most <= last && (start is not null || keys.Count >= last)))
                yield break;
            if (walk == MostWalks)
                throw new ConnectorException(ConnectorErrorKind.Transient, $"stream '{stream.Name}': the list has {last} records and {keys.Count} could be read, {MostWalks} times; it changes while it is read, or {_paging.Total} is not their number");
            start = null;
        }
    }

    /// <summary>A place that the vendor no longer knows begins the list again, once: what was read before is read twice, which costs time and loses nothing.</summary>
    private async IAsyncEnumerable<Page<Row>> LinkedAsync(Values values, string? start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (mayBeginAgain, beginsAgain) = (true, true);
        for (; beginsAgain; start = null)
        {
            beginsAgain = false;
            await foreach (var page in Pager.ByCursorAsync(start, FetchAsync, cancellationToken))
                yield return page;
        }

        async Task<Page<Row>> FetchAsync(string? at, CancellationToken cancel)
        {
            try
            {
                var answer = at is not null && _paging.Style is PagingStyle.Url or PagingStyle.Link
                    ? await client.FollowAsync(at, stream.Request, values, cancel)
                    : await client.SendAsync(stream.Request, new Values(values).With("page", at), cancel);
                var rows = Rows(answer);
                var next = IsLast(answer) || (_paging.EmptyEnds && rows.Count == 0) ? null : Next(answer);
                client.Release(answer);
                return new(rows) { Next = next };
            }
            catch (ConnectorException e) when (e.Code == ErrorTable.StartAgain && at is not null && mayBeginAgain)
            {
                (mayBeginAgain, beginsAgain) = (false, true);
                return new([]);
            }
        }
    }

    private string? Next(Answer answer) => _paging.Style switch
    {
        PagingStyle.Link => LinkHeader.Next(answer.Raw.Headers),
        PagingStyle.Token or PagingStyle.Url => answer.Body.Text(_paging.Next),
        _ => null,
    };

    private bool IsLast(Answer answer) => _paging.Last is { } last && answer.Body.Holds(last);

    private List<Row> Rows(Answer answer)
    {
        var page = answer.Body;
        if (stream.List is { } list && (page.Find(list) is not (>= 0 and var node) || !page.IsList(node)))
            throw new ConnectorException(ConnectorErrorKind.Permanent, $"stream '{stream.Name}': the answer has no list at {list}; if that means that there are no records, say 'recordsMayBeMissing: true'");
        var records = page.Select(stream.Records);
        var bodies = page.Raw(records);
        var rows = new List<Row>(records.Length);
        for (var i = 0; i < records.Length; i++)
        {
            var (record, body) = (records[i], bodies[i]);
            var key = stream.KeyOf(page, record, out var isWhole);
            var value = page.Text(stream.Since?.Value, record);
            rows.Add(isWhole
                ? new(key, value, request.Bounded(new(key, body) { ObservedAt = stream.ObservedFormat.Time(page.Text(stream.ObservedAt, record)) }))
                : new(Convert.ToHexString(SHA256.HashData(body.Span)), value, new BadRecord($"stream '{stream.Name}', record {rows.Count + 1} of a page", $"it has no key at {string.Join(", ", stream.Key)}", body[..Math.Min(1024, body.Length)]) { Length = body.Length }));
        }

        return rows;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
